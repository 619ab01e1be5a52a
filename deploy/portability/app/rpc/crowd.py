"""Counts the parts of a request before it is read: two bytes on the wire can become a hundred in memory.

Only the wire format is walked (protobuf.dev/programming-guides/encoding), nothing is built. What is malformed is left
to the parser to refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MOST_PARTS", "is_crowded"]

MOST_PARTS = 200_000
"""Nested messages, texts and byte strings in one request: so many insurance periods are a MiB or two."""
DEEPEST = 100
"""The parser of protobuf refuses what is deeper."""

_Kinds = Mapping[int, Any]
_KNOWN: dict[str, _Kinds] = {}


def is_crowded(received: bytes, kind: Any, *, most: int = MOST_PARTS) -> bool:
    """Say whether a request of this message descriptor has more than `most` parts."""
    walk = _Walk(received, most)
    try:
        walk.between(0, len(received), kind, DEEPEST)
    except IndexError:
        return False  # it ends in the middle of a number
    return walk.left < 0


@dataclass(slots=True)
class _Walk:
    data: bytes
    left: int
    """How many parts are left of the allowance; negative once it is used up."""

    def between(self, at: int, end: int, kind: Any, deeper: int) -> None:
        """Take the parts between `at` and `end`, which hold a message of this kind, from the allowance."""
        kinds = _kinds(kind)
        while at < end and self.left >= 0:
            tag, at = _number(self.data, at)
            wire = tag & 7
            if wire == 0:
                _, at = _number(self.data, at)
            elif wire == 1:
                at += 8
            elif wire == 5:
                at += 4
            elif wire == 2:
                length, at = _number(self.data, at)
                self.left -= 1
                nested = kinds.get(tag >> 3)
                if nested is not None and deeper:
                    self.between(at, min(at + length, end), nested, deeper - 1)
                at += length


def _number(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80 or shift > 63:
            return value, at
        shift += 7


def _kinds(kind: Any) -> _Kinds:
    # The numbers of the fields that hold messages, with their kinds; asked of the descriptor once.
    known = _KNOWN.get(kind.full_name)
    if known is None:
        known = {field.number: field.message_type for field in kind.fields if field.message_type is not None}
        _KNOWN[kind.full_name] = known
    return known

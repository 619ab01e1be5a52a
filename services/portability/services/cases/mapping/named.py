"""By which numbers the messages of the catalogue name people: whose case a message opens, and whom else it names."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from portability.agreements.careers import PersonIdentifier
from portability.api.records.v1 import messages_pb2 as records
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.mapping.common import read_identifier

__all__ = ["numbers_in", "numbers_of_its_person", "says_numbers"]

_Path = tuple[str, ...]
_IDENTIFIER: Final = records.PersonIdentifier.DESCRIPTOR.full_name
_ITS_PERSON: Final[frozenset[_Path]] = frozenset(
    {("person", "identifiers"), ("claim", "person", "identifiers"), ("claim", "claimant", "identifiers")}
)
"""Where a message that opens a case says whose it is. Who has died, and the family, stand beside the claimant."""


def says_numbers(kind: str) -> bool:
    """Whether messages of a type can name a person by a number."""
    return bool(_paths(kind))


def numbers_in(kind: str, content: bytes) -> frozenset[PersonIdentifier]:
    """All numbers of people that stand in the content of a message that was checked as one of its type."""
    return frozenset(one for path in _paths(kind) for one in _at(kind, content, path))


def numbers_of_its_person(kind: str, content: bytes) -> frozenset[PersonIdentifier]:
    """Those of the person whose case a message opens."""
    return frozenset(one for path in _paths(kind) if path in _ITS_PERSON for one in _at(kind, content, path))


def _at(kind: str, content: bytes, path: _Path) -> Iterator[PersonIdentifier]:
    holders: list[Any] = [CATALOGUE[kind].FromString(content)]
    for name in path:
        found = [(getattr(one, name), one.DESCRIPTOR.fields_by_name[name].is_repeated) for one in holders]
        holders = [each for value, repeated in found for each in (value if repeated else [value])]
    return (read_identifier(one) for one in holders)


@lru_cache(maxsize=256)
def _paths(kind: str) -> tuple[_Path, ...]:
    content = CATALOGUE.get(kind)
    return tuple(_walk(content.DESCRIPTOR, (), frozenset())) if content else ()


def _walk(message: Any, path: _Path, above: frozenset[str]) -> Iterator[_Path]:
    """Paths to numbers. A message that holds its own kind is not followed again."""
    if message.full_name == _IDENTIFIER:
        yield path
    elif message.full_name not in above:
        for field in message.fields:
            if field.message_type is not None:
                yield from _walk(field.message_type, (*path, field.name), above | {message.full_name})

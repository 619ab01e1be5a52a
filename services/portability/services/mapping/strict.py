"""Strict reading of protobuf bytes that came from another node.

protobuf has many serialisations of one message and readers that differ on the odd ones. We take only the one
that our own encoder writes, so that no two readers can see different things. What is hashed and verified are
always the bytes received; serialising again is a check, never the input of anything.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from uuid import UUID, SafeUUID

from google.protobuf.message import DecodeError, Message

from portability.agreements.errors import VerificationError

__all__ = [
    "LAST_SEQ",
    "U63",
    "exact",
    "instant",
    "institution",
    "milliseconds",
    "number",
    "one_line",
    "optional_uuid",
    "parse",
    "text",
    "uuid",
]

M = TypeVar("M", bound=Message)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
U63 = 2**63 - 1
"""Largest number of a wire that languages without unsigned numbers read as well."""
LAST_SEQ = 2**53 - 1
"""Largest number of a message in its stream or case: far from the end of every type that counts on from it."""
LAST_INSTANT_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
UUID_BYTES = 16
_NOT_SAID = SafeUUID.unknown
_INSTITUTION = re.compile(r"[a-z]{2}-[a-z0-9-]{1,40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse(kind: type[M], data: bytes, *, what: str) -> M:
    """Return the message in `data`; raise VerificationError unless `data` is its one canonical form."""
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError as exc:
        raise VerificationError(f"The {what} cannot be read: it is cut off or not of this form.") from exc
    # Unknown fields would survive a round trip, so they are dropped before the comparison.
    message.DiscardUnknownFields()
    if message.SerializeToString(deterministic=True) != data:
        raise VerificationError(f"The {what} has unknown or repeated fields, or bytes that are not needed.")
    return message


def exact(value: bytes, length: int, *, what: str) -> bytes:
    """Return `value` where it has `length` bytes."""
    if len(value) != length:
        raise VerificationError(f"The {what} has {len(value)} bytes, not {length}.")
    return value


def uuid(value: bytes, *, what: str) -> UUID:
    """Return the UUID in 16 bytes."""
    # As UUID(bytes=...) makes it, in a third of the time: that one looks at each of the forms that it takes.
    made = object.__new__(UUID)
    object.__setattr__(made, "int", int.from_bytes(exact(value, UUID_BYTES, what=what)))
    object.__setattr__(made, "is_safe", _NOT_SAID)
    return made


def optional_uuid(value: bytes, *, what: str) -> UUID | None:
    """Return the UUID in 16 bytes; None where there are none."""
    return uuid(value, what=what) if value else None


def institution(value: str, *, what: str) -> str:
    """Return an institution id of the right form."""
    if not _is_institution(value):
        raise VerificationError(f"The {what} is not an institution id such as 'de-drv'.")
    return value


# The same few institutions, types, purposes and instants come with message after message.
@lru_cache(maxsize=1024)
def _is_institution(value: str) -> bool:
    return _INSTITUTION.fullmatch(value) is not None


def text(value: str, *, limit: int, what: str) -> str:
    """Return a text of 1 to `limit` characters, none of them a control character.

    No database keeps U+0000 in a text, and no screen or log shows the others as they are.
    """
    if not 0 < len(value) <= limit:
        raise VerificationError(f"The {what} has {len(value)} characters; 1 to {limit} are allowed.")
    if _has_control(value):
        raise VerificationError(f"The {what} has a control character.")
    return value


@lru_cache(maxsize=1024)
def _has_control(value: str) -> bool:
    return _CONTROL.search(value) is not None


def one_line(value: str) -> str:
    """Return a text with a space for each control character, as `text` takes it."""
    return _CONTROL.sub(" ", value)


def number(value: int, *, limit: int, what: str) -> int:
    """Return a number from 1 to `limit`."""
    if not 0 < value <= limit:
        raise VerificationError(f"The {what} is {value}; 1 to {limit} is allowed.")
    return value


def instant(value: int, *, what: str) -> datetime:
    """Return the instant that is `value` milliseconds after 1970."""
    return _instant(number(value, limit=LAST_INSTANT_MS, what=what))


@lru_cache(maxsize=1024)
def _instant(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (at - EPOCH) // MILLISECOND

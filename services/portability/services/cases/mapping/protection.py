"""That the person of a case is protected, said inside the content of its messages: only their recipient reads it."""

from typing import Any

from portability.services.cases.mapping.kinds import CATALOGUE

__all__ = ["marked", "says_protected"]


def marked(kind: str, record: bytes) -> bytes:
    """The record of a message of a type, saying that the person is protected."""
    message: Any = CATALOGUE[kind].FromString(record)
    message.is_protected = True
    content: bytes = message.SerializeToString()
    return content


def says_protected(kind: str, record: bytes) -> bool:
    """Whether a record says so that was read, as one of a type, before."""
    message: Any = CATALOGUE[kind].FromString(record)
    return bool(message.is_protected)

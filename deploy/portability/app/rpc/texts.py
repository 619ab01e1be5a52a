"""Finds texts in a request that no database takes: U+0000 is good UTF-8, and PostgreSQL has no place for it."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

__all__ = ["field_with_nul"]

NUL = "\x00"


def field_with_nul(request: Message, received: bytes) -> str:
    """The path of the first text of a request that has U+0000, such as `remedy.text`; empty where none has."""
    return next(_with_nul(request), "") if NUL.encode() in received else ""


def _with_nul(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.type in (FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_STRING):
            named = ((f"{field.name}[{place}]", one) for place, one in enumerate(value)) if field.is_repeated else None
            yield from _among(named or [(field.name, value)])


def _among(values: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for name, value in values:
        if isinstance(value, Message):
            yield from (f"{name}.{rest}" for rest in _with_nul(value))
        elif isinstance(value, str) and NUL in value:
            yield name

"""Frozen dataclasses as JSON documents and back, exactly: no float, no rounding, no value that reads back as another.

At rest a document is sealed by the key of its scope; one whose key was destroyed is erased and reads as None.

A field that a document does not have yet takes its default, so a new field with a default needs no migration.
"""

import base64
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.agreements.errors import InputError

__all__ = ["from_document", "open_documents", "seal_documents", "to_document"]

T = TypeVar("T")


def _text(value: str) -> str:
    # PostgreSQL keeps no such character, and its own error would end the whole transaction.
    if "\0" in value:
        raise InputError("A text holds the character U+0000: leave it out.")
    return value


# In this order: an enum of ours is text too, and every datetime is a date.
_WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (str, _text),
    (int, lambda value: value),  # true and false as well
    (type(None), lambda value: value),
    (UUID, str),
    (datetime, datetime.isoformat),
    (date, date.isoformat),
    (Fraction, str),
    (bytes, lambda value: base64.b64encode(value).decode()),
)
_READERS: Mapping[type, Callable[[str], Any]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Fraction: Fraction,
    bytes: base64.b64decode,
}


def to_document(value: Any) -> Any:
    """What `json` can write of a dataclass made of dataclasses, tuples, sets and plain values.

    Raises TypeError for anything else, and InputError for text with the character U+0000.
    """
    writer: Any = _writer
    return writer(type(value))(value)


def from_document(kind: type[T], document: Any) -> T:
    """The value that `to_document` wrote."""
    reader: Any = _reader
    value: T = reader(kind)(document)
    return value


async def seal_documents(at_rest: AtRest, values: Iterable[tuple[UUID, Any]]) -> Sequence[bytes]:
    """(scope, dataclass) pairs as sealed documents, in their order."""
    return await at_rest.seal(
        [
            (scope, json.dumps(to_document(value), ensure_ascii=False, separators=(",", ":")).encode())
            for scope, value in values
        ]
    )


async def open_documents(at_rest: AtRest, kind: type[T], sealed: Iterable[tuple[UUID, bytes]]) -> Sequence[T | None]:
    """What `seal_documents` sealed, in the order given; None where it is erased."""
    opened = await at_rest.open(list(sealed))
    return [None if content is None else from_document(kind, json.loads(content)) for content in opened]


@cache
def _writer(kind: type) -> Callable[[Any], Any]:
    if is_dataclass(kind):
        names = [each.name for each in fields(kind)]
        return lambda value: {name: to_document(getattr(value, name)) for name in names}
    if issubclass(kind, tuple):
        return lambda value: [to_document(each) for each in value]
    if issubclass(kind, frozenset):
        return lambda value: sorted(to_document(each) for each in value)
    for known, write in _WRITERS:
        if issubclass(kind, known):
            return write
    raise TypeError(f"a document cannot hold a {kind.__name__}")


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        (inner,) = [each for each in get_args(kind) if each is not type(None)]
        return lambda document: None if document is None else _reader(inner)(document)
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if origin is frozenset:
        (inner,) = get_args(kind)
        return lambda document: frozenset(_reader(inner)(each) for each in document)
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _READERS.get(kind, lambda document: document)


def _tuple_reader(inner: tuple[Any, ...]) -> Callable[[Any], Any]:
    if inner[-1] is Ellipsis:
        return lambda document: tuple(_reader(inner[0])(each) for each in document)
    return lambda document: tuple(_reader(one)(each) for one, each in zip(inner, document, strict=True))


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    needed = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]

    def read(document: Any) -> Any:
        missing = [name for name in needed if name not in document]
        if missing:
            raise ValueError(f"the document of a {kind.__name__} has no {', '.join(missing)}")
        return kind(**{name: _reader(hints[name])(value) for name, value in document.items() if name in hints})

    return read

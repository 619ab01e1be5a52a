"""Columns of many rows as PostgreSQL's binary arrays, for `unnest`: a fraction of what the driver's own lists cost.

The form is that of array_send and of the send functions of the element types in PostgreSQL: number of dimensions,
whether there are nulls, element type, length and lower bound, and each element after its length.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from struct import Struct
from uuid import UUID

import psycopg
from psycopg import pq
from psycopg.adapt import Dumper

__all__ = ["Array", "bigints", "booleans", "byteas", "dates", "ids", "ints", "texts", "timestamps", "uuids"]

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_DAY = EPOCH.toordinal()
MICROSECOND = timedelta(microseconds=1)
_EMPTY, _HEAD = Struct("!iiI"), Struct("!iiIii")
_NULL = b"\xff\xff\xff\xff"  # a length of -1
_UUID = b"\x00\x00\x00\x10"  # a length of 16
_BOOLEAN = {False: b"\x00\x00\x00\x01\x00", True: b"\x00\x00\x00\x01\x01"}
_int, _bigint, _length = Struct("!ii").pack, Struct("!iq").pack, Struct("!i").pack


class Array:
    """An array that is encoded already."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


def _kind(element: int, array: int) -> Callable[..., Array]:
    """Makes arrays of one element type (both by their oid) that the driver passes on as they are."""

    class Kind(Array):
        __slots__ = ()

    class Encoded(Dumper):
        format = pq.Format.BINARY
        oid = array

        def dump(self, obj: Array) -> bytes:
            return obj.data

    def make(items: Sequence[bytes], *, has_nulls: bool = False) -> Array:
        if not items:
            return Kind(_EMPTY.pack(0, 0, element))
        return Kind(_HEAD.pack(1, has_nulls, element, len(items), 1) + b"".join(items))

    psycopg.adapters.register_dumper(Kind, Encoded)
    return make


_uuids, _texts, _byteas, _booleans = _kind(2950, 2951), _kind(25, 1009), _kind(17, 1001), _kind(16, 1000)
_ints, _bigints = _kind(23, 1007), _kind(20, 1016)
_timestamps, _dates = _kind(1184, 1185), _kind(1082, 1182)


def uuids(items: Sequence[UUID | None]) -> Array:
    """As uuid[]; None is null."""
    found = [item.bytes for item in items if item is not None]
    if len(found) == len(items):
        return ids(found)
    return _uuids([_NULL if item is None else _UUID + item.bytes for item in items], has_nulls=True)


def ids(items: Sequence[bytes]) -> Array:
    """As uuid[], of 16 bytes each."""
    return _uuids([_UUID + item for item in items])


def texts(items: Sequence[str]) -> Array:
    """As text[]."""
    return _texts([_text(item) for item in items])


def byteas(items: Sequence[bytes]) -> Array:
    """As bytea[]."""
    return _byteas([_length(len(item)) + item for item in items])


def ints(items: Sequence[int]) -> Array:
    """As integer[]."""
    return _ints([_int(4, item) for item in items])


def bigints(items: Sequence[int]) -> Array:
    """As bigint[]."""
    return _bigints([_bigint(8, item) for item in items])


def booleans(items: Sequence[bool]) -> Array:
    """As boolean[]."""
    return _booleans([_BOOLEAN[item] for item in items])


def timestamps(items: Sequence[datetime]) -> Array:
    """As timestamptz[]; the same instant comes many times."""
    return _timestamps([_timestamp(item) for item in items])


def dates(items: Sequence[date]) -> Array:
    """As date[]."""
    return _dates([_int(4, item.toordinal() - FIRST_DAY) for item in items])


@lru_cache(maxsize=1024)
def _timestamp(item: datetime) -> bytes:
    return _bigint(8, (item - EPOCH) // MICROSECOND)


def _text(item: str) -> bytes:
    encoded = item.encode()
    return _length(len(encoded)) + encoded

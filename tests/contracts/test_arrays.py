"""Columns encoded for PostgreSQL read back as what the driver itself reads and writes."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest

from portability.adapters.postgres.arrays import bigints, booleans, byteas, dates, ints, texts, timestamps, uuids

COLUMNS: list[tuple[Callable[[Sequence[object]], object], str, list[object]]] = [
    (uuids, "uuid", [UUID(int=0), None, UUID(int=2**128 - 1)]),
    (texts, "text", ["", "Żółć", "a" * 70_000, '{NULL,"\\}']),
    (byteas, "bytea", [b"", b"\xff\xff\xff\xff", b"\x00" * 5, bytes(70_000)]),
    (ints, "integer", [0, -1, 2**31 - 1, -(2**31)]),
    (bigints, "bigint", [0, -1, 2**63 - 1, -(2**63)]),
    (booleans, "boolean", [True, False, True]),
    (dates, "date", [date(1, 1, 1), date(1999, 12, 31), date.max]),
    (timestamps, "timestamptz", [datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 11, 21, tzinfo=UTC)]),
]


@pytest.mark.parametrize(("encode", "kind", "items"), COLUMNS, ids=[kind for _, kind, _ in COLUMNS])
def test_a_column_reads_back_as_it_was(
    new_database: Callable[[], str],
    encode: Callable[[Sequence[object]], object],
    kind: str,
    items: list[object],
) -> None:
    with psycopg.connect(new_database()) as connection:
        connection.execute("SET timezone = 'UTC'")
        for column in (items, items[:1], []):
            cursor = connection.execute("SELECT %b, pg_typeof(%b)::text", (encode(column), encode(column)))
            array, declared = cursor.fetchone() or ([None], "")
            assert (array, declared.split()[0].removesuffix("[]")) == (
                column,
                "timestamp" if kind == "timestamptz" else kind,
            )
            rows = connection.execute("SELECT * FROM unnest(%b)", (encode(column),), binary=True).fetchall()
            assert [row[0] for row in rows] == column


def test_what_does_not_fit_its_type_is_refused() -> None:
    for encode, wrong in ((ints, 2**31), (bigints, 2**63)):
        with pytest.raises((struct.error, OverflowError)):
            encode([wrong])

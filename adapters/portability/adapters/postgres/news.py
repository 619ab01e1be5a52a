"""In whose cases something was written of late, in PostgreSQL: a place in each of three tables that only grow.

Rows come out of order, since a place is drawn before its transaction commits. So what lies behind the place of the call
before the last is read again: no transaction of ours lasts that long, and whoever reads twice notes once.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from portability.adapters.postgres.database import Connection

__all__ = ["touched_workers"]

# Of each: where it ends now, and whose cases lie behind a place.
_LAST_PLACE = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', 'place')::regclass), 0)::text"
_SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "changes": (
        _LAST_PLACE.format(table="case_changes"),
        "SELECT DISTINCT worker_id FROM case_changes JOIN worker_cases USING (case_id) WHERE place > %s::bigint",
    ),
    "documents": (
        _LAST_PLACE.format(table="flow_documents"),
        "SELECT DISTINCT worker_id FROM flow_documents JOIN worker_cases USING (case_id) WHERE place > %s::bigint",
    ),
    # The ids of looks are drawn by time (RFC 9562, version 7).
    "looks": (
        "SELECT coalesce((SELECT look_id FROM looks ORDER BY look_id DESC LIMIT 1), "
        "'00000000-0000-0000-0000-000000000000')::text",
        "SELECT DISTINCT worker_id FROM looks JOIN worker_cases ON case_id = scope WHERE look_id > %s::uuid",
    ),
}


async def touched_workers(connection: Connection) -> Sequence[UUID]:
    """Each worker once. The first call of all gives nobody; while another process is at it, nobody too."""
    touched: set[UUID] = set()
    for source, (end, behind) in _SOURCES.items():
        ends_at = await _one(connection, end)
        found = await connection.execute(
            "SELECT place, place_before FROM notice_cursors WHERE source = %s FOR UPDATE SKIP LOCKED", (source,)
        )
        row = await found.fetchone()
        if row is None:
            continue
        place, before = row
        if place:
            touched.update(one[0] for one in await (await connection.execute(behind, (before,))).fetchall())
        await connection.execute(
            "UPDATE notice_cursors SET place_before = %s, place = %s WHERE source = %s",
            (place or ends_at, ends_at, source),
        )
    return sorted(touched)


async def _one(connection: Connection, query: str) -> str:
    row = await (await connection.execute(query)).fetchone()
    return str(row[0]) if row else ""

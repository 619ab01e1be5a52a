"""All tables of a log in PostgreSQL, as the auditor reads them."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Final

from psycopg import AsyncServerCursor

from portability.adapters.postgres.database import Connection
from portability.services.log.auditing import StoredCheckpoint
from portability.services.log.model import TileId
from portability.services.log_entry import LogEntryKind

__all__ = ["PostgresLedger"]

ROWS_AT_ONCE: Final = 500
THINGS: Final = {
    LogEntryKind.BUNDLE_SENT: "SELECT sha256(signed_head), 'sent_bundles ' || bundle_id FROM sent_bundles",
    LogEntryKind.BUNDLE_RECEIVED: (
        "SELECT sha256(signed_head), 'inbox_bundles ' || sender || ' ' || bundle_id FROM inbox_bundles"
    ),
    LogEntryKind.AGREEMENT_VERSION: (
        "SELECT sha256(content), 'agreement_versions ' || encode(sha256, 'hex') FROM agreement_versions"
    ),
    LogEntryKind.AGREEMENT_STATEMENT: (
        "SELECT sha256(signed), 'agreement_statements ' || encode(digest, 'hex') FROM agreement_statements"
    ),
    LogEntryKind.ADMINISTRATION: "SELECT digest, 'acts ' || act_id FROM acts",
    LogEntryKind.ERASURE: "SELECT digest, 'erasures ' || erasure_id FROM erasures",
    LogEntryKind.RECORD_LOOK: "SELECT digest, 'looks ' || look_id FROM looks",
}


class PostgresLedger:
    """The port `Ledger`, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """All checkpoints by size."""
        found = await self._connection.execute(
            "SELECT size, note, coalesce(jsonb_object_agg(witness, lines) FILTER (WHERE witness IS NOT NULL), '{}') "
            "FROM log_checkpoints LEFT JOIN log_cosignatures USING (size) GROUP BY size ORDER BY size"
        )
        return [StoredCheckpoint(row[0], row[1], row[2]) async for row in found]

    async def tiles(self) -> Collection[TileId]:
        """Which tiles there are."""
        found = await self._connection.execute("SELECT level, number FROM log_tiles")
        return [(row[0], row[1]) async for row in found]

    async def unlogged(self, kind: LogEntryKind) -> AsyncIterator[str]:
        """Things without an entry."""
        query = (
            f"SELECT name FROM ({THINGS[kind]}) AS thing (digest, name) "  # noqa: S608 - constants
            "WHERE NOT EXISTS (SELECT FROM log_entries AS entry WHERE entry.digest = thing.digest AND kind = %(kind)s) "
            "AND NOT EXISTS (SELECT FROM log_staged AS entry WHERE entry.digest = thing.digest AND kind = %(kind)s)"
        )
        async for row in self._stream(query, kind):
            yield row[0]

    async def unkept(self, kind: LogEntryKind) -> AsyncIterator[int]:
        """Entries without their thing."""
        query = (
            f"SELECT position FROM log_entries AS entry WHERE kind = %(kind)s AND NOT EXISTS "  # noqa: S608 - constants
            f"(SELECT FROM ({THINGS[kind]}) AS thing (digest, name) WHERE thing.digest = entry.digest)"
        )
        async for row in self._stream(query, kind):
            yield row[0]

    async def _stream(self, query: str, kind: LogEntryKind) -> AsyncIterator[Any]:
        """The rows of a query, a few hundred at a time."""
        async with AsyncServerCursor(self._connection, "ledger") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            await cursor.execute(query.encode(), {"kind": kind.value})
            async for row in cursor:
                yield row

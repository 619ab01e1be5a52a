"""All tables of a log in PostgreSQL, as the auditor reads them."""

from collections.abc import Mapping, Sequence

from portability.adapters.postgres.database import Connection
from portability.services.log.auditing import StoredCheckpoint
from portability.services.log.model import TileId
from portability.services.log_entry import LogEntryKind

__all__ = ["PostgresLedger"]

THINGS = {
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

    async def tiles(self) -> Mapping[TileId, bytes]:
        """Every tile."""
        found = await self._connection.execute("SELECT level, number, hashes FROM log_tiles", binary=True)
        return {(row[0], row[1]): row[2] async for row in found}

    async def things(self, kind: LogEntryKind) -> Mapping[bytes, str]:
        """What is stored of a kind."""
        found = await self._connection.execute(THINGS[kind], binary=True)
        return {row[0]: row[1] async for row in found}

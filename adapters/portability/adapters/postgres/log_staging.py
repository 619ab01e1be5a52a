"""Entries on their way into the log, in the caller's transaction: one insert, no lock."""

from collections.abc import Sequence

from portability.adapters.postgres.database import Connection
from portability.services.log_entry import LogEntry

__all__ = ["PostgresLogSink"]


class PostgresLogSink:
    """The port `LogSink`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """Stage entries; they count once the transaction has committed."""
        if not entries:
            return
        await self._connection.execute(
            "INSERT INTO log_staged (kind, digest, at) "
            "SELECT * FROM unnest(%b::text[], %b::bytea[], %b::timestamptz[])",
            ([one.kind.value for one in entries], [one.digest for one in entries], [one.at for one in entries]),
        )

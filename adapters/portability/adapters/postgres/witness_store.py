"""What this node keeps as a witness of other logs, in PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from portability.adapters.postgres.database import Connection, Database
from portability.services.log.model import TreeHead
from portability.services.log.ports import Kept, WitnessUnitOfWork

__all__ = ["PostgresWitnessMemory", "witness_unit_of_work"]


class PostgresWitnessMemory:
    """The port `WitnessMemory`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, origin: str) -> Kept | None:
        """What is kept of a log. The lock also stands where nothing is kept yet: the first of two wins."""
        await self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (origin,))
        found = await self._connection.execute(
            "SELECT size, root, note FROM witnessed_logs WHERE origin = %s", (origin,), binary=True
        )
        row = await found.fetchone()
        return Kept(TreeHead(row[0], row[1]), row[2]) if row else None

    async def keep(self, origin: str, kept: Kept) -> None:
        """Keep it in place of what was kept."""
        await self._connection.execute(
            "INSERT INTO witnessed_logs (origin, size, root, note) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note",
            (origin, kept.head.size, kept.head.root, kept.note),
        )

    async def accuse(self, origin: str, *, kept: bytes, offered: bytes, at: datetime) -> None:
        """Keep two checkpoints of one log, once for each offered text."""
        await self._connection.execute(
            "INSERT INTO witnessed_equivocations (origin, offered_text, kept, offered, seen_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (origin, offered.partition(b"\n\n")[0], kept, offered, at),
        )

    async def accusations(self, origin: str) -> Sequence[tuple[bytes, bytes]]:
        """The pairs kept, the oldest first."""
        found = await self._connection.execute(
            "SELECT kept, offered FROM witnessed_equivocations WHERE origin = %s ORDER BY seen_at",
            (origin,),
            binary=True,
        )
        return [(row[0], row[1]) async for row in found]


def witness_unit_of_work(database: Database) -> WitnessUnitOfWork:
    """Opens a transaction over what this node keeps as a witness."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresWitnessMemory]:
        async with database.transaction() as connection:
            yield PostgresWitnessMemory(connection)

    return work

"""Leases in PostgreSQL: one row each. Whoever takes one over waits for the commit of whoever has it in hand."""

from collections.abc import Sequence

from portability.adapters.postgres.database import Connection
from portability.services.exchange.leases import Lease

__all__ = ["PostgresLeases"]


class PostgresLeases:
    """The port `Leases`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, names: Sequence[str]) -> Sequence[Lease]:
        """Leases by name."""
        found = await self._connection.execute(
            "SELECT name, holder, epoch, until FROM leases WHERE name = ANY(%b)", (list(names),), binary=True
        )
        return [Lease(*row) async for row in found]

    async def take(self, lease: Lease, *, over: Lease | None) -> bool:
        """Keep a lease in place of the one that is thought to be there."""
        if over is None:
            done = await self._connection.execute(
                "INSERT INTO leases (name, holder, epoch, until) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (lease.name, lease.holder, lease.epoch, lease.until),
            )
        else:
            done = await self._connection.execute(
                "UPDATE leases SET holder = %s, epoch = %s, until = %s WHERE name = %s AND epoch = %s AND until = %s",
                (lease.holder, lease.epoch, lease.until, lease.name, over.epoch, over.until),
            )
        return done.rowcount == 1

    async def holds(self, lease: Lease) -> bool:
        """Whether nobody has taken it over; the row stays locked."""
        found = await self._connection.execute(
            "SELECT FROM leases WHERE name = %s AND holder = %s AND epoch = %s FOR SHARE",
            (lease.name, lease.holder, lease.epoch),
        )
        return found.rowcount == 1

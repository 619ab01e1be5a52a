"""What was determined in cases on flows, in PostgreSQL within the caller's transaction, sealed by case."""

from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.services.cases.shares.model import Share

__all__ = ["PostgresShares"]


class PostgresShares:
    """ShareBook."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, case_id: UUID, share: Share) -> None:
        """Keep a share beside those kept before."""
        (document,) = await seal_documents(self._at_rest, [(case_id, share)])
        await self._connection.execute(
            "INSERT INTO flow_shares (case_id, document) VALUES (%s, %s)", (case_id, document)
        )

    async def last(self, case_id: UUID) -> Share | None:
        """The one kept last; None too where its case is erased."""
        found = await self._connection.execute(
            "SELECT case_id, document FROM flow_shares WHERE case_id = %s ORDER BY place DESC LIMIT 1",
            (case_id,),
            binary=True,
        )
        opened = await open_documents(self._at_rest, Share, await found.fetchall())
        return opened[0] if opened else None

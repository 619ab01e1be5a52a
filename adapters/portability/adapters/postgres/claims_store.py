"""Claims that workers send, in PostgreSQL, within the caller's transaction, each sealed by a key of its own."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.workers_store import hold_worker
from portability.services.workers.claims.model import SentClaim

__all__ = ["PostgresClaims"]

_READ: Final = "SELECT claim_id, document FROM claims_sent WHERE "


class PostgresClaims:
    """ClaimBook and WaitingClaims. Ids are time-ordered: their order is that in which they were sent."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, claim: SentClaim) -> None:
        """Keep a claim, or how it stands now."""
        (document,) = await seal_documents(self._at_rest, [(claim.claim_id, claim)])
        await self._connection.execute(
            """
            INSERT INTO claims_sent (claim_id, worker_id, case_id, waits, document) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (claim_id) DO UPDATE SET
                case_id = excluded.case_id, waits = excluded.waits, document = excluded.document
            """,
            (claim.claim_id, claim.worker_id, claim.case_id, claim.waits, document),
        )

    async def get(self, claim_id: UUID, *, for_change: bool) -> SentClaim | None:
        """The claim; None where there is none, or it is erased."""
        lock = " FOR UPDATE" if for_change else ""
        found = await self._read(f"claim_id = %s{lock}", (claim_id,))
        return found[0] if found else None

    async def of_worker(self, worker_id: UUID, *, for_change: bool = False) -> Sequence[SentClaim]:
        """The newest first. Whoever adds to them holds the worker: two at once would both find none open."""
        if for_change:
            await hold_worker(self._connection, worker_id)
        return await self._read("worker_id = %s ORDER BY claim_id DESC", (worker_id,))

    async def page(self, *, size: int, after: UUID | None) -> Sequence[SentClaim]:
        """Those that wait for a caseworker, the oldest first."""
        return await self._read("waits AND claim_id > %s ORDER BY claim_id LIMIT %s", (after or UUID(int=0), size))

    async def _read(self, where: str, given: tuple[object, ...]) -> list[SentClaim]:
        found = await self._connection.execute((_READ + where).encode(), given, binary=True)
        opened = await open_documents(self._at_rest, SentClaim, await found.fetchall())
        return [one for one in opened if one is not None]

"""Disputes in PostgreSQL, within the caller's transaction, sealed by the key of their case."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.services.workers.disputes.model import Dispute

__all__ = ["PostgresCaseChanges", "PostgresDisputes"]


class PostgresDisputes:
    """DisputeBook and OpenDisputes. Ids are time-ordered, so their order is that in which they were raised."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, dispute: Dispute) -> None:
        """Keep a dispute, or how it stands now."""
        (document,) = await seal_documents(self._at_rest, [(dispute.case_id, dispute)])
        await self._connection.execute(
            """
            INSERT INTO disputes (dispute_id, case_id, waits_for_us, document) VALUES (%s, %s, %s, %s)
            ON CONFLICT (dispute_id) DO UPDATE SET
                waits_for_us = excluded.waits_for_us, document = excluded.document
            """,
            (dispute.dispute_id, dispute.case_id, dispute.waits_for_us, document),
        )

    async def get(self, dispute_id: UUID, *, for_change: bool) -> Dispute | None:
        """The dispute; None where there is none, or it is erased."""
        lock = " FOR UPDATE" if for_change else ""
        found = await self._read(f"SELECT case_id, document FROM disputes WHERE dispute_id = %s{lock}", (dispute_id,))  # noqa: S608 (our own words)
        return found[0] if found else None

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Dispute]:
        """The oldest first."""
        return await self._read(
            "SELECT case_id, document FROM disputes WHERE case_id = ANY(%s) ORDER BY dispute_id", (list(case_ids),)
        )

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Dispute]:
        """Those that wait for this institution, the oldest first."""
        return await self._read(
            "SELECT case_id, document FROM disputes WHERE waits_for_us AND dispute_id > %s "
            "ORDER BY dispute_id LIMIT %s",
            (after or UUID(int=0), size),
        )

    async def _read(self, query: str, given: tuple[object, ...]) -> list[Dispute]:
        found = await self._connection.execute(query.encode(), given, binary=True)
        opened = await open_documents(self._at_rest, Dispute, await found.fetchall())
        return [one for one in opened if one is not None]


class PostgresCaseChanges:
    """Changes: pointers for the institution's own systems, in the feed that cases fill too."""

    def __init__(self, connection: Connection, *, me: str, new_id: Callable[[], UUID]) -> None:
        self._connection = connection
        self._me = me
        self._new_id = new_id

    async def note(self, case_id: UUID, kind: str, *, at: datetime) -> None:
        """Keep a pointer; it says neither what nor of whom."""
        await self._connection.execute(
            "INSERT INTO case_changes (event_id, case_id, kind, occurred_at, institution) VALUES (%s, %s, %s, %s, %s)",
            (self._new_id(), case_id, kind, at, self._me),
        )

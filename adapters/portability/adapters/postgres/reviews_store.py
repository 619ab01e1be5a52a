"""What a person has to look at in careers, in PostgreSQL, within the caller's transaction; sealed by its case's key."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.services.records.reviews import Review

__all__ = ["PostgresReviews"]


class PostgresReviews:
    """ReviewBook. A period is named by a keyed hash: its own id stands in the sealed document alone."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, case_id: UUID, reviews: Sequence[Review]) -> None:
        """Keep these in place of all that was kept of the case."""
        documents = await seal_documents(self._at_rest, ((case_id, one) for one in reviews))
        async with self._connection.pipeline():
            await self._connection.execute("DELETE FROM record_reviews WHERE case_id = %s", (case_id,))
            await self._connection.execute(
                "INSERT INTO record_reviews (case_id, period, since, settled, document) "
                "SELECT %s, * FROM unnest(%s::bytea[], %s::timestamptz[], %s::boolean[], %s::bytea[])",
                (
                    case_id,
                    [self._at_rest.hidden("review", one.state, one.period_id)[:16] for one in reviews],
                    [one.since for one in reviews],
                    [one.settled is not None for one in reviews],
                    documents,
                ),
            )

    async def of_case(self, case_id: UUID) -> Sequence[Review]:
        """All of a case, by state and period."""
        found = await self._connection.execute(
            "SELECT case_id, document FROM record_reviews WHERE case_id = %s", (case_id,), binary=True
        )
        return sorted(await self._opened(await found.fetchall()), key=lambda one: (one.state, one.period_id))

    async def waiting(self, *, limit: int) -> Sequence[Review]:
        """Those that nobody has settled, the longest waiting first."""
        found = await self._connection.execute(
            "SELECT case_id, document FROM record_reviews WHERE NOT settled ORDER BY since, case_id, period LIMIT %s",
            (limit,),
            binary=True,
        )
        return await self._opened(await found.fetchall())

    async def _opened(self, rows: Sequence[Any]) -> list[Review]:
        opened = await open_documents(self._at_rest, Review, rows)
        return [one for one in opened if one is not None]

"""Her messages on the node's database: one transaction a page, in which nothing is seen but what is hers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from portability.adapters.postgres.correspondence_store import PostgresMyLetters, PostgresMyNotices
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.app.matter_views import NodeMatters
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.workers import names_for_people, node_matters, worker_views
from portability.app.worker_views import WorkerViews, named_institution
from portability.services.workers.correspondence.model import About
from portability.services.workers.correspondence.use_cases import CorrespondenceUseCases
from portability.services.workers.matters.story import title_phrase

__all__ = ["correspondence_use_cases"]


@dataclass(frozen=True, slots=True)
class _Subjects:
    """MySubjects: what her other pages lead to."""

    claims: WorkerViews
    matters: NodeMatters

    async def cases_of(self, worker_id: UUID) -> Sequence[About]:
        """Claims, then matters."""
        claims = [
            About(one.case_id, f"branch.{one.branch}", one.reference, is_matter=False)
            for one in await self.claims.cases_of(worker_id)
        ]
        matters = [
            About(one.case_id, title_phrase(one).key, one.reference, is_matter=True)
            for one in await self.matters.matters_of(worker_id)
        ]
        return [*claims, *matters]


@dataclass(frozen=True, slots=True)
class _Work:
    """CorrespondenceWork on one connection."""

    subjects: _Subjects
    letters: PostgresMyLetters
    notices: PostgresMyNotices


def correspondence_use_cases(database: Database, parts: CaseParts) -> CorrespondenceUseCases:
    """Her messages at one node."""
    names = names_for_people(parts.directory)

    @asynccontextmanager
    async def work(worker_id: UUID) -> AsyncIterator[_Work]:
        async with database.transaction() as connection:
            await narrow_to_worker(connection, worker_id)
            yield _Work(
                _Subjects(
                    worker_views(connection, parts, names),
                    node_matters(connection, parts, names),
                ),
                PostgresMyLetters(connection, lambda one: named_institution(one, names), me=parts.me),
                PostgresMyNotices(connection),
            )

    return CorrespondenceUseCases(work)

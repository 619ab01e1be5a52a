"""The worker's use cases on the node's database: one transaction each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.cases_store import PostgresCases
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.looks import PostgresLooks
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.agreements import packaged
from portability.agreements.errors import NotFoundError
from portability.app.worker_views import Names, NodeWorkerWork, WorkerViews, worker_work
from portability.services.cases.procedure import ServiceStandards
from portability.services.registry.model import Directory

__all__ = ["worker_unit_of_work"]


def worker_unit_of_work(
    database: Database, at_rest: AtRest, current: Callable[[], Directory], *, me: str
) -> Callable[[], AbstractAsyncContextManager[NodeWorkerWork]]:
    """Opens a transaction of the worker's use cases; names come from the directory and the treaty files."""

    def institution(institution_id: str) -> str:
        try:
            return current().institution(institution_id).name
        except NotFoundError:
            return institution_id

    def agreement(agreement_id: str) -> str:
        known = packaged.agreements().get(agreement_id)
        return known.content.title if known else agreement_id

    names = Names(institution=institution, agreement=agreement)

    @asynccontextmanager
    async def work() -> AsyncIterator[NodeWorkerWork]:
        async with database.transaction() as connection:
            views = WorkerViews(
                links=PostgresWorkerCases(connection),
                cases=PostgresCases(connection, at_rest),
                careers=PostgresCareers(connection, at_rest),
                looks=PostgresLooks(connection, at_rest),
                me=me,
                standards=ServiceStandards(),
                names=names,
                narrow=partial(narrow_to_worker, connection),
            )
            yield worker_work(connection, at_rest, views)

    return work

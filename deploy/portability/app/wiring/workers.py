"""The worker's use cases on the node's database: one transaction each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial

from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.declarations_store import PostgresDeclarations
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.agreements import packaged
from portability.agreements.errors import NotFoundError
from portability.app.matter_views import NodeMatters
from portability.app.projecting import NodeProjector
from portability.app.wiring.claims import node_claims
from portability.app.wiring.flows import flow_parts
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.voice import NodeQuestions
from portability.app.worker_views import Names, NodeWorkerWork, WorkerViews, worker_work
from portability.services.registry.model import Directory
from portability.services.workers.matters.ports import MatterUnitOfWork
from portability.services.workers.projections.use_cases import ProjectionUseCases

__all__ = [
    "matter_unit_of_work",
    "names_for_people",
    "node_matters",
    "projection_use_cases",
    "worker_unit_of_work",
    "worker_views",
]


def names_for_people(current: Callable[[], Directory]) -> Names:
    """Names from the directory and the treaty files."""

    def institution(institution_id: str) -> str:
        try:
            return current().institution(institution_id).name
        except NotFoundError:
            return institution_id

    def agreement(agreement_id: str) -> str:
        known = packaged.agreements().get(agreement_id)
        return known.content.title if known else agreement_id

    return Names(institution=institution, agreement=agreement)


def worker_unit_of_work(
    database: Database, parts: CaseParts
) -> Callable[[], AbstractAsyncContextManager[NodeWorkerWork]]:
    """Opens a transaction of the worker's use cases."""
    names = names_for_people(parts.directory)

    @asynccontextmanager
    async def work() -> AsyncIterator[NodeWorkerWork]:
        async with database.transaction() as connection:
            views = replace(worker_views(connection, parts, names), narrow=partial(narrow_to_worker, connection))
            yield worker_work(connection, parts.at_rest, views, NodeQuestions(connection, parts))

    return work


def worker_views(connection: Connection, parts: CaseParts, names: Names) -> WorkerViews:
    """What workers read, as far as the transaction sees it."""
    return WorkerViews(
        links=PostgresWorkerCases(connection),
        claims=node_claims(connection, parts),
        careers=PostgresCareers(connection, parts.at_rest),
        looks=PostgresLooks(connection, parts.at_rest),
        protected=PostgresProtected(connection),
        declarations=PostgresDeclarations(connection, parts.at_rest),
        me=parts.me,
        names=names,
    )


def matter_unit_of_work(database: Database, parts: CaseParts) -> MatterUnitOfWork:
    """Opens a transaction in which a worker reads her matters."""
    names = names_for_people(parts.directory)

    @asynccontextmanager
    async def work() -> AsyncIterator[NodeMatters]:
        async with database.transaction() as connection:
            yield replace(node_matters(connection, parts, names), narrow=partial(narrow_to_worker, connection))

    return work


def node_matters(connection: Connection, parts: CaseParts, names: Names) -> NodeMatters:
    """Matters, as far as the transaction sees them."""
    return NodeMatters(
        links=PostgresWorkerCases(connection),
        claims=node_claims(connection, parts),
        shelf=PostgresShelf(connection, parts.at_rest),
        looks=PostgresLooks(connection, parts.at_rest),
        flows=flow_parts(parts),
        names=names,
    )


def projection_use_cases(database: Database, parts: CaseParts) -> ProjectionUseCases:
    """What would be, by the rules in force at this node."""
    return ProjectionUseCases(NodeProjector(database, parts, names_for_people(parts.directory)))

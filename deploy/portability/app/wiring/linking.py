"""Who is on file and whose a case is, on the node's database: the node's own work, after it was checked who calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.notices_store import PostgresNotices
from portability.adapters.postgres.records_store import PostgresCommands
from portability.adapters.postgres.workers_store import PostgresWaysIn, PostgresWorkerCases, PostgresWorkers
from portability.app.wiring.certificates import NodeCaseFacts
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.preferences import AddressNotices
from portability.services.workers.linking.entering import EnterUseCases
from portability.services.workers.linking.handlers import LinkUseCases
from portability.services.workers.linking.servicer import WorkerDeskServicer

__all__ = ["worker_desk"]


class LinkTransaction:
    """ContactWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.cases = NodeCaseFacts(connection, parts)
        self.links = PostgresWorkerCases(connection)
        self.directory = PostgresWorkers(connection, parts.at_rest)
        self.register = self.directory
        self.ways_in = PostgresWaysIn(connection)
        self.news = AddressNotices(PostgresNotices(connection))
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)
        self.acts = PostgresActs(connection, parts.at_rest)


def worker_desk(database: Database, parts: CaseParts) -> WorkerDeskServicer:
    """One transaction each."""

    @asynccontextmanager
    async def work() -> AsyncIterator[LinkTransaction]:
        async with database.transaction(acting="node") as connection:
            yield LinkTransaction(connection, parts)

    return WorkerDeskServicer(
        LinkUseCases(work=work, clock=parts.clock, new_id=parts.new_id),
        EnterUseCases(work=work, clock=parts.clock, new_id=parts.new_id),
    )

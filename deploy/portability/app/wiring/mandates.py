"""Mandates on the node's database: who calls was found out before, so that the work is the node's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.mandates_store import PostgresCompanyLog, PostgresMandates
from portability.adapters.postgres.records_store import PostgresCommands
from portability.adapters.postgres.workers_store import PostgresSessions
from portability.app.wiring.parts import CaseParts
from portability.services.workers.mandates.handlers import MandateUseCases

__all__ = ["mandate_use_cases"]


class MandateTransaction:
    """MandateWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.mandates = PostgresMandates(connection, parts.at_rest)
        self.sessions = PostgresSessions(connection)
        self.company = PostgresCompanyLog(connection, parts.at_rest, new_id=parts.new_id)
        self.commands = PostgresCommands(connection, parts.at_rest)


def mandate_use_cases(database: Database, parts: CaseParts) -> MandateUseCases:
    """One transaction each."""

    @asynccontextmanager
    async def work() -> AsyncIterator[MandateTransaction]:
        async with database.transaction(acting="node") as connection:
            yield MandateTransaction(connection, parts)

    return MandateUseCases(work=work, clock=parts.clock, new_id=parts.new_id)

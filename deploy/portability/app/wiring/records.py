"""The ports of records: what is kept, and what the case, its directory and its agreements know around it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.records_store import PostgresRecordWork
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.reviews import DirectoryFacts

__all__ = ["RecordTransaction", "record_unit_of_work"]


class RecordTransaction(PostgresRecordWork):
    """RecordWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        super().__init__(connection, parts.at_rest)
        self.facts = DirectoryFacts(connection, parts)


def record_unit_of_work(
    database: Database, parts: CaseParts
) -> Callable[[], AbstractAsyncContextManager[RecordTransaction]]:
    """Opens a transaction of records."""

    @asynccontextmanager
    async def work() -> AsyncIterator[RecordTransaction]:
        async with database.transaction() as connection:
            yield RecordTransaction(connection, parts)

    return work

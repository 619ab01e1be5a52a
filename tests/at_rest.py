"""Content at rest as tests need it: a key table in the test's database or in memory, under a master key of its own."""

import secrets

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.at_rest import AtRest, KeyTable
from portability.adapters.keys.master import MasterKey
from portability.adapters.memory.keys import MemoryKeyTable
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.key_table import PostgresKeyTable
from portability.services.exchange.ports.world import Clock

__all__ = ["AT_REST", "at_rest_in_memory", "at_rest_on"]

MASTER = bytes(range(32))


def at_rest_in_memory() -> AtRest:
    """Keys that end with the test."""
    return _at_rest(MemoryKeyTable(), SystemClock())


async def at_rest_on(database: Database, *, clock: Clock | None = None) -> AtRest:
    """Keys in the database itself: processes on one database can open what the others have sealed."""
    return _at_rest(await PostgresKeyTable.on(database), clock or SystemClock())


def _at_rest(table: KeyTable, clock: Clock) -> AtRest:
    master = MasterKey(MASTER, random_bytes=secrets.token_bytes)
    return AtRest(table, master, clock=clock, random_bytes=secrets.token_bytes)


AT_REST = at_rest_in_memory()
"""For tests in which all is done by one process."""

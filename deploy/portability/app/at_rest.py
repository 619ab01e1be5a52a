"""The keys of persons and cases of one node: the master key's file and the key table's database."""

import secrets
from contextlib import AsyncExitStack
from pathlib import Path

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.keys.master import MasterKey
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.key_table import PostgresKeyTable
from portability.app.secret_file import secret
from portability.services.exchange.ports import Clock

__all__ = ["open_at_rest"]

CONNECTIONS = 4  # keys are cached: a batch asks at most once


async def open_at_rest(url: str, *, master_file: Path, clock: Clock, opened: AsyncExitStack) -> AtRest:
    """Open the key table at `url` with the master key in `master_file`, which is drawn where there is none."""
    database = await Database.open(url, pool_size=CONNECTIONS)
    opened.push_async_callback(database.close)
    master = MasterKey(secret(master_file), random_bytes=secrets.token_bytes)
    table = await PostgresKeyTable.on(database)
    return AtRest(table, master, clock=clock, new_id=time_ordered_id, random_bytes=secrets.token_bytes)

"""The keys of persons and cases of one node: the master key's file and the key table's database."""

import os
import secrets
from contextlib import AsyncExitStack
from pathlib import Path

from portability.adapters.keys.at_rest import AtRest, change_master, check_master
from portability.adapters.keys.master import MasterKey, next_secret
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.key_table import PostgresKeyTable
from portability.agreements.errors import GatewayError
from portability.app.secret_file import secret, write_secret
from portability.services.exchange.ports.world import Clock

__all__ = ["open_at_rest", "rotate_master"]

CONNECTIONS = 4  # keys are cached: a batch asks at most once


async def open_at_rest(url: str, *, master_file: Path, clock: Clock, opened: AsyncExitStack) -> AtRest:
    """Open the key table at `url` with the master key in `master_file`, which is drawn where there is none.

    Raises GatewayError where the master key does not open what the table holds: nothing may be read or written then.
    """
    database = await Database.open(url, pool_size=CONNECTIONS)
    opened.push_async_callback(database.close)
    table = await PostgresKeyTable.on(database)
    master = await _checked(table, master_file)
    return AtRest(table, master, clock=clock, random_bytes=secrets.token_bytes)


async def rotate_master(url: str, *, master_file: Path, clock: Clock) -> tuple[int, Path]:
    """Wrap every key by a new master key; return how many, and where the old master key lies now.

    Whatever it is stopped by, the table opens afterwards: the new key is on disk before the first key is wrapped by
    it, and takes the place of the old one after the last.
    """
    async with AsyncExitStack() as opened:
        database = await Database.open(url, pool_size=1)
        opened.push_async_callback(database.close)
        table = await PostgresKeyTable.on(database)
        before = await _checked(table, master_file)
        coming = next_secret(secret(master_file), random_bytes=secrets.token_bytes)
        beside = _beside(master_file)
        beside.unlink(missing_ok=True)  # of an earlier try that wrapped nothing
        write_secret(beside, coming)
        count = await change_master(table, before, _master(coming))
        old = master_file.with_name(f"{master_file.name}.until-{clock.now():%Y%m%dT%H%M%SZ}")
        os.link(master_file, old)
        beside.replace(master_file)
        return count, old


async def _checked(table: PostgresKeyTable, master_file: Path) -> MasterKey:
    """The master key, when it opens the table; a rotation that was stopped after its last key is ended first."""
    beside, master = _beside(master_file), _master(secret(master_file))
    try:
        await check_master(table, master)
    except GatewayError:
        if not beside.exists():
            raise
        master = _master(beside.read_bytes())
        await check_master(table, master)
        beside.replace(master_file)
    return master


def _beside(master_file: Path) -> Path:
    return master_file.with_name(f"{master_file.name}.new")


def _master(content: bytes) -> MasterKey:
    return MasterKey(content, random_bytes=secrets.token_bytes)

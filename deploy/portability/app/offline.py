"""A node's state for commands that need no running node: directory, database and keys at rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.database import Database, migrate
from portability.agreements.errors import VerificationError
from portability.app.at_rest import open_at_rest
from portability.app.bootstrap import databases
from portability.app.settings import Settings
from portability.app.trust import open_registry
from portability.services.registry.roots import TrustChain

__all__ = ["NodeState", "open_state"]


@dataclass(frozen=True, slots=True)
class NodeState:
    """What a node keeps."""

    me: str
    chain: TrustChain  # the directory in force with what proves it
    trust: DirectoryTrust
    database: Database
    at_rest: AtRest
    clock: SystemClock


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[NodeState]:
    """Open the state of the node that `settings` names; a running node may use it at the same time."""
    clock = SystemClock()
    async with AsyncExitStack() as opened:
        registry = await open_registry(settings.directory_path, data_folder=settings.data_folder, clock=clock)
        in_force = registry.in_force.trust()
        if in_force is None:
            raise VerificationError("This node has no directory yet: give it one.")
        url, _, keys_url = databases(settings, opened)
        await asyncio.to_thread(migrate, url)
        database = await Database.open(url, pool_size=2)
        opened.push_async_callback(database.close)
        at_rest = await open_at_rest(
            keys_url, master_file=settings.data_folder / "master.key", clock=clock, opened=opened
        )
        trust = DirectoryTrust(registry.in_force.current, clock=clock)
        yield NodeState(settings.required_institution(), in_force.chain, trust, database, at_rest, clock)

"""A node's database as one of its processes sees it: any call may fail, any commit may be in doubt.

Underneath is the store in memory that passes the contract suite of PostgreSQL's. Beside it runs a journal of what has
become durable, which the invariants are judged by.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

from portability.adapters.memory.exchange_store import MemoryExchangeStore, MemoryExchangeWork
from portability.agreements.errors import GatewayError
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.receiving import Arrival
from portability.services.exchange.model.statuses import ReceiptStatus
from tests.simulation.process import Process

__all__ = ["Entry", "SimulatedSignal", "SimulatedStore", "SimulatedWork"]

Entry = tuple[str, Any]  # ("applied" | "taken" | "settled" | ..., of what)
SETTLED = (ReceiptStatus.DELIVERED, ReceiptStatus.OPENED)


class SimulatedStore:
    """The port `UnitOfWork` of one process."""

    def __init__(self, process: Process, store: MemoryExchangeStore, commit: Any) -> None:
        self._process = process
        self._store = store
        self._commit = commit  # told the journal of each transaction, at the instant of its commit

    def transaction(self) -> "_Transaction":
        return _Transaction(self._process, self._store, self._commit)


class _Transaction:
    """One transaction, from its beginning to the answer that it has been committed."""

    def __init__(self, process: Process, store: MemoryExchangeStore, commit: Any) -> None:
        self._process = process
        self._inner = store.transaction()
        self._commit = commit
        self._journal: list[Entry] = []

    async def __aenter__(self) -> "SimulatedWork":
        await self._process.point("begin")
        self._meet(self._process.schedule.faults.store, "database does not answer")
        return SimulatedWork(self._process, await self._inner.__aenter__(), self._journal)

    async def __aexit__(self, kind: Any, error: Any, where: Any) -> None:
        if error is not None:
            await self._inner.__aexit__(kind, error, where)
            return
        process, faults = self._process, self._process.schedule.faults
        try:
            await process.point("commit")
            self._meet(faults.store, "commit fails")
        except BaseException as fault:
            await self._inner.__aexit__(type(fault), fault, fault.__traceback__)
            raise
        self._commit(self._journal)
        await self._inner.__aexit__(None, None, None)
        await process.point("committed")
        self._meet(faults.commit_unknown, "commit stands, but its answer is lost")

    def _meet(self, likely: float, what: str) -> None:
        if self._process.schedule.chance(likely):
            self._process.note(what)
            raise GatewayError("The database did not answer.", retryable=True)


class SimulatedWork:
    """One transaction; the port `ExchangeWork`. Whatever ports it has are those of the store underneath."""

    def __init__(self, process: Process, work: MemoryExchangeWork, journal: list[Entry]) -> None:
        self._process = process
        self._work = work
        self.journal = journal

    def __getattr__(self, port: str) -> "_Port":
        made = _Port(self, port, getattr(self._work, port))
        setattr(self, port, made)
        return made

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        kept = len(self.journal)
        try:
            async with self._work.savepoint():
                yield
        except BaseException:
            del self.journal[kept:]
            raise

    def together(self) -> AbstractAsyncContextManager[None]:
        return self._work.together()


class _Port:
    """One port of a transaction, with a fault before any of its calls."""

    def __init__(self, work: SimulatedWork, name: str, target: Any) -> None:
        self._work = work
        self._name = name
        self._target = target

    def __getattr__(self, method: str) -> Any:
        work, what = self._work, f"{self._name}.{method}"
        real, process = getattr(self._target, method), self._work._process

        async def call(*args: Any, **options: Any) -> Any:
            await process.point(what)
            schedule = process.schedule
            if schedule.chance(schedule.faults.store):
                process.note(f"{what} fails")
                raise GatewayError("The database gave up.", retryable=True)
            result = await real(*args, **options)
            if what in _JOURNAL:
                work.journal.extend(await _JOURNAL[what](work, args, result))
            return result

        setattr(self, method, call)
        return call


async def _advanced(work: SimulatedWork, args: Any, done: Any) -> list[Entry]:
    topic, partition = args
    return [("advanced", (work._process, f"{topic}/{partition}"))] if done else []


async def _taken(work: SimulatedWork, args: Any, arrivals: Any) -> list[Entry]:
    return [("taken", one.message) for one, arrival in zip(args[1], arrivals, strict=True) if arrival is Arrival.NEW]


async def _settled(work: SimulatedWork, args: Any, changed: Any) -> list[Entry]:
    entries = []
    for one in dict.fromkeys(entry.message_id for receipt in args[0] for entry in receipt.entries):
        found = await work._work.timeline.of_message(one)
        if found is not None and found.direction is Direction.SENT and found.status in SETTLED:
            entries.append(("settled", one))
    return entries


async def _numbered(work: SimulatedWork, args: Any, _: Any) -> list[Entry]:
    return [("numbered", (one.recipient, one.sealable.stream_seq)) for one in args[0]]


async def _sealed(work: SimulatedWork, args: Any, _: Any) -> list[Entry]:
    return [("sealed", one.bundle_id) for one in args[0]]


async def _logged(work: SimulatedWork, args: Any, _: Any) -> list[Entry]:
    return [("logged", (one.kind, one.digest)) for one in args[0]]


_JOURNAL = {
    "offsets.advance": _advanced,
    "inbox.add": _taken,
    "receipts.settle": _settled,
    "outbox.add": _numbered,
    "bundles.add": _sealed,
    "log.append": _logged,
}


class SimulatedSignal:
    """The port `OutboxSignal` of one process; `wake` is for the commits of others that have put something in."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self._changed.set()

    async def wait(self, *, at_most: timedelta) -> None:
        await self._process.point("idle")
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()

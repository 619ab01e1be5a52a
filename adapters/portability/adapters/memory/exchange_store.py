"""The exchange's store in memory, with transactions that undo; it passes the contract suite of the real one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from portability.adapters.memory.acts import MemoryActs
from portability.adapters.memory.exchange_findings import MemorySettlements
from portability.adapters.memory.exchange_lanes import MemoryBusinessStatuses, MemoryLanes
from portability.adapters.memory.exchange_openings import MemoryAcceptedBlind, MemoryOpenings
from portability.adapters.memory.exchange_receipt_alarms import MemoryReceiptAlarms
from portability.adapters.memory.exchange_receiving import (
    MemoryInbox,
    MemoryOffsets,
    MemoryQuarantine,
    MemoryTimeline,
)
from portability.adapters.memory.exchange_reconciliations import MemoryComparisonAlarms, MemoryReconciliationReport
from portability.adapters.memory.exchange_repair import MemoryDigests, MemoryGaps, MemoryReconciliations
from portability.adapters.memory.exchange_sending import (
    MemoryBundles,
    MemoryOutbox,
    MemoryReceipts,
    MemoryResends,
    MemorySealings,
)
from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.exchange_voids import MemoryVoidsReceived, MemoryVoidsSent
from portability.adapters.memory.exchange_waiting import MemoryGivenUps, MemoryLanesWaiting
from portability.adapters.memory.leases import MemoryLeases
from portability.adapters.memory.log_staging import MemoryLogSink
from portability.adapters.memory.log_store import MemoryLogStore

__all__ = ["MemoryExchangeStore", "MemoryExchangeWork"]


class MemoryExchangeWork:
    """One transaction; the port `ExchangeWork`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.outbox = MemoryOutbox(state)
        self.bundles = MemoryBundles(state)
        self.resends = MemoryResends(state)
        self.receipts = MemoryReceipts(state)
        self.receipt_alarms = MemoryReceiptAlarms(state)
        self.inbox = MemoryInbox(state)
        self.openings = MemoryOpenings(state)
        self.offsets = MemoryOffsets(state)
        self.leases = MemoryLeases(state)
        self.quarantine = MemoryQuarantine(state)
        self.desk = self.quarantine
        self.held = self.inbox
        self.accepted_blind = MemoryAcceptedBlind(state)
        self.lanes = MemoryLanes(state)
        self.statuses = MemoryBusinessStatuses(state)
        self.gaps = MemoryGaps(state)
        self.digests = MemoryDigests(state)
        self.reconciliations = MemoryReconciliations(state)
        self.reconciliation_report = MemoryReconciliationReport(state)
        self.comparison_alarms = MemoryComparisonAlarms(state)
        self.settlements = MemorySettlements(state)
        self.sealings = MemorySealings(state)
        self.voids_sent = MemoryVoidsSent(state)
        self.voids_received = MemoryVoidsReceived(state)
        self.lanes_waiting = MemoryLanesWaiting(state)
        self.given_up = MemoryGivenUps(state)
        self.timeline = MemoryTimeline(state)
        self.log = MemoryLogSink(state)
        self.acts = MemoryActs(state)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what happened inside where an error leaves it."""
        before = self._state.snapshot()
        try:
            yield
        except BaseException:
            self._state.restore(before)
            raise

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Nothing waits here."""
        yield


class MemoryExchangeStore:
    """All of one node's exchange; transactions run one after the other. Also the port `OutboxSignal`."""

    def __init__(self) -> None:
        self._state = State()
        self._one_at_a_time = asyncio.Lock()
        self._changed = asyncio.Event()
        self.log = MemoryLogStore(self._state, self._one_at_a_time)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryExchangeWork]:
        """Commit on normal exit, undo everything on an error; the port `UnitOfWork`."""
        async with self._one_at_a_time:
            work = MemoryExchangeWork(self._state)
            async with work.savepoint():
                yield work
        self._changed.set()

    async def wait(self, *, at_most: timedelta) -> None:
        """Return after the next commit, or after `at_most`."""
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()

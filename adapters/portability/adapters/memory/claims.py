"""Claims of workers in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from portability.adapters.memory.acts import MemoryActs
from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.services.workers.claims.model import SentClaim
from portability.services.workers.claims.ports import Lodging, WhatIsKnown

__all__ = ["MemoryClaimWork", "MemoryClaims"]


class MemoryClaims:
    """ClaimBook and WaitingClaims."""

    def __init__(self) -> None:
        self._kept: dict[UUID, SentClaim] = {}

    async def put(self, claim: SentClaim) -> None:
        self._kept[claim.claim_id] = claim

    async def get(self, claim_id: UUID, *, for_change: bool) -> SentClaim | None:
        return self._kept.get(claim_id)

    async def of_worker(self, worker_id: UUID, *, for_change: bool = False) -> Sequence[SentClaim]:
        return [one for _, one in sorted(self._kept.items(), reverse=True) if one.worker_id == worker_id]

    async def page(self, *, size: int, after: UUID | None) -> Sequence[SentClaim]:
        waiting = [one for _, one in sorted(self._kept.items()) if one.waits]
        return [one for one in waiting if after is None or one.claim_id > after][:size]


@dataclass
class MemoryClaimWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    known: WhatIsKnown
    lodging: Lodging
    links: MemoryWorkerCases = field(default_factory=MemoryWorkerCases)
    book: MemoryClaims = field(default_factory=MemoryClaims)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)
    acts: MemoryActs = field(default_factory=lambda: MemoryActs(State()))

    @property
    def queue(self) -> MemoryClaims:
        return self.book

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryClaimWork"]:
        """One transaction over the same memory each time."""
        yield self

"""Disputes in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.acts import MemoryActs
from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.services.workers.disputes.model import Dispute
from portability.services.workers.disputes.ports import Decisions, Elsewhere

__all__ = ["MemoryCaseChanges", "MemoryDisputeWork", "MemoryDisputes"]


class MemoryDisputes:
    """DisputeBook and OpenDisputes."""

    def __init__(self) -> None:
        self._kept: dict[UUID, Dispute] = {}

    async def put(self, dispute: Dispute) -> None:
        self._kept[dispute.dispute_id] = dispute

    async def get(self, dispute_id: UUID, *, for_change: bool) -> Dispute | None:
        return self._kept.get(dispute_id)

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Dispute]:
        return [one for _, one in sorted(self._kept.items()) if one.case_id in case_ids]

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Dispute]:
        waiting = [one for _, one in sorted(self._kept.items()) if one.waits_for_us]
        return [one for one in waiting if after is None or one.dispute_id > after][:size]


class MemoryCaseChanges:
    """Changes as they were noted."""

    def __init__(self) -> None:
        self.noted: list[tuple[UUID, str, datetime]] = []

    async def note(self, case_id: UUID, kind: str, *, at: datetime) -> None:
        self.noted.append((case_id, kind, at))


@dataclass
class MemoryDisputeWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    decisions: Decisions
    elsewhere: Elsewhere
    book: MemoryDisputes = field(default_factory=MemoryDisputes)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)
    changes: MemoryCaseChanges = field(default_factory=MemoryCaseChanges)
    acts: MemoryActs = field(default_factory=lambda: MemoryActs(State()))

    @property
    def queue(self) -> MemoryDisputes:
        return self.book

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryDisputeWork"]:
        """One transaction over the same memory each time."""
        yield self

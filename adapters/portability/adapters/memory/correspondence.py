"""A worker's messages in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from portability.adapters.memory.notices import MemoryNotices
from portability.services.workers.correspondence.model import About, Letter, Place, Told, ToldState

__all__ = ["MemoryCorrespondence", "MemoryMyNotices"]


class MemoryMyNotices:
    """MyNotices over the notices in memory."""

    def __init__(self, book: MemoryNotices) -> None:
        self._book = book

    async def told(self, worker_id: UUID, *, before: Place | None, limit: int) -> Sequence[Told]:
        found = []
        for (whose, event), (notice, text_id) in self._book.kept.items():
            place = (notice.noted_at, UUID(bytes=event[:16]))
            if whose != worker_id or (before is not None and place >= before):
                continue
            if text_id is None:
                found.append(Told(place, notice.kind, ToldState.WAITING, case_id=notice.case_id))
            else:
                _, at, outcome, channel = self._book.texts[text_id]
                found.append(Told(place, notice.kind, ToldState(outcome), channel or "", at, notice.case_id))
        return sorted(found, key=lambda one: one.place, reverse=True)[:limit]


@dataclass
class MemoryCorrespondence:
    """CorrespondenceWork; `cases` are by worker."""

    book: MemoryNotices = field(default_factory=MemoryNotices)
    cases: dict[UUID, list[About]] = field(default_factory=dict)
    kept: list[Letter] = field(default_factory=list)

    @property
    def subjects(self) -> "MemoryCorrespondence":
        return self

    @property
    def letters(self) -> "MemoryCorrespondence":
        return self

    @property
    def notices(self) -> MemoryMyNotices:
        return MemoryMyNotices(self.book)

    async def cases_of(self, worker_id: UUID) -> Sequence[About]:
        return self.cases.get(worker_id, [])

    async def between(self, cases: Sequence[About], *, before: Place | None, limit: int) -> Sequence[Letter]:
        found = [one for one in self.kept if one.about in cases and (before is None or one.place < before)]
        return sorted(found, key=lambda one: one.place, reverse=True)[:limit]

    @asynccontextmanager
    async def unit_of_work(self, worker_id: UUID) -> AsyncIterator["MemoryCorrespondence"]:
        """One transaction over the same memory each time."""
        yield self

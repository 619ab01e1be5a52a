"""Declarations in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from portability.adapters.memory.acts import MemoryActs
from portability.adapters.memory.disputes import MemoryCaseChanges
from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.services.workers.declarations.model import Declaration
from portability.services.workers.declarations.ports import Elsewhere, HerCases

__all__ = ["MemoryDeclarationWork", "MemoryDeclarations"]


class MemoryDeclarations:
    """DeclarationBook, WaitingDeclarations and, by `papers`, Papers."""

    def __init__(self) -> None:
        self._kept: dict[UUID, Declaration] = {}
        self.papers = MemoryPapers()

    async def put(self, declaration: Declaration) -> None:
        self._kept[declaration.declaration_id] = declaration

    async def get(self, declaration_id: UUID, *, for_change: bool) -> Declaration | None:
        return self._kept.get(declaration_id)

    async def of_worker(self, worker_id: UUID, *, for_change: bool = False) -> Sequence[Declaration]:
        return [one for _, one in sorted(self._kept.items(), reverse=True) if one.worker_id == worker_id]

    async def remove(self, declaration_id: UUID) -> None:
        for document in self._kept.pop(declaration_id).documents:
            self.papers.kept.pop(document.document_id, None)

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Declaration]:
        waiting = [one for _, one in sorted(self._kept.items()) if one.waits_for_us]
        return [one for one in waiting if after is None or one.declaration_id > after][:size]


class MemoryPapers:
    """Papers."""

    def __init__(self) -> None:
        self.kept: dict[UUID, bytes] = {}

    async def put(self, document_id: UUID, declaration: Declaration, content: bytes) -> None:
        self.kept[document_id] = content

    async def get(self, document_id: UUID) -> bytes | None:
        return self.kept.get(document_id)


@dataclass
class MemoryDeclarationWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    cases: HerCases
    elsewhere: Elsewhere
    book: MemoryDeclarations = field(default_factory=MemoryDeclarations)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)
    changes: MemoryCaseChanges = field(default_factory=MemoryCaseChanges)
    acts: MemoryActs = field(default_factory=lambda: MemoryActs(State()))

    @property
    def queue(self) -> MemoryDeclarations:
        return self.book

    @property
    def papers(self) -> MemoryPapers:
        return self.book.papers

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryDeclarationWork"]:
        """One transaction over the same memory each time."""
        yield self

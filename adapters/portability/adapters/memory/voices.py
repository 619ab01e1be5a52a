"""What workers said of closed cases, in memory; it passes the contract suite of the real store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.services.workers.voice.model import Figure, Group, Voice

__all__ = ["MemoryFigures", "MemoryVoiceWork", "MemoryVoices"]


class MemoryVoices:
    """VoiceBook and Words."""

    def __init__(self) -> None:
        self._kept: dict[UUID, Voice] = {}

    async def put(self, voice: Voice) -> None:
        self._kept[voice.case_id] = voice

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Voice]:
        return [one for case_id, one in sorted(self._kept.items()) if case_id in case_ids]

    async def waiting(self, group: Group) -> Sequence[Voice]:
        return [one for _, one in sorted(self._kept.items()) if one.group == group and one.score is not None]

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Voice]:
        found = [one for _, one in sorted(self._kept.items()) if one.words]
        return [one for one in found if after is None or one.case_id > after][:size]


class MemoryFigures:
    """Figures."""

    def __init__(self) -> None:
        self._kept: dict[Group, Figure] = {}

    async def hold(self, group: Group) -> Figure:
        return self._kept.get(group, Figure(group))

    async def put(self, figure: Figure) -> None:
        self._kept[figure.group] = figure

    async def published(self) -> Sequence[Figure]:
        return sorted(self._kept.values(), key=lambda one: (one.group.agreements, one.group.flow))


@dataclass
class MemoryVoiceWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    book: MemoryVoices = field(default_factory=MemoryVoices)
    figures: MemoryFigures = field(default_factory=MemoryFigures)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)

    @property
    def words(self) -> MemoryVoices:
        return self.book

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryVoiceWork"]:
        """One transaction over the same memory each time."""
        yield self

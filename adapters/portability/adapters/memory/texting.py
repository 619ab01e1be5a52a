"""Conversations by text and PINs in memory; they pass the contract suite of the real stores."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from portability.adapters.memory.correspondence import MemoryMyNotices
from portability.adapters.memory.notices import MemoryChoices, MemoryNotices
from portability.adapters.memory.preferences import MemoryPreferences
from portability.adapters.memory.voices import MemoryVoices, MemoryVoiceWork
from portability.adapters.memory.workers import MemoryWorkerWork
from portability.services.workers.texting.model import TextSession
from portability.services.workers.voice.handlers import questions_of
from portability.services.workers.voice.model import MyCase

__all__ = ["MemoryConversations", "MemoryPins", "MemoryQuestions", "MemoryTextWork"]


class MemoryConversations:
    """TextSessionStore and TextHousekeeping."""

    def __init__(self) -> None:
        self.kept: dict[bytes, TextSession] = {}

    async def take(self, key: bytes) -> TextSession | None:
        return self.kept.get(key)

    async def keep(self, session: TextSession) -> None:
        self.kept[session.key] = session

    async def forget_unused(self, *, at: datetime, unused: timedelta) -> int:
        old = [key for key, session in self.kept.items() if at - session.used_at > unused]
        for key in old:
            del self.kept[key]
        return len(old)


class MemoryPins:
    """PinStore."""

    def __init__(self) -> None:
        self.kept: dict[UUID, tuple[bytes, int]] = {}

    async def put(self, worker_id: UUID, pin_hash: bytes) -> None:
        self.kept[worker_id] = (pin_hash, 0)

    async def take_try(self, worker_id: UUID, *, most: int) -> bytes | None:
        kept, tries = self.kept.get(worker_id, (b"", most))
        if tries >= most:
            return None
        self.kept[worker_id] = (kept, tries + 1)
        return kept

    async def was_right(self, worker_id: UUID) -> None:
        self.kept[worker_id] = (self.kept[worker_id][0], 0)


@dataclass(frozen=True, slots=True)
class MemoryQuestions:
    """MyQuestions, and MyCases of one worker, over cases and voices in memory."""

    mine: dict[UUID, list[MyCase]]
    voices: MemoryVoices
    worker_id: UUID | None = None

    async def of(self, worker_id: UUID) -> Sequence[tuple[MyCase, bool]]:
        return await questions_of(replace(self, worker_id=worker_id), self.voices)

    async def cases(self) -> Sequence[MyCase]:
        return self.mine.get(self.worker_id, []) if self.worker_id else []


@dataclass(frozen=True, slots=True)
class MemoryTextWork(MemoryWorkerWork):
    """The ports of one transaction. Nothing is undone where one fails."""

    conversations: MemoryConversations = field(default_factory=MemoryConversations)
    pins: MemoryPins = field(default_factory=MemoryPins)
    choices: MemoryChoices = field(default_factory=MemoryChoices)
    book: MemoryNotices = field(default_factory=MemoryNotices)
    voice: MemoryVoiceWork = field(default_factory=MemoryVoiceWork)
    mine: dict[UUID, list[MyCase]] = field(default_factory=dict)

    @property
    def preferences(self) -> MemoryPreferences:
        return MemoryPreferences(self.directory, self.choices)

    @property
    def notices(self) -> MemoryMyNotices:
        return MemoryMyNotices(self.book)

    @property
    def questions(self) -> MemoryQuestions:
        return MemoryQuestions(self.mine, self.voice.book)

    @asynccontextmanager
    async def voice_of(self, worker_id: UUID) -> AsyncIterator[tuple[MemoryQuestions, MemoryVoiceWork]]:
        """What is one worker's, for the use cases of voices."""
        yield replace(self.questions, worker_id=worker_id), self.voice

    @asynccontextmanager
    async def text_work(self) -> AsyncIterator["MemoryTextWork"]:
        """One transaction over the same memory each time."""
        yield self

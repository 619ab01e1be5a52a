"""Preferences in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.notices import MemoryChoices
from portability.adapters.memory.workers import MemoryCodes, MemoryDirectory, MemoryLimits
from portability.services.notices.model import Choice
from portability.services.workers.preferences.model import Preferences

__all__ = ["MemoryPreferenceWork", "MemoryPreferences"]


class MemoryPreferences:
    """PreferenceBook."""

    def __init__(self, directory: MemoryDirectory, choices: MemoryChoices) -> None:
        self._directory = directory
        self._choices = choices
        self.protected: set[UUID] = set()

    async def of(self, worker_id: UUID) -> Preferences:
        worker, choice = self._directory.on_file(worker_id), await self._choices.of(worker_id)
        return Preferences(
            worker_id=worker_id,
            contact=worker.contact,
            address=worker.address,
            wanted=choice.wanted,
            language=worker.language,
            quiet_from=choice.quiet_from,
            quiet_until=choice.quiet_until,
            zone=worker.zone,
            is_protected=worker_id in self.protected,
        )

    async def keep(self, preferences: Preferences) -> None:
        worker = self._directory.on_file(preferences.worker_id)
        changed = replace(worker, language=preferences.language, address=preferences.address, zone=preferences.zone)
        await self._directory.keep(changed)
        choice = Choice(preferences.wanted, preferences.quiet_from, preferences.quiet_until)
        await self._choices.keep(preferences.worker_id, choice)


@dataclass
class MemoryPreferenceWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    preferences: MemoryPreferences
    codes: MemoryCodes = field(default_factory=MemoryCodes)
    limits: MemoryLimits = field(default_factory=MemoryLimits)
    told: list[tuple[UUID, datetime]] = field(default_factory=list)

    @property
    def news(self) -> "MemoryPreferenceWork":
        return self

    async def moved(self, worker_id: UUID, *, at: datetime) -> None:
        self.told.append((worker_id, at))

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryPreferenceWork"]:
        """One transaction over the same memory each time."""
        yield self

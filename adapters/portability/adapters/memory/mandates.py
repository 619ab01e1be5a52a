"""Mandates in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from portability.adapters.memory.records import MemoryCommands
from portability.adapters.memory.workers import MemoryCompanyLog, MemoryMandates, MemorySessions

__all__ = ["MemoryMandateWork"]


@dataclass
class MemoryMandateWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    mandates: MemoryMandates
    sessions: MemorySessions
    company: MemoryCompanyLog = field(default_factory=MemoryCompanyLog)
    commands: MemoryCommands = field(default_factory=MemoryCommands)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryMandateWork"]:
        """One transaction over the same memory each time."""
        yield self

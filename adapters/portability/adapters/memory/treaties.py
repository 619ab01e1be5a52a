"""Versions of agreements and signed statements in memory; they pass the contract suite of the real store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.log_staging import MemoryLogSink
from portability.adapters.memory.records import MemoryCommands
from portability.services.determination.treaties.model import KeptStatement, PublishedVersion

__all__ = ["MemoryStatements", "MemoryTreatyWork", "MemoryVersions"]


class MemoryVersions:
    """Published versions."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[PublishedVersion, bytes]] = {}

    async def add(self, version: PublishedVersion, content: bytes) -> None:
        self._versions.setdefault(version.sha256, (version, content))

    async def content(self, sha256: str) -> bytes | None:
        found = self._versions.get(sha256)
        return found[1] if found else None

    async def of_agreement(self, agreement_id: str) -> Sequence[PublishedVersion]:
        found = [one for one, _ in self._versions.values() if agreement_id in ("", one.agreement_id)]
        return sorted(found, key=lambda one: (one.agreement_id, one.published_at, one.sha256))


class MemoryStatements:
    """Signed statements."""

    def __init__(self) -> None:
        self._statements: dict[str, tuple[str, KeptStatement]] = {}

    async def add(self, kept: KeptStatement, *, agreement_id: str, digest: str) -> None:
        self._statements.setdefault(digest, (agreement_id, kept))

    async def of_agreement(self, agreement_id: str) -> Sequence[KeptStatement]:
        return [kept for of, kept in self._statements.values() if of == agreement_id]


@dataclass
class MemoryTreatyWork:
    """TreatyWork; `open` stands for its transaction."""

    versions: MemoryVersions = field(default_factory=MemoryVersions)
    statements: MemoryStatements = field(default_factory=MemoryStatements)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    log: MemoryLogSink = field(default_factory=lambda: MemoryLogSink(State()))

    @asynccontextmanager
    async def open(self) -> AsyncIterator["MemoryTreatyWork"]:
        yield self

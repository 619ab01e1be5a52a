"""What a takeout needs from outside. Each port is named for the need."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.access import Company

__all__ = ["Clock", "KeptFile", "Reader", "TakeoutLog", "WhatIsKept"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who takes it, in which language (BCP 47); `company`: who sits beside her."""

    worker_id: UUID
    language: str = ""
    company: Company | None = None


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file. `is_packed`: to compress it again makes it no smaller."""

    name: str
    content: bytes
    is_packed: bool = False


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class WhatIsKept(Protocol):
    def files(self, reader: Reader) -> AsyncIterator[KeptFile]:
        """All that is kept about her, one file after the other, so that only one is held at a time."""
        ...


class TakeoutLog(Protocol):
    async def note(self, reader: Reader, *, at: datetime) -> None:
        """Note in the log of each of her cases that all of it was taken, and who sat beside her."""
        ...

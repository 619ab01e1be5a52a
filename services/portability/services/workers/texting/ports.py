"""What conversations by text need beside the ports of workers."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from portability.services.workers.ports import WorkerWork
from portability.services.workers.preferences.ports import PreferenceBook
from portability.services.workers.texting.model import TextSession

__all__ = ["PinStore", "TextHousekeeping", "TextSessionStore", "TextUnitOfWork", "TextWork"]


class TextSessionStore(Protocol):
    async def take(self, key: bytes) -> TextSession | None:
        """The conversation under a key, held until the transaction ends; None where there is none."""
        ...

    async def keep(self, session: TextSession) -> None:
        """Keep a conversation as it now is."""
        ...


class PinStore(Protocol):
    async def put(self, worker_id: UUID, pin_hash: bytes) -> None:
        """Keep a PIN in place of the one before, with all its tries."""
        ...

    async def take_try(self, worker_id: UUID, *, most: int) -> bytes | None:
        """Count one try and give the hash; None where there is no PIN, or it was tried `most` times in a row."""
        ...

    async def was_right(self, worker_id: UUID) -> None:
        """Count tries from the beginning again."""
        ...


class TextHousekeeping(Protocol):
    async def forget_unused(self, *, at: datetime, unused: timedelta) -> int:
        """Delete conversations that rest for longer; how many went."""
        ...


class TextWork(WorkerWork, Protocol):
    """The ports of one transaction."""

    @property
    def conversations(self) -> TextSessionStore: ...
    @property
    def pins(self) -> PinStore: ...
    @property
    def preferences(self) -> PreferenceBook: ...


TextUnitOfWork = Callable[[], AbstractAsyncContextManager[TextWork]]

"""What conversations by text need beside the ports of workers."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from portability.services.workers.correspondence.ports import MyNotices
from portability.services.workers.ports import WorkerWork
from portability.services.workers.preferences.ports import PreferenceBook
from portability.services.workers.texting.model import TextSession
from portability.services.workers.voice.handlers import SayHowItWent
from portability.services.workers.voice.model import MyCase

__all__ = [
    "HowItWent",
    "MyQuestions",
    "PinStore",
    "TextHousekeeping",
    "TextSessionStore",
    "TextUnitOfWork",
    "TextWork",
]


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


class MyQuestions(Protocol):
    async def of(self, worker_id: UUID) -> Sequence[tuple[MyCase, bool]]:
        """Her closed cases, the newest first, and whether she has said how each went."""
        ...


class HowItWent(Protocol):
    """Keeping what she says of a closed case, in a transaction of its own: it is counted with what others said."""

    async def say(self, command: SayHowItWent) -> None:
        """Once a case: CaseStateError where it was said, NotFoundError where the case is not hers."""
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
    @property
    def notices(self) -> MyNotices: ...
    @property
    def questions(self) -> MyQuestions: ...


TextUnitOfWork = Callable[[], AbstractAsyncContextManager[TextWork]]

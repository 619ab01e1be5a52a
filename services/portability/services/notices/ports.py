"""What notices need from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.notices.model import Channel, Choice, Happening, Kind, Notice, Outcome, Taken, Untold

__all__ = ["Choices", "Happenings", "NoticeBook", "NoticeSender", "NoticeUnitOfWork", "NoticeWork", "UntoldTexts"]


class Happenings(Protocol):
    async def workers_after(self, worker_id: UUID | None, *, limit: int) -> Sequence[UUID]:
        """The next workers who have cases, in the order of their ids; none after the last."""
        ...

    async def touched(self) -> Sequence[UUID]:
        """Workers in whose cases something was written since the last calls of any process; some of them again.

        What happens by time alone (a day passes) touches nobody.
        """
        ...

    async def of(self, worker_id: UUID) -> Sequence[Happening]:
        """What stands in her cases now."""
        ...


class NoticeBook(Protocol):
    async def add(self, worker_id: UUID, notices: Sequence[Notice]) -> int:
        """Keep those whose event was never kept for her; how many these were."""
        ...

    async def take(self, text_id: UUID, *, at: datetime) -> Taken | None:
        """What is due for one worker and told together, what concerns somebody's safety first.

        None where nothing is, or she has had her texts of the day; of what concerns her safety, those of the hour.

        What was taken is never given again unless it is put back.
        """
        ...

    async def settle(
        self, text_id: UUID, outcome: Outcome, *, channel: Channel | None = None, again_at: datetime | None = None
    ) -> None:
        """Say what became of it, and how it went; with `again_at` it certainly did not go, and is due again then."""
        ...


class UntoldTexts(Protocol):
    async def untold(self, *, since: datetime, before: datetime) -> Untold:
        """How many texts that were taken from `since` on and before `before` are not known to have gone."""
        ...


class Choices(Protocol):
    async def of(self, worker_id: UUID) -> Choice:
        """Her choice, or the default."""
        ...

    async def keep(self, worker_id: UUID, choice: Choice) -> None: ...


class NoticeSender(Protocol):
    async def send(self, worker_id: UUID, kind: Kind, *, several: bool, case_id: UUID | None) -> Channel | None:
        """Tell her, and in which case, and say by which way; None where she is not on file any more.

        GatewayError(retryable=True) only where the text certainly did not go.
        """
        ...


class NoticeWork(Protocol):
    """The ports of one transaction."""

    @property
    def happenings(self) -> Happenings: ...
    @property
    def book(self) -> NoticeBook: ...
    @property
    def texts(self) -> UntoldTexts: ...
    @property
    def choices(self) -> Choices: ...


NoticeUnitOfWork = Callable[[], AbstractAsyncContextManager[NoticeWork]]

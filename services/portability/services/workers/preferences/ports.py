"""What preferences need from outside."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.workers.ports import AttemptLimits, CodeStore
from portability.services.workers.preferences.model import Preferences

__all__ = ["AddressNews", "PreferenceBook", "PreferenceWork", "UnitOfWork"]


class PreferenceBook(Protocol):
    async def of(self, worker_id: UUID) -> Preferences:
        """What she chose, or the defaults; NotFoundError where she is not on file, or no longer."""
        ...

    async def keep(self, preferences: Preferences) -> None:
        """Keep what she chose. By which contact she signs in is not hers to change here, and stays."""
        ...


class AddressNews(Protocol):
    async def moved(self, worker_id: UUID, *, at: datetime) -> None:
        """Have her told, by the contact that she signs in with, that news goes to another address from now on."""
        ...


class PreferenceWork(Protocol):
    """The ports of one transaction."""

    @property
    def preferences(self) -> PreferenceBook: ...
    @property
    def news(self) -> AddressNews: ...
    @property
    def codes(self) -> CodeStore: ...
    @property
    def limits(self) -> AttemptLimits: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[PreferenceWork]]

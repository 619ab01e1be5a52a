"""What saying whose a case is needs from outside."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.acts import ActBook
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.workers.ports import WorkerCases, WorkerDirectory, WorkerRegister

__all__ = ["ContactNews", "ContactWork", "KnownCases", "LinkWork", "UnitOfWork", "WaysIn"]


class KnownCases(Protocol):
    async def knows(self, case_id: UUID) -> bool:
        """Whether this node has such a case, of any kind."""
        ...


class ContactNews(Protocol):
    async def contact_changed(self, worker_id: UUID, *, at: datetime) -> None:
        """Have her told, by the contact from before, that she signs in by another from now on."""
        ...


class WaysIn(Protocol):
    async def close(self, worker_id: UUID) -> None:
        """End every session of hers, and let no code that is on its way open one."""
        ...


class LinkWork(Protocol):
    """The ports of one transaction."""

    @property
    def cases(self) -> KnownCases: ...
    @property
    def links(self) -> WorkerCases: ...
    @property
    def directory(self) -> WorkerDirectory: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...
    @property
    def acts(self) -> ActBook: ...


class ContactWork(LinkWork, Protocol):
    """The ports of one transaction in which a contact is changed."""

    @property
    def register(self) -> WorkerRegister: ...
    @property
    def ways_in(self) -> WaysIn: ...
    @property
    def news(self) -> ContactNews: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[ContactWork]]
"""Opens a transaction of the node's own work."""

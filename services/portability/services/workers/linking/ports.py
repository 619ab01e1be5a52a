"""What saying whose a case is needs from outside."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from portability.services.acts import ActBook
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.workers.ports import WorkerCases, WorkerDirectory

__all__ = ["KnownCases", "LinkWork", "UnitOfWork"]


class KnownCases(Protocol):
    async def knows(self, case_id: UUID) -> bool:
        """Whether this node has such a case, of any kind."""
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


UnitOfWork = Callable[[], AbstractAsyncContextManager[LinkWork]]
"""Opens a transaction of the node's own work."""

"""What reading her messages needs from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from portability.services.workers.correspondence.model import About, Letter, Place, Told

__all__ = ["CorrespondenceUnitOfWork", "CorrespondenceWork", "MyLetters", "MyNotices", "MySubjects"]


class MySubjects(Protocol):
    async def cases_of(self, worker_id: UUID) -> Sequence[About]:
        """The cases and matters that she can open, and nobody else's."""
        ...


class MyLetters(Protocol):
    async def between(self, cases: Sequence[About], *, before: Place | None, limit: int) -> Sequence[Letter]:
        """Messages of institutions in these cases, the newest first; only those before a place."""
        ...


class MyNotices(Protocol):
    async def told(self, worker_id: UUID, *, before: Place | None, limit: int) -> Sequence[Told]:
        """What she was told or will be, the newest first; only what stands before a place."""
        ...


class CorrespondenceWork(Protocol):
    """The ports of one transaction."""

    @property
    def subjects(self) -> MySubjects: ...
    @property
    def letters(self) -> MyLetters: ...
    @property
    def notices(self) -> MyNotices: ...


CorrespondenceUnitOfWork = Callable[[UUID], AbstractAsyncContextManager[CorrespondenceWork]]
"""Opens a transaction that reads what is one worker's."""

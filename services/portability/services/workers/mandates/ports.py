"""What mandates need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from portability.services.idempotency import CommandLog
from portability.services.workers.mandates.model import Mandate
from portability.services.workers.ports import CompanyLog, SessionStore

__all__ = ["MandateBook", "MandateWork", "UnitOfWork"]


class MandateBook(Protocol):
    async def put(self, mandate: Mandate) -> None:
        """Keep a mandate, or its end."""
        ...

    async def of_worker(self, worker_id: UUID) -> Sequence[Mandate]:
        """All she ever gave, the newest first."""
        ...


class MandateWork(Protocol):
    """The ports of one transaction."""

    @property
    def mandates(self) -> MandateBook: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def company(self) -> CompanyLog: ...
    @property
    def commands(self) -> CommandLog: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[MandateWork]]

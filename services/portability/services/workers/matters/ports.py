"""What reading her matters needs from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from portability.services.workers.matters.model import MatterView

__all__ = ["MatterUnitOfWork", "MyMatters"]


class MyMatters(Protocol):
    async def matters_of(self, worker_id: UUID) -> Sequence[MatterView]:
        """Every matter of this worker and of nobody else."""
        ...

    async def matter_of(self, worker_id: UUID, case_id: UUID) -> MatterView | None:
        """The matter if it is hers, with who looked at it."""
        ...


MatterUnitOfWork = Callable[[], AbstractAsyncContextManager[MyMatters]]
"""Opens a transaction that reads."""

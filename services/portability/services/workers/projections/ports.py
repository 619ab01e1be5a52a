"""What projections need from outside."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from portability.agreements.values import StateCode
from portability.services.workers.projections.model import Projection, Scenario

__all__ = ["Projector"]


class Projector(Protocol):
    async def project(self, worker_id: UUID, scenario: Scenario) -> Sequence[Projection]:
        """For each case of hers, what this institution's rules give. Nothing is kept, and nothing is decided."""
        ...

    async def states_of(self, worker_id: UUID) -> Sequence[StateCode]:
        """The countries of her cases, to which she may think of moving; the one she lives in is left out."""
        ...

"""Projections for every channel. Whose they are comes from the session."""

from dataclasses import dataclass
from uuid import UUID

from portability.agreements.values import StateCode
from portability.services.workers.projections.model import Projection, Scenario
from portability.services.workers.projections.ports import Projector

__all__ = ["ProjectionUseCases"]


@dataclass(frozen=True, slots=True)
class ProjectionUseCases:
    projector: Projector

    async def project(self, worker_id: UUID, scenario: Scenario) -> tuple[Projection, ...]:
        """By case. Raises InputError where she may not name the country."""
        made = await self.projector.project(worker_id, scenario)
        return tuple(sorted((one for one in made if one.worker_id == worker_id), key=lambda one: one.reference))

    async def countries(self, worker_id: UUID) -> tuple[StateCode, ...]:
        """Where she may think of moving, in the order of the codes."""
        return tuple(sorted(await self.projector.states_of(worker_id)))

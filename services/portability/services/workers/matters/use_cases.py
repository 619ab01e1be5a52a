"""Her matters, for every channel. Whose they are comes from the session."""

from dataclasses import dataclass
from uuid import UUID

from portability.agreements.errors import NotFoundError
from portability.services.workers.matters.model import MatterView
from portability.services.workers.matters.ports import MatterUnitOfWork

__all__ = ["MatterUseCases"]


@dataclass(frozen=True, slots=True)
class MatterUseCases:
    unit_of_work: MatterUnitOfWork

    async def list_my_matters(self, worker_id: UUID) -> tuple[MatterView, ...]:
        """What is open first, then the newest first."""
        async with self.unit_of_work() as matters:
            mine = [one for one in await matters.matters_of(worker_id) if one.worker_id == worker_id]
        return tuple(sorted(mine, key=lambda one: (one.is_open, one.begun_at, one.case_id), reverse=True))

    async def get_my_matter(self, worker_id: UUID, case_id: UUID) -> MatterView:
        """One of them. Raises NotFoundError for another worker's as for none: neither is told apart."""
        async with self.unit_of_work() as matters:
            found = await matters.matter_of(worker_id, case_id)
        if found is None or found.worker_id != worker_id:
            raise NotFoundError(f"You have no matter {case_id}.")
        return found

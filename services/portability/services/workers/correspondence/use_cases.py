"""Her messages, for every channel. Whose they are comes from the session."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from portability.services.workers.correspondence.model import Letter, Page, Place, Told
from portability.services.workers.correspondence.ports import CorrespondenceUnitOfWork

__all__ = ["PAGE", "CorrespondenceUseCases"]

PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class CorrespondenceUseCases:
    unit_of_work: CorrespondenceUnitOfWork

    async def list_my_messages(self, worker_id: UUID, *, before: Place | None = None, limit: int = PAGE) -> Page:
        """Notices to her and messages about her in one list, the newest first."""
        async with self.unit_of_work(worker_id) as work:
            # One more of each than fits says whether there is an older page.
            cases = await work.subjects.cases_of(worker_id)
            about = {one.case_id: one for one in cases}
            noted = await work.notices.told(worker_id, before=before, limit=limit + 1)
            told = [replace(one, about=about.get(one.case_id)) if one.case_id else one for one in noted]
            letters = await work.letters.between(cases, before=before, limit=limit + 1) if cases else ()
        both: list[Told | Letter] = [*told, *letters]
        found = sorted(both, key=lambda one: one.place, reverse=True)
        entries = tuple(found[:limit])
        return Page(entries, entries[-1].place if len(found) > limit else None)

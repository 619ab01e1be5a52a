"""The page of a matter: a dispute, a certificate, a check, or another case between institutions that is no claim."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.case_pages import LOOKS_SHOWN
from portability.adapters.workers.web.shell import Shell
from portability.services.workers.looks import looks_by_day
from portability.services.workers.matters.story import (
    is_late,
    said_matter_steps,
    then_phrases,
    title_phrase,
    waits_phrase,
    you_can,
)
from portability.services.workers.matters.use_cases import MatterUseCases

__all__ = ["routes"]


def routes(shell: Shell, use_cases: MatterUseCases) -> list[Route]:
    return [Route("/matters/{case_id:uuid}", _MatterPages(shell, use_cases).matter)]


@dataclass(frozen=True, slots=True)
class _MatterPages:
    shell: Shell
    use_cases: MatterUseCases

    async def matter(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        matter = await self.use_cases.get_my_matter(worker_id, request.path_params["case_id"])
        today = self.shell.today()
        return self.shell.page(
            request,
            "matter.html",
            signed_in=True,
            matter=matter,
            title=title_phrase(matter),
            waits=waits_phrase(matter),
            late=is_late(matter, today=today),
            steps=said_matter_steps(matter, today=today),
            then=then_phrases(matter),
            you_can=you_can(matter, today=today),
            looks=looks_by_day(matter.seen_by, day_of=self.shell.words(request).local_day, most=LOOKS_SHOWN),
        )

"""The page of her working life: a picture and a table for each country."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.career_picture import career_picture
from portability.adapters.workers.web.shell import Shell
from portability.services.workers.story import career_phrase, evidence_phrases
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["routes"]


def routes(shell: Shell, use_cases: WorkerUseCases) -> list[Route]:
    return [Route("/career", _CareerPages(shell, use_cases).career)]


@dataclass(frozen=True, slots=True)
class _CareerPages:
    shell: Shell
    use_cases: WorkerUseCases

    async def career(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        career = await self.use_cases.get_my_career(worker_id)
        return self.shell.page(
            request,
            "career.html",
            signed_in=True,
            career=career,
            countries=[(country, career_phrase(country)) for country in career.countries],
            picture=career_picture(career.countries),
            evidence_phrases=evidence_phrases,
        )

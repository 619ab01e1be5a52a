"""The page "what if": what she would get if she stopped today, waited, or moved. It changes nothing, so it is read."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError
from portability.services.workers.projections.model import MOST_YEARS, Scenario, WhatIf
from portability.services.workers.projections.story import asked_phrase, benefit_phrase, told_why, unknown_phrase
from portability.services.workers.projections.use_cases import ProjectionUseCases

__all__ = ["routes"]


def routes(shell: Shell, use_cases: ProjectionUseCases) -> list[Route]:
    return [Route("/what-if", _ProjectionPages(shell, use_cases).what_if)]


@dataclass(frozen=True, slots=True)
class _ProjectionPages:
    shell: Shell
    use_cases: ProjectionUseCases

    async def what_if(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        countries = await self.use_cases.countries(worker_id)
        scenario = _asked(request, countries)
        made = await self.use_cases.project(worker_id, scenario) if scenario else ()
        country = self.shell.words(request).state(scenario.state) if scenario else ""
        return self.shell.page(
            request,
            "projection.html",
            signed_in=True,
            scenario=scenario,
            asked=asked_phrase(scenario, country=country) if scenario else None,
            years=range(1, MOST_YEARS + 1),
            countries=countries,
            made=[
                (one, [benefit_phrase(each) for each in one.benefits], told_why(one), unknown_phrase(one))
                for one in made
            ],
        )


def _asked(request: Request, countries: tuple[str, ...]) -> Scenario | None:
    """What the address asks; None where it asks nothing, or nothing that there is."""
    asked = request.query_params
    state = asked.get("state", "")
    if state and state not in countries:
        return None
    try:
        return Scenario(WhatIf(asked.get("what", "")), int(asked.get("years", "0")), state)
    except (ValueError, InputError):
        return None

"""Pages of her cases: the list, one case, and what was decided with the reasons."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.shell import Shell
from portability.services.workers.looks import looks_by_day
from portability.services.workers.matters.story import is_late, title_phrase, waits_phrase
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.story import (
    case_has_late_step,
    decision_phrases,
    next_phrases,
    timeline,
    where_phrase,
    why_lines,
    you_can_phrases,
)
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["LOOKS_SHOWN", "routes"]

LOOKS_SHOWN = 10  # lines on the page of a case, which is to stay short; the RPC gives more


def routes(shell: Shell, use_cases: WorkerUseCases, matters: MatterUseCases | None = None) -> list[Route]:
    pages = _CasePages(shell, use_cases, matters)
    return [
        Route("/cases", pages.cases),
        Route("/cases/{case_id:uuid}", pages.case),
        Route("/cases/{case_id:uuid}/decisions", pages.decisions),
        Route("/decisions", pages.decisions),
    ]


@dataclass(frozen=True, slots=True)
class _CasePages:
    shell: Shell
    use_cases: WorkerUseCases
    matters: MatterUseCases | None

    async def cases(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        today = self.shell.today()
        listed = [
            (case, where_phrase(case), case_has_late_step(case, today=today))
            for case in await self.use_cases.list_my_cases(worker_id)
        ]
        others = [
            (one, title_phrase(one), waits_phrase(one), is_late(one, today=today))
            for one in (await self.matters.list_my_matters(worker_id) if self.matters else ())
        ]
        return self.shell.page(request, "cases.html", signed_in=True, cases=listed, matters=others)

    async def case(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        case = await self.use_cases.get_my_case(worker_id, request.path_params["case_id"])
        decisions = await self.use_cases.get_my_decisions(worker_id, case_id=case.case_id)
        today = self.shell.today()
        steps = timeline(case, today=today)
        return self.shell.page(
            request,
            "case.html",
            signed_in=True,
            case=case,
            where=where_phrase(case),
            late=case_has_late_step(case, today=today),
            steps=steps,
            open_steps=[said for said in steps if said.step.done_at is None],
            next_steps=next_phrases(case),
            you_can=you_can_phrases(case, today=today),
            decisions=[(decision, decision_phrases(decision)) for decision in decisions],
            looks=looks_by_day(case.seen_by, day_of=self.shell.words(request).local_day, most=LOOKS_SHOWN),
        )

    async def decisions(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        case_id = request.path_params.get("case_id")
        decisions = await self.use_cases.get_my_decisions(worker_id, case_id=case_id)
        cases = {case.case_id: case for case in await self.use_cases.list_my_cases(worker_id)}
        shown = [
            (decision, decision_phrases(decision), why_lines(decision), cases.get(decision.case_id))
            for decision in decisions
        ]
        return self.shell.page(request, "decisions.html", signed_in=True, decisions=shown)

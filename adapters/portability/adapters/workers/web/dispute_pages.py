"""Pages on which a worker says what is wrong, and sees who looks at it until when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.rendering import countries
from portability.adapters.workers.web.security import LONG_FORM_BYTES, FormRefusedError, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError, OverloadError
from portability.services.workers.disputes.handlers import DisputeUseCases, DisputeView, RaiseDispute
from portability.services.workers.disputes.model import GROUNDS_LENGTH, Matter, Subject
from portability.services.workers.disputes.story import dispute_phrases
from portability.services.workers.story import Phrase
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.views import CareerView, DecisionView

__all__ = ["routes"]

_DAYS = ("first_day", "last_day")


def routes(
    shell: Shell, workers: WorkerUseCases, disputes: DisputeUseCases, *, name_of: Callable[[str], str]
) -> list[Route]:
    """`name_of` gives an institution's name by its id."""
    pages = _DisputePages(shell, workers, disputes, name_of)
    return [
        Route("/disputes", pages.listed, methods=["GET"]),
        Route("/disputes", pages.send, methods=["POST"]),
        Route("/disputes/new", pages.form),
    ]


@dataclass(frozen=True, slots=True)
class _DisputePages:
    shell: Shell
    workers: WorkerUseCases
    disputes: DisputeUseCases
    name_of: Callable[[str], str]

    async def listed(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        shown = [(view, self._said(view)) for view in await self.disputes.list_mine(worker_id)]
        return self.shell.page(
            request, "disputes.html", signed_in=True, disputes=shown, sent="sent" in request.query_params
        )

    async def form(self, request: Request) -> Response:
        given = {name: request.query_params.get(name, "") for name in ("matter", "about", "state")}
        return await self._form(request, given)

    async def send(self, request: Request) -> Response:
        worker_id, by = await self.shell.actor(request)
        form = await self.shell.form(request, most_bytes=LONG_FORM_BYTES)
        try:
            command = RaiseDispute(
                request_id=request_id_of(form),
                worker_id=worker_id,
                subject=_subject(form),
                grounds=form.get("grounds", ""),
                by=by,
                language=self.shell.words(request).language,
            )
            await self.disputes.raise_dispute(command)
        except InputError as error:
            return await self._form(request, form, wrong=error.field or "grounds")
        except OverloadError:
            return await self._form(request, form, wrong="too_many")
        return self.shell.go("/disputes?sent")

    async def _form(self, request: Request, given: Mapping[str, str], *, wrong: str = "") -> Response:
        worker_id, _ = await self.shell.actor(request)
        matter = given.get("matter", "")
        career = await self.workers.get_my_career(worker_id) if matter in {"period", "missing"} else None
        decisions = await self.workers.get_my_decisions(worker_id) if matter == "decision" else ()
        return self.shell.page(
            request,
            "dispute_new.html",
            status=422 if wrong else 200,
            signed_in=True,
            matter=matter if matter in set(Matter) else "",
            matters=list(Matter),
            periods=_periods(career) if matter == "period" else [],
            countries=countries(self.shell.words(request)) if matter == "missing" else [],
            decisions=_decisions(decisions),
            chosen=given.get("about", ""),
            given={name: given.get(name, "") for name in ("state", *_DAYS, "activity", "grounds")},
            wrong=wrong,
            error=Phrase(f"error.dispute.{'days' if wrong in _DAYS else wrong}") if wrong else None,
            most=GROUNDS_LENGTH,
            request_id=self.shell.new_request_id(),
        )

    def _said(self, view: DisputeView) -> tuple[Phrase, ...]:
        return dispute_phrases(view, name_of=self.name_of, today=self.shell.today())


def _subject(form: Mapping[str, str]) -> Subject:
    try:
        matter = Matter(form.get("matter", ""))
    except ValueError as error:
        raise FormRefusedError(400) from error
    about, state = form.get("about", ""), form.get("state", "")
    if matter is Matter.PERIOD:
        state, _, about = about.partition("|")
    if matter is not Matter.MISSING:
        return Subject(matter, about if matter in {Matter.PERIOD, Matter.DECISION} else "", state if about else "")
    last = _day(form, "last_day")
    end = last + timedelta(days=1) if last and last < date.max else None
    return Subject(matter, "", state, _day(form, "first_day"), end, form.get("activity", "")[:200])


def _day(form: Mapping[str, str], name: str) -> date | None:
    text = form.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError("Give a full date that exists.", field=name) from error


def _periods(career: CareerView | None) -> list[tuple[str, str, object]]:
    if career is None:
        return []
    return [
        (f"{country.state}|{one.period.period_id}", country.state, one.period)
        for country in career.countries
        for one in country.periods
    ]


def _decisions(decisions: tuple[DecisionView, ...]) -> list[tuple[str, DecisionView]]:
    return [(one.decision_id, one) for one in decisions]

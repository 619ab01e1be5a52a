"""The pages: read what came, call a use case, show the result. Whose data it is comes from the session cookie."""

from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from portability.adapters.workers.web.career_picture import career_picture
from portability.adapters.workers.web.rendering import (
    LANGUAGE_COOKIE_SECONDS,
    environment,
    how_long,
    reader_words,
    spans_text,
    style_sheet,
)
from portability.adapters.workers.web.security import (
    NOT_KEPT,
    Cookies,
    FormRefusedError,
    origin_of,
    read_form,
    security_headers,
)
from portability.adapters.workers.web.settings import WebSettings
from portability.agreements.errors import DeniedError, InputError
from portability.services.workers.model import (
    CODE_LIFE,
    AskForCode,
    Refusal,
    SignInRefused,
)
from portability.services.workers.story import (
    Phrase,
    career_phrase,
    case_has_late_step,
    decision_phrases,
    evidence_phrases,
    next_phrases,
    seen_phrases,
    timeline,
    where_phrase,
    why_lines,
    you_can_phrases,
)
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.words import Words

__all__ = ["Pages"]

SEE_OTHER = 303
LOOKS_SHOWN = 20  # on the page of a case, which is to stay short; the RPC gives more
_NOTICES = {"over": "error.session_over", "out": "error.signed_out"}


class Pages:
    """One method a page."""

    def __init__(self, use_cases: WorkerUseCases, settings: WebSettings) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._cookies = Cookies(settings, random_bytes=use_cases.random_bytes)

    async def start(self, request: Request) -> Response:
        signed_in = bool(self._cookies.read(request, "session"))
        return RedirectResponse("/cases" if signed_in else "/sign-in", SEE_OTHER)

    async def style(self, request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(style_sheet(), media_type="text/css", headers=headers)

    # --- signing in

    async def sign_in_form(self, request: Request) -> Response:
        notice = next((key for name, key in _NOTICES.items() if name in request.query_params), None)
        return self._sign_in_page(request, notice=Phrase(notice) if notice else None)

    async def ask_for_code(self, request: Request) -> Response:
        form = await self._form(request)
        contact, number = form.get("contact", ""), form.get("insurance_number", "")
        words = self._words(request)
        try:
            request_id = str(UUID(form.get("request_id", "")))
        except ValueError as error:
            raise FormRefusedError(400) from error
        try:
            asked = await self._use_cases.request_sign_in_code(
                AskForCode(request_id, contact, number, words.language, origin_of(request))
            )
        except InputError:
            wrong = "error.contact_email" if "@" in contact else "error.contact_phone"
            return self._sign_in_page(request, error=Phrase(wrong), contact=contact, number=number)
        response = RedirectResponse("/sign-in/code", SEE_OTHER)
        seconds = int(CODE_LIFE.total_seconds())
        self._cookies.write(response, "challenge", asked.challenge, seconds=seconds)
        return response

    async def code_form(self, request: Request) -> Response:
        if not self._cookies.read(request, "challenge"):
            return RedirectResponse("/sign-in", SEE_OTHER)
        return self._page(request, "code.html", error=None)

    async def sign_in(self, request: Request) -> Response:
        form = await self._form(request)
        result = await self._use_cases.sign_in(
            challenge=self._cookies.read(request, "challenge"),
            code=form.get("code", ""),
            origin=origin_of(request),
        )
        if isinstance(result, SignInRefused):
            return self._page(request, "code.html", status=422, error=_refusal_phrase(result))
        response = RedirectResponse("/cases", SEE_OTHER)
        self._cookies.write(response, "session", result.token)
        # A new visit, so that no form from before the sign-in can be sent after it.
        self._cookies.write(response, "visit", self._cookies.new_visit())
        self._cookies.forget(response, "challenge")
        return response

    async def sign_out(self, request: Request) -> Response:
        await self._form(request)
        await self._use_cases.sign_out(self._cookies.read(request, "session"))
        response = RedirectResponse("/sign-in?out", SEE_OTHER)
        for name in ("session", "visit", "challenge"):
            self._cookies.forget(response, name)
        return response

    # --- reading

    async def cases(self, request: Request) -> Response:
        worker_id = await self._worker_id(request)
        today = self._today()
        listed = [
            (case, where_phrase(case), case_has_late_step(case, today=today))
            for case in await self._use_cases.list_my_cases(worker_id)
        ]
        return self._page(request, "cases.html", signed_in=True, cases=listed)

    async def case(self, request: Request) -> Response:
        worker_id = await self._worker_id(request)
        case = await self._use_cases.get_my_case(worker_id, request.path_params["case_id"])
        decisions = await self._use_cases.get_my_decisions(worker_id, case_id=case.case_id)
        today = self._today()
        steps = timeline(case, today=today)
        return self._page(
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
            seen_by=[(seen.at, *seen_phrases(seen)) for seen in case.seen_by[:LOOKS_SHOWN]],
            seen_before=len(case.seen_by[LOOKS_SHOWN:]),
        )

    async def career(self, request: Request) -> Response:
        worker_id = await self._worker_id(request)
        career = await self._use_cases.get_my_career(worker_id)
        return self._page(
            request,
            "career.html",
            signed_in=True,
            countries=[(country, career_phrase(country)) for country in career.countries],
            picture=career_picture(career.countries),
            evidence_phrases=evidence_phrases,
        )

    async def decisions(self, request: Request) -> Response:
        worker_id = await self._worker_id(request)
        case_id = request.path_params.get("case_id")
        decisions = await self._use_cases.get_my_decisions(worker_id, case_id=case_id)
        cases = {case.case_id: case for case in await self._use_cases.list_my_cases(worker_id)}
        shown = [
            (decision, decision_phrases(decision), why_lines(decision), cases.get(decision.case_id))
            for decision in decisions
        ]
        return self._page(request, "decisions.html", signed_in=True, decisions=shown)

    # --- when something goes wrong

    async def session_over(self, request: Request, error: Exception) -> Response:
        had_session = bool(self._cookies.read(request, "session"))
        response = RedirectResponse("/sign-in?over" if had_session else "/sign-in", SEE_OTHER)
        self._cookies.forget(response, "session")
        return response

    async def not_found(self, request: Request, error: Exception) -> Response:
        return self._error_page(request, "not_found", status=404)

    async def too_many(self, request: Request, error: Exception) -> Response:
        return self._error_page(request, "too_many", status=429, headers={"Retry-After": "3600"})

    async def refused(self, request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code not in (404, 405):
            return self._error_page(request, "form", status=error.status_code)
        status = error.status_code if isinstance(error, HTTPException) else 404
        return self._error_page(request, "not_found", status=status)

    async def broken(self, request: Request, error: Exception) -> Response:
        # Starlette answers outside of all middleware here, and raises the error again so that the server logs it.
        headers = security_headers(https=self._settings.https) | {"Cache-Control": NOT_KEPT}
        return self._error_page(request, "broken", status=500, headers=headers)

    # --- parts

    async def _worker_id(self, request: Request) -> UUID:
        token = self._cookies.read(request, "session")
        if not token:
            raise DeniedError("Nobody is signed in.", authenticated=False)
        return await self._use_cases.resolve_session(token)

    async def _form(self, request: Request) -> dict[str, str]:
        form = await read_form(request)
        self._cookies.check_form(request, form)
        return form

    def _sign_in_page(
        self,
        request: Request,
        *,
        error: Phrase | None = None,
        notice: Phrase | None = None,
        contact: str = "",
        number: str = "",
    ) -> Response:
        request_id = UUID(bytes=self._use_cases.random_bytes(16))
        return self._page(
            request,
            "sign_in.html",
            status=422 if error else 200,
            error=error,
            notice=notice,
            contact=contact,
            number=number,
            request_id=str(request_id),
        )

    def _error_page(
        self, request: Request, name: str, *, status: int, headers: dict[str, str] | None = None
    ) -> Response:
        response = self._page(request, "error.html", status=status, name=name)
        response.headers.update(headers or {})
        return response

    def _page(
        self, request: Request, template: str, *, status: int = 200, signed_in: bool = False, **facts: Any
    ) -> Response:
        words = self._words(request)
        visit = self._cookies.visit(request)
        html = (
            environment()
            .get_template(template)
            .render(
                words=words,
                t=words.text,
                say=words.say,
                say_why=words.say_why,
                how_long=lambda duration: how_long(words, duration),
                spans_text=lambda spans: spans_text(words, spans),
                institution_name=self._settings.institution_name,
                path=request.url.path,
                form_token=self._cookies.form_token(visit),
                signed_in=signed_in,
                **facts,
            )
        )
        response = HTMLResponse(html, status, headers={"Content-Language": words.language})
        if not self._cookies.read(request, "visit"):
            self._cookies.write(response, "visit", visit)
        if request.query_params.get("lang") == words.language:
            self._cookies.write(response, "language", words.language, seconds=LANGUAGE_COOKIE_SECONDS)
        return response

    def _words(self, request: Request) -> Words:
        chosen = self._cookies.read(request, "language")
        return reader_words(request, chosen=chosen, zone=self._settings.zone)

    def _today(self) -> Any:
        return self._use_cases.clock.now().astimezone(self._settings.zone).date()


def _refusal_phrase(refused: SignInRefused) -> Phrase:
    if refused.reason is Refusal.WRONG_CODE and refused.tries_left:
        return Phrase("error.code_wrong", {"tries": refused.tries_left}, count=refused.tries_left)
    return Phrase("error.code_over")

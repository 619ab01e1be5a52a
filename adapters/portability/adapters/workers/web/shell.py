"""What every page shares: who is signed in, forms of our own, the reader's words, and the frame around a page.

Whose data it is comes from the session cookie alone. A topic's pages stand in a module of their own, which gives
`routes(shell, use_cases)`; app.py puts them together.
"""

from datetime import date
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from portability.adapters.workers.web.rendering import (
    LANGUAGE_COOKIE_SECONDS,
    environment,
    how_long,
    reader_words,
    spans_text,
)
from portability.adapters.workers.web.security import FORM_BYTES, Cookies, read_form
from portability.adapters.workers.web.settings import WebSettings
from portability.agreements.errors import DeniedError
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.words import Words

__all__ = ["SEE_OTHER", "Shell"]

SEE_OTHER = 303


class Shell:
    """Made once for an application; the use cases are asked for sessions, the clock and random bytes only."""

    def __init__(self, use_cases: WorkerUseCases, settings: WebSettings) -> None:
        self._use_cases = use_cases
        self.settings = settings
        self.cookies = Cookies(settings, random_bytes=use_cases.random_bytes)

    async def worker_id(self, request: Request) -> UUID:
        """Who is signed in; her session is used. Raises DeniedError where nobody is, or no longer."""
        token = self.cookies.read(request, "session")
        if not token:
            raise DeniedError("Nobody is signed in.", authenticated=False)
        worker_id = await self._use_cases.resolve_session(token)
        request.state.company = await self._use_cases.company_of(token)
        return worker_id

    async def herself(self, request: Request) -> UUID:
        """Who is signed in where it is she herself, alone or helped; raises DeniedError for a representative."""
        worker_id = await self.worker_id(request)
        company = request.state.company
        if company is not None and not company.herself:
            raise DeniedError("Only she herself does this: no mandate reaches so far.")
        return worker_id

    async def actor(self, request: Request) -> tuple[UUID, str]:
        """Who is signed in and may do more than read, and who acts for or with her; DeniedError elsewhere."""
        worker_id = await self.worker_id(request)
        company = request.state.company
        if company is not None and not company.may_act:
            raise DeniedError("This mandate is for reading only.")
        return worker_id, company.name if company else ""

    async def form(self, request: Request, *, most_bytes: int = FORM_BYTES) -> dict[str, str]:
        """The fields of a form that one of our pages sent from this browser; raises FormRefusedError otherwise."""
        form = await read_form(request, most_bytes=most_bytes)
        self.cookies.check_form(request, form)
        return form

    def new_request_id(self) -> str:
        """What a form carries so that sending it twice does one thing."""
        return str(UUID(bytes=self._use_cases.random_bytes(16)))

    def today(self) -> date:
        """The day it is where the institution is."""
        return self._use_cases.clock.now().astimezone(self.settings.zone).date()

    def words(self, request: Request) -> Words:
        """The reader's language."""
        chosen = self.cookies.read(request, "language")
        return reader_words(request, chosen=chosen, zone=self.settings.zone)

    def go(self, address: str) -> Response:
        """Lead on to an address of ours; after a form, so that a page shown again sends nothing twice."""
        return RedirectResponse(address, SEE_OTHER)

    def page(
        self, request: Request, template: str, *, status: int = 200, signed_in: bool = False, **facts: Any
    ) -> Response:
        """A template filled with facts in the reader's language, inside the frame of all pages."""
        words = self.words(request)
        visit = self.cookies.visit(request)
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
                institution_name=self.settings.institution_name,
                path=request.url.path,
                form_token=self.cookies.form_token(visit),
                signed_in=signed_in,
                company=getattr(request.state, "company", None),
                **facts,
            )
        )
        response = HTMLResponse(html, status, headers={"Content-Language": words.language})
        if not self.cookies.read(request, "visit"):
            self.cookies.write(response, "visit", visit)
        if request.query_params.get("lang") == words.language:
            self.cookies.write(response, "language", words.language, seconds=LANGUAGE_COOKIE_SECONDS)
        return response

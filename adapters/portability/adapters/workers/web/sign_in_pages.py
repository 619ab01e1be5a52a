"""Pages to sign in with a one-time code, and out again."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.security import Cookies, origin_of, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError
from portability.services.workers.model import CODE_LIFE, AskForCode, Refusal, SignedIn, SignInRefused
from portability.services.workers.story import Phrase
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["open_session", "routes"]

_NOTICES = {"over": "error.session_over", "out": "error.signed_out"}
_OF_PROVIDER = {"refused", "unreachable", "not_on_file"}


def routes(shell: Shell, use_cases: WorkerUseCases) -> list[Route]:
    pages = _SignInPages(shell, use_cases)
    return [
        Route("/", pages.start),
        Route("/sign-in", pages.ask_form, methods=["GET"]),
        Route("/sign-in", pages.ask_for_code, methods=["POST"]),
        Route("/sign-in/code", pages.code_form, methods=["GET"]),
        Route("/sign-in/code", pages.sign_in, methods=["POST"]),
        Route("/sign-out", pages.sign_out, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _SignInPages:
    shell: Shell
    use_cases: WorkerUseCases

    async def start(self, request: Request) -> Response:
        signed_in = bool(self.shell.cookies.read(request, "session"))
        return self.shell.go("/cases" if signed_in else "/sign-in")

    async def ask_form(self, request: Request) -> Response:
        notice = next((Phrase(key) for name, key in _NOTICES.items() if name in request.query_params), None)
        why = request.query_params.get("provider", "")
        if why in _OF_PROVIDER and (provider := self.shell.settings.provider_name):
            notice = Phrase(f"provider.{why}", {"provider": provider})
        return self._ask_page(request, notice=notice)

    async def ask_for_code(self, request: Request) -> Response:
        form = await self.shell.form(request)
        contact, number = form.get("contact", ""), form.get("insurance_number", "")
        words = self.shell.words(request)
        request_id = str(request_id_of(form))
        try:
            asked = await self.use_cases.request_sign_in_code(
                AskForCode(request_id, contact, number, words.language, origin_of(request))
            )
        except InputError:
            wrong = "error.contact_email" if "@" in contact else "error.contact_phone"
            return self._ask_page(request, error=Phrase(wrong), contact=contact, number=number)
        response = self.shell.go("/sign-in/code")
        seconds = int(CODE_LIFE.total_seconds())
        self.shell.cookies.write(response, "challenge", asked.challenge, seconds=seconds)
        return response

    async def code_form(self, request: Request) -> Response:
        if not self.shell.cookies.read(request, "challenge"):
            return self.shell.go("/sign-in")
        return self.shell.page(request, "code.html", error=None)

    async def sign_in(self, request: Request) -> Response:
        form = await self.shell.form(request)
        cookies = self.shell.cookies
        result = await self.use_cases.sign_in(
            challenge=cookies.read(request, "challenge"),
            code=form.get("code", ""),
            origin=origin_of(request),
        )
        if isinstance(result, SignInRefused):
            return self.shell.page(request, "code.html", status=422, error=_refusal_phrase(result))
        response = self.shell.go("/cases")
        open_session(cookies, response, result)
        cookies.forget(response, "challenge")
        return response

    async def sign_out(self, request: Request) -> Response:
        await self.shell.form(request)
        await self.use_cases.sign_out(self.shell.cookies.read(request, "session"))
        response = self.shell.go("/sign-in?out")
        for name in ("session", "visit", "challenge"):
            self.shell.cookies.forget(response, name)
        return response

    def _ask_page(
        self,
        request: Request,
        *,
        error: Phrase | None = None,
        notice: Phrase | None = None,
        contact: str = "",
        number: str = "",
    ) -> Response:
        return self.shell.page(
            request,
            "sign_in.html",
            status=422 if error else 200,
            error=error,
            notice=notice,
            contact=contact,
            number=number,
            request_id=self.shell.new_request_id(),
            provider=self.shell.settings.provider_name,
        )


def open_session(cookies: Cookies, response: Response, signed_in: SignedIn) -> None:
    """Give the browser its session."""
    cookies.write(response, "session", signed_in.token)
    # A new visit, so that no form from before the sign-in can be sent after it.
    cookies.write(response, "visit", cookies.new_visit())


def _refusal_phrase(refused: SignInRefused) -> Phrase:
    if refused.reason is Refusal.WRONG_CODE and refused.tries_left:
        return Phrase("error.code_wrong", {"tries": refused.tries_left}, count=refused.tries_left)
    return Phrase("error.code_over")

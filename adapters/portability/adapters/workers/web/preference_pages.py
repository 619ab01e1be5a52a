"""Pages on which a worker chooses where news goes, in which language, and when not."""

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.security import FormRefusedError, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError, OverloadError
from portability.services.workers.model import SignInRefused
from portability.services.workers.preferences.handlers import PreferenceUseCases
from portability.services.workers.preferences.model import ZONES, Chosen, NewsWay
from portability.services.workers.story import Phrase

__all__ = ["routes"]


def routes(shell: Shell, preferences: PreferenceUseCases) -> list[Route]:
    pages = _PreferencePages(shell, preferences)
    return [
        Route("/preferences", pages.shown, methods=["GET"]),
        Route("/preferences", pages.choose, methods=["POST"]),
        Route("/preferences/address", pages.ask, methods=["POST"]),
        Route("/preferences/address/code", pages.confirm, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _PreferencePages:
    shell: Shell
    preferences: PreferenceUseCases

    async def shown(self, request: Request) -> Response:
        return await self._page(request)

    async def choose(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        form = await self.shell.form(request)
        try:
            what = Chosen(
                way=NewsWay(form.get("way", "")),
                language=form.get("language", ""),
                quiet_from=time.fromisoformat(form.get("quiet_from", "")),
                quiet_until=time.fromisoformat(form.get("quiet_until", "")),
                zone=form.get("zone"),
            )
            await self.preferences.choose(worker_id, what)
        except (InputError, ValueError) as error:  # our own form sends nothing of the kind
            raise FormRefusedError(400) from error
        return self.shell.go(f"/preferences?saved&lang={what.language}")

    async def ask(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        form = await self.shell.form(request)
        request_id, address = request_id_of(form), form.get("contact", "")
        try:
            await self.preferences.ask_for_address_code(worker_id, request_id, address)
        except InputError as error:
            return await self._page(request, address=address, error=_address_error(address, error))
        except OverloadError:
            return await self._page(request, address=address, error=Phrase("error.prefs.too_many"))
        return await self._code_page(request, request_id, address)

    async def confirm(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        form = await self.shell.form(request)
        request_id, address = request_id_of(form), form.get("contact", "")
        try:
            result = await self.preferences.confirm_address(worker_id, request_id, address, form.get("code", ""))
        except InputError as error:
            raise FormRefusedError(400) from error
        if isinstance(result, SignInRefused):
            left = result.tries_left
            if not left:
                return await self._page(request, address=address, error=Phrase("error.code_over"))
            wrong = Phrase("error.code_wrong", {"tries": left}, count=left)
            return await self._code_page(request, request_id, address, error=wrong)
        return self.shell.go("/preferences?saved")

    async def _page(self, request: Request, *, address: str = "", error: Phrase | None = None) -> Response:
        chosen = await self.preferences.of(await self.shell.herself(request))
        return self.shell.page(
            request,
            "preferences.html",
            status=422 if error else 200,
            signed_in=True,
            chosen=chosen,
            ways=[NewsWay.CONTACT, *([NewsWay.ADDRESS] if chosen.address else []), NewsWay.NOWHERE],
            hours=sorted({*(time(hour) for hour in range(24)), chosen.quiet_from, chosen.quiet_until}),
            zones=sorted({*ZONES, *([chosen.zone] if chosen.zone else [])}),
            saved="saved" in request.query_params,
            address=address,
            error=error,
            request_id=self.shell.new_request_id(),
        )

    async def _code_page(
        self, request: Request, request_id: UUID, address: str, *, error: Phrase | None = None
    ) -> Response:
        return self.shell.page(
            request,
            "preference_code.html",
            status=422 if error else 200,
            signed_in=True,
            address=address,
            error=error,
            request_id=str(request_id),
        )


def _address_error(address: str, error: InputError) -> Phrase:
    if error.field == "address":
        return Phrase("error.prefs.same")
    return Phrase("error.contact_email" if "@" in address else "error.contact_phone")

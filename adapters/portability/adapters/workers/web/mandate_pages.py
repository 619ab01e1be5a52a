"""Pages on which a worker lets somebody help her, ends it, and says who sits beside her."""

from dataclasses import dataclass
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.security import FormRefusedError, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError, OverloadError
from portability.services.workers.mandates.handlers import GrantMandate, MandateUseCases
from portability.services.workers.story import Phrase

__all__ = ["routes"]


def routes(shell: Shell, mandates: MandateUseCases) -> list[Route]:
    pages = _MandatePages(shell, mandates)
    return [
        Route("/people", pages.listed, methods=["GET"]),
        Route("/people", pages.grant, methods=["POST"]),
        Route("/people/helper", pages.helper, methods=["POST"]),
        Route("/people/{mandate_id:uuid}/end", pages.end, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _MandatePages:
    shell: Shell
    mandates: MandateUseCases

    async def listed(self, request: Request) -> Response:
        return await self._page(request, {})

    async def grant(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        form = await self.shell.form(request)
        try:
            command = GrantMandate(
                request_id=request_id_of(form),
                worker_id=worker_id,
                name=form.get("name", ""),
                contact=form.get("contact", ""),
                may_act=form.get("may_act") == "yes",
                first_day=None,
                last_day=_day(form.get("last_day", "")),
            )
            await self.mandates.grant(command)
        except InputError as error:
            return await self._page(request, form, wrong=error.field or "name")
        except OverloadError:
            return await self._page(request, form, wrong="too_many")
        except ValueError as error:
            raise FormRefusedError(400) from error
        return self.shell.go("/people")

    async def end(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        await self.shell.form(request)
        await self.mandates.revoke(worker_id, request.path_params["mandate_id"])
        return self.shell.go("/people")

    async def helper(self, request: Request) -> Response:
        await self.shell.herself(request)
        form = await self.shell.form(request)
        try:
            await self.mandates.name_helper(self.shell.cookies.read(request, "session"), form.get("helper", ""))
        except InputError:
            return await self._page(request, form, wrong="helper")
        return self.shell.go("/people")

    async def _page(self, request: Request, given: dict[str, str], *, wrong: str = "") -> Response:
        worker_id = await self.shell.herself(request)
        now = self.mandates.clock.now()
        shown = [
            (one, one.ends_at - timedelta(seconds=1), one.has_ended(now))
            for one in await self.mandates.list_mine(worker_id)
        ]
        key = "name" if wrong == "helper" else wrong
        return self.shell.page(
            request,
            "mandates.html",
            status=422 if wrong else 200,
            signed_in=True,
            mandates=shown,
            given={name: given.get(name, "") for name in ("name", "contact", "last_day", "helper", "may_act")},
            wrong=wrong,
            error=Phrase(f"error.mandate.{key}") if wrong else None,
            request_id=self.shell.new_request_id(),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError("Give a full date that exists.", field="last_day") from error

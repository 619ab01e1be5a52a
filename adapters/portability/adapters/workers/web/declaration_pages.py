"""Pages on which a worker tells of time that is on no record, shows papers for it, and sees what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.rendering import countries
from portability.adapters.workers.web.security import LONG_FORM_BYTES, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.adapters.workers.web.uploads import MOST_AT_ONCE, read_upload
from portability.agreements.errors import CaseStateError, InputError, NotFoundError, OverloadError
from portability.services.workers.declarations.handlers import AddDocument, DeclarationUseCases, DeclarePeriod
from portability.services.workers.declarations.model import ABOUT_LENGTH, LARGEST_DOCUMENT, NAME_LENGTH
from portability.services.workers.declarations.story import declaration_phrases
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.room import Room
from portability.services.workers.story import Phrase

__all__ = ["routes"]

_TYPED = ("state", "first_year", "first_month", "first_date", "last_year", "last_month", "last_date",
          "employer", "activity", "may_ask")  # fmt: skip
# What is wrong, and which sentence says it.
_ERRORS = {
    "state": "error.dispute.state",
    "first_day": "error.declared.days",
    "last_day": "error.declared.days",
    "employer": "error.declared.text",
    "activity": "error.declared.text",
    "about": "error.declared.text",
    "document": "error.declared.document",
    "size": "error.declared.size",
    "too_many": "error.declared.too_many",
    "closed": "error.declared.closed",
    "no_case": "error.declared.no_case",
}


def routes(shell: Shell, declarations: DeclarationUseCases, *, name_of: Callable[[str], str]) -> list[Route]:
    """`name_of` gives an institution's name by its id."""
    pages = _DeclarationPages(shell, declarations, name_of)
    return [
        Route("/declared", pages.listed, methods=["GET"]),
        Route("/declared", pages.send, methods=["POST"]),
        Route("/declared/new", pages.form),
        Route("/declared/papers/{document_id:uuid}", pages.paper, methods=["GET"]),
        Route("/declared/{declaration_id:uuid}/papers", pages.add, methods=["POST"]),
        Route("/declared/{declaration_id:uuid}/withdraw", pages.withdraw, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _DeclarationPages:
    shell: Shell
    declarations: DeclarationUseCases
    name_of: Callable[[str], str]
    room: Room = field(default_factory=lambda: Room(most=MOST_AT_ONCE))

    async def listed(self, request: Request) -> Response:
        return await self._listed(request, await self.shell.worker_id(request))

    async def form(self, request: Request) -> Response:
        await self.shell.actor(request)
        return self._form(request, {})

    async def send(self, request: Request) -> Response:
        worker_id, by = await self.shell.actor(request)
        form = await self.shell.form(request, most_bytes=LONG_FORM_BYTES)
        try:
            command = DeclarePeriod(
                request_id=request_id_of(form),
                worker_id=worker_id,
                state=form.get("state", ""),
                first_day=_day(form, "first"),
                last_day=_day(form, "last"),
                employer=form.get("employer", ""),
                activity=form.get("activity", ""),
                may_ask=form.get("may_ask") == "yes",
                by=by,
                language=self.shell.words(request).language,
            )
            await self.declarations.declare(command)
        except InputError as error:
            return self._form(request, form, wrong=error.field or "state")
        except OverloadError:
            return self._form(request, form, wrong="too_many")
        except NotFoundError:
            return self._form(request, form, wrong="no_case")
        return self.shell.go("/declared?sent")

    async def add(self, request: Request) -> Response:
        worker_id, by = await self.shell.actor(request)
        declaration_id: UUID = request.path_params["declaration_id"]
        with self.room.place(worker_id):
            upload = await read_upload(request, file="document", largest=LARGEST_DOCUMENT)
            self.shell.cookies.check_form(request, dict(upload.fields))
            try:
                if upload.content is None:
                    raise InputError("The paper is too large.", field="size")
                command = AddDocument(
                    request_id=request_id_of(upload.fields),
                    worker_id=worker_id,
                    declaration_id=declaration_id,
                    digest=AddDocument.digest_of(upload.content),
                    about=upload.fields.get("about", ""),
                    by=by,
                )
                await self.declarations.add_document(command, upload.content)
            except InputError as error:
                return await self._listed(request, worker_id, wrong=error.field, at=declaration_id)
            except OverloadError:
                return await self._listed(request, worker_id, wrong="too_many", at=declaration_id)
            except CaseStateError:
                return await self._listed(request, worker_id, wrong="closed", at=declaration_id)
        return self.shell.go("/declared?added")

    async def withdraw(self, request: Request) -> Response:
        worker_id, _ = await self.shell.actor(request)
        await self.shell.form(request)
        declaration_id: UUID = request.path_params["declaration_id"]
        try:
            await self.declarations.withdraw(worker_id, declaration_id)
        except CaseStateError:
            return await self._listed(request, worker_id, wrong="closed", at=declaration_id)
        return self.shell.go("/declared")

    async def paper(self, request: Request) -> Response:
        """A file to be saved: what a stranger made is never shown as a page of ours."""
        worker_id = await self.shell.worker_id(request)
        document_id: UUID = request.path_params["document_id"]
        document, content = await self.declarations.document_of_mine(worker_id, document_id)
        name = f'attachment; filename="{document_id}.{document.kind.suffix}"'
        return Response(content, media_type=document.kind.media_type, headers={"Content-Disposition": name})

    async def _listed(self, request: Request, worker_id: UUID, *, wrong: str = "", at: UUID | None = None) -> Response:
        views = await self.declarations.list_mine(worker_id)
        me = self.declarations.me
        company = request.state.company
        return self.shell.page(
            request,
            "declarations.html",
            status=422 if wrong else 200,
            signed_in=True,
            declarations=[(one, declaration_phrases(one, me=me, name_of=self.name_of)) for one in views],
            may_act=company is None or company.may_act,
            told=next((one for one in ("sent", "added") if one in request.query_params), ""),
            wrong=wrong,
            at=at,
            error=Phrase(_ERRORS.get(wrong, "error.declared.document")) if wrong else None,
            most=ABOUT_LENGTH,
            request_id=self.shell.new_request_id(),
        )

    def _form(self, request: Request, given: Mapping[str, str], *, wrong: str = "") -> Response:
        words = self.shell.words(request)
        return self.shell.page(
            request,
            "declaration_new.html",
            status=422 if wrong else 200,
            signed_in=True,
            countries=countries(words),
            months=list(words.locale.months["stand-alone"]["wide"].items()),
            given={name: given.get(name, "") for name in _TYPED},
            wrong=wrong,
            error=Phrase(_ERRORS[wrong]) if wrong else None,
            most=NAME_LENGTH,
            request_id=self.shell.new_request_id(),
        )


def _day(form: Mapping[str, str], which: str) -> RememberedDay:
    """Digits may be those of any script."""
    parts = [form.get(f"{which}_{part}", "").strip() for part in ("year", "month", "date")]
    try:
        year, month, day = (int(part) if part else 0 for part in parts)
        return RememberedDay(year, month, day)
    except (InputError, ValueError) as error:
        raise InputError("Give a year, or more where you know it.", field=f"{which}_day") from error

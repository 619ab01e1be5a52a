"""Pages on which a worker claims a pension: a form filled in with what is known, a look before sending, the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.claim_form_faults import PLACES, faults_of
from portability.adapters.workers.web.claim_form_fields import (
    award_day,
    declared_in,
    named_places,
    person_of,
    read_claim_form,
)
from portability.adapters.workers.web.security import LONG_FORM_BYTES, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import CaseStateError, InputError, OverloadError
from portability.agreements.values import StateCode
from portability.api.claims.v1 import claims_pb2 as pb
from portability.services.mapping.common import write_record
from portability.services.workers.claims.handlers import ClaimUseCases, StartClaim
from portability.services.workers.claims.mapping import read_start
from portability.services.workers.claims.model import Known
from portability.services.workers.claims.servicer import seen_by
from portability.services.workers.claims.story import claim_phrases
from portability.services.workers.looks import looks_by_day

__all__ = ["MOST_PLACES", "routes"]

MOST_PLACES: Final = 9
LOOKS_SHOWN: Final = 10
NO_FAULTS: Final[Mapping[str, str]] = {}
# What a claim must not say, by its field, and which sentence says so beside the field of the form.
_ERRORS: Final = {
    "person.birth_date": ("birth_date", "error.form.day"),
    "person.identifiers": ("number1", "error.form.number"),
    "award_on": ("award_on", "error.claim.award_on"),
}


def routes(
    shell: Shell,
    claims: ClaimUseCases,
    *,
    name_of: Callable[[str], str],
    countries: Callable[[], Sequence[StateCode]],
) -> list[Route]:
    """`name_of` gives an institution's name by its id; `countries` are those whose institutions can be asked."""
    pages = _ClaimPages(shell, claims, name_of, countries)
    return [
        Route("/claims", pages.listed, methods=["GET"]),
        Route("/claims", pages.send, methods=["POST"]),
        Route("/claims/new", pages.begin, methods=["GET"]),
        Route("/claims/new", pages.change, methods=["POST"]),
        Route("/claims/check", pages.check, methods=["POST"]),
        Route("/claims/{claim_id:uuid}/withdraw", pages.withdraw, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _ClaimPages:
    shell: Shell
    claims: ClaimUseCases
    name_of: Callable[[str], str]
    countries: Callable[[], Sequence[StateCode]]

    async def listed(self, request: Request) -> Response:
        return await self._listed(request, await self.shell.worker_id(request))

    async def begin(self, request: Request) -> Response:
        """The form, filled in with what is known; whoever has claimed already is led to that."""
        worker_id, _ = await self.shell.actor(request)
        known = await self.claims.known(worker_id)
        if known.open_case or any(one.claim.waits for one in await self.claims.list_mine(worker_id)):
            return self.shell.go("/claims?open")
        return self._form(request, _filled_in(known))

    async def change(self, request: Request) -> Response:
        """Back from the look before she sends, with all that she wrote."""
        await self.shell.actor(request)
        return self._form(request, await self._fields(request))

    async def check(self, request: Request) -> Response:
        """What she wrote, to be looked at before it is sent; nothing is kept yet."""
        worker_id, by = await self.shell.actor(request)
        form = await self._fields(request)
        faults = self._faults(form)
        try:
            command = None if faults else self._command(request, form, worker_id=worker_id, by=by)
        except InputError as error:
            return self._form(request, form, faults=_fault(error, form), wrong=True)
        if command is None:
            return self._form(request, form, faults=faults)
        return self.shell.page(
            request,
            "claim_check.html",
            signed_in=True,
            given=form,
            wanted=command.wanted,
            today=self.claims.today(),
            on_paper=named_places(form, places=MOST_PLACES)[-1] <= PLACES,
            request_id=self.shell.new_request_id(),
        )

    async def send(self, request: Request) -> Response:
        worker_id, by = await self.shell.actor(request)
        form = await self._fields(request)
        if faults := self._faults(form):
            return self._form(request, form, faults=faults)
        try:
            await self.claims.start(self._command(request, form, worker_id=worker_id, by=by, sent=True))
        except InputError as error:
            return self._form(request, form, faults=_fault(error, form), wrong=True)
        except CaseStateError:
            return self.shell.go("/claims?open")
        except OverloadError:
            return self.shell.go("/claims?often")
        return self.shell.go("/claims?sent")

    async def withdraw(self, request: Request) -> Response:
        worker_id, _ = await self.shell.actor(request)
        await self.shell.form(request)
        claim_id: UUID = request.path_params["claim_id"]
        try:
            await self.claims.withdraw(worker_id, claim_id)
        except CaseStateError:
            return self.shell.go("/claims?late")
        return self.shell.go("/claims?back")

    async def _listed(self, request: Request, worker_id: UUID) -> Response:
        views, looks = await self.claims.list_mine(worker_id), await self.claims.looks(worker_id)
        open_case = (await self.claims.known(worker_id)).open_case
        me, company = self.claims.me, request.state.company
        seen = [seen_by(one, me=me, name_of=self.name_of) for one in looks]
        return self.shell.page(
            request,
            "claims.html",
            signed_in=True,
            claims=[(one, claim_phrases(one, me=me, name_of=self.name_of)) for one in views],
            may_act=company is None or company.may_act,
            may_claim=open_case is None and not any(one.claim.waits for one in views),
            told=next((one for one in ("sent", "open", "often", "late", "back") if one in request.query_params), ""),
            looks=looks_by_day(seen, day_of=self.shell.words(request).local_day, most=LOOKS_SHOWN),
            holder=self.name_of(me),
        )

    async def _fields(self, request: Request) -> dict[str, str]:
        form = await read_claim_form(request, most_bytes=LONG_FORM_BYTES)
        self.shell.cookies.check_form(request, form)
        return form

    def _faults(self, form: Mapping[str, str]) -> dict[str, str]:
        return faults_of(form, places=MOST_PLACES)

    def _command(
        self, request: Request, form: Mapping[str, str], *, worker_id: UUID, by: str, sent: bool = False
    ) -> StartClaim:
        """What the fields make, by the same rules as over gRPC. Raises InputError."""
        made = pb.StartMyClaimRequest(
            request_id=str(request_id_of(form)) if sent else self.shell.new_request_id(),
            person=person_of(form, places=MOST_PLACES),
            award_on=award_day(form),
            declared=declared_in(form, places=MOST_PLACES),
            asks_in_writing=form.get("asks") == "yes",
            language=self.shell.words(request).language,
        )
        write_record(made)
        command = read_start(made, worker_id=worker_id, by=by)
        self.claims.check(command.wanted)
        return command

    def _form(
        self, request: Request, form: Mapping[str, str], *, faults: Mapping[str, str] = NO_FAULTS, wrong: bool = False
    ) -> Response:
        words = self.shell.words(request)
        named = named_places(form, places=MOST_PLACES)
        # Countries that she has written or that are known of her can be chosen, wherever institutions are.
        codes = {*self.countries(), *(form[f"state{number}"] for number in named), form.get("residence", "")}
        listed = sorted((words.state(code), code) for code in codes if len(code) == 2)
        most = min(MOST_PLACES, max(PLACES, max(named, default=0) + 1))
        return self.shell.page(
            request, "claim_new.html", status=422 if wrong or faults else 200, signed_in=True, wrong=wrong,
            faults=faults, countries=listed, given={name: value[:200] for name, value in form.items()},
            places=range(1, most + 1),
        )  # fmt: skip


def _filled_in(known: Known) -> dict[str, str]:
    """The fields as far as they are known; an empty one is hers to fill."""
    form: dict[str, str] = {}
    person = known.person
    if person is not None:
        form |= {
            "family_name": person.family_name,
            "given_names": person.given_names,
            "birth_date": person.birth_date.isoformat(),
            "residence": person.residence_state,
        }
    numbers = {one.country: one.value for one in (person.identifiers if person else ())}
    for place, told in enumerate(known.told[:MOST_PLACES], start=1):
        of_place: dict[str, Any] = {
            "state": told.state,
            "number": numbers.get(told.state, ""),
            "from": told.start.isoformat(),
            "until": _day_before(told.end).isoformat(),
            "work": told.activity,
        }
        form |= {f"{name}{place}": value for name, value in of_place.items()}
    return form


def _fault(error: InputError, form: Mapping[str, str]) -> dict[str, str]:
    """Beside which field of the form it is said; empty where it is none of one field."""
    field = error.field
    if field in _ERRORS:
        name, said = _ERRORS[field]
        return {name: said}
    if field.startswith("declared[") and field.endswith(".first_day"):
        places = named_places(form, places=MOST_PLACES)
        return {f"from{places[int(field[9:].partition(']')[0])]}": "error.claim.begun"}
    return {}


def _day_before(day: date) -> date:
    return day - timedelta(days=1)

"""The claim on paper: filled in by her or by who helps her, printed with a code, and kept nowhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import parse_qsl

from google.type.date_pb2 import Date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.app import Topic
from portability.adapters.workers.web.claim_form_faults import PLACES, faults_of
from portability.adapters.workers.web.security import FormRefusedError
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError
from portability.agreements.values import StateCode
from portability.api.cases.v1 import messages_pb2 as pb
from portability.api.records.v1 import messages_pb2 as records
from portability.services.mapping.common import write_record
from portability.services.workers.words import Words

__all__ = ["FormPrinter", "claim_form_topic", "claim_of", "read_claim_form"]

FormPrinter = Callable[[pb.OldAgeClaim, Words], Awaitable[bytes]]
LARGEST: Final = 16_384
FIELDS: Final = 40
NO_FAULTS: Final[Mapping[str, str]] = {}


def claim_form_topic(printed: FormPrinter, countries: Callable[[], Sequence[StateCode]]) -> Topic:
    """A topic for `create_app`; `countries` are those whose institutions can be asked."""

    def routes(shell: Shell) -> list[Route]:
        pages = _Pages(shell, printed, countries)
        return [Route("/form", pages.form, methods=["GET"]), Route("/form", pages.make, methods=["POST"])]

    return routes


async def read_claim_form(request: Request) -> dict[str, str]:
    """The fields of the form. Raises FormRefusedError. From anywhere: it reads nothing and changes nothing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise FormRefusedError(413)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError as error:
        raise FormRefusedError(400) from error
    return {name: value.strip() for name, value in pairs}


def claim_of(form: Mapping[str, str], *, today: date, language: str) -> pb.OldAgeClaim:
    """The claim that the fields make, by the field rules of claims. Raises InputError."""
    places = [number for number in range(1, PLACES + 1) if form.get(f"state{number}")]
    claim = pb.OldAgeClaim(
        person=pb.Person(
            family_name=form.get("family_name", ""),
            given_names=form.get("given_names", ""),
            birth_date=_day(form.get("birth_date", "")),
            residence_state=form.get("residence", ""),
            identifiers=[
                records.PersonIdentifier(
                    country=form[f"state{number}"], sector="social_security", value=form[f"number{number}"]
                )
                for number in places
                if form.get(f"number{number}")
            ],
        ),
        lodged_on=_written(today),
        award_on=_day(form.get("award_on", "")),
        declared=[
            pb.DeclaredPeriod(
                state=form[f"state{number}"],
                first_day=_day(form.get(f"from{number}", "")),
                last_day=_day(form.get(f"until{number}", "")),
                activity=form.get(f"work{number}", ""),
            )
            for number in places
        ],
        asks_in_writing=True,  # she signs the paper
        language=language,
    )
    write_record(claim)
    return claim


def _day(text: str) -> Date:
    try:
        return _written(date.fromisoformat(text))
    except ValueError as error:
        raise InputError("A day is missing, or there is no such day.", field="day") from error


def _written(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


@dataclass(frozen=True, slots=True)
class _Pages:
    shell: Shell
    printed: FormPrinter
    countries: Callable[[], Sequence[StateCode]]

    async def form(self, request: Request) -> Response:
        return self._page(request, {})

    async def make(self, request: Request) -> Response:
        form = await read_claim_form(request)
        words = self.shell.words(request)
        faults = faults_of(form)
        if faults:
            return self._page(request, form, faults=faults)
        try:
            claim = claim_of(form, today=self.shell.today(), language=words.language)
            content = await self.printed(claim, words)
        except (InputError, UnicodeEncodeError):
            # Each field is in order and all together are not, as where they say more than a code can hold.
            return self._page(request, form, wrong=True)
        return Response(content, media_type="application/pdf")

    def _page(
        self, request: Request, form: Mapping[str, str], *, faults: Mapping[str, str] = NO_FAULTS, wrong: bool = False
    ) -> Response:
        words = self.shell.words(request)
        countries = sorted((words.state(code), code) for code in self.countries())
        given = {name: value[:200] for name, value in form.items()}
        return self.shell.page(
            request, "claim_form.html", status=422 if wrong or faults else 200, wrong=wrong, faults=faults,
            countries=countries, given=given, places=range(1, PLACES + 1),
        )  # fmt: skip

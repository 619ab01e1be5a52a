"""The claim on paper: filled in by her or by who helps her, printed with a code, and kept nowhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.app import Topic
from portability.adapters.workers.web.claim_form_faults import PLACES, faults_of
from portability.adapters.workers.web.claim_form_fields import (
    award_day,
    declared_in,
    person_of,
    read_claim_form,
    written_day,
)
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError
from portability.agreements.values import StateCode
from portability.api.cases.v1 import messages_pb2 as pb
from portability.services.mapping.common import write_record
from portability.services.workers.words import Words

__all__ = ["FormPrinter", "claim_form_topic", "claim_of"]

FormPrinter = Callable[[pb.OldAgeClaim, Words], Awaitable[bytes]]
NO_FAULTS: Final[Mapping[str, str]] = {}


def claim_form_topic(printed: FormPrinter, countries: Callable[[], Sequence[StateCode]]) -> Topic:
    """A topic for `create_app`; `countries` are those whose institutions can be asked."""

    def routes(shell: Shell) -> list[Route]:
        pages = _Pages(shell, printed, countries)
        return [Route("/form", pages.form, methods=["GET"]), Route("/form", pages.make, methods=["POST"])]

    return routes


def claim_of(form: Mapping[str, str], *, today: date, language: str) -> pb.OldAgeClaim:
    """The claim that the fields make, by the field rules of claims. Raises InputError."""
    claim = pb.OldAgeClaim(
        person=person_of(form),
        lodged_on=written_day(today),
        award_on=award_day(form),
        declared=declared_in(form),
        asks_in_writing=True,  # she signs the paper
        language=language,
    )
    write_record(claim)
    return claim


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

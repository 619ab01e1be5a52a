"""The fields of a claim for a pension, on paper or sent: read from a form, and made what they say."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from google.type.date_pb2 import Date
from starlette.requests import Request

from portability.adapters.workers.web.claim_form_faults import PLACES
from portability.adapters.workers.web.security import read_fields
from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.api.records.v1 import messages_pb2 as records

__all__ = ["award_day", "declared_in", "named_places", "person_of", "read_claim_form", "written_day"]

LARGEST: Final = 16_384
FIELDS: Final = 64


async def read_claim_form(request: Request, *, most_bytes: int = LARGEST) -> dict[str, str]:
    """The fields of the form. Raises FormRefusedError. Whether the form is one of ours is not asked here."""
    fields = await read_fields(request, most_bytes=most_bytes, most_fields=FIELDS)
    return {name: value.strip() for name, value in fields.items()}


def person_of(form: Mapping[str, str], *, places: int = PLACES) -> pb.Person:
    """Who claims, with a number of each country that has one. Raises InputError."""
    return pb.Person(
        family_name=form.get("family_name", ""),
        given_names=form.get("given_names", ""),
        birth_date=_day(form.get("birth_date", "")),
        residence_state=form.get("residence", ""),
        identifiers=[
            records.PersonIdentifier(country=country, sector="social_security", value=value)
            for country, value in _numbers(form, places=places)
        ],
    )


def _numbers(form: Mapping[str, str], *, places: int) -> list[tuple[str, str]]:
    """Country and number, each once: she may have worked in a country more than once."""
    named = named_places(form, places=places)
    return list(dict.fromkeys((form[f"state{one}"], form[f"number{one}"]) for one in named if form.get(f"number{one}")))


def declared_in(form: Mapping[str, str], *, places: int = PLACES) -> list[pb.DeclaredPeriod]:
    """Where and when she worked, in the order of the form. Raises InputError."""
    return [
        pb.DeclaredPeriod(
            state=form[f"state{number}"],
            first_day=_day(form.get(f"from{number}", "")),
            last_day=_day(form.get(f"until{number}", "")),
            activity=form.get(f"work{number}", ""),
        )
        for number in named_places(form, places=places)
    ]


def named_places(form: Mapping[str, str], *, places: int = PLACES) -> list[int]:
    """Numbers of the places that name a country."""
    return [number for number in range(1, places + 1) if form.get(f"state{number}")]


def award_day(form: Mapping[str, str]) -> Date:
    """From when she claims. Raises InputError."""
    return _day(form.get("award_on", ""))


def written_day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _day(text: str) -> Date:
    try:
        return written_day(date.fromisoformat(text))
    except ValueError as error:
        raise InputError("A day is missing, or there is no such day.", field="day") from error

"""From the claims of a certificate, of whatever form, to what they say; every value is checked on the way in."""

import re
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final, TypeVar

from portability.agreements.careers import AnswerStatus
from portability.agreements.errors import InputError, VerificationError
from portability.agreements.periods import Duration, PeriodUnit
from portability.agreements.values import Branch
from portability.services.certificates.claims import CAREER, COVERAGE, EHIC, ENTITLEMENT, EU_COORDINATION, PDA1
from portability.services.certificates.model import (
    Award,
    Career,
    CareerCountry,
    Coverage,
    CoverageStatus,
    Employer,
    Entitlement,
    Issuer,
    Shown,
    StatusPlace,
    Workplace,
)

__all__ = ["Fields", "read_shown"]

LONGEST: Final = 512
MOST: Final = 100
FREQUENCIES: Final = frozenset({"month", "year", "once"})
KINDS: Final = frozenset({PDA1, COVERAGE, CAREER, EHIC, ENTITLEMENT})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # and what turns the order of writing
_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
T = TypeVar("T")


class Fields:
    """The members of an object from outside. Each method raises VerificationError for what is not of its kind."""

    def __init__(self, value: Any, *, what: str) -> None:
        if not isinstance(value, dict):
            raise VerificationError(f"The {what} of a certificate is not an object.")
        self._value, self._what = value, what

    def text(self, name: str, *, default: str | None = None) -> str:
        """A text of one line."""
        value = self._value.get(name, default)
        if not isinstance(value, str) or len(value) > LONGEST or _CONTROL.search(value):
            raise VerificationError(f"'{name}' in the {self._what} of a certificate is missing or not a line of text.")
        return value

    def number(self, name: str) -> str:
        """A decimal number as text."""
        value = self.text(name)
        if not _NUMBER.fullmatch(value):
            raise VerificationError(f"'{name}' in the {self._what} of a certificate is no number.")
        return value

    def country(self, name: str, *, default: str | None = None) -> str:
        """A country code."""
        value = self.text(name, default=default)
        if value != default and not _COUNTRY.fullmatch(value):
            raise VerificationError(f"'{name}' in the {self._what} of a certificate is no country.")
        return value

    def day(self, name: str) -> date | None:
        """A day; None where it is not there."""
        text = self.text(name, default="")
        try:
            if text and not _DAY.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text) if text else None
        except ValueError as exc:
            raise VerificationError(f"'{name}' in the {self._what} of a certificate is no day.") from exc

    def last_day(self, name: str) -> date | None:
        """The day after a last day; None where it is not there."""
        day = self.day(name)
        if day == date.max:
            raise VerificationError(f"'{name}' in the {self._what} of a certificate is beyond all days.")
        return day + timedelta(days=1) if day else None

    def inner(self, name: str) -> "Fields":
        """An object in it; an empty one where there is none."""
        return Fields(self._value.get(name, {}), what=name)

    def each(self, name: str) -> list["Fields"]:
        """Objects in a list; none where there is none."""
        values = self._value.get(name, [])
        if not isinstance(values, list) or len(values) > MOST:
            raise VerificationError(f"'{name}' in the {self._what} of a certificate is no list, or a long one.")
        return [Fields(value, what=name) for value in values]

    def needed(self, value: T | None, name: str) -> T:
        """A value that must be there."""
        if value is None:
            raise VerificationError(f"'{name}' is missing in the {self._what} of a certificate.")
        return value


def read_shown(claims: Any, *, issuer: Issuer, issued_at: datetime, expires_at: datetime, status: StatusPlace) -> Shown:
    """What the claims say. Raises VerificationError."""
    fields = Fields(claims, what="content")
    kind = fields.text("vct")
    if kind not in KINDS:
        raise VerificationError("This is a certificate of a kind, or of a version, that is not known here.")
    try:
        return Shown(
            number=fields.text("document_number", default=""),
            issuer=issuer,
            issued_at=issued_at,
            expires_at=expires_at,
            status=status,
            family_name=fields.text("family_name", default=""),
            given_names=fields.text("given_name", default=""),
            birth_date=fields.day("birthdate"),
            person_number=fields.text("personal_administrative_number", default=""),
            coverage=_coverage(fields) if kind in {PDA1, COVERAGE} else None,
            career=_career(fields) if kind == CAREER else None,
            entitlement=_entitlement(fields, kind) if kind in {EHIC, ENTITLEMENT} else None,
        )
    except (ValueError, InputError) as exc:
        raise VerificationError("The content of a certificate is not of its form.") from exc


def _coverage(fields: Fields) -> Coverage:
    work = fields.inner("work_information")
    return Coverage(
        agreement_id=fields.text("agreement", default=EU_COORDINATION),
        legislation=fields.country("legislation_country"),
        status=CoverageStatus(fields.text("status_confirmation")),
        start=fields.needed(fields.day("starting_date"), "starting_date"),
        end=fields.needed(fields.last_day("ending_date"), "ending_date"),
        employers=tuple(
            Employer(
                employer_id=one.text("id", default=""),
                name=one.text("name"),
                country=one.country("country"),
                self_employed=one.text("type", default="01") == "02",
            )
            for one in fields.each("employer")
        ),
        workplaces=tuple(
            Workplace(
                country=one.country("country"),
                locality=one.text("locality"),
                street=one.text("street_address", default=""),
                postal_code=one.text("postal_code", default=""),
                company=one.text("company_name", default=""),
            )
            for one in work.each("work_address")
        ),
        no_fixed_place_in=work.country("no_fixed_place_of_work", default=""),
    )


def _career(fields: Fields) -> Career:
    countries = tuple(
        CareerCountry(
            state=one.country("country"),
            institution=one.text("institution", default=""),
            status=AnswerStatus(one.text("status")),
            totals=tuple(
                Duration(Fraction(total.number("amount")), PeriodUnit(total.text("unit")))
                for total in one.each("totals")
            ),
            start=one.day("starting_date"),
            end=one.last_day("ending_date"),
        )
        for one in fields.each("career")
    )
    return Career(fields.needed(fields.day("as_of"), "as_of"), countries)


def _entitlement(fields: Fields, kind: str) -> Entitlement:
    issued = fields.day("date_of_issuance") or date.min
    return Entitlement(
        branch=Branch.SICKNESS if kind == EHIC else Branch(fields.text("branch")),
        start=fields.day("starting_date") or issued,
        end=fields.last_day("ending_date"),
        awards=tuple(_award(one) for one in fields.each("awards")),
    )


def _award(fields: Fields) -> Award:
    currency, frequency = fields.text("currency"), fields.text("frequency")
    if not _CURRENCY.fullmatch(currency) or frequency not in FREQUENCIES:
        raise VerificationError("An amount of a certificate has no currency, or no frequency.")
    return Award(fields.number("amount"), currency, frequency)

"""What a certificate says, one fact after the other, in the order in which people read it; words are for channels."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portability.agreements.careers import AnswerStatus
from portability.agreements.periods import Duration
from portability.services.certificates.model import Award, CareerCountry, Coverage, Entitlement, Shown

__all__ = ["CareerRow", "Fact", "FactKind", "career_rows", "facts_of"]


class FactKind(StrEnum):
    TEXT = "text"
    DAY = "day"
    COUNTRY = "country"
    MESSAGE = "message"  # the value is a key of the catalogues
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Fact:
    """`key` is what it is about: certificate.fact.<key> in the catalogues."""

    key: str
    kind: FactKind
    value: str | date | Award


@dataclass(frozen=True, slots=True)
class CareerRow:
    """One country of a career statement; `why_not` is a key of the catalogues where there is no time."""

    state: str
    start: date | None
    last: date | None
    totals: tuple[Duration, ...]
    why_not: str


_WHY_NOT = {
    AnswerStatus.KNOWN: "",
    AnswerStatus.NONE: "certificate.told.none",
    AnswerStatus.NOT_ASKED: "certificate.told.waiting",
    AnswerStatus.ASKED_NO_ANSWER: "certificate.told.waiting",
    AnswerStatus.NOT_FOUND: "certificate.told.not_found",
    AnswerStatus.MAY_NOT_DISCLOSE: "certificate.told.closed",
}


def facts_of(shown: Shown) -> tuple[Fact, ...]:
    """All that is shown but the countries of a career, which are a table of their own."""
    name = " ".join(part for part in (shown.given_names, shown.family_name) if part)
    content: list[Fact] = []
    if shown.coverage is not None:
        content = _coverage(shown.coverage)
    if shown.career is not None:
        content = [_day("as_of", shown.career.as_of)]
    if shown.entitlement is not None:
        content = _entitlement(shown.entitlement)
    facts = [
        _text("name", name),
        *([_day("birth_date", shown.birth_date)] if shown.birth_date else []),
        _text("person_number", shown.person_number),
        *content,
        _text("number", shown.number),
        _text("issuer", shown.issuer.name),
        _day("issued_on", shown.issued_at.date()),
        _day("expires_on", (shown.expires_at - timedelta(microseconds=1)).date()),
    ]
    return tuple(fact for fact in facts if fact.value != "")


def career_rows(shown: Shown) -> tuple[CareerRow, ...]:
    """One row a country; none where it is no career statement."""
    return tuple(_row(one) for one in shown.career.countries) if shown.career else ()


def _row(one: CareerCountry) -> CareerRow:
    last = one.end - timedelta(days=1) if one.end else None
    return CareerRow(one.state, one.start, last, one.totals, _WHY_NOT[one.status])


def _coverage(coverage: Coverage) -> list[Fact]:
    places = [
        _text("workplace", ", ".join(part for part in (one.company, one.street, town, one.country) if part))
        for one in coverage.workplaces
        for town in [" ".join(part for part in (one.postal_code, one.locality) if part)]
    ]
    return [
        Fact("legislation", FactKind.COUNTRY, coverage.legislation),
        _text("agreement", coverage.agreement_id),
        _day("starts_on", coverage.start),
        _day("ends_on", coverage.end - timedelta(days=1)),
        Fact("status", FactKind.MESSAGE, f"certificate.status.{coverage.status.value}"),
        *(_text("employer", f"{one.name} ({one.country})") for one in coverage.employers),
        *places,
        Fact("no_fixed_place", FactKind.COUNTRY, coverage.no_fixed_place_in),
    ]


def _entitlement(right: Entitlement) -> list[Fact]:
    return [
        Fact("right", FactKind.MESSAGE, f"branch.{right.branch.value}"),
        _day("starts_on", right.start),
        *([_day("ends_on", right.end - timedelta(days=1))] if right.end else []),
        *(Fact("amount", FactKind.AMOUNT, award) for award in right.awards),
    ]


def _text(key: str, value: str) -> Fact:
    return Fact(key, FactKind.TEXT, value)


def _day(key: str, value: date) -> Fact:
    return Fact(key, FactKind.DAY, value)

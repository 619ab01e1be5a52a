"""What the files of national law are made of: dated amounts, conditions, and the base of all schemes."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.errors import DeterminationError, NoRuleInForceError
from portability.agreements.model import DeterminationFacts
from portability.agreements.periods import DayRegime, PeriodUnit
from portability.agreements.rules import Day, Entry, Id, Instrument, Text, Units
from portability.agreements.spans import add_months
from portability.agreements.values import Branch, Citation

__all__ = [
    "AgeIncrease", "DatedAmount", "Instruments", "Minimum", "PensionAge", "SchemeBase", "age_reached_on",
    "citation_of", "figure", "in_force", "pension_age",
]  # fmt: skip

Instruments = tuple[Instrument, ...]
"""The legal texts of a legislation file, which its citations begin with."""


class DatedAmount(Entry):
    """A value from a day on, until its last day, or until the next one where it has none."""

    valid_from: Day = Field(alias="from")
    valid_until: Day | None = Field(default=None, alias="until", description="Last day in force, inclusive")
    value: Decimal
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class Minimum(Entry):
    """The least insured time that opens the right."""

    time: Units
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class PensionAge(Entry):
    """The age of people born from a day on, until the next row, in months."""

    born_from: Day
    months: int = Field(ge=600, le=900)
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class AgeIncrease(Entry):
    """A full amount that is higher from the month after an age is reached, for months from a day on."""

    valid_from: Day = Field(alias="from")
    from_age: int = Field(ge=50, le=120, description="In years")
    factor: Decimal
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class SchemeBase(Entry):
    """What every scheme says: its own name, the branch, the unit it counts in, its conditions."""

    id: Id
    name: Text
    branch: Branch
    unit: PeriodUnit
    day_regime: DayRegime | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    age: tuple[PensionAge, ...] = Field(min_length=1)
    entitled_from: Literal["age_reached", "whole_month_of_age", "month_after_birthday"] = Field(
        default="age_reached",
        description="whole_month_of_age: the first month throughout which the age is held, attained the day before; "
        "month_after_birthday: the month after that of the birthday",
    )
    minimum: Minimum | None = Field(default=None, description="None: any period opens the right")
    full_after: Minimum | None = Field(default=None, description="Insured time for a full benefit; none: no maximum")


def pension_age(scheme: SchemeBase, born_on: date) -> PensionAge:
    """The row of the scheme's age table for a birth date; DeterminationError for births before the table."""
    newest: PensionAge | None = None
    for row in scheme.age:
        if row.born_from <= born_on and (newest is None or row.born_from > newest.born_from):
            newest = row
    if newest is None:
        first = min((row.born_from for row in scheme.age), default=date.max)
        raise DeterminationError(f"Scheme '{scheme.id}' gives no pension age for births before {first}.")
    return newest


def age_reached_on(scheme: SchemeBase, born_on: date) -> date:
    """The day on which the scheme's pension age is reached, or the first of the month from which it opens the right."""
    reached = add_months(born_on, pension_age(scheme, born_on).months)
    if scheme.entitled_from == "age_reached":
        return reached
    if scheme.entitled_from == "month_after_birthday":
        return add_months(reached.replace(day=1), 1)
    attained = reached - timedelta(days=1)
    return attained if attained.day == 1 else add_months(attained.replace(day=1), 1)


def in_force(rows: tuple[DatedAmount, ...], on: date) -> DatedAmount:
    """The value in force on a day; NoRuleInForceError with the first date covered before or between rows."""
    started = [row for row in rows if row.valid_from <= on]
    newest = max(started, key=lambda row: row.valid_from, default=None)
    if newest is not None and (newest.valid_until is None or on <= newest.valid_until):
        return newest
    first = min((row.valid_from for row in rows), default=None)
    cite = rows[0].cite if rows else ""
    raise NoRuleInForceError(
        f"No value is in force on {on} ({cite or 'none is known'}): "
        + (f"the first date covered is {first}." if first else "the file has none."),
        first_day=first,
        citation=cite,
    )


def citation_of(cite: str, instruments: Instruments) -> Citation:
    """A citation's text, split after the id of its instrument (which may hold spaces)."""
    for instrument in instruments:
        if cite.startswith(f"{instrument.id} "):
            return Citation(instrument.id, cite[len(instrument.id) + 1 :])
    return Citation(cite, "")


def figure(scheme: SchemeBase, facts: DeterminationFacts, name: str) -> Fraction:
    value = facts.scheme_facts.get(scheme.id, {}).get(name)
    if value is None:
        raise DeterminationError(
            f"Scheme '{scheme.id}' needs the figure '{name}', which only its institution knows: give it with the facts."
        )
    return value

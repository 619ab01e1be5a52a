"""The closed vocabulary of treaty files: every kind of rule that a file may state, and the file itself.

No expression language: a file names a kind and gives its parameters; what the kind means is one pure function in
the module named in its docstring. Unknown keys are errors.
"""

import re
from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from portability.agreements.periods import DayRegime, PeriodUnit
from portability.agreements.values import Branch, Citation

__all__ = [
    "Aggregation",
    "AgreementFile",
    "Amount",
    "ClaimDate",
    "Day",
    "DayRow",
    "Entry",
    "EqualTreatment",
    "ExampleCase",
    "ExampleFile",
    "Export",
    "FlatRateFraction",
    "HigherOfIndependentAndProRata",
    "Id",
    "Instrument",
    "LegislationsNotSatisfied",
    "NotModelled",
    "Overlap",
    "OwnPeriodsOnly",
    "PeriodConversion",
    "PeriodCredit",
    "PersonalScope",
    "ProRataWithoutIndependentRight",
    "Rule",
    "RuleBase",
    "Sha256",
    "ShortPeriods",
    "State",
    "Text",
    "TimeLimit",
    "Units",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Amount = Annotated[Fraction, Field(ge=0)]


def _written_as_day(value: object) -> object:
    """A day is written YYYY-MM-DD; what pydantic would take too (20200101 as seconds since 1970) is refused."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise PydanticCustomError("date_parsing", "expected a day that exists, written YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_written_as_day)]


class Entry(BaseModel):
    """Base of everything in a file: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Instrument(Entry):
    """A legal text that rules cite, by the short id that citations begin with."""

    id: Annotated[str, StringConstraints(pattern=r"^\S+( \S+)?$", max_length=40)]
    title: Text
    official: Text = Field(description="Where the authentic text is: an official address or gazette reference")
    read: Text = Field(description="Which copy was read, and its state")
    read_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the copy that was read")


class NotModelled(Entry):
    """A provision that this file does not encode; a determination that turns on it stops with its citation."""

    cite: Text
    what: Text
    stops: Literal["nothing", "everything", "aggregation", "calculation"] = "nothing"
    states: tuple[State, ...] = ()


class Units(Entry):
    """An amount of time in one unit."""

    amount: Amount
    unit: PeriodUnit
    day_regime: DayRegime | None = None


class RuleBase(Entry):
    """What every rule says: an id, from when (and until when, inclusive), where the law says it, for whom."""

    id: Id
    valid_from: Day = Field(alias="from")
    valid_until: Day | None = Field(default=None, alias="until", description="Last day in force, inclusive")
    cite: Text
    branches: tuple[Branch, ...] = Field(default=(), description="Empty: every branch that the file covers")
    states: tuple[State, ...] = Field(default=(), description="States that apply the rule; empty: every party")
    schemes: tuple[Id, ...] = Field(default=(), description="National schemes concerned; empty: every scheme")
    status: Literal["verified", "unverified"] = "verified"
    note: Text | None = None

    @property
    def citation(self) -> Citation:
        """Where the law says it."""
        return Citation.of(self.cite)


class PersonalScope(RuleBase):
    """Who is covered."""

    rule: Literal["personal_scope"]
    persons: Literal["all_insured", "nationals_and_others"]
    groups: tuple[Literal["nationals", "refugees", "stateless", "family", "survivors", "others_insured"], ...]


class EqualTreatment(RuleBase):
    """Who must be treated as the state's own nationals."""

    rule: Literal["equal_treatment"]
    groups: tuple[Literal["nationals", "refugees", "stateless", "family", "survivors", "others_insured"], ...]


class Export(RuleBase):
    """Benefits are paid abroad: where, and under which condition."""

    rule: Literal["export"]
    to: Literal["parties", "parties_and_third_states"]
    condition: Literal["none", "minimum_residence_totalized"] = "none"


class ClaimDate(RuleBase):
    """A claim to one institution is a claim, of that date, to all."""

    rule: Literal["claim_date"]
    protected: Literal["in_all_institutions", "when_requested_or_periods_named", "when_requested_in_writing"]


class TimeLimit(RuleBase):
    """Until when an action is due; `as_soon_as_possible` where the law names no day."""

    rule: Literal["time_limit"]
    action: Literal["send_claim", "send_periods", "decide", "notify_decision", "send_summary", "advance_payment"]
    limit: Literal["without_delay", "as_soon_as_possible", "on_completion", "days"]
    days: int | None = Field(default=None, ge=1, le=3660)


class Aggregation(RuleBase):
    """Other states' periods count as own, to the extent necessary (`aggregation`)."""

    rule: Literal["aggregation"]
    only: Literal["to_the_extent_necessary", "when_own_are_insufficient"]
    third_states_cite: Text | None = Field(
        default=None,
        description="Periods in states bound to both parties count as well. No scale for them is modelled: a right "
        "that turns on them stops with this citation",
    )


class Overlap(RuleBase):
    """Which of two coinciding periods counts (`overlap`)."""

    rule: Literal["overlap"]
    compulsory_before_voluntary: Text | None = Field(default=None, description="Citation; none: not provided for")
    actual_before_equivalent: Text | None = None
    equivalent_in_one_state: Text | None = None
    undated_do_not_overlap: Text | None = None


class DayRow(Entry):
    """One row of a table of day schemes: what a day, a week, a month, a quarter and a full year are in days."""

    regime: DayRegime
    day_hours: int = Field(ge=1, le=24)
    week: int = Field(ge=1, le=7)
    month: int = Field(ge=1, le=31)
    quarter: int = Field(ge=1, le=93)
    year_max: int = Field(ge=1, le=366)


class PeriodConversion(RuleBase):
    """From one unit of time to another (`conversion`)."""

    rule: Literal["period_conversion"]
    days: tuple[DayRow, ...]
    months_in_quarter: int
    weeks_in_quarter: int
    quarters_in_year: int
    months_in_year: int
    weeks_in_year: int
    between_weeks_and_months: DayRegime = Field(description="The day scheme through which weeks become months")


class PeriodCredit(RuleBase):
    """What a period in the other state counts as in this one (`credits`)."""

    rule: Literal["period_credit"]
    to_scheme: Id
    from_state: State
    from_schemes: tuple[Id, ...] = Field(default=(), description="Empty: every scheme of the state")
    per: Literal["calendar_year", "month", "week", "day"]
    minimum: Units | None = Field(default=None, description="Least time in a calendar year for it to count")
    credits: Units
    time_from: Day | None = Field(default=None, description="Counts only time from this day")
    time_until: Day | None = Field(default=None, description="Counts only time until this day, inclusive")
    from_age: int | None = Field(default=None, ge=0, le=100, description="Counts only time from this age, in years")
    not_during: tuple[Id, ...] = Field(default=(), description="Not where a period of these schemes stands already")


class HigherOfIndependentAndProRata(RuleBase):
    """Both amounts are calculated and the higher is due (`calculation.higher_of`)."""

    rule: Literal["higher_of_independent_and_pro_rata"]
    independent_cite: Text
    theoretical_cite: Text
    pro_rata_cite: Text
    higher_cite: Text
    maximum_cite: Text | None = Field(default=None, description="Total capped at the full-benefit period; none: no cap")
    displaced_voluntary_cite: Text | None = Field(
        default=None, description="The amount for voluntary periods that gave way is added to the pro rata amount"
    )


class ProRataWithoutIndependentRight(RuleBase):
    """The pro rata amount is due only where no right exists on own periods alone."""

    rule: Literal["pro_rata_without_independent_right"]
    independent_cite: Text
    theoretical_cite: Text
    pro_rata_cite: Text
    maximum_cite: Text | None = None


class OwnPeriodsOnly(RuleBase):
    """Aggregation opens the right; the amount comes from own periods alone (direct calculation)."""

    rule: Literal["own_periods_only"]
    eligibility_cite: Text
    abroad_cite: Text | None = Field(
        default=None, description="All periods together open payment abroad too; none: not provided for"
    )


class FlatRateFraction(RuleBase):
    """Earnings part from own earnings; flat part x own periods / minimum period, at most one."""

    rule: Literal["flat_rate_fraction"]
    earnings_cite: Text
    flat_cite: Text
    cap_cite: Text | None = None


class ShortPeriods(RuleBase):
    """Periods too short to oblige the institution; the others count them."""

    rule: Literal["short_periods"]
    less_than: Units
    others_count_for: Literal["theoretical_amount", "entitlement_and_amount"] = Field(
        description="What these periods count for in the other institutions; theoretical_amount: not for the ratio"
    )
    others_count_cite: Text = Field(description="The other institutions take these periods into account")
    last_state_cite: Text | None = Field(default=None, description="Where all would be relieved: the last state pays")


class LegislationsNotSatisfied(RuleBase):
    """Periods under legislations whose conditions are not met are left out where they lower the amount."""

    rule: Literal["legislations_not_satisfied"]


Rule = Annotated[
    PersonalScope
    | EqualTreatment
    | Export
    | ClaimDate
    | TimeLimit
    | Aggregation
    | Overlap
    | PeriodConversion
    | PeriodCredit
    | HigherOfIndependentAndProRata
    | ProRataWithoutIndependentRight
    | OwnPeriodsOnly
    | FlatRateFraction
    | ShortPeriods
    | LegislationsNotSatisfied,
    Field(discriminator="rule"),
]


class ExampleCase(Entry):
    """One example: what goes in, what must come out, and where it comes from. Shape: docs/agreement-files.md."""

    id: Id
    title: Text
    source: Text
    trust: Literal["published", "official_program", "derived", "own"]
    kind: Literal["convert", "overlap", "aggregate", "pro_rata", "higher_of", "short_period", "determine"]
    given: dict[str, object]
    expect: dict[str, object]
    known_difference: Text | None = Field(default=None, description="Why the case cannot be reproduced; kept, not bent")


class AgreementFile(Entry):
    """One treaty file."""

    format: Literal["1"]
    id: Id
    title: Text
    kind: Literal["bilateral", "multilateral"]
    parties: tuple[State, ...] = Field(min_length=2)
    instruments: tuple[Instrument, ...] = Field(min_length=1)
    status: Literal["unverified", "drafted", "reviewed"]
    branches: tuple[Branch, ...] = Field(min_length=1)
    supersedes: tuple[Text, ...] = Field(default=(), description="Earlier instruments between the same parties")
    superseded_by: Id | None = Field(default=None, description="The agreement that took this one's place")
    not_modelled: tuple[NotModelled, ...]
    rules: tuple[Rule, ...] = Field(min_length=1)
    examples: tuple[ExampleCase, ...] = ()


class ExampleFile(Entry):
    """Examples alone, for an agreement that is loaded already: what people outside the repository write."""

    format: Literal["1"]
    agreement: Id
    examples: tuple[ExampleCase, ...] = Field(min_length=1)

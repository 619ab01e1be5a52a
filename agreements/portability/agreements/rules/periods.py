"""Periods: which count, for how much, in which unit (`aggregation`, `overlap`, `conversion`, `credits`)."""

from typing import ClassVar, Literal

from pydantic import Field

from portability.agreements.careers import EvidenceLevel
from portability.agreements.periods import DayRegime, PeriodKind, PeriodUnit
from portability.agreements.rules.base import Amount, Day, Entry, Id, RuleBase, State, Text, Units

__all__ = ["Aggregation", "DayRow", "Overlap", "PeriodConversion", "PeriodCredit", "QuarterCredit"]


class Aggregation(RuleBase):
    """Other states' periods count as own, to the extent necessary (`aggregation`).

    `not_provided`: the agreement counts no other periods for this state (no `period_credit` stands for it).
    """

    rule: Literal["aggregation"]
    only: Literal["to_the_extent_necessary", "when_own_are_insufficient", "not_provided"]
    without_scale: Literal["adds_nothing", "calendar"] = Field(
        default="adds_nothing",
        description="Time of a state for which neither a conversion nor a credit stands; calendar: its days count",
    )
    third_states_cite: Text | None = Field(
        default=None,
        description="Periods in states bound to both parties count as well. No scale for them is modelled: a right "
        "that turns on them stops with this citation",
    )
    minimum_own: Units | None = Field(
        default=None, description="Own time without which others' time does not count; none: any own time will do"
    )
    minimum_own_cite: Text | None = None
    least_evidence: EvidenceLevel | None = Field(
        default=None, description="Who must stand behind another state's period before it counts; none: anybody"
    )
    least_checks: Literal["signed", "competent", "identified", "plausible", "consistent"] | None = Field(
        default=None, description="Up to which check it must have passed; none: what a check finds is shown to a person"
    )
    least_cite: Text | None = Field(default=None, description="Where the agreement asks for that")


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

    several_at_once: ClassVar[bool] = True

    rule: Literal["period_credit"]
    to_scheme: Id
    from_state: State
    from_schemes: tuple[Id, ...] = Field(default=(), description="Empty: every scheme of the state")
    per: Literal["calendar_year", "month", "week", "day"]
    minimum: Units | None = Field(default=None, description="Least time in a calendar year for it to count")
    or_minimum: Units | None = Field(default=None, description="Or this least time, where the article names two")
    credits: Units
    time_from: Day | None = Field(default=None, description="Counts only time from this day")
    time_until: Day | None = Field(default=None, description="Counts only time until this day, inclusive")
    from_age: int | None = Field(default=None, ge=0, le=100, description="Counts only time from this age, in years")
    not_during: tuple[Id, ...] = Field(default=(), description="Not where a period of these schemes stands already")


class QuarterCredit(RuleBase):
    """How many calendar quarters of this state another state's periods count as, and which (`quarter_credits`).

    Own quarters of coverage go before them, a calendar quarter counts once, and a year has four.
    """

    several_at_once: ClassVar[bool] = True

    rule: Literal["quarter_credit"]
    to_scheme: Id
    from_state: State
    from_schemes: tuple[Id, ...] = Field(default=(), description="Empty: every scheme of the state")
    not_kinds: tuple[PeriodKind, ...] = Field(default=(), description="Periods of these kinds do not count")
    counted: PeriodUnit = Field(description="The unit that the other state certifies; one rule for each")
    units: Amount = Field(description="So many of them are credited")
    quarters: int = Field(default=1, ge=1, le=4, description="with so many quarters")
    remainder: Literal["one_quarter", "dropped"] = Field(description="What is left after dividing")
    per: Literal["period", "calendar_year"] = Field(description="What is divided: each period, or each year's time")
    within: Literal["period", "calendar_year"] = Field(description="Where the quarters may stand")
    time_from: Day | None = Field(default=None, description="Counts only time from this day")
    own_first_cite: Text = Field(description="No quarter that is an own quarter of coverage already")
    review_cite: Text | None = Field(
        default=None, description="Periods of the same days that share quarters are reviewed by hand"
    )

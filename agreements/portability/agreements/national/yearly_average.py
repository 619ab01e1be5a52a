"""Pensions by the yearly average of contributions (Ireland, Social Welfare (Consolidation) Act 2005, s. 108, 109)."""

from datetime import date
from fractions import Fraction
from typing import Literal

from pydantic import Field

from portability.agreements.errors import DeterminationError
from portability.agreements.instalments import a_month
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.base import DatedAmount, Instruments, SchemeBase, citation_of, figure
from portability.agreements.rounding import half_up
from portability.agreements.rules import Entry, Text
from portability.agreements.values import Money

__all__ = ["AverageBand", "YearlyAverage", "yearly_average"]

WEEKS_PAID_A_YEAR = 52


class AverageBand(Entry):
    """The weekly rate of who has at least this average, and less than the next band's."""

    at_least: int = Field(ge=1, le=52)
    cite: Text
    status: Literal["verified", "unverified"] = "verified"
    weekly: tuple[DatedAmount, ...] = Field(
        default=(), description="Rates that are known; the institution's goes first"
    )


class YearlyAverage(SchemeBase):
    """A weekly rate by the average of contributions a year since entry into insurance (`yearly_average`)."""

    law: Literal["yearly_average"]
    average_cite: Text = Field(description="The average, and how it is rounded to a whole number")
    bands: tuple[AverageBand, ...] = Field(min_length=1, description="From the highest average to the lowest")


def yearly_average(
    scheme: YearlyAverage, facts: DeterminationFacts, *, counted: Fraction, instruments: Instruments
) -> SchemeOutcome:
    """The weekly rate of the band in which the rounded average lies, told by the month (SWCA s. 108(2), 109).

    `years_since_entry`, whole contribution years from entry into insurance to the pension age, is the institution's
    figure. No right and no amount where the average is under the lowest band.
    """
    years = figure(scheme, facts, "years_since_entry")
    if years <= 0:
        raise DeterminationError(f"'{scheme.id}': {years} years since entry into insurance: expected more than 0.")
    average = half_up(counted / years, 0)
    values = (("weeks", counted), ("years", years), ("exact", counted / years))
    step = Step("yearly_average", citation_of(scheme.average_cite, instruments), values, average)
    band = next((one for one in scheme.bands if average >= one.at_least), None)
    if band is None:
        return SchemeOutcome(False, None, (step,))
    rate, source = _weekly_rate(scheme, facts, band)
    amount = a_month(rate, instalments_a_year=WEEKS_PAID_A_YEAR)
    known = (("at_least", band.at_least), ("average", average), ("weekly", rate), ("source", source))
    return SchemeOutcome(
        True, amount, (Step("rate_by_average", citation_of(band.cite, instruments), known, amount, (step,)),)
    )


def _weekly_rate(scheme: YearlyAverage, facts: DeterminationFacts, band: AverageBand) -> tuple[Money, str]:
    """The institution's own figure for the band, or the rate of the file; DeterminationError where there is neither."""
    given = facts.scheme_facts.get(scheme.id, {}).get(f"weekly_rate_{band.at_least}")
    if given is not None:
        return Money(given, scheme.currency), "verified"
    row = next((one for one in band.weekly if _holds(one, facts.award_on)), None)
    if row is None:
        raise DeterminationError(
            f"The weekly rate of '{scheme.id}' for an average from {band.at_least} on is not known for "
            f"{facts.award_on}: its institution gives it as the figure 'weekly_rate_{band.at_least}'.",
            citation=band.cite,
        )
    return Money(Fraction(row.value), scheme.currency), row.status


def _holds(row: DatedAmount, on: date) -> bool:
    return row.valid_from <= on and (row.valid_until is None or on <= row.valid_until)

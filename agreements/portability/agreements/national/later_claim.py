"""Pensions that are higher when they are claimed later than they could be (Canada, OAS Act s. 7.1)."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from pydantic import Field

from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.base import SchemeBase, figure
from portability.agreements.rules import Amount, Day, Entry, Text
from portability.agreements.spans import add_months

__all__ = ["LaterClaim", "Share", "shares_of_later_claim"]


class LaterClaim(Entry):
    """An increase for each month between qualifying for a pension and the approval of the claim."""

    per_month: Amount
    cite: Text
    greatest_cite: Text = Field(description="Which of several pensions is due to who has waited")
    first_month: Day = Field(description="No month before this one counts")
    until_age: int = Field(ge=50, le=90, description="Nor one after that in which this age is reached, in years")
    limit_cite: Text


@dataclass(frozen=True, slots=True)
class Share:
    """Years of residence, the whole ones that count, and the months by which the claim came later than it could."""

    exact: Fraction
    years: int
    later: int = 0

    def of_full(self, years_for_full: int, per_month: Fraction) -> Fraction:
        """The part of a full pension that these years give, with the increase."""
        return Fraction(self.years, years_for_full) * (1 + per_month * self.later)


def shares_of_later_claim(
    scheme: SchemeBase, facts: DeterminationFacts, *, rule: LaterClaim, years_for_full: int
) -> tuple[Share, ...]:
    """The pensions with an increase, among which and the one without the greatest is due (OAS Act s. 7.1(3)).

    The institution gives the days `approved_on` and `qualified_on` and the figure `months_when_qualified` (residence),
    and the day `qualified_for_full_on` where forty years were reached while waiting. Nothing without the first.
    """
    days = facts.scheme_dates.get(scheme.id, {})
    if "approved_on" not in days:
        return ()
    if "qualified_on" not in days:
        raise DeterminationError(f"'{scheme.id}' has a day 'approved_on' and needs 'qualified_on' too: give both.")
    approved, exact = days["approved_on"], figure(scheme, facts, "months_when_qualified") / 12
    later = _later_months(rule, facts.birth_date, since=days["qualified_on"], until=approved)
    partial = Share(exact, min(floor(exact), years_for_full), later)
    if "qualified_for_full_on" not in days:
        return (partial,)
    later = _later_months(rule, facts.birth_date, since=days["qualified_for_full_on"], until=approved)
    return partial, Share(Fraction(years_for_full), years_for_full, later)


def _later_months(rule: LaterClaim, born_on: date, *, since: date, until: date) -> int:
    """Months after that of qualifying, up to that of approval and within the limits (OAS Act s. 7.1(1), (2), (4))."""
    first = max(_number(since) + 1, _number(rule.first_month))
    last = min(_number(until), _number(add_months(born_on, 12 * rule.until_age)))
    return max(last - first + 1, 0)


def _number(day: date) -> int:
    return day.year * 12 + day.month

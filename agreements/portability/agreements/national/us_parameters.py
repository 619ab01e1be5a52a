"""The figures of the United States law, each with its citation, and checks of those that the law derives from others.

Values are by calendar year. Tables that the statute derives from wages (bend points, quarter of coverage amounts, the
base since 1995) are published figures; a table that its own rule contradicts is refused when the file is loaded.
"""

from fractions import Fraction
from math import floor
from typing import Literal, Self

from pydantic import Field, model_validator

from portability.agreements.national.yearly_amounts import YearlyAmounts
from portability.agreements.rules import Amount, Day, Entry, Text

__all__ = ["BendPoints", "DelayedCredit", "EarlyReduction", "RetirementAge", "UsParameters", "nearest"]

AMOUNTS_DERIVED_SINCE = 1995
"""First year whose base follows $60,600 and the wages of 1992 (42 USC 430(b)); earlier bases are as published."""


class BendPoints(Entry):
    """Where the formula of the primary insurance amount bends, by year of eligibility; `shares` of the three parts."""

    cite: Text
    first_year: int
    first: tuple[Amount, Amount]
    shares_cite: Text
    shares: tuple[Amount, Amount, Amount]
    published: dict[int, tuple[Amount, Amount]]


class RetirementAge(Entry):
    """Full retirement age in months of those who reach 62 from a year on, until the next row."""

    reaches_62_from: int
    months: int = Field(ge=780, le=900)
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class EarlyReduction(Entry):
    """The part of the benefit that each month before full retirement age costs."""

    cite: Text
    first_months: int
    per_month: Amount
    further_cite: Text
    per_further_month: Amount


class DelayedCredit(Entry):
    """The part of the benefit that each month after full retirement age adds, by year of eligibility."""

    reaches_62_from: int
    per_month: Amount
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class CorrectedIncrease(Entry):
    """An increase that was first paid at another percentage, for benefit months before a day."""

    year: int
    percent: Amount
    before: Day
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class UsParameters(Entry):
    """All figures that a United States old-age benefit turns on."""

    average_wages_before_1951: YearlyAmounts
    average_wage_index: YearlyAmounts
    contribution_and_benefit_base: YearlyAmounts
    base_before_1951: Amount
    quarter_amount: YearlyAmounts
    bend_points: BendPoints
    increases: YearlyAmounts
    corrected_increase: CorrectedIncrease
    december_increases_since: int = Field(description="Earlier increases were of June")
    rounded_down_since: int = Field(description="Year of eligibility from which the amount is rounded down to the dime")
    retirement_age: tuple[RetirementAge, ...] = Field(min_length=1)
    early_reduction: EarlyReduction
    delayed_credit: tuple[DelayedCredit, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _tables_follow_their_rules(self) -> Self:
        wages = self.average_wage_index.values
        wrong = [
            *(f"bend points of {year}" for year in self.bend_points.published
              if self.bend_points.published[year] != self.bend_points_of(year)),
            *(f"quarter of coverage amount of {year}" for year, amount in self.quarter_amount.values.items()
              if year - 2 in wages and year - 1 in self.quarter_amount.values and amount != self._quarter_rule(year)),
            *(f"contribution and benefit base of {year}" for year, base in
              self.contribution_and_benefit_base.values.items()
              if year >= AMOUNTS_DERIVED_SINCE and year - 2 in wages and base != self._base_rule(year)),
        ]  # fmt: skip
        if wrong:
            raise ValueError(
                f"these published figures do not follow from the wages by their own rule: {', '.join(wrong)}"
            )
        return self

    def wages(self, year: int) -> Fraction:
        """Average of the total wages of all workers of a year (20 CFR 404.1918(b)(1); 42 USC 409(k)(1))."""
        early = self.average_wages_before_1951
        return early.of(year) if year in early.values else self.average_wage_index.of(year)

    def base(self, year: int) -> Fraction:
        """The most of a year's earnings that counts (42 USC 415(e)(1), 430; before 1951: 413(a)(2)(B)(ii))."""
        return self.base_before_1951 if year < 1951 else self.contribution_and_benefit_base.of(year)

    def bend_points_of(self, eligibility_year: int) -> tuple[Fraction, Fraction]:
        """$180 and $1,085 by the wages of two years before over those of 1977, to the dollar (42 USC 415(a)(1)(B))."""
        points, first = self.bend_points, self.bend_points.first
        if eligibility_year <= points.first_year:
            return first
        growth = self.average_wage_index.of(eligibility_year - 2) / self.average_wage_index.of(points.first_year - 2)
        return nearest(first[0] * growth, 1), nearest(first[1] * growth, 1)

    def _quarter_rule(self, year: int) -> Fraction:
        """$250 by the wages of two years before over those of 1976, to $10, never less than before (413(d)(2))."""
        first, wages = min(self.quarter_amount.values), self.average_wage_index
        grown = nearest(self.quarter_amount.values[first] * wages.of(year - 2) / wages.of(first - 2), 10)
        return max(grown, self.quarter_amount.values[year - 1])

    def _base_rule(self, year: int) -> Fraction:
        """$60,600 by the wages over those of 1992, to $300, never less; only after an increase (430(a), (b))."""
        before = self.contribution_and_benefit_base.values[year - 1]
        if not self.increases.of(year - 1):
            return before
        of_1994, wages = self.contribution_and_benefit_base.of(1994), self.average_wage_index
        return max(nearest(of_1994 * wages.of(year - 2) / wages.of(1992), 300), before)


def nearest(value: Fraction, multiple: int) -> Fraction:
    """The nearest multiple, the higher one where two are as near."""
    return Fraction(floor(value / multiple + Fraction(1, 2)) * multiple)

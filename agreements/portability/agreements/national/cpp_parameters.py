"""The figures of the Canada Pension Plan, each with its citation."""

from datetime import date
from fractions import Fraction
from math import floor
from typing import Self

from pydantic import Field, model_validator

from portability.agreements.errors import NoRuleInForceError
from portability.agreements.national.yearly_amounts import YearlyAmounts
from portability.agreements.rules import Amount, Day, Entry, Text

__all__ = ["CppParameters", "PartOfEarnings", "RateByStart", "rate_for"]


class RateByStart(Entry):
    """A rate for pensions that start from a day on, until the next row."""

    starts_from: Day
    rate: Amount
    cite: Text


class PartOfEarnings(Entry):
    """One of the three parts of the pension: so much of average earnings."""

    rate: Amount
    cite: Text


class FixedExemption(Entry):
    """The basic exemption of every year from one on; before, a tenth of the maximum, down to hundreds."""

    from_year: int
    amount: Amount
    cite: Text
    earlier_cite: Text


class CppParameters(Entry):
    """What the amount of a retirement pension turns on (Canada Pension Plan s. 18 to 20, 42, 46 to 53)."""

    maximum: YearlyAmounts = Field(description="Year's Maximum Pensionable Earnings")
    additional_maximum: YearlyAmounts = Field(description="Year's Additional Maximum Pensionable Earnings")
    exemption: FixedExemption
    average_cite: Text = Field(description="Maximum Pensionable Earnings Average")
    base: PartOfEarnings
    first_additional: PartOfEarnings
    second_additional: PartOfEarnings
    phased_in: YearlyAmounts = Field(description="Part of first additional earnings that counts in the first years")
    monthly_average_cite: Text
    left_out: tuple[RateByStart, ...] = Field(
        min_length=1, description="Months with the lowest earnings, a part of all"
    )
    earlier: tuple[RateByStart, ...] = Field(min_length=1, description="Less for each month before that of 65")
    later: tuple[RateByStart, ...] = Field(min_length=1, description="More for each month after it")
    rounding_cite: Text

    @model_validator(mode="after")
    def _additional_maximum_follows_its_rule(self) -> Self:
        """1.07 times the maximum in 2024 and 1.14 times later, down to hundreds (s. 18.1)."""
        for year, amount in self.additional_maximum.values.items():
            times = Fraction(107 if year == 2024 else 114, 100)
            if amount != floor(times * self.maximum.of(year) / 100) * 100:
                raise ValueError(f"the additional maximum of {year} is not {times} times the maximum (s. 18.1)")
        return self

    def exemption_of(self, year: int) -> Fraction:
        """The Year's Basic Exemption (s. 20)."""
        if year >= self.exemption.from_year:
            return self.exemption.amount
        return Fraction(floor(self.maximum.of(year) / 1000) * 100)

    def average_maximum(self, year: int, born_on: date) -> Fraction:
        """The average of the maximum of a year and the years before it: four, three in 1998, earlier two (s. 42(1))."""
        before = 2 if year < 1998 or born_on < date(1933, 1, 1) else 3 if year == 1998 else 4
        return sum((self.maximum.of(one) for one in range(year - before, year + 1)), Fraction(0)) / (before + 1)


def rate_for(rows: tuple[RateByStart, ...], starts: date) -> RateByStart:
    """The row for the month in which a pension starts; NoRuleInForceError before the first one."""
    known = [row for row in rows if row.starts_from <= starts]
    if not known:
        first = min(row.starts_from for row in rows)
        raise NoRuleInForceError(
            f"No rate is known for pensions that start on {starts} ({rows[0].cite}): the first date is {first}.",
            first_day=first,
            citation=rows[0].cite,
        )
    return max(known, key=lambda row: row.starts_from)

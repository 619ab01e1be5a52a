"""The primary insurance amount: indexed earnings, their monthly average, the formula, and the increases since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from portability.agreements.national.us_parameters import UsParameters
from portability.agreements.national.us_record import UsRecord
from portability.agreements.rounding import half_up

__all__ = ["PrimaryInsuranceAmount", "down_to_dime", "primary_insurance_amount"]


@dataclass(frozen=True, slots=True)
class PrimaryInsuranceAmount:
    """An amount with what it was made of: `at_eligibility` before any increase, `at_benefit` with all of them."""

    indexed_total: Fraction
    average: int
    bend_points: tuple[Fraction, Fraction]
    at_eligibility: Fraction
    at_benefit: Fraction
    increases: tuple[tuple[int, Fraction, Fraction], ...]


def primary_insurance_amount(
    record: UsRecord, earnings: Mapping[int, Fraction], law: UsParameters
) -> PrimaryInsuranceAmount:
    """The amount that yearly earnings give, for the benefit month (42 USC 415(a)(1), (b), (e), (i))."""
    total, average = average_indexed_monthly_earnings(record, earnings, law)
    points = law.bend_points_of(record.eligibility_year)
    initial = formula_amount(average, points, record.eligibility_year, law)
    steps, amount = [], initial
    for year, percent in increases_until(record.benefit_month, since=record.eligibility_year, law=law):
        amount = down_to_dime(amount * (1 + percent / 100))
        steps.append((year, percent, amount))
    return PrimaryInsuranceAmount(total, average, points, initial, amount, tuple(steps))


def average_indexed_monthly_earnings(
    record: UsRecord, earnings: Mapping[int, Fraction], law: UsParameters
) -> tuple[Fraction, int]:
    """The total of the highest years, and that over their months, down to the dollar (42 USC 415(b), (e)(2))."""
    indexed = sorted((indexed_earnings(record, year, amount, law) for year, amount in earnings.items() if year >= 1951),
                     reverse=True)  # fmt: skip
    total = sum(indexed[: record.computation_years], Fraction(0))
    return total, floor(total / (12 * record.computation_years))


def indexed_earnings(record: UsRecord, year: int, amount: Fraction, law: UsParameters) -> Fraction:
    """A year's earnings by the wages of two years before eligibility over its own, to the cent (415(b)(3)).

    Earnings of the indexing year and later count as they are (415(b)(3)(B)).
    """
    indexing = record.eligibility_year - 2
    if year >= indexing:
        return amount
    return half_up(amount * law.wages(indexing) / law.wages(year), 2)


def formula_amount(
    average: int, points: tuple[Fraction, Fraction], eligibility_year: int, law: UsParameters
) -> Fraction:
    """90, 32 and 15 percent of the parts of the average, to the dime (42 USC 415(a)(1)(A)).

    Down for eligibility from 1983 on, before up.
    """
    first, second, third = law.bend_points.shares
    lower, upper = points
    exact = (
        first * min(Fraction(average), lower)
        + second * min(max(average - lower, Fraction(0)), upper - lower)
        + third * max(average - upper, Fraction(0))
    )
    return down_to_dime(exact) if eligibility_year >= law.rounded_down_since else Fraction(ceil(exact * 10), 10)


def increases_until(month: date, *, since: int, law: UsParameters) -> list[tuple[int, Fraction]]:
    """Year and percentage of each cost-of-living increase from the year of eligibility on (42 USC 415(i)(2)).

    An increase is of December, before 1983 of June.
    """
    found = []
    for year in range(since, month.year + 1):
        of_month = 12 if year >= law.december_increases_since else 6
        if (year, of_month) > (month.year, month.month):
            break
        corrected = law.corrected_increase
        first_paid = year == corrected.year and month < corrected.before
        found.append((year, corrected.percent if first_paid else law.increases.of(year)))
    return found


def down_to_dime(amount: Fraction) -> Fraction:
    """The next lower multiple of $0.10."""
    return Fraction(floor(amount * 10), 10)

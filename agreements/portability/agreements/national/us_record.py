"""A worker's record under United States law: dates, quarters of coverage, and the years that enter.

All ages run from the day before birth: an age is attained on the day before the birthday (20 CFR 404.2(c)(4)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from portability.agreements.errors import InputError
from portability.agreements.national.us_parameters import UsParameters

__all__ = ["UsRecord", "counted_quarters", "months_between", "quarters_of"]

FIRST_DERIVED = 1978
"""From this year on quarters of coverage follow from the year's earnings (42 USC 413(a)(2)(A)(ii))."""


@dataclass(frozen=True, slots=True)
class UsRecord:
    """Covered earnings by year, quarters of coverage before 1978 as posted, and the two months that matter.

    `entitled` and `benefit_month` are first days of months: the first month of entitlement, and the month whose
    benefit is asked for.
    """

    born_on: date
    entitled: date
    benefit_month: date
    earnings: Mapping[int, Fraction]
    posted_quarters: Mapping[int, int] = field(default_factory=dict)

    @property
    def reckoned_birth(self) -> date:
        """The day before birth: every age is attained on that day of its month."""
        return self.born_on - timedelta(days=1)

    @property
    def eligibility_year(self) -> int:
        """The year in which 62 is attained (42 USC 415(a)(3)(B)(i))."""
        return self.reckoned_birth.year + 62

    @property
    def age_22_year(self) -> int:
        """The first year that may elapse: after that of age 21, and after 1950 (42 USC 415(b)(2)(B)(iii))."""
        return max(self.reckoned_birth.year + 22, 1951)

    @property
    def elapsed_years(self) -> int:
        """Calendar years after 1950 or age 21 and before the year of age 62 (42 USC 415(b)(2)(B)(iii))."""
        return self.eligibility_year - self.age_22_year

    @property
    def computation_years(self) -> int:
        """Elapsed years less five, at least two (42 USC 415(b)(2)(A))."""
        return max(self.elapsed_years - 5, 2)

    @property
    def required_quarters(self) -> int:
        """One a year elapsed, at least 6 and at most 40 (42 USC 414(a)(1), (2))."""
        return min(max(self.elapsed_years, 6), 40)

    @property
    def last_year(self) -> int:
        """The last year whose earnings may count: the year before the benefit's (42 USC 415(b)(2)(B)(ii), (f)(2))."""
        last_earned = max(self.earnings, default=self.eligibility_year)
        return min(max(self.eligibility_year, last_earned), self.benefit_month.year - 1)


def quarters_of(record: UsRecord, year: int, law: UsParameters) -> int:
    """Quarters of coverage of a year: as posted before 1978, then earnings over the amount, at most four.

    42 USC 413(a)(2)(A)(ii), (B)(vii), (d). InputError where a year before 1978 has earnings and no posted count.
    """
    if year >= FIRST_DERIVED:
        earned = record.earnings.get(year, Fraction(0))
        return min(4, floor(earned / law.quarter_amount.of(year))) if earned else 0
    if year not in record.posted_quarters and record.earnings.get(year):
        raise InputError(
            f"{year} has earnings and no quarters of coverage: before 1978 they do not follow from a year's earnings, "
            "so the record gives them.",
            field="quarters_of_coverage",
        )
    return record.posted_quarters.get(year, 0)


def counted_quarters(record: UsRecord, law: UsParameters) -> dict[int, int]:
    """Quarters of coverage by year up to entitlement: none before its quarter begins (42 USC 413(a)(2)(B)(v))."""
    month = record.entitled
    years = sorted(year for year in {*record.earnings, *record.posted_quarters} if year <= month.year)
    begun = (month.month + 2) // 3
    return {year: min(quarters_of(record, year, law), begun if year == month.year else 4) for year in years}


def months_between(earlier: date, later: date) -> int:
    """Calendar months from the month of one day to that of another."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month

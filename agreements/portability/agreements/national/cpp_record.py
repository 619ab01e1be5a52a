"""A contributor's record under the Canada Pension Plan: the months that count, and what was earned in each.

An age is reached at the beginning of the month after that of the birthday (Canada Pension Plan s. 2(2)). Months are
counted through, January of the year 1 first, so that spans of them are ranges.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from portability.agreements.national.cpp_parameters import CppParameters
from portability.agreements.spans import add_months

__all__ = ["CppRecord", "adjusted_earnings", "contributory_months", "month_number", "month_of_age"]

MONTHS_OF_YEAR = 12
LAST_AGE = 70


@dataclass(frozen=True, slots=True)
class CppRecord:
    """Unadjusted pensionable earnings by year (s. 53, 53.1, 53.2), and the first day of the month of the pension."""

    born_on: date
    starts: date
    base: Mapping[int, Fraction]
    first_additional: Mapping[int, Fraction]
    second_additional: Mapping[int, Fraction]


def month_number(day: date) -> int:
    """The month of a day, counted through."""
    return day.year * MONTHS_OF_YEAR + day.month - 1


def month_of_age(born_on: date, age: int) -> int:
    """The month at whose beginning an age is reached: the one after that of the birthday (s. 2(2))."""
    return month_number(add_months(born_on, MONTHS_OF_YEAR * age)) + 1


def contributory_months(record: CppRecord, *, since: date) -> range:
    """From a day or the age of 18 until the pension starts or 70 is reached (s. 49, 49.1, 49.2)."""
    first = max(month_number(since), month_of_age(record.born_on, 18))
    end = min(month_number(record.starts), month_of_age(record.born_on, LAST_AGE))
    return range(first, max(first, end))


def adjusted_earnings(
    record: CppRecord, months: range, law: CppParameters, *, earned: Mapping[int, Fraction], maximum: str
) -> list[Fraction]:
    """Earnings of each month, as a part of its year's maximum at the level of the pension's start (s. 51(1), 52(1)).

    `maximum` says what caps a year: "base", or "second_additional" (what lies between the two maxima).
    """
    level = law.average_maximum(record.starts.year, record.born_on)
    in_year = Counter(month // MONTHS_OF_YEAR for month in months)
    each: list[Fraction] = []
    for year, count in sorted(in_year.items()):
        part = Fraction(count, MONTHS_OF_YEAR)
        counted = _counted(earned.get(year, Fraction(0)), year, part, law, maximum=maximum)
        each += [counted / count * level / law.maximum.of(year) if counted else Fraction(0)] * count
    return each


def _counted(posted: Fraction, year: int, part: Fraction, law: CppParameters, *, maximum: str) -> Fraction:
    """What of a year's earnings counts: at most the maximum for its months, nothing up to the exemption.

    Canada Pension Plan s. 52(3)(a), 52.1(3)(a), 53(1), (2), 53.2(1)(c), (2).
    """
    if not posted:
        return Fraction(0)
    if maximum == "second_additional":
        return min(posted, (law.additional_maximum.of(year) - law.maximum.of(year)) * part)
    counted = min(posted, law.maximum.of(year) * part)
    return counted if counted > law.exemption_of(year) * part else Fraction(0)

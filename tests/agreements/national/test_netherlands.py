"""The Dutch old-age pension: two per cent less for each whole year not insured, and the ages by year of birth."""

from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.schemes import amount_for
from portability.agreements.values import Branch, Money

NETHERLANDS = packaged.legislation("NL")
(AOW,) = NETHERLANDS.schemes_of(Branch.OLD_AGE)


def pension(months: int, *, full: str | None = "1000") -> Money | None:
    on = date(2023, 8, 1)
    figures = {AOW.id: {"full_monthly_amount": Fraction(full)}} if full else {}
    facts = DeterminationFacts("NL", Branch.OLD_AGE, date(1950, 5, 10), "NL", on, on, (), scheme_facts=figures)
    own = Fraction(months)
    return amount_for(AOW, facts, own=own, counted=own, legislation=NETHERLANDS).amount


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (720, "1000"),  # more than fifty years are fifty
        (600, "1000"),
        (589, "1000"),  # eleven months are missing, no whole year
        (588, "980"),  # one year is: 1000 less 2 per cent
        (12, "20"),  # 49 years: 1000 less 98 per cent
    ],
)
def test_each_whole_year_that_is_missing_takes_two_per_cent(months: int, expected: str) -> None:
    assert pension(months) == Money.of(expected, "EUR")


def test_the_full_amount_is_the_figure_of_the_institution() -> None:
    with pytest.raises(DeterminationError, match="full_monthly_amount"):
        pension(600, full=None)


@pytest.mark.parametrize(
    ("born", "reached"),
    [
        (date(1947, 12, 31), date(2012, 12, 31)),  # 65, the last day of 2012
        (date(1948, 1, 1), date(2013, 2, 1)),  # 65 years and one month in 2013
        (date(1950, 9, 30), date(2015, 12, 30)),  # 65 years and three months in 2015
        (date(1950, 10, 1), date(2016, 4, 1)),  # 65 years and six months in 2016
        (date(1952, 12, 31), date(2018, 12, 31)),  # 66 in 2018
        (date(1953, 1, 1), date(2019, 5, 1)),  # 66 years and four months in 2019
    ],
)
def test_the_age_is_that_of_the_year_in_which_it_is_reached(born: date, reached: date) -> None:
    assert age_reached_on(AOW, born) == reached

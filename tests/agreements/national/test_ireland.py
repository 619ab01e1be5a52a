"""The Irish State pension (contributory): the rounded yearly average decides the weekly rate."""

from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, SchemeOutcome
from portability.agreements.national.schemes import amount_for
from portability.agreements.values import Branch, Money

IRELAND = packaged.legislation("IE")
(PENSION,) = IRELAND.schemes_of(Branch.OLD_AGE)
# A month's worth of 12 euros a week is 12 x 52/12 = 52, so each band tells itself apart.
RATES = {f"weekly_rate_{average}": Fraction(average * 12) for average in (48, 40, 30, 20, 15, 10)}


def pension(weeks: int, *, years: int, **figures: Fraction) -> SchemeOutcome:
    on = date(2020, 3, 1)
    given = {PENSION.id: {"years_since_entry": Fraction(years), **figures}}
    facts = DeterminationFacts("IE", Branch.OLD_AGE, date(1950, 5, 10), "IE", on, on, (), scheme_facts=given)
    own = Fraction(weeks)
    return amount_for(PENSION, facts, own=own, counted=own, legislation=IRELAND)


@pytest.mark.parametrize(
    ("weeks", "average"),
    [
        (1900, 48),  # 47.5 is 48
        (1899, 40),  # 47.475 is 47
        (1580, 40),  # 39.5 is 40
        (1579, 30),
        (1180, 30),  # 29.5 is 30
        (780, 20),  # 19.5 is 20
        (580, 15),  # 14.5 is 15
        (380, 10),  # 9.5 is 10
    ],
)
def test_the_rounded_average_decides_the_band(weeks: int, average: int) -> None:
    assert pension(weeks, years=40, **RATES).amount == Money.of(str(average * 52), "EUR")


def test_an_average_that_rounds_to_nine_opens_no_right() -> None:
    outcome = pension(379, years=40, **RATES)  # 9.475

    assert (outcome.entitled, outcome.amount) == (False, None)


def test_a_rate_that_is_not_known_is_asked_for_by_name() -> None:
    with pytest.raises(DeterminationError, match="weekly_rate_40"):
        pension(1700, years=40)


def test_no_years_since_entry_are_refused() -> None:
    with pytest.raises(DeterminationError, match="more than 0"):
        pension(1700, years=0)

"""Italy's conditions; its amounts are its institution's own answer."""

from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.schemes import amount_for, has_minimum
from portability.agreements.values import Branch, Money

ITALY = packaged.legislation("IT")
(PENSIONE,) = ITALY.schemes_of(Branch.OLD_AGE)
BOTH = NationalAnswer(
    PENSIONE.id, "it-inps", independent_amount=Money.of("640.00", "EUR"), theoretical_amount=Money.of("1210.00", "EUR")
)


def facts(answer: NationalAnswer | None) -> DeterminationFacts:
    answers = {PENSIONE.id: answer} if answer else {}
    on = date(2026, 11, 1)
    return DeterminationFacts("IT", Branch.OLD_AGE, date(1959, 5, 1), "IT", on, on, (), national_answers=answers)


@pytest.mark.parametrize(("counted", "expected"), [(1040, "640.00"), (1500, "1210.00")])
def test_own_time_asks_for_the_independent_amount_and_more_for_the_theoretical(counted: int, expected: str) -> None:
    outcome = amount_for(PENSIONE, facts(BOTH), own=Fraction(1040), counted=Fraction(counted), legislation=ITALY)
    assert outcome.amount == Money.of(expected, "EUR")
    assert outcome.answered_by == "it-inps"


def test_a_theoretical_amount_that_was_not_answered_is_asked_for() -> None:
    only_independent = NationalAnswer(PENSIONE.id, "it-inps", independent_amount=Money.of("640.00", "EUR"))
    with pytest.raises(DeterminationError, match="has not answered the theoretical amount"):
        amount_for(PENSIONE, facts(only_independent), own=Fraction(1040), counted=Fraction(1500), legislation=ITALY)


@pytest.mark.parametrize(("weeks", "expected"), [(1039, "not_met"), (1040, "met")])
def test_twenty_years_are_needed_and_the_step_says_that_the_text_was_not_read(weeks: int, expected: str) -> None:
    entitled, step = has_minimum(PENSIONE, Fraction(weeks), ITALY)
    assert step.output == expected
    assert entitled is (expected == "met")
    assert step.value("source") == "unverified"


@pytest.mark.parametrize(
    ("born", "reached"),
    [
        (date(1959, 12, 31), date(2026, 12, 31)),  # 67 in 2026
        (date(1960, 1, 1), date(2027, 2, 1)),  # 67 years 1 month in 2027
        (date(1960, 11, 30), date(2027, 12, 30)),
        (date(1960, 12, 1), date(2028, 3, 1)),  # 67 years 1 month would be in 2028, when it takes 3 months more
    ],
)
def test_the_age_follows_the_year_in_which_it_is_reached(born: date, reached: date) -> None:
    assert age_reached_on(PENSIONE, born) == reached


def test_the_whole_file_is_marked_as_not_verified() -> None:
    assert ITALY.content.status == "unverified"

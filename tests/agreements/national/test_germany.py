"""The regular old-age pension from earnings points, with the arithmetic beside the numbers."""

from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.errors import DeterminationError, NoRuleInForceError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.schemes import amount_for, has_minimum
from portability.agreements.values import Branch, Money

GERMANY = packaged.legislation("DE")
(RENTE,) = GERMANY.schemes_of(Branch.OLD_AGE)


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def pension(
    points: str, *, on: date, own: int = 360, counted: int | None = None, born: date = date(1958, 12, 15)
) -> SchemeOutcome:
    facts = DeterminationFacts(
        "DE", Branch.OLD_AGE, born, "DE", on, on, (), scheme_facts={RENTE.id: {"earnings_points": Fraction(points)}}
    )
    return amount_for(RENTE, facts, own=Fraction(own), counted=Fraction(counted or own), legislation=GERMANY)


def child(outcome: SchemeOutcome, rule: str) -> Step:
    (formula,) = outcome.steps
    return next(step for step in formula.children if step.rule == rule)


@pytest.mark.parametrize(
    ("on", "points", "expected"),
    [
        # Age 66 is reached on 15 December 2024, so January 2025 is the first month.
        (date(2025, 1, 1), "30", "1179.60"),  # 30 x 1.000 x 39.32
        (date(2025, 2, 1), "30", "1185.50"),  # 30 x 1.005 = 30.15; x 39.32 = 1185.498
        (date(2025, 7, 1), "30", "1260.41"),  # 30 x 1.030 = 30.9; x 40.79 = 1260.411
        (date(2026, 1, 1), "30", "1297.12"),  # 30 x 1.060 = 31.8; x 40.79 = 1297.122
        (date(2025, 8, 1), "12.3456", "521.20"),  # 12.3456 x 1.035 = 12.777696, so 12.7777; x 40.79 = 521.202383
    ],
)
def test_points_times_access_factor_times_current_value(on: date, points: str, expected: str) -> None:
    assert pension(points, on=on).amount == eur(expected)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0.00004999", "0.00"),  # 0.0000 points
        ("0.00005", "0.00"),  # 0.0001 x 39.32 = 0.003932
        ("1.00005", "39.32"),  # 1.0001 x 39.32 = 39.323932
        ("1.00025", "39.33"),  # 1.0003 x 39.32 = 39.331796
    ],
)
def test_a_fifth_decimal_of_five_raises_the_fourth(points: str, expected: str) -> None:
    assert pension(points, on=date(2025, 1, 1)).amount == eur(expected)


def test_other_time_is_valued_at_the_average_of_own_time() -> None:
    # 10 points in 120 months are 25 in 300; 25 x 39.32 = 983.00 (883/2004 Art. 56(1)(c))
    outcome = pension("10", on=date(2025, 1, 1), own=120, counted=300)
    assert outcome.amount == eur("983.00")
    assert str(child(outcome, "average_points").citation) == "883/2004 Art. 56(1)(c)"


def test_each_step_is_cited() -> None:
    outcome = pension("30", on=date(2026, 1, 1))
    assert str(outcome.steps[0].citation) == "SGB VI § 64"
    access = child(outcome, "access_factor_late")
    assert str(access.citation) == "SGB VI § 77(2) No. 2(b)"
    assert [str(step.citation) for step in access.children] == ["SGB VI § 121(1)"]
    assert str(child(outcome, "rounding_of_money").citation) == "SGB VI § 123(1)"
    assert str(child(pension("30", on=date(2025, 1, 1)), "access_factor").citation) == "SGB VI § 77(2) No. 1"


def test_a_value_that_was_not_read_in_the_order_says_so() -> None:
    values = dict(pension("30", on=date(2026, 7, 1)).steps[0].values)
    assert (values["value_cite"], values["source"]) == ("RWBestV 2026 § 1", "unverified")


@pytest.mark.parametrize(
    ("born", "months"),
    [
        (date(1946, 12, 31), 780),
        (date(1947, 1, 1), 781),
        (date(1958, 12, 31), 792),
        (date(1959, 1, 1), 794),
        (date(1963, 12, 31), 802),
        (date(1964, 1, 1), 804),
    ],
)
def test_the_regular_age_rises_with_the_year_of_birth(born: date, months: int) -> None:
    reached = age_reached_on(RENTE, born)
    assert (reached.year - born.year) * 12 + reached.month - born.month == months


@pytest.mark.parametrize(
    ("on", "late"),
    [
        (date(2026, 2, 1), 0),  # 66 years 2 months are completed on 31 January 2026: February is the first month
        (date(2026, 3, 1), 1),
    ],
)
def test_an_age_is_completed_on_the_day_before_the_birthday(on: date, late: int) -> None:
    outcome = pension("10", on=on, born=date(1959, 12, 1))
    assert child(outcome, "access_factor_late" if late else "access_factor").value("late_months") == late


@pytest.mark.parametrize(("months", "expected"), [(59, "not_met"), (60, "met")])
def test_the_general_waiting_period_is_sixty_months(months: int, expected: str) -> None:
    entitled, step = has_minimum(RENTE, Fraction(months), GERMANY)
    assert step.output == expected
    assert entitled is (expected == "met")
    assert str(step.citation) == "SGB VI § 50(1)"


def test_before_the_first_current_value_there_is_no_answer() -> None:
    with pytest.raises(NoRuleInForceError, match="2023-07-01") as refused:
        pension("30", on=date(2023, 6, 30), born=date(1950, 1, 1))
    assert refused.value.first_day == date(2023, 7, 1)


def test_without_points_the_institution_is_asked_for_them() -> None:
    on = date(2025, 1, 1)
    facts = DeterminationFacts("DE", Branch.OLD_AGE, date(1958, 12, 15), "DE", on, on, ())
    with pytest.raises(DeterminationError, match="earnings_points"):
        amount_for(RENTE, facts, own=Fraction(60), counted=Fraction(60), legislation=GERMANY)

"""The retirement pension of the Canada Pension Plan: months that count, earnings at the level of the start, parts."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.errors import DeterminationError, NoRuleInForceError
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.national.canada_pension_plan import CanadaPensionPlan, average_monthly_earnings, record_of
from portability.agreements.national.cpp_record import contributory_months, month_of_age
from portability.agreements.national.schemes import amount_for
from portability.agreements.values import Branch, Money

CANADA = packaged.legislation("CA")
(CPP,) = (scheme for scheme in CANADA.schemes_of(Branch.OLD_AGE) if isinstance(scheme, CanadaPensionPlan))
LAW = CPP.parameters
JANUARY_2025 = date(2025, 1, 1)
SIXTY_FIVE = date(1959, 12, 5)  # 65 at the beginning of January 2025


def facts(
    earnings: Mapping[int, int] | None, *, born: date = SIXTY_FIVE, starts: date = JANUARY_2025, answer: str = ""
) -> DeterminationFacts:
    yearly = {} if earnings is None else {"earnings": {year: Fraction(one) for year, one in earnings.items()}}
    answers = {CPP.id: NationalAnswer(CPP.id, "ca-esdc", Money.of(answer, "CAD"))} if answer else {}
    return DeterminationFacts("CA", Branch.OLD_AGE, born, "CA", starts, starts, (), yearly_facts={CPP.id: yearly},
                              national_answers=answers)  # fmt: skip


def pension(given: DeterminationFacts) -> Money | None:
    return amount_for(CPP, given, own=Fraction(1), counted=Fraction(1), legislation=CANADA).amount


def total(given: DeterminationFacts) -> Fraction:
    record = record_of(CPP, given)
    assert record is not None
    return average_monthly_earnings(record, LAW).total


def months(born: date, starts: date) -> range:
    record = record_of(CPP, facts({}, born=born, starts=starts))
    assert record is not None
    return contributory_months(record, since=date(1966, 1, 1))


@pytest.mark.parametrize(
    ("born", "reached"),
    [
        (date(1959, 12, 1), date(2025, 1, 1)),  # the first of a month, and its last day
        (date(1959, 12, 31), date(2025, 1, 1)),
        (date(1960, 1, 1), date(2025, 2, 1)),
    ],
)
def test_an_age_is_reached_with_the_month_after_the_birthday(born: date, reached: date) -> None:
    assert month_of_age(born, 65) == reached.year * 12 + reached.month - 1


@pytest.mark.parametrize(
    ("born", "starts", "count"),
    [
        (date(1959, 12, 5), date(2025, 1, 1), 564),  # January 1978 to December 2024: 47 years
        (date(1940, 6, 1), date(2011, 1, 1), 534),  # January 1966 to June 2010, the month of the 70th birthday
        (date(1960, 1, 1), date(2025, 1, 1), 563),  # from February 1978
    ],
)
def test_months_run_from_eighteen_or_1966_to_the_start_or_seventy(born: date, starts: date, count: int) -> None:
    assert len(months(born, starts)) == count


def test_a_year_counts_by_its_part_of_the_maximum_at_the_level_of_the_start() -> None:
    # (61600 + 64900 + 66600 + 68500 + 71300) / 5 = 66580; half of the maximum of 2000 (37600) is half of that
    assert total(facts({2000: 18800})) == 33290


def test_no_year_counts_for_more_than_its_maximum() -> None:
    assert total(facts({2000: 90000})) == total(facts({2000: 37600})) == 66580


@pytest.mark.parametrize(
    ("year", "exempt"),
    [(1998, 3500), (2024, 3500), (1990, 2800), (1997, 3500)],  # a tenth, down to hundreds: 28900, 35800
)
def test_a_year_up_to_the_exemption_counts_for_nothing(year: int, exempt: int) -> None:
    assert LAW.exemption_of(year) == exempt
    assert total(facts({year: exempt})) == 0
    assert total(facts({year: exempt + 1})) > 0


@pytest.mark.parametrize(
    ("starts", "left_out"),
    [
        (date(2011, 12, 1), 63),  # 15 per cent of 420 months
        (date(2012, 1, 1), 68),  # 16 per cent of 421: 67.36
        (date(2013, 12, 1), 72),  # 16 per cent of 444: 71.04
        (date(2014, 1, 1), 76),  # 17 per cent of 445: 75.65
    ],
)
def test_a_growing_part_of_the_months_is_left_out(starts: date, left_out: int) -> None:
    record = record_of(CPP, facts({2000: 37600}, born=date(1958, 11, 20), starts=starts))
    assert record is not None
    assert average_monthly_earnings(record, LAW).left_out == left_out


def test_months_after_65_are_left_out_before_that_part() -> None:
    # 1966 to April 2016 are 604 months; 60 lie after 65, and 17 per cent of 544 are 92.48: 93 more.
    record = record_of(CPP, facts({2015: 53600}, born=date(1946, 4, 10), starts=date(2016, 5, 1)))
    assert record is not None
    average = average_monthly_earnings(record, LAW)
    assert (average.left_out, average.months) == (153, 451)


@pytest.mark.parametrize(
    ("starts", "factor"),
    [
        (date(2024, 12, 1), "0.994"),
        (date(2025, 1, 1), "1"),  # the month of 65 itself
        (date(2025, 2, 1), "1.007"),
        (date(2030, 1, 1), "1.42"),
        (date(2031, 6, 1), "1.42"),  # sixty months at most
    ],
)
def test_the_month_of_the_start_decides_the_factor(starts: date, factor: str) -> None:
    after_the_list = {2027 + more: Fraction(75000) for more in range(5)}
    law = LAW.model_copy(
        update={"maximum": LAW.maximum.model_copy(update={"values": {**LAW.maximum.values, **after_the_list}})}
    )
    scheme = CPP.model_copy(update={"parameters": law})
    outcome = amount_for(
        scheme, facts({2010: 47200}, starts=starts), own=Fraction(1), counted=Fraction(1), legislation=CANADA
    )
    assert dict(outcome.steps[0].values)["factor"] == Fraction(factor)


def test_no_pension_that_began_before_2011_is_computed() -> None:
    with pytest.raises(NoRuleInForceError, match="2011-01-01"):
        pension(facts({2000: 37600}, born=date(1945, 11, 20), starts=date(2010, 12, 1)))


def test_earnings_of_1973_stop_the_computation() -> None:
    with pytest.raises(NoRuleInForceError, match="1973"):
        pension(facts({1973: 5000}, born=date(1954, 12, 5), starts=date(2020, 1, 1)))


def test_the_answer_of_the_institution_goes_before_the_record() -> None:
    assert pension(facts({2010: 47200}, answer="123.45")) == Money.of("123.45", "CAD")


def test_without_record_and_answer_there_is_no_amount() -> None:
    with pytest.raises(DeterminationError, match="'earnings'"):
        pension(facts(None))

"""Old Age Security by published amounts, and the conditions of the Act."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, NationalAnswer, SchemeOutcome, Step
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.legislation import Scheme
from portability.agreements.national.residence_fractions import ResidenceFractions
from portability.agreements.national.schemes import amount_for, has_minimum
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Money

CANADA = packaged.legislation("CA")
MONTHS = PeriodUnit.MONTHS
OAS, CPP = CANADA.schemes_of(Branch.OLD_AGE)
WORKBOOK = "Government of Canada, Benefits estimator test workbook (2023 Q3), scenario "


def cad(amount: str) -> Money:
    return Money.of(amount, "CAD")


def pension(
    years: Fraction | int, *, born: date, on: date = date(2023, 8, 1), full: str | None = "698.60"
) -> SchemeOutcome:
    own = Fraction(years) * 12
    figures = {} if full is None else {"full_monthly_amount": Fraction(full)}
    facts = DeterminationFacts("CA", Branch.OLD_AGE, born, "CA", on, on, (), scheme_facts={OAS.id: figures})
    return amount_for(OAS, facts, own=own, counted=own, legislation=CANADA)


def steps_of(*steps: Step) -> dict[str, Step]:
    found: dict[str, Step] = {}
    for step in steps:
        found |= {step.rule: step} | steps_of(*step.children)
    return found


@pytest.mark.parametrize(
    ("source", "years", "age", "full", "expected"),
    [
        ("CALC-1 partner", 36, 70, "698.60", "628.74"),  # 698.60 x 36/40 = 628.740
        ("CALC-8 partner", 10, 70, "698.60", "174.65"),  # 698.60 x 10/40 = 174.650
        ("CALC-5", 20, 81, "768.46", "384.23"),  # 768.46 x 20/40 = 384.230
        ("CALC-29", 10, 80, "768.46", "192.12"),  # 768.46 x 10/40 = 192.115
        ("CALC-53 future", 32, 65, "698.60", "558.88"),  # 698.60 x 32/40 = 558.880
        ("CALC-55 future", 35, 65, "698.60", "611.28"),  # 698.60 x 35/40 = 611.275
        ("CALC-29 partner", 30, 65, "698.60", "523.95"),  # 698.60 x 30/40 = 523.950
    ],
)
def test_the_government_workbook_is_reproduced(source: str, years: int, age: int, full: str, expected: str) -> None:
    born = date(2023 - age, 3, 1)
    assert pension(years, born=born, full=full).amount == cad(expected), WORKBOOK + source
    # Without a figure of the institution, the full amount of the quarter and the increase at 75 give the same.
    assert pension(years, born=born, full=None).amount == cad(expected), WORKBOOK + source


@pytest.mark.parametrize(
    ("years", "whole"),
    [("12.99", 12), ("13", 13), ("39.99", 39), ("40", 40), ("52", 40)],  # OAS Act s. 3(4); never more than all of it
)
def test_only_whole_years_count_and_forty_are_all(years: str, whole: int) -> None:
    outcome = pension(Fraction(years), born=date(1950, 1, 1), full="400.00")
    assert outcome.amount == cad("10.00") * whole


def test_each_step_of_a_partial_pension_is_cited() -> None:
    steps = steps_of(*pension(Fraction("35.5"), born=date(1958, 1, 1)).steps)
    assert {rule: str(step.citation) for rule, step in steps.items()} == {
        "residence_fraction": "OAS s. 3(3)",
        "full_amount_answered": "None",  # the institution's own figure
        "whole_years": "OAS s. 3(4)",
        "rounding_of_money": "OASR s. 7",
    }


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2023, 8, 31), "349.30"),  # the month of the birthday: 698.60 x 20/40
        (date(2023, 9, 1), "384.23"),  # the month after it: 768.46 x 20/40
    ],
)
def test_the_full_amount_rises_in_the_month_after_the_75th_birthday(on: date, expected: str) -> None:
    assert pension(20, born=date(1948, 8, 5), on=on, full=None).amount == cad(expected)


def test_before_july_2022_nothing_rises_at_75() -> None:
    assert isinstance(OAS, ResidenceFractions)
    assert OAS.full_amount_increase
    assert OAS.full_amount_increase.valid_from == date(2022, 7, 1)


@pytest.mark.parametrize("on", [date(2023, 6, 30), date(2023, 10, 1), date(2026, 4, 1)])
def test_outside_the_quarters_that_are_known_the_institution_must_give_the_full_amount(on: date) -> None:
    with pytest.raises(DeterminationError, match="full_monthly_amount"):
        pension(20, born=date(1950, 1, 1), on=on, full=None)


@pytest.mark.parametrize(
    ("months", "residence", "expected"),
    [(119, "CA", "not_met"), (120, "CA", "met"), (180, "IT", "not_met"), (239, "IT", "not_met"), (240, "IT", "met")],
)
def test_ten_years_open_the_right_of_residents_and_twenty_that_of_others(
    months: int, residence: str, expected: str
) -> None:
    entitled, step = has_minimum(OAS, Fraction(months), CANADA, abroad=residence != "CA")
    assert step.output == expected
    assert entitled is (expected == "met")
    assert str(step.citation) == "OAS s. 3(2)(b)"


def test_a_retirement_pension_of_the_plan_is_open_from_sixty() -> None:
    # Reached at the beginning of the month after the birthday (Canada Pension Plan s. 2(2)).
    assert age_reached_on(CPP, date(1966, 2, 28)) == date(2026, 3, 1)
    assert age_reached_on(CPP, date(1966, 3, 1)) == date(2026, 4, 1)
    assert age_reached_on(OAS, date(1961, 2, 28)) == date(2026, 2, 28)


def answered(scheme: Scheme, answer: NationalAnswer | None) -> SchemeOutcome:
    on = date(2026, 1, 1)
    answers = {scheme.id: answer} if answer else {}
    facts = DeterminationFacts("CA", Branch.OLD_AGE, date(1960, 1, 1), "CA", on, on, (), national_answers=answers)
    return amount_for(scheme, facts, own=Fraction(12), counted=Fraction(12), legislation=CANADA)


def test_the_plan_is_answered_by_its_institution_and_the_step_says_so() -> None:
    outcome = answered(CPP, NationalAnswer(CPP.id, "ca-sc", independent_amount=cad("312.40")))
    assert outcome.amount == cad("312.40")
    assert outcome.answered_by == "ca-sc"
    assert outcome.steps[0].rule == "national_answer"


def test_without_an_answer_nothing_is_made_up() -> None:
    with pytest.raises(DeterminationError, match="has not answered the independent amount"):
        answered(CPP, None)


def test_fifteen_years_open_no_right_abroad_but_are_paid_there_with_five_of_the_other_state() -> None:
    born, on = date(1958, 12, 15), date(2026, 1, 1)
    residence = InsurancePeriod(
        "ca-1", "CA", PeriodKind.RESIDENCE, OAS.id, date(1985, 1, 1), date(2000, 1, 1), Duration(Fraction(180), MONTHS)
    )
    insurance = InsurancePeriod("it-1", "IT", PeriodKind.COMPULSORY, "it-pensione", date(2000, 1, 1), date(2005, 1, 1))
    figures = {OAS.id: {"full_monthly_amount": Fraction("742.31")}}
    facts = DeterminationFacts("CA", Branch.OLD_AGE, born, "IT", on, on, (residence, insurance), scheme_facts=figures)
    abroad = determine(facts, agreement=packaged.agreement("ca-it"), legislation=CANADA).benefits[0]
    at_home = determine(
        replace(facts, residence_state="CA"), agreement=packaged.agreement("ca-it"), legislation=CANADA
    ).benefits[0]
    # 742.31 x 15/40 = 278.36625 either way; on its own it is a right of residents only (OAS Act s. 3(2)(b)).
    assert (abroad.independent, abroad.award) == (None, cad("278.37"))
    assert (at_home.independent, at_home.award) == (cad("278.37"), cad("278.37"))
    without = determine(
        replace(facts, periods=(residence,)), agreement=packaged.agreement("ca-it"), legislation=CANADA
    ).benefits[0]
    assert without.award is None


def later(*, qualified: str, approved: str, months: int = 480, **more: str) -> DeterminationFacts:
    days = {"qualified_on": qualified, "approved_on": approved, **more}
    figures = {"full_monthly_amount": Fraction(100), "months_when_qualified": Fraction(months)}
    on = date.fromisoformat(approved)
    dates = {OAS.id: {name: date.fromisoformat(day) for name, day in days.items()}}
    born = date(1958, 3, 15)
    return DeterminationFacts(
        "CA", Branch.OLD_AGE, born, "CA", on, on, (), scheme_facts={OAS.id: figures}, scheme_dates=dates
    )


@pytest.mark.parametrize(
    ("qualified", "approved", "months"),
    [
        ("2023-03-15", "2023-03-31", 0),  # approved in the month of qualifying
        ("2023-03-31", "2023-04-01", 1),  # a day apart, and the month of approval counts
        ("2023-03-15", "2028-03-01", 60),
        ("2023-03-15", "2028-04-01", 60),  # none after the month of the 70th birthday
        ("2027-12-01", "2029-01-01", 3),  # who qualifies later has fewer: January to March 2028
        ("2028-03-15", "2029-01-01", 0),
    ],
)
def test_each_month_after_qualifying_up_to_approval_adds_its_part(qualified: str, approved: str, months: int) -> None:
    given = later(qualified=qualified, approved=approved)
    outcome = amount_for(OAS, given, own=Fraction(480), counted=Fraction(480), legislation=CANADA)
    assert outcome.amount == Money(100 * (1 + Fraction(6, 1000) * months), "CAD")
    assert ("later_claim" in steps_of(*outcome.steps)) == bool(months)


def test_a_day_of_approval_needs_that_of_qualifying() -> None:
    given = later(qualified="2023-03-15", approved="2024-03-15")
    alone = replace(given, scheme_dates={OAS.id: {"approved_on": date(2024, 3, 15)}})
    with pytest.raises(DeterminationError, match="qualified_on"):
        amount_for(OAS, alone, own=Fraction(480), counted=Fraction(480), legislation=CANADA)

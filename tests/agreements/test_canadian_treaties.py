"""What Canada's agreements have of their own: minimum-period shares, crews of third flags, gaps before a day."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.applicable_legislation import applicable_legislation
from portability.agreements.calculation import minimum_period_share
from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError, UnmodelledProvisionError
from portability.agreements.model import BenefitResult, DeterminationFacts, NationalAnswer
from portability.agreements.packaged import agreement, legislations
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Money
from portability.agreements.work_facts import Activity, ActivityKind, WorkFacts
from portability.app.commands.agreement_page import agreement_page

DAY = date(2025, 8, 1)


def months(scheme: str, start: str, end: str, amount: int) -> InsurancePeriod:
    kind = PeriodKind.RESIDENCE if scheme == "ca-oas" else PeriodKind.COMPULSORY
    days = (date.fromisoformat(start), date.fromisoformat(end))
    return InsurancePeriod(
        scheme, scheme[:2].upper(), kind, scheme, *days, Duration(Fraction(amount), PeriodUnit.MONTHS)
    )


MANILA = months("ph-sss", "1984-01-01", "1993-01-01", 108)
SEOUL = months("kr-nps", "1989-01-01", "1995-01-01", 72)
CALGARY = months("ca-oas", "1995-01-01", "2003-01-01", 96)
BEFORE_1988 = months("ca-oas", "1985-06-01", "1989-01-01", 43)


def claim(state: str, *periods: InsurancePeriod, answer: NationalAnswer | None = None) -> DeterminationFacts:
    """A claim of 1 August 2025 by somebody born on 20 March 1960 who lives in that state."""
    return DeterminationFacts(
        state=state,
        branch=Branch.OLD_AGE,
        birth_date=date(1960, 3, 20),
        residence_state=state,
        risk_materialised_on=DAY,
        award_on=DAY,
        periods=periods,
        scheme_facts={"ca-oas": {"full_monthly_amount": Fraction("734.95")}},
        national_answers={answer.scheme: answer} if answer else {},
    )


def benefit(facts: DeterminationFacts, *, by: str, scheme: str) -> BenefitResult:
    result = determine(facts, agreement=agreement(by), legislation=legislations()[facts.state])
    return next(one for one in result.benefits if one.scheme == scheme)


def crew(kind: ActivityKind, *, residence: str, flag: str = "", at: str = "CA") -> WorkFacts:
    return WorkFacts(residence, (Activity(kind, at, flag=flag),))


@pytest.mark.parametrize(("own", "due"), [(1, "100"), (119, "11900"), (120, "12000"), (121, "12000")])
def test_the_share_of_the_minimum_period_is_never_more_than_all_of_it(own: int, due: str) -> None:
    whole = Money.of("12000", "PHP")

    assert minimum_period_share(whole, own=Fraction(own), minimum=Fraction(120)) == Money.of(due, "PHP")


def test_canadian_time_opens_the_philippine_right_and_leaves_the_share_as_it_is() -> None:
    answer = NationalAnswer("ph-sss", "ph-sss", theoretical_amount=Money.of("12000", "PHP"))
    minimum = {"ph-sss": {"minimum_period": Fraction(120)}}
    short, long = (
        benefit(
            replace(
                claim("PH", MANILA, months("ca-oas", "1993-01-01", end, amount), answer=answer), scheme_facts=minimum
            ),
            by="ca-ph",
            scheme="ph-sss",
        )
        for end, amount in (("1994-01-01", 12), ("2013-01-01", 240))
    )

    # 12000 x 108/120 = 10800, with one Canadian year and with twenty
    assert short.award == long.award == Money.of("10800", "PHP")


def test_an_independent_amount_is_the_answer_that_own_time_opens_the_right() -> None:
    answer = NationalAnswer("ph-sss", "ph-sss", independent_amount=Money.of("13500", "PHP"))

    assert benefit(claim("PH", MANILA, answer=answer), by="ca-ph", scheme="ph-sss").award == Money.of("13500", "PHP")


def test_conditions_that_nobody_answered_are_asked_for() -> None:
    with pytest.raises(DeterminationError, match=r"'ph-sss' are not encoded.*record the national answer"):
        determine(claim("PH", MANILA), agreement=agreement("ca-ph"), legislation=legislations()["PH"])


@pytest.mark.parametrize("first_day", [date(1988, 1, 1), date(1990, 5, 5)])
def test_residence_from_1988_on_is_totalized_with_korean_months(first_day: date) -> None:
    later = replace(BEFORE_1988, start=first_day, end=date(1994, 1, 1), duration=None)
    facts = claim("CA", replace(SEOUL, start=date(1994, 1, 1), end=date(2004, 1, 1)), later)

    assert benefit(facts, by="ca-kr", scheme="ca-oas").award is not None


@pytest.mark.parametrize("start", [date(1987, 12, 31), None])
def test_residence_before_1988_or_without_dates_is_determined_by_hand(start: date | None) -> None:
    old = replace(BEFORE_1988, start=start, end=date(1994, 1, 1) if start else None)

    with pytest.raises(UnmodelledProvisionError) as stopped:
        determine(claim("CA", SEOUL, old), agreement=agreement("ca-kr"), legislation=legislations()["CA"])
    assert stopped.value.citation == "CA-KR Art. 8(1)(b)(ii)"


def test_korean_time_before_1988_stops_nothing() -> None:
    early = replace(SEOUL, start=date(1980, 1, 1), end=date(1986, 1, 1))

    # 734.95 x 8/40 = 146.99
    assert benefit(claim("CA", early, CALGARY), by="ca-kr", scheme="ca-oas").award == Money.of("146.99", "CAD")


@pytest.mark.parametrize(("residence", "state"), [("CA", "CA"), ("KR", "KR"), ("JP", "KR")])
@pytest.mark.parametrize("kind", [ActivityKind.SEAFARER, ActivityKind.AIR_CREW])
def test_a_crew_that_lives_elsewhere_is_under_korean_legislation(
    kind: ActivityKind, residence: str, state: str
) -> None:
    work = crew(kind, residence=residence)

    assert applicable_legislation(work, agreement=agreement("ca-kr"), on=DAY).state == state


@pytest.mark.parametrize(("flag", "state"), [("TR", "TR"), ("CA", "CA"), ("LR", "CA")])
def test_ships_of_a_third_flag_are_under_canadian_legislation(flag: str, state: str) -> None:
    work = crew(ActivityKind.SEAFARER, residence="TR", flag=flag)

    assert applicable_legislation(work, agreement=agreement("ca-tr"), on=DAY).state == state


def test_the_page_says_from_which_day_back_a_gap_stops() -> None:
    page = agreement_page(agreement("ca-kr"))

    assert "STOPS aggregation for CA, where its own time began before 1988-01-01 or has no dates" in page

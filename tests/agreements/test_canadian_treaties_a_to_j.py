"""What the treaties of Canada with the countries from Albania to Japan ask of the rules that other treaties do not."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.credits import credited_time
from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError, UnmodelledProvisionError
from portability.agreements.model import BenefitResult, DeterminationFacts, NationalAnswer
from portability.agreements.overlap import CountedPeriod
from portability.agreements.packaged import agreement, legislations
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import PeriodCredit
from portability.agreements.values import Branch, Money

DAY = date(2025, 8, 1)


def insured(scheme: str, start: date, end: date, amount: int, unit: PeriodUnit) -> InsurancePeriod:
    return InsurancePeriod(
        period_id=f"{scheme}-1",
        state=scheme[:2].upper(),
        kind=PeriodKind.COMPULSORY,
        scheme=scheme,
        start=start,
        end=end,
        duration=Duration(Fraction(amount), unit),
    )


SAO_PAULO = insured("br-aposentadoria", date(1985, 1, 1), date(1995, 1, 1), 120, PeriodUnit.MONTHS)
LYON = insured("fr-retraite", date(1975, 1, 1), date(1990, 1, 1), 60, PeriodUnit.QUARTERS)
OSAKA = insured("jp-kosei-nenkin", date(1984, 1, 1), date(1993, 1, 1), 108, PeriodUnit.MONTHS)
OTTAWA = insured("ca-cpp", date(1996, 1, 1), date(2020, 1, 1), 24, PeriodUnit.YEARS)


def claim(own: InsurancePeriod, answer: NationalAnswer, **figures: int) -> DeterminationFacts:
    """A claim in the state of the period, by somebody born on 1 February 1955 who lives there."""
    return DeterminationFacts(
        state=own.state,
        branch=Branch.OLD_AGE,
        birth_date=date(1955, 2, 1),
        residence_state=own.state,
        risk_materialised_on=DAY,
        award_on=DAY,
        periods=(own, OTTAWA),
        scheme_facts={own.scheme: {name: Fraction(value) for name, value in figures.items()}},
        national_answers={answer.scheme: answer},
    )


def benefit(facts: DeterminationFacts, *, by: str) -> BenefitResult:
    return determine(facts, agreement=agreement(by), legislation=legislations()[facts.state]).benefits[0]


BRAZILIAN = NationalAnswer("br-aposentadoria", "br-inss", theoretical_amount=Money.of("1800", "BRL"))
FRENCH = NationalAnswer("fr-retraite", "fr-cnav", theoretical_amount=Money.of("1290", "EUR"))
JAPANESE = NationalAnswer("jp-kosei-nenkin", "jp-nenkin", earnings_amount=Money.of("42000", "JPY"))


def test_the_brazilian_divisor_is_the_minimum_period_though_all_periods_are_longer() -> None:
    # 1800 x 120/180 = 1200; by all 408 months it would be 529.41 (Canada-Brazil Art. 16(2)(b))
    assert benefit(claim(SAO_PAULO, BRAZILIAN, minimum_period=180), by="br-ca").award == Money.of("1200", "BRL")


def test_a_minimum_period_that_nobody_states_is_asked_for() -> None:
    with pytest.raises(UnmodelledProvisionError, match="give the figure 'minimum_period'") as stopped:
        benefit(claim(SAO_PAULO, BRAZILIAN), by="br-ca")
    assert stopped.value.citation == "BR-CA Art. 16(2)(b)"


@pytest.mark.parametrize(("full_period", "divisor"), [(155, 155), (156, 156), (157, 156), (None, 156)])
def test_the_french_divisor_is_all_quarters_up_to_a_full_pension(full_period: int | None, divisor: int) -> None:
    figures = {"full_period": full_period} if full_period else {}

    # 60 French quarters and 24 x 4 = 96 Canadian ones are 156 (Canada-France Art. 18(2))
    assert benefit(claim(LYON, FRENCH, **figures), by="ca-fr").ratio == Fraction(60, divisor)


def test_an_amount_from_own_periods_that_all_periods_open_is_no_independent_one() -> None:
    result = benefit(claim(OSAKA, JAPANESE), by="ca-jp")

    assert (result.independent, result.award) == (None, Money.of("42000", "JPY"))


def test_a_theoretical_amount_alone_makes_no_japanese_pension() -> None:
    answer = replace(JAPANESE, earnings_amount=None, theoretical_amount=Money.of("90000", "JPY"))

    with pytest.raises(DeterminationError, match="has not answered the independent amount"):
        benefit(claim(OSAKA, answer), by="ca-jp")


ANTIGUAN = NationalAnswer("ag-oldage", "ag-ssb", theoretical_amount=Money.of("800", "XCD"))
ST_JOHNS = insured("ag-oldage", date(1984, 1, 1), date(1990, 1, 1), 312, PeriodUnit.WEEKS)


@pytest.mark.parametrize(
    ("by", "own", "answer", "figures", "rule"),
    [
        ("ag-ca", ST_JOHNS, ANTIGUAN, {"minimum_period": 520}, "theoretical_on_own"),
        ("br-ca", SAO_PAULO, BRAZILIAN, {"minimum_period": 180}, "theoretical_amount"),
    ],
)
def test_the_explanation_says_which_periods_the_theoretical_amount_stands_on(
    by: str, own: InsurancePeriod, answer: NationalAnswer, figures: dict[str, int], rule: str
) -> None:
    assert rule in [step.rule for step in benefit(claim(own, answer, **figures), by=by).steps]


@pytest.mark.parametrize(
    ("first_day", "end", "years"),
    [
        (date(1995, 2, 1), date(1995, 5, 1), 1),  # three months, 89 days: under 13 weeks
        (date(1995, 5, 14), date(1995, 8, 13), 1),  # 91 days, 13 weeks: a day under three months
        (date(1995, 5, 14), date(1995, 8, 12), 0),  # 90 days: neither
    ],
)
def test_three_months_or_thirteen_weeks_make_a_contribution_year(first_day: date, end: date, years: int) -> None:
    period = replace(insured("cl-pension-vejez", first_day, end, 3, PeriodUnit.MONTHS), duration=None)
    rule = next(one for one in agreement("ca-cl").content.rules if one.id == "chilean-months-for-cpp")
    assert isinstance(rule, PeriodCredit)

    total, _ = credited_time(
        [rule],
        [CountedPeriod(period, ((first_day, end),))],
        own=(),
        scheme=next(one for one in legislations()["CA"].schemes_of(Branch.OLD_AGE) if one.id == "ca-cpp"),
        born_on=date(1970, 1, 1),
    )

    assert total == years

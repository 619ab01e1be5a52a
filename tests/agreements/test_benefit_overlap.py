"""How much of a foreign benefit counts against another, the supplement to a minimum, and the day of a rate."""

from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.applicable_rules import LawOn
from portability.agreements.benefit_overlap import (
    AffectedBenefit,
    ForeignBenefit,
    counted_against,
    largest_reduction,
    mutual_reductions,
)
from portability.agreements.currencies import Rate, exchange, rate_day
from portability.agreements.errors import InputError
from portability.agreements.instalments import a_month
from portability.agreements.minimum_supplement import minimum_supplement
from portability.agreements.packaged import agreement
from portability.agreements.rules import BenefitOverlap, CurrencyConversion, MinimumSupplement, MutualReductions
from portability.agreements.values import Money

LAW = LawOn(agreement("eu-883-2004"), date(2014, 7, 1))
OTHER = LAW.rule(BenefitOverlap, subject="different_kind")
SAME = LAW.rule(BenefitOverlap, subject="same_kind")


def eur(amount: int | str) -> Money:
    return Money.of(amount, "EUR")


INCOME = ForeignBenefit(eur(300), national_law_counts_foreign=True)


def test_beside_a_pro_rata_benefit_independent_ones_are_still_divided_among_themselves() -> None:
    # 300 / 2 for each of two independent benefits, 300 x 1/3 for the third (Art. 55(1)(c)).
    benefits = [
        AffectedBenefit("fr", "independent"),
        AffectedBenefit("be", "independent"),
        AffectedBenefit("nl", "pro_rata", Fraction(1, 3)),
    ]

    counted = counted_against(INCOME, benefits, rule=OTHER)
    assert [one.amount.amount for one in counted] == [150, 150, 100]
    assert {str(one.citation) for one in counted} == {"883/2004 Art. 55(1)(c)"}


def test_one_independent_benefit_bears_the_whole_amount() -> None:
    (counted,) = counted_against(INCOME, [AffectedBenefit("fr", "independent")], rule=OTHER)

    assert counted.amount == eur(300)


def test_where_national_law_counts_by_the_ratio_the_amount_is_not_divided() -> None:
    benefits = [
        AffectedBenefit("fr", "independent", Fraction(2, 3), counts_by_ratio=True),
        AffectedBenefit("be", "independent"),
    ]

    counted = counted_against(INCOME, benefits, rule=OTHER)
    assert [(one.amount.amount, str(one.citation)) for one in counted] == [
        (200, "883/2004 Art. 55(2)"),
        (150, "883/2004 Art. 55(1)(a)"),
    ]


def test_a_pro_rata_benefit_without_its_ratio_is_refused() -> None:
    with pytest.raises(InputError, match="ratio of periods of the benefit 'fr'"):
        counted_against(INCOME, [AffectedBenefit("fr", "pro_rata")], rule=OTHER)


def test_amounts_count_before_deductions_unless_national_law_says_after() -> None:
    benefits = [AffectedBenefit("be", "independent", scheme="nl-anw")]
    net = ForeignBenefit(eur(300), net=eur(240), national_law_counts_foreign=True)

    assert counted_against(INCOME, benefits, rule=SAME)[0].amount == eur(300)
    assert counted_against(net, benefits, rule=SAME)[0].amount == eur(240)


@pytest.mark.parametrize(("states", "reduction"), [(1, 300), (2, 400)])
def test_one_state_alone_reduces_by_no_more_than_the_foreign_amount(states: int, reduction: int) -> None:
    assert largest_reduction(eur(400), INCOME, states_that_reduce=states) == eur(reduction)


def test_mutual_reductions_need_two_benefits() -> None:
    rule = LAW.rule(MutualReductions)

    # 100 / 2 and 61 / 2; the third is not reduced and does not count.
    reductions = {"fr": eur(100), "be": eur(61), "nl": eur(0)}
    assert mutual_reductions(reductions, rule=rule) == {"fr": eur(50), "be": eur("30.5"), "nl": eur(0)}
    with pytest.raises(InputError, match="two or more"):
        mutual_reductions({"fr": eur(100), "be": eur(0)}, rule=rule)


@pytest.mark.parametrize(("due", "supplement"), [([400, 350], 150), ([400, 500], 0), ([400, 600], 0)])
def test_a_supplement_fills_up_to_the_minimum_and_never_beyond(due: list[int], supplement: int) -> None:
    result = minimum_supplement(
        [eur(amount) for amount in due],
        minimum=eur(900),
        paying_state="FR",
        residence_state="FR",
        rule=LAW.rule(MinimumSupplement),
    )

    assert result.amount == eur(supplement)


@pytest.mark.parametrize(
    ("purpose", "reference", "day"),
    [
        ("any_other", date(2014, 7, 15), date(2014, 7, 15)),
        ("amounts_over_a_period", date(2013, 12, 31), date(2013, 12, 31)),
        ("one_amount", date(2014, 1, 31), date(2013, 12, 1)),
        ("indexation", date(2014, 7, 1), date(2014, 6, 1)),
        ("recovery", date(2014, 7, 15), date(2014, 7, 15)),
        ("unemployment_reimbursement", date(2014, 7, 31), date(2014, 7, 1)),
    ],
)
def test_each_purpose_has_its_day(purpose: str, reference: date, day: date) -> None:
    assert rate_day(reference, rule=LAW.rule(CurrencyConversion, subject=purpose)) == day


def test_an_exchange_is_exact_both_ways_and_needs_the_rate_between_the_two() -> None:
    rate = Rate("EUR", "PLN", Fraction("4.235"), date(2019, 7, 1))

    zloty = exchange(eur(204), to="PLN", rate=rate)
    assert zloty == Money.of("863.94", "PLN")
    assert exchange(zloty, to="EUR", rate=rate) == eur(204)
    with pytest.raises(InputError, match="does not turn EUR into CHF"):
        exchange(eur(1), to="CHF", rate=rate)


def test_an_amount_a_month_needs_at_least_one_instalment_a_year() -> None:
    assert a_month(eur(120), instalments_a_year=1) == eur(10)
    with pytest.raises(InputError, match="expected one or more"):
        a_month(eur(120), instalments_a_year=0)

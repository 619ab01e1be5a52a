"""At every day on which a rule starts or ends, the day before and the day after: an answer or a named failure."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from portability.agreements.determination import determine
from portability.agreements.errors import ConflictingRulesError, NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.explanation import render, trace_bytes
from portability.agreements.loading import Agreement
from portability.agreements.lookup import boundary_dates, rule_in_force, rules_in_force
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.legislation import Scheme
from portability.agreements.national.residence_fractions import ResidenceFractions
from portability.agreements.packaged import agreements, legislations
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import Aggregation
from portability.agreements.values import Branch, Money

NAMED = (NoRuleInForceError, ConflictingRulesError, UnmodelledProvisionError)


def ten_years(scheme: Scheme, state: str, first_year: int) -> InsurancePeriod:
    days = date(first_year, 1, 1), date(first_year + 10, 1, 1)
    kind = PeriodKind.RESIDENCE if isinstance(scheme, ResidenceFractions) else PeriodKind.COMPULSORY
    time = Duration(Fraction(10) * UNITS[scheme.unit], scheme.unit, scheme.day_regime)
    return InsurancePeriod(f"{scheme.id}-{first_year}", state, kind, scheme.id, *days, time)


def career(agreement: Agreement, state: str) -> tuple[InsurancePeriod, ...]:
    """Ten years in each scheme of the state, then ten in the first scheme of up to two other parties."""
    own = [ten_years(scheme, state, 1945) for scheme in legislations()[state].schemes_of(Branch.OLD_AGE)]
    others = [other for other in agreement.content.parties if other != state and other in legislations()][:2]
    for index, other in enumerate(others, start=1):
        first = legislations()[other].schemes_of(Branch.OLD_AGE)[:1]
        # Dates alone, as the scale of every agreement can take them.
        own += [replace(ten_years(scheme, other, 1945 + 10 * index), duration=None) for scheme in first]
    return tuple(own)


FIGURES = (
    "earnings_points", "full_monthly_amount", "others_payable", "other_benefit", "displaced_voluntary_amount",
    "years_since_entry", *(f"weekly_rate_{average}" for average in (48, 40, 30, 20, 15, 10)),
)  # fmt: skip
EARNINGS = {
    "earnings": {year: Fraction(3000) for year in range(1951, 1954)},
    "quarters_of_coverage": {year: Fraction(4) for year in range(1951, 1954)},
}
UNITS = {
    PeriodUnit.DAYS: 312,
    PeriodUnit.WEEKS: 52,
    PeriodUnit.MONTHS: 12,
    PeriodUnit.QUARTERS: 4,
    PeriodUnit.YEARS: 1,
}
CASES = [
    pytest.param(agreement, state, day + timedelta(days=shift), id=f"{agreement.id}-{state}-{day}{shift:+d}")
    for agreement in agreements().values()
    for state in agreement.content.parties
    if state in legislations()
    for day in boundary_dates(agreement)
    for shift in (-1, 0, 1)
]


def facts(agreement: Agreement, state: str, award_on: date) -> DeterminationFacts:
    schemes = legislations()[state].schemes_of(Branch.OLD_AGE)
    amounts = [Money.of(amount, "XXX") for amount in ("300", "900", "100", "200")]
    answers = {
        one.id: NationalAnswer(one.id, "the-institution", *(Money(each.amount, one.currency) for each in amounts))
        for one in schemes
    }
    return DeterminationFacts(
        state=state,
        branch=Branch.OLD_AGE,
        birth_date=date(1915, 6, 15),
        residence_state=agreement.content.parties[-1],
        risk_materialised_on=award_on,
        award_on=award_on,
        periods=career(agreement, state),
        scheme_facts={one.id: dict.fromkeys(FIGURES, Fraction(10)) for one in schemes},
        yearly_facts=dict.fromkeys((one.id for one in schemes), EARNINGS),
        national_answers=answers,
    )


@pytest.mark.parametrize(("agreement", "state", "on"), CASES)
def test_around_every_boundary_there_is_an_answer_or_a_named_failure(
    agreement: Agreement, state: str, on: date
) -> None:
    try:
        result = determine(facts(agreement, state, on), agreement=agreement, legislation=legislations()[state])
    except NAMED as exc:
        assert exc.message
        return
    assert result.benefits
    assert trace_bytes(result)
    assert all(render(result, audience) for audience in ("jurist", "caseworker", "worker"))


@pytest.mark.parametrize("agreement", agreements().values(), ids=agreements())
def test_the_day_before_the_first_rule_names_the_first_date_covered(agreement: Agreement) -> None:
    first = boundary_dates(agreement)[0]

    rule = next(rule for rule in agreement.content.rules if rule.valid_from == first)

    with pytest.raises(NoRuleInForceError, match=str(first)) as caught:
        rule_in_force(agreement, type(rule), branch=agreement.content.branches[0], on=first - timedelta(days=1))

    assert caught.value.first_day == first
    assert f"{agreement.file}:" in caught.value.message


@pytest.mark.parametrize("agreement", agreements().values(), ids=agreements())
def test_a_last_day_is_inclusive(agreement: Agreement) -> None:
    for rule in agreement.content.rules:
        if rule.valid_until is None:
            continue
        state, scheme = (rule.states or ("",))[0], (rule.schemes or ("",))[0]
        asked = {"branch": Branch.OLD_AGE, "state": state, "scheme": scheme}
        assert rule in rules_in_force(agreement, type(rule), on=rule.valid_until, **asked)  # type: ignore[arg-type]
        after = rule.valid_until + timedelta(days=1)
        assert rule not in rules_in_force(agreement, type(rule), on=after, **asked)  # type: ignore[arg-type]


def test_another_branch_has_no_rule() -> None:
    with pytest.raises(NoRuleInForceError, match="for survivors"):
        rule_in_force(agreements()["ca-it"], Aggregation, branch=Branch.SURVIVORS, on=date(2020, 1, 1))


def test_canada_and_germany_change_their_rules_on_1_december_2003() -> None:
    before = determine_in_canada(date(2003, 11, 30))
    after = determine_in_canada(date(2003, 12, 1))

    # Until then German residence counts, and the career names coverage only; since then coverage counts as well.
    assert "(CA-DE Art. 14(a))" in before
    assert "(CA-DE-2003 Art. 1(5), new Art. 14(a)(i))" in after


def determine_in_canada(on: date) -> str:
    result = determine(
        facts(agreements()["ca-de"], "CA", on), agreement=agreements()["ca-de"], legislation=legislations()["CA"]
    )
    return render(result, "jurist")


def test_pension_ages_are_reached_before_the_awards_of_these_tests() -> None:
    schemes = [scheme for one in legislations().values() for scheme in one.schemes_of(Branch.OLD_AGE)]

    assert all(age_reached_on(scheme, date(1915, 6, 15)) < date(1988, 3, 31) for scheme in schemes if scheme.age)

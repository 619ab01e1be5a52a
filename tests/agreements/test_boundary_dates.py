"""At every day on which a rule starts or ends, the day before and the day after: an answer or a named failure."""

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
from portability.agreements.packaged import agreements, legislations
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import Aggregation
from portability.agreements.values import Branch, Money

NAMED = (NoRuleInForceError, ConflictingRulesError, UnmodelledProvisionError)


def span(scheme: str, first: str, end: str, amount: int, unit: PeriodUnit) -> InsurancePeriod:
    state = {"de-rente": "DE", "it-pensione": "IT"}.get(scheme, "CA")
    kind = PeriodKind.RESIDENCE if scheme == "ca-oas" else PeriodKind.COMPULSORY
    days = date.fromisoformat(first), date.fromisoformat(end)
    return InsurancePeriod(f"{scheme}-1", state, kind, scheme, *days, Duration(Fraction(amount), unit))


CAREER = (
    span("de-rente", "1945-01-01", "1955-01-01", 120, PeriodUnit.MONTHS),
    span("it-pensione", "1955-01-01", "1965-01-01", 520, PeriodUnit.WEEKS),
    span("ca-oas", "1965-01-01", "1985-01-01", 240, PeriodUnit.MONTHS),
    span("ca-cpp", "1966-01-01", "1985-01-01", 19, PeriodUnit.YEARS),
)
CASES = [
    pytest.param(agreement, state, day + timedelta(days=shift), id=f"{agreement.id}-{state}-{day}{shift:+d}")
    for agreement in agreements().values()
    for state in agreement.content.parties
    if state in legislations()
    for day in boundary_dates(agreement)
    for shift in (-1, 0, 1)
]


def facts(state: str, award_on: date) -> DeterminationFacts:
    answers = {
        scheme: NationalAnswer(scheme, "it-inps", Money.of("300", currency), Money.of("900", currency))
        for scheme, currency in (("it-pensione", "EUR"), ("ca-cpp", "CAD"))
    }
    return DeterminationFacts(
        state=state,
        branch=Branch.OLD_AGE,
        birth_date=date(1915, 6, 15),
        residence_state="IT",
        risk_materialised_on=award_on,
        award_on=award_on,
        periods=CAREER,
        scheme_facts={
            "de-rente": {"earnings_points": Fraction(10)},
            "ca-oas": {"full_monthly_amount": Fraction("298.99")},
        },
        national_answers=answers,
    )


@pytest.mark.parametrize(("agreement", "state", "on"), CASES)
def test_around_every_boundary_there_is_an_answer_or_a_named_failure(
    agreement: Agreement, state: str, on: date
) -> None:
    try:
        result = determine(facts(state, on), agreement=agreement, legislation=legislations()[state])
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
    result = determine(facts("CA", on), agreement=agreements()["ca-de"], legislation=legislations()["CA"])
    return render(result, "jurist")


def test_pension_ages_are_reached_before_the_awards_of_these_tests() -> None:
    schemes = [scheme for one in legislations().values() for scheme in one.schemes_of(Branch.OLD_AGE)]

    assert all(age_reached_on(scheme, date(1915, 6, 15)) < date(1988, 3, 31) for scheme in schemes if scheme.age)

"""Parties bound from a day of their own, and an agreement that takes over the rules of another one."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from portability.agreements.determination import determine
from portability.agreements.errors import AgreementError, NoRuleInForceError
from portability.agreements.incorporation import with_incorporated
from portability.agreements.loading import load_agreement
from portability.agreements.lookup import rule_in_force
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.packaged import agreement, legislation, packaged_texts
from portability.agreements.parties import is_bound, parties_on
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import HigherOfIndependentAndProRata, PeriodConversion
from portability.agreements.values import Branch, Money

COLOMBIA_JOINED = date(2023, 8, 1)


def test_a_state_is_bound_from_the_day_of_its_accession() -> None:
    ibero = agreement("ibero-american")
    assert not is_bound(ibero, "CO", on=COLOMBIA_JOINED - timedelta(days=1))
    assert is_bound(ibero, "CO", on=COLOMBIA_JOINED)
    assert parties_on(ibero, date(2011, 5, 1)) == ("BO", "ES")


def test_a_state_that_is_no_party_is_never_bound() -> None:
    assert not is_bound(agreement("ibero-american"), "MX", on=COLOMBIA_JOINED)


def test_periods_of_a_state_that_is_not_bound_yet_are_not_counted() -> None:
    before, after = (_spanish_ratio(COLOMBIA_JOINED + timedelta(days=shift)) for shift in (-1, 0))
    # Spain counts ten years of its own (3652 days) before Colombia joins; after, 3652 of 3652 + 3653 days.
    assert (before, after) == (Fraction(1), Fraction(3652, 7305))


def test_a_state_that_is_not_bound_yet_determines_nothing() -> None:
    ibero = agreement("ibero-american")
    facts = _facts(award_on=COLOMBIA_JOINED - timedelta(days=1), state="CO", scheme="co-pension")
    with pytest.raises(NoRuleInForceError, match="does not bind CO on 2023-07-31"):
        determine(facts, agreement=ibero, legislation=legislation("CO"))


def test_the_nordic_convention_applies_the_regulation_from_its_own_first_day() -> None:
    nordic = agreement("nordic")
    rule = rule_in_force(
        nordic, HigherOfIndependentAndProRata, branch=Branch.OLD_AGE, on=date(2014, 5, 1), state="NO", scheme="no-x"
    )
    assert rule.pro_rata_cite.startswith("883/2004 Art. 52")
    with pytest.raises(NoRuleInForceError):
        rule_in_force(nordic, PeriodConversion, branch=Branch.OLD_AGE, on=date(2014, 4, 30), state="NO")
    assert nordic.incorporated == ((agreement("eu-883-2004").file, agreement("eu-883-2004").sha256),)


def test_a_kind_of_rule_that_the_file_states_itself_replaces_the_other() -> None:
    scopes = [rule.cite for rule in agreement("nordic").content.rules if rule.rule == "personal_scope"]
    assert scopes == ["Nordic Art. 3(2)"]


def test_an_unknown_agreement_cannot_be_incorporated() -> None:
    nordic = load_agreement(packaged_texts("treaties")["nordic.yaml"], "nordic.yaml")
    with pytest.raises(AgreementError, match=r"'eu-883-2004' \(Nordic Art. 4\), which is not known"):
        with_incorporated(nordic, {})


def _spanish_ratio(award_on: date) -> Fraction:
    facts = _facts(award_on=award_on, state="ES", scheme="es-jubilacion")
    (benefit,) = determine(facts, agreement=agreement("ibero-american"), legislation=legislation("ES")).benefits
    return benefit.ratio if benefit.ratio is not None else Fraction(1)


def _facts(*, award_on: date, state: str, scheme: str) -> DeterminationFacts:
    def ten_years(own: str, first: str, end: str, of: str) -> InsurancePeriod:
        days = date.fromisoformat(first), date.fromisoformat(end)
        return InsurancePeriod(
            f"{own}-1", own, PeriodKind.COMPULSORY, of, *days, Duration(Fraction(120), PeriodUnit.MONTHS)
        )

    amount = Money.of("900", "EUR")
    # Spain answers a right of its own as long as nothing else counts.
    answer = NationalAnswer(scheme, "es-inss", amount if award_on < COLOMBIA_JOINED else None, amount)
    return DeterminationFacts(
        state=state,
        branch=Branch.OLD_AGE,
        birth_date=date(1957, 1, 1),
        residence_state=state,
        risk_materialised_on=award_on,
        award_on=award_on,
        periods=(
            ten_years("ES", "1990-01-01", "2000-01-01", "es-jubilacion"),
            ten_years("CO", "2000-01-01", "2010-01-01", "co-pension"),
        ),
        national_answers={scheme: answer},
    )

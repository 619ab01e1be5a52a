"""What keeps other states' time from counting: too little own time, and third states that nobody has looked at."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError, UnmodelledProvisionError
from portability.agreements.loading import Agreement, load_agreement
from portability.agreements.model import BenefitResult, DeterminationFacts, NationalAnswer
from portability.agreements.national.legislation import Legislation, load_legislation
from portability.agreements.packaged import agreement, legislation
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Money

DAY = date(2024, 7, 1)
LAW = """
format: 1
id: jp
title: A pension in months
state: JP
instruments: [{id: L, title: A law, official: none, read: invented}]
status: unverified
not_modelled: []
schemes:
  - {id: jp-pension, name: A pension, law: answered_by_institution, branch: old_age, unit: months, currency: JPY,
     age: [{born_from: 1900-01-01, months: 780, cite: L s. 1}],
     minimum: {time: {amount: 120, unit: months}, cite: L s. 2},
     why: The institution answers the amounts.}
"""
TREATY = """
format: 1
id: jp-no
title: A treaty
kind: bilateral
parties: [JP, NO]
instruments: [{{id: T, title: A treaty, official: none, read: invented}}]
status: unverified
branches: [old_age]
not_modelled: []
rules:
  - {{id: sum, rule: aggregation, from: 2000-01-01, cite: T Art. 2, only: to_the_extent_necessary,
     without_scale: calendar, minimum_own: {least}, minimum_own_cite: T Art. 2(3)}}
  - {{id: overlap, rule: overlap, from: 2000-01-01, cite: T Art. 3}}
  - {{id: share, rule: pro_rata_without_independent_right, from: 2000-01-01, cite: T Art. 4,
     independent_cite: T Art. 4(1), theoretical_cite: T Art. 4(2), pro_rata_cite: T Art. 4(3)}}
"""


def treaty(least: str = "{amount: 12, unit: months}") -> Agreement:
    return load_agreement(TREATY.format(least=least), "jp-no.yaml")


def law() -> Legislation:
    return load_legislation(LAW, "jp.yaml", sha256="0" * 64)


def months(state: str, amount: int, first: date) -> InsurancePeriod:
    end = date(first.year + (first.month - 1 + amount) // 12, (first.month - 1 + amount) % 12 + 1, 1)
    time = Duration(Fraction(amount), PeriodUnit.MONTHS)
    return InsurancePeriod(state, state, PeriodKind.COMPULSORY, f"{state.lower()}-pension", first, end, time)


def facts(own: int) -> DeterminationFacts:
    answer = NationalAnswer("jp-pension", "jp", theoretical_amount=Money.of("60000", "JPY"))
    periods = (months("JP", own, date(1990, 1, 1)), months("NO", 120, date(2000, 1, 1)))
    return DeterminationFacts("JP", Branch.OLD_AGE, date(1955, 1, 1), "JP", DAY, DAY, periods,
                              national_answers={"jp-pension": answer})  # fmt: skip


def benefit(own: int, agreement_: Agreement) -> BenefitResult:
    (found,) = determine(facts(own), agreement=agreement_, legislation=law()).benefits
    return found


def test_other_time_counts_from_the_least_own_time_on() -> None:
    # 12 + 120 = 132 >= 120; 11 alone are under 120.
    enough, short = benefit(12, treaty()), benefit(11, treaty())

    assert (enough.ratio, short.award) == (Fraction(12, 132), None)
    (step,) = [step for step in short.steps if step.rule == "own_time_too_short"]
    assert (str(step.citation), step.value("needed"), step.output) == ("T Art. 2(3)", 12, 11)


def test_a_minimum_in_another_unit_needs_a_rule_that_converts_it() -> None:
    with pytest.raises(DeterminationError, match=r"T Art\. 2\(3\) asks for 1 years"):
        benefit(12, treaty("{amount: 1, unit: years}"))


def test_a_third_state_stops_only_if_it_may_be_bound_to_both() -> None:
    # Nine years in Canada, five in Brazil: none of the parties' periods opens the right (CA-IT Art. 14).
    periods = (
        InsurancePeriod("ca", "CA", PeriodKind.RESIDENCE, "ca-oas", date(1980, 1, 1), date(1989, 1, 1)),
        InsurancePeriod("br", "BR", PeriodKind.COMPULSORY, "br", date(1990, 1, 1), date(1995, 1, 1)),
    )
    asked = DeterminationFacts("CA", Branch.OLD_AGE, date(1950, 1, 1), "IT", DAY, DAY, periods)

    def run(third_states: frozenset[str] | None) -> BenefitResult:
        known = replace(asked, third_states=third_states)
        return determine(known, agreement=agreement("ca-it"), legislation=legislation("CA")).benefits[0]

    assert run(frozenset()).award is None
    for states in (None, frozenset({"BR"})):
        with pytest.raises(UnmodelledProvisionError, match="BR"):
            run(states)

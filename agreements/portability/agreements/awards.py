"""The amounts of one scheme by the agreement's way of calculating: one function for each way."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from portability.agreements.calculation import flat_rate_part, higher_of
from portability.agreements.coverage_lifetime import pro_rata_over_coverage_lifetime
from portability.agreements.errors import NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.loading import Agreement
from portability.agreements.lookup import find_rule
from portability.agreements.minimum_period import minimum_period_benefit
from portability.agreements.model import BenefitResult, DeterminationFacts, Step
from portability.agreements.national.legislation import Scheme
from portability.agreements.national.residence import payable_abroad
from portability.agreements.national.schemes import amount_for
from portability.agreements.residence_awards import direct_deduction, own_residence_fraction
from portability.agreements.rules import (
    DirectDeduction,
    FlatRateFraction,
    HigherOfIndependentAndProRata,
    MinimumPeriodFraction,
    OwnPeriodsOnly,
    OwnResidenceFraction,
    ProRataOverCoverageLifetime,
    ProRataWithoutIndependentRight,
    ProRataWithSupplement,
    RuleBase,
)
from portability.agreements.shares import Calculation, independent_benefit, pro_rata_share
from portability.agreements.supplement import pro_rata_with_supplement
from portability.agreements.values import Citation

__all__ = ["Calculation", "CalculationRule", "award", "calculation_rule"]

CalculationRule = (
    HigherOfIndependentAndProRata
    | ProRataWithoutIndependentRight
    | ProRataWithSupplement
    | OwnResidenceFraction
    | DirectDeduction
    | OwnPeriodsOnly
    | FlatRateFraction
    | MinimumPeriodFraction
    | ProRataOverCoverageLifetime
)


def calculation_rule(agreement: Agreement, facts: DeterminationFacts, scheme: Scheme) -> CalculationRule:
    """The one way of calculating in force for a scheme; NoRuleInForceError where the agreement has none."""
    for kind in _WAYS:
        rule = find_rule(agreement, kind, branch=facts.branch, on=facts.award_on, state=facts.state, scheme=scheme.id)
        if rule is not None:
            return cast(CalculationRule, rule)
    raise NoRuleInForceError(
        f"Agreement '{agreement.id}' has no rule for calculating '{scheme.id}' ({facts.branch}) in {facts.state} "
        f"on {facts.award_on}: see `not_modelled` in {agreement.file}."
    )


def award(case: Calculation, rule: CalculationRule) -> BenefitResult:
    """The amounts and the one to propose, with the steps."""
    if not case.together:
        step = Step("no_right", rule.citation, (("total", case.time.total), ("unit", case.scheme.unit)))
        return BenefitResult(case.scheme.id, None, None, None, None, None, (step,))
    return _WAYS[type(rule)](case, rule)


def _without_independent_right(case: Calculation, rule: ProRataWithoutIndependentRight) -> BenefitResult:
    return independent_benefit(case, rule.independent_cite) if case.alone else pro_rata_share(case, rule)


def _minimum_period(case: Calculation, rule: MinimumPeriodFraction) -> BenefitResult:
    return independent_benefit(case, rule.independent_cite) if case.alone else minimum_period_benefit(case, rule)


def _higher_of(case: Calculation, rule: HigherOfIndependentAndProRata) -> BenefitResult:
    """Independent and pro rata benefit, the higher due (883/2004 Art. 52(1) and (3)); waived for some (Art. 52(4))."""
    if case.alone and case.waived is not None:
        benefit = independent_benefit(case, rule.independent_cite)
        return replace(benefit, steps=(*benefit.steps, Step("pro_rata_waived", case.waived)))
    pro_rata = pro_rata_share(case, rule)
    if not case.alone:
        return pro_rata
    independent = independent_benefit(case, rule.independent_cite)
    due = higher_of(independent.award, pro_rata.award)
    steps = (*independent.steps, *pro_rata.steps)
    if due is not None and independent.award is not None and pro_rata.award is not None:
        higher = "independent" if independent.award.amount >= pro_rata.award.amount else "pro_rata"
        values = (("independent", independent.award), ("pro_rata", pro_rata.award), ("higher", higher))
        steps = (*steps, Step("higher_of", Citation.of(rule.higher_cite), values, due))
    return replace(pro_rata, independent=independent.award, award=due, steps=steps)


def _own_periods_only(case: Calculation, rule: OwnPeriodsOnly) -> BenefitResult:
    """All periods open the right, own periods alone make the amount (Canada-Germany Art. 13(c), 14(b))."""
    outcome = amount_for(
        case.scheme,
        case.facts,
        own=case.national,
        counted=case.national,
        theoretical=False,
        legislation=case.legislation,
    )
    values = (
        ("opened_by", "own_time_alone" if case.alone else "all_time_together"),
        ("eligibility_cite", rule.eligibility_cite),
        ("own", case.national),
        ("total", case.time.total),
        ("unit", case.scheme.unit),
    )
    step = Step("own_periods_only", rule.citation, values, outcome.amount, outcome.steps)
    abroad = payable_abroad(case.scheme, case.facts, own=case.national, total=case.time.total, rule=rule,
                            legislation=case.legislation)  # fmt: skip
    amount = outcome.amount if all(step.output != "not_paid_abroad" for step in abroad) else None
    independent = outcome.amount if case.alone else None
    return BenefitResult(case.scheme.id, independent, None, None, None, amount, (step, *abroad))


def _flat_rate(case: Calculation, rule: FlatRateFraction) -> BenefitResult:
    """Earnings part + flat part x own periods / minimum period, at most one (Canada-Italy Art. 18).

    A right on own periods alone is paid under national law. Both parts are the institution's own answer, because
    the Canada Pension Plan is not encoded; UnmodelledProvisionError where it has given none.
    """
    if case.alone:
        return independent_benefit(case, rule.earnings_cite)
    answer, minimum = case.facts.national_answers.get(case.scheme.id), case.scheme.minimum
    if answer is None or answer.earnings_amount is None or answer.flat_rate_amount is None or minimum is None:
        raise UnmodelledProvisionError(
            f"The right to '{case.scheme.id}' is opened by all periods together: its institution must answer the "
            "earnings-related part and the full flat-rate part.",
            citation=rule.flat_cite,
        )
    flat = flat_rate_part(answer.flat_rate_amount, own=case.national, minimum=minimum.time.amount)
    due = answer.earnings_amount + flat
    values = (
        ("earnings", answer.earnings_amount),
        ("earnings_cite", rule.earnings_cite),
        ("full_flat_rate", answer.flat_rate_amount),
        ("own", case.national),
        ("minimum", minimum.time.amount),
        ("flat_rate", flat),
        ("answered_by", answer.answered_by),
    )
    step = Step("flat_rate_fraction", Citation.of(rule.flat_cite), values, due)
    return BenefitResult(case.scheme.id, None, None, None, None, due, (step,))


_WAYS: Mapping[type[RuleBase], Callable[[Calculation, Any], BenefitResult]] = {
    HigherOfIndependentAndProRata: _higher_of,
    ProRataWithoutIndependentRight: _without_independent_right,
    ProRataWithSupplement: pro_rata_with_supplement,
    OwnResidenceFraction: own_residence_fraction,
    DirectDeduction: direct_deduction,
    OwnPeriodsOnly: _own_periods_only,
    FlatRateFraction: _flat_rate,
    MinimumPeriodFraction: _minimum_period,
    ProRataOverCoverageLifetime: pro_rata_over_coverage_lifetime,
}

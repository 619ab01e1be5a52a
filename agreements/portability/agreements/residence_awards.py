"""Amounts by residence under an agreement: the share by months, and the deduction of the other state's benefit."""

from dataclasses import replace

from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import BenefitResult, Step
from portability.agreements.national.schemes import amount_for, rounded
from portability.agreements.residence_months import (
    longest_stay,
    months_of_residence,
    residence_divisor,
    residence_fraction_of,
)
from portability.agreements.rules import DirectDeduction, OwnResidenceFraction
from portability.agreements.shares import Calculation, independent_benefit
from portability.agreements.values import Citation, Money

__all__ = ["direct_deduction", "own_residence_fraction"]


def own_residence_fraction(case: Calculation, rule: OwnResidenceFraction) -> BenefitResult:
    """The amount of who lived there all the time x months / divisor (Australia-Norway Art. 17(1)).

    A right on own time alone is paid under national law where the rule is for people abroad only and she lives at home.
    """
    if rule.payable == "abroad" and case.facts.residence_state == case.facts.state:
        return _full(case, rule)
    spans = [(one.start, one.end) for one in case.facts.periods if _own(case, one.state) and one.start and one.end]
    months = months_of_residence(spans, rule=rule, born_on=case.facts.birth_date)
    if not _long_enough(months, longest_stay(spans), rule):
        values = (("months", months), ("needed", rule.minimum_months), ("in_one_stay", rule.minimum_continuous_months))
        step = Step("residence_too_short", Citation.of(rule.minimum_cite or rule.cite), values)
        return BenefitResult(case.scheme.id, None, None, None, None, None, (step,))
    divisor = residence_divisor(rule, born_on=case.facts.birth_date)
    ratio = residence_fraction_of(months, divisor=divisor)
    full = _full(case, rule)
    if full.award is None:
        return full
    amount, rounding = rounded(case.scheme, full.award * ratio, case.legislation)
    counted = Step("months_of_residence", Citation.of(rule.counting_cite), (("counting", rule.counting),), months)
    share = (("full", full.award), ("months", months), ("divisor", divisor))
    step = Step("own_residence_fraction", rule.citation, share, amount, (counted, *rounding))
    return replace(full, pro_rata=amount, ratio=ratio, award=amount, steps=(*full.steps, step))


def direct_deduction(case: Calculation, rule: DirectDeduction) -> BenefitResult:
    """The amount less the other state's benefit, the figure `other_benefit` a month in the scheme's currency.

    A right on own time alone is paid under national law. UnmodelledProvisionError where the figure is missing.
    """
    if case.alone:
        return independent_benefit(case, rule.independent_cite)
    full = _full(case, rule)
    other = case.facts.scheme_facts.get(case.scheme.id, {}).get("other_benefit")
    if full.award is None or other is None:
        raise UnmodelledProvisionError(
            f"The other state's benefit is taken from '{case.scheme.id}': give it as the figure 'other_benefit'.",
            citation=rule.cite,
        )
    deducted = Money(other, full.award.currency)
    due = Money(max(full.award.amount - other, type(other)(0)), full.award.currency)
    step = Step("direct_deduction", rule.citation, (("full", full.award), ("deducted", deducted)), due)
    return replace(full, award=due, steps=(*full.steps, step))


def _full(case: Calculation, rule: OwnResidenceFraction | DirectDeduction) -> BenefitResult:
    """What somebody gets who lived there all the time."""
    outcome = amount_for(
        case.scheme,
        case.facts,
        own=case.national,
        counted=case.time.total,
        theoretical=not case.alone,
        legislation=case.legislation,
    )
    step = Step(
        "full_amount_of_residents", rule.citation, (("scheme", case.scheme.name),), outcome.amount, outcome.steps
    )
    independent = outcome.amount if case.alone else None
    return BenefitResult(case.scheme.id, independent, outcome.amount, None, None, outcome.amount, (step,))


def _own(case: Calculation, state: str) -> bool:
    return state == case.facts.state


def _long_enough(months: int, longest: int, rule: OwnResidenceFraction) -> bool:
    return months >= (rule.minimum_months or 0) and longest >= (rule.minimum_continuous_months or 0)

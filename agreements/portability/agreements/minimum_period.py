"""A share of a theoretical amount by the minimum period (Canada-Philippines Art. XIII, Canada-Brazil Art. 16(2)).

The divisor is the least time that opens the right, not all periods together: other states' periods open the right
and change nothing of the ratio. Agreements differ in what the theoretical amount is calculated on: the minimum period
alone, own periods (Canada-Antigua and Barbuda Art. XIII(1)), or all periods together.
"""

from fractions import Fraction

from portability.agreements.calculation import minimum_period_share
from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import BenefitResult, Step
from portability.agreements.national.schemes import amount_for, rounded
from portability.agreements.rules import MinimumPeriodFraction
from portability.agreements.shares import Calculation
from portability.agreements.values import Citation, Money

__all__ = ["minimum_period_benefit"]


def minimum_period_benefit(case: Calculation, rule: MinimumPeriodFraction) -> BenefitResult:
    """Theoretical amount x own periods / minimum period, where own periods alone open no right.

    UnmodelledProvisionError where neither the scheme's file nor its institution (the figure `minimum_period`) names
    the minimum, or the law of the scheme gives no theoretical amount.
    """
    own, needed = case.time.own, _minimum(case, rule)
    amount, theoretical = _theoretical(case, rule, needed)
    share, rounding = rounded(case.scheme, minimum_period_share(amount, own=own, minimum=needed), case.legislation)
    fraction = Step(
        "minimum_period_fraction",
        Citation.of(rule.fraction_cite),
        (("theoretical", amount), ("own", own), ("minimum", needed), ("unit", case.scheme.unit)),
        share,
        rounding,
    )
    ratio = min(Fraction(own, needed), Fraction(1))
    return BenefitResult(case.scheme.id, None, amount, share, ratio, share, (theoretical, fraction))


def _minimum(case: Calculation, rule: MinimumPeriodFraction) -> Fraction:
    """The least time that opens the right, in the scheme's unit."""
    answered = case.facts.scheme_facts.get(case.scheme.id, {}).get("minimum_period")
    needed = case.scheme.minimum.time.amount if case.scheme.minimum else answered
    if not needed:
        raise UnmodelledProvisionError(
            f"Scheme '{case.scheme.id}' gives no minimum period: give the figure 'minimum_period' with the facts.",
            citation=rule.fraction_cite,
        )
    return needed


def _theoretical(case: Calculation, rule: MinimumPeriodFraction, minimum: Fraction) -> tuple[Money, Step]:
    """The theoretical amount on the periods that the rule names, and its step."""
    counted = {"minimum_period": minimum, "own_periods": case.time.own, "all_periods": case.time.total}
    on = counted[rule.theoretical_on]
    outcome = amount_for(
        case.scheme, case.facts, own=case.national, counted=on, theoretical=True, legislation=case.legislation
    )
    if outcome.amount is None:
        raise UnmodelledProvisionError(
            f"Scheme '{case.scheme.id}' gives no theoretical amount: determine it by hand.",
            citation=rule.theoretical_cite,
        )
    cite, unit = Citation.of(rule.theoretical_cite), ("unit", case.scheme.unit)
    if rule.theoretical_on == "minimum_period":
        return outcome.amount, Step("theoretical_on_minimum", cite, (("minimum", on), unit), outcome.amount)
    if rule.theoretical_on == "own_periods":
        return outcome.amount, Step("theoretical_on_own", cite, (("own", on), unit), outcome.amount)
    values = (("scheme", case.scheme.name), ("own", case.time.own), ("counted", on), unit)
    return outcome.amount, Step("theoretical_amount", cite, values, outcome.amount, outcome.steps)

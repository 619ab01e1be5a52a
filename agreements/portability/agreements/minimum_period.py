"""A share of the benefit that the minimum period alone would give (Canada-Philippines Art. XIII).

The divisor is the least time that opens the right, not all periods together: other states' periods open the right
and change nothing of the amount.
"""

from fractions import Fraction

from portability.agreements.calculation import minimum_period_share
from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import BenefitResult, Step
from portability.agreements.national.schemes import amount_for, rounded
from portability.agreements.rules import MinimumPeriodFraction
from portability.agreements.shares import Calculation
from portability.agreements.values import Citation

__all__ = ["minimum_period_benefit"]


def minimum_period_benefit(case: Calculation, rule: MinimumPeriodFraction) -> BenefitResult:
    """Theoretical amount x own periods / minimum period, where own periods alone open no right.

    UnmodelledProvisionError where the scheme's file names no minimum, or its law gives no theoretical amount.
    """
    minimum = case.scheme.minimum
    outcome = amount_for(
        case.scheme,
        case.facts,
        own=case.national,
        counted=minimum.time.amount if minimum else case.time.total,
        theoretical=True,
        legislation=case.legislation,
    )
    if minimum is None or outcome.amount is None:
        missing = "minimum period" if minimum is None else "theoretical amount"
        raise UnmodelledProvisionError(
            f"Scheme '{case.scheme.id}' gives no {missing}: determine it by hand.", citation=rule.theoretical_cite
        )
    own, needed = case.time.own, minimum.time.amount
    share, rounding = rounded(
        case.scheme, minimum_period_share(outcome.amount, own=own, minimum=needed), case.legislation
    )
    theoretical = Step(
        "theoretical_on_minimum",
        Citation.of(rule.theoretical_cite),
        (("minimum", needed), ("unit", case.scheme.unit)),
        outcome.amount,
        outcome.steps,
    )
    fraction = Step(
        "minimum_period_fraction",
        Citation.of(rule.fraction_cite),
        (("theoretical", outcome.amount), ("own", own), ("minimum", needed), ("unit", case.scheme.unit)),
        share,
        rounding,
    )
    ratio = min(Fraction(own, needed), Fraction(1))
    return BenefitResult(case.scheme.id, None, outcome.amount, share, ratio, share, (theoretical, fraction))

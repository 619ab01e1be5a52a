"""The supplement that brings all benefits together up to the minimum of the state of residence."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from portability.agreements.rules import MinimumSupplement
from portability.agreements.values import Citation, Money, StateCode

__all__ = ["Supplement", "minimum_supplement"]


@dataclass(frozen=True, slots=True)
class Supplement:
    """What the state of residence adds, and where the law says so."""

    amount: Money
    citation: Citation


def minimum_supplement(
    due: Iterable[Money],
    *,
    minimum: Money,
    paying_state: StateCode,
    residence_state: StateCode,
    rule: MinimumSupplement,
) -> Supplement:
    """Minimum benefit - all benefits due, from the state of residence that pays one itself (883/2004 Art. 58).

    `minimum` is what that state's law fixes for a period as long as all that were taken into account; amounts are in
    one currency. Nothing from another state, and nothing while the person lives elsewhere.
    """
    nothing = Money(Fraction(0), minimum.currency)
    if paying_state != residence_state:
        return Supplement(nothing, rule.citation)
    missing = minimum - sum(due, nothing)
    return Supplement(missing if missing.amount > 0 else nothing, Citation.of(rule.amount_cite))

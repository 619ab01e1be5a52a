"""Residence-based pensions paid abroad: how much residence that takes (Canada: OAS Act s. 9 and the agreements)."""

from fractions import Fraction

from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.base import citation_of
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.residence_fractions import ResidenceFractions
from portability.agreements.rules import OwnPeriodsOnly
from portability.agreements.values import Citation

__all__ = ["payable_abroad"]


def payable_abroad(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    own: Fraction,
    total: Fraction,
    rule: OwnPeriodsOnly,
    legislation: Legislation,
) -> tuple[Step, ...]:
    """The step that says whether the pension is paid to somebody who lives abroad; none where she lives at home.

    Its output is "by_own_residence", "by_all_time" or "not_paid_abroad".
    """
    if not isinstance(scheme, ResidenceFractions) or facts.residence_state == facts.state:
        return ()
    needed = scheme.abroad_minimum.time.amount
    alone, together = own >= needed, total >= needed and rule.abroad_cite is not None
    law = citation_of(scheme.export_cite, legislation.content.instruments)
    output = "by_own_residence" if alone else "by_all_time" if together else "not_paid_abroad"
    cite = law if alone or rule.abroad_cite is None else Citation.of(rule.abroad_cite)
    values = (("needed", needed), ("own", own), ("total", total), ("unit", scheme.unit))
    return (Step("payable_abroad", cite, values, output),)

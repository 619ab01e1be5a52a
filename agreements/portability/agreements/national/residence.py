"""Residence-based pensions paid abroad: how much residence that takes (Canada: OAS Act s. 9 and the agreements)."""

from fractions import Fraction

from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.legislation import Legislation, ResidenceFractions, Scheme, citation_of
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

    Its output is "payable abroad" or "not payable abroad".
    """
    if not isinstance(scheme, ResidenceFractions) or facts.residence_state == facts.state:
        return ()
    needed = scheme.abroad_minimum.time.amount
    alone, together = own >= needed, total >= needed and rule.abroad_cite is not None
    law = citation_of(scheme.export_cite, legislation.content.instruments)
    if alone:
        said = f"Resident abroad; {own} of {needed} {scheme.unit} of own residence: paid abroad without the agreement."
    elif together:
        said = f"Resident abroad; own and others' time together reach {needed} {scheme.unit}: paid abroad."
    else:
        said = f"Resident abroad; all time together ({total}) stays under {needed} {scheme.unit}: not paid abroad."
    return (
        Step(
            "export",
            law if alone or rule.abroad_cite is None else Citation.of(rule.abroad_cite),
            said,
            (("needed", str(needed)), ("own", str(own)), ("total", str(total))),
            "payable abroad" if alone or together else "not payable abroad",
            "This pension can be paid to you where you live."
            if alone or together
            else "This pension is not paid outside the country on the time we know of.",
        ),
    )

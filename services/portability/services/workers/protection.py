"""What every channel leaves out for a protected person: who stands beside her must not learn where she is. Pure.

An institution marks her (docs/privacy.md); from then on places and employers are shown in no channel. She asks for them
in person. Names of countries and institutions stay, since she could not follow her case without them.
"""

from dataclasses import replace

from portability.services.workers.views import CareerView, DecisionView

__all__ = ["hidden_career", "hidden_decision"]


def hidden_career(career: CareerView) -> CareerView:
    """Without what she said of her work, and without how a period was verified, which may name an employer."""
    countries = tuple(
        replace(
            country,
            declared=tuple(replace(time, activity="", employer="") for time in country.declared),
            periods=tuple(replace(period, method="") for period in country.periods),
        )
        for country in career.countries
    )
    return replace(career, countries=countries, is_protected=True)


def hidden_decision(decision: DecisionView) -> DecisionView:
    """Without the address of an office near her, and without free words; until when she can object stays."""
    redress = decision.redress and replace(decision.redress, where=decision.institution.name, way="")
    amounts = tuple(replace(amount, changed_because="") for amount in decision.amounts)
    return replace(decision, redress=redress, amounts=amounts, is_protected=True)

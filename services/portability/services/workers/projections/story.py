"""A projection told: what is asked, what would come, and that it binds nobody. Pure."""

from portability.services.workers.projections.model import Projected, Projection, Scenario, WhatIf
from portability.services.workers.story import Phrase, Value, WhyLine, explained

__all__ = ["asked_phrase", "benefit_phrase", "told_why", "unknown_phrase"]


def asked_phrase(scenario: Scenario, *, country: str) -> Phrase:
    """The question in her words; `country` is the name of the state that she would move to."""
    values: dict[str, Value] = {}
    if scenario.what is WhatIf.LATER:
        values = {"years": scenario.years}
    if scenario.what is WhatIf.MOVED:
        values = {"country": country}
    return Phrase(f"if.asked_{scenario.what}", values)


def benefit_phrase(benefit: Projected) -> Phrase:
    """What would be paid; the words of a decision are left to decisions."""
    if benefit.amount is None:
        return Phrase("if.none")
    return Phrase(f"if.per_{benefit.frequency}", {"money": benefit.amount})


def unknown_phrase(projection: Projection) -> Phrase:
    """Where the rules give no answer."""
    return Phrase("if.unknown", {"institution": projection.institution.name, "reference": projection.reference})


def told_why(projection: Projection) -> tuple[WhyLine, ...]:
    """The reasons as a tree of sentences."""
    return explained(projection.why, country=projection.institution.state)

"""A question "what if", and what the rules give for it. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from portability.agreements.errors import InputError
from portability.agreements.values import Money, StateCode
from portability.services.workers.views import Frequency, Institution, WhyStep

__all__ = ["MOST_YEARS", "Projected", "Projection", "Scenario", "WhatIf"]

MOST_YEARS = 10  # further on, nobody knows the law


class WhatIf(StrEnum):
    TODAY = "today"  # no more insured time from today on
    LATER = "later"  # the pension begins some years later, without more insured time
    MOVED = "moved"  # she lives in another country


@dataclass(frozen=True, slots=True)
class Scenario:
    """Raises InputError where a number of years or a country is missing or cannot be."""

    what: WhatIf
    years: int = 0
    state: StateCode = ""

    def __post_init__(self) -> None:
        if (self.what is WhatIf.LATER) != (0 < self.years <= MOST_YEARS):
            raise InputError(f"Say how many years later: 1 to {MOST_YEARS}, and only then.", field="years")
        if (self.what is WhatIf.MOVED) != bool(self.state):
            raise InputError("Say the country to which you would move, and only then.", field="state")


@dataclass(frozen=True, slots=True)
class Projected:
    """One scheme; `amount` None: no right then."""

    scheme: str
    amount: Money | None
    frequency: Frequency = Frequency.MONTH


@dataclass(frozen=True, slots=True)
class Projection:
    """What one institution's rules give in one case. `is_known` False: they give no answer here, and she has to ask."""

    case_id: UUID
    worker_id: UUID
    reference: str
    institution: Institution
    award_on: date
    is_known: bool
    benefits: tuple[Projected, ...] = ()
    why: tuple[WhyStep, ...] = ()

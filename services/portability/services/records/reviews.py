"""Values of what a person has to look at in a career, and of what she said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.agreements.values import StateCode

__all__ = ["Review", "Settlement"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a named person said of a period: whether it is relied on, and how she knows."""

    stands: bool
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """A period that a person has to look at, and why. `asked_by`: the provision that asks for more than it has.

    Where no provision asks, it counts meanwhile: what an institution states is not set aside by a program.
    """

    case_id: UUID
    state: StateCode
    institution: str
    period_id: str
    reasons: tuple[str, ...]
    since: datetime
    asked_by: str = ""
    settled: Settlement | None = None

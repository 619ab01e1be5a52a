"""A claim as its readers see it: what the documents of its case add up to."""

from dataclasses import dataclass
from datetime import datetime

from portability.services.cases.flow import CaseStep
from portability.services.cases.model import Case

__all__ = ["ClaimCase"]


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """A case with its steps in the order in which they began. `ended_at` None: somebody is still awaited in it."""

    case: Case
    steps: tuple[CaseStep, ...]
    ended_at: datetime | None = None

"""A claim as its readers see it, whichever way it went: of the claim service, or what a case on a flow adds up to."""

from dataclasses import dataclass
from datetime import datetime

from portability.services.cases.flow import CaseStep, steps
from portability.services.cases.model import Case, InstitutionId
from portability.services.cases.procedure import ServiceStandards

__all__ = ["ClaimCase", "claim_case"]


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """A case with its steps in the order in which they began. `ended_at` None: somebody is still awaited in it."""

    case: Case
    steps: tuple[CaseStep, ...]
    ended_at: datetime | None = None


def claim_case(case: Case, *, me: InstitutionId, standards: ServiceStandards) -> ClaimCase:
    """A claim of the claim service."""
    shown = steps(case, me=me, standards=standards)
    return ClaimCase(case, shown, case.summary.sent_at if case.summary else None)

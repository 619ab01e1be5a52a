"""What institutions write to each other about a claim, as plain values; mapping/wire.py gives them their bytes."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from portability.agreements.careers import AnswerStatus, PeriodTotal, RecordedPeriod
from portability.agreements.values import StateCode
from portability.services.cases.model import Claim, DecidedAmount, Decision, DecisionResult, InstitutionId, Remedy
from portability.services.persons.whose import StatedPerson

__all__ = [
    "CLAIM",
    "DECISION",
    "RECORD_REQUEST",
    "STATEMENT",
    "SUMMARY",
    "CaseInstitution",
    "ClaimSent",
    "DecisionNotice",
    "RecordStatement",
    "SummarisedDecision",
    "SummaryNotice",
]

CLAIM = "claim.old_age"
RECORD_REQUEST = "record.request"
STATEMENT = "record.statement"
DECISION = "decision.notify"
SUMMARY = "decision.summary"


@dataclass(frozen=True, slots=True)
class CaseInstitution:
    institution: InstitutionId
    state: StateCode
    agreement_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimSent:
    """Message claim.old_age."""

    case_id: UUID
    contact: InstitutionId
    opened_at: datetime
    claim: Claim
    institutions: tuple[CaseInstitution, ...]


@dataclass(frozen=True, slots=True)
class RecordStatement:
    """Message record.statement. `totals` are those that its sender counted."""

    statement_id: UUID
    case_id: UUID
    record_request_id: UUID
    institution: InstitutionId
    state: StateCode
    status: AnswerStatus
    stated_at: datetime
    as_of: date | None = None
    periods: tuple[RecordedPeriod, ...] = ()
    totals: tuple[PeriodTotal, ...] = ()
    person: StatedPerson | None = None


@dataclass(frozen=True, slots=True)
class DecisionNotice:
    """Message decision.notify."""

    case_id: UUID
    decision: Decision


@dataclass(frozen=True, slots=True)
class SummarisedDecision:
    institution: InstitutionId
    decision_id: UUID
    result: DecisionResult
    effective_on: date
    amounts: tuple[DecidedAmount, ...]
    remedy: Remedy


@dataclass(frozen=True, slots=True)
class SummaryNotice:
    """Message decision.summary."""

    summary_id: UUID
    case_id: UUID
    contact: InstitutionId
    sent_at: datetime
    sent_by: str
    language: str
    decisions: tuple[SummarisedDecision, ...]

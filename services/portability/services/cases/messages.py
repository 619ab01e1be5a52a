"""What institutions write to each other about a claim, as plain values; mapping/wire.py gives them their bytes."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from portability.agreements.careers import AnswerStatus, PeriodTotal, RecordedPeriod, period_totals
from portability.agreements.values import StateCode
from portability.services.cases.model import Claim, DecidedAmount, Decision, DecisionResult, InstitutionId, Remedy
from portability.services.persons.whose import StatedPerson

__all__ = [
    "CLAIM",
    "DECISION",
    "MESSAGE_TYPES",
    "RECORD_REQUEST",
    "SCHEMA_VERSION",
    "STATEMENT",
    "SUMMARY",
    "ArrivedMessage",
    "CaseInstitution",
    "CaseMessage",
    "ClaimSent",
    "DecisionNotice",
    "RecordStatement",
    "SummarisedDecision",
    "SummaryNotice",
    "Unchecked",
]

CLAIM = "claim.old_age"
RECORD_REQUEST = "record.request"
STATEMENT = "record.statement"
DECISION = "decision.notify"
SUMMARY = "decision.summary"
MESSAGE_TYPES = frozenset({CLAIM, RECORD_REQUEST, STATEMENT, DECISION, SUMMARY})
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """A message to one institution, ready for the exchange. `record` is its serialised protobuf message."""

    message_id: UUID
    idempotency_key: str
    recipient: InstitutionId
    case_id: UUID
    type: str
    schema_version: int
    record: bytes
    agreement_id: str = ""
    in_reply_to: UUID | None = None


@dataclass(frozen=True, slots=True)
class ArrivedMessage:
    """A message whose sender the exchange has verified."""

    message_id: UUID
    sender: InstitutionId
    case_id: UUID
    type: str
    schema_version: int
    record: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What of a message has been taken as it came: a code, and words for both ends without personal data."""

    code: str
    reason: str


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

    @property
    def totals_differ(self) -> bool:
        """Whether the totals sent are not those of the periods; a difference is noted and never repaired."""
        return set(self.totals) != set(period_totals(each.period for each in self.periods))


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

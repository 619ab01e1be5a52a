"""The rows of the exchange's store in memory. Rows are values, so a copy of the tables is a snapshot."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from uuid import UUID

from portability.services.acts import Act
from portability.services.exchange.lanes import LaneStanding
from portability.services.exchange.leases import Lease
from portability.services.exchange.model.messages import InstitutionId, Lane, MessageKey
from portability.services.exchange.model.receiving import InboxBundle, InboxMessage
from portability.services.exchange.model.reconciliations import DifferenceKind, Place, Settlement
from portability.services.exchange.model.sending import (
    Consignment,
    ConsignmentKey,
    OutboxMessage,
    SealedBundle,
    StoredReceipt,
)
from portability.services.exchange.model.set_aside import QuarantineEntry
from portability.services.exchange.model.statuses import ReceiptStatus, StatusEntry, Unchecked
from portability.services.exchange.model.voids import VoidNumber
from portability.services.exchange.model.waiting import GapGivenUp, GivenUp
from portability.services.exchange.receipt_levels import OverdueLevel
from portability.services.exchange.streams import SequenceRange, StreamWatch
from portability.services.log_entry import LogEntry

__all__ = ["ConsignmentRow", "FindingKey", "FindingRow", "Mark", "Outcome", "ReportRow", "RoundRow", "State", "VoidRow"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a receipt says of a message of ours."""

    status: ReceiptStatus
    settled_at: datetime  # when the first receipt that counts came
    reason: str
    receipt_id: UUID | None  # None: no receipt has come, its content was erased
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsignmentRow:
    """Consecutive messages of ours and when they are due."""

    consignment: Consignment
    receiptable: int
    next_attempt_at: datetime | None  # None: not due any more
    again_at: datetime | None = None  # when it was last sent because its recipient had asked


@dataclass(frozen=True, slots=True)
class RoundRow:
    """What was reconciled with a recipient."""

    previous_seq: int = 0  # last number of the round before the last
    last_seq: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What comparisons with a partner came to on a day, in one direction."""

    numbers: SequenceRange | None = None
    digests: int = 0
    questions: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Where a partner states something else than is here."""

    stated: int
    root: bytes
    found_at: datetime
    asked_at: datetime | None
    is_judged: bool = False


FindingKey = tuple[InstitutionId, date, DifferenceKind, SequenceRange]
Mark = tuple[InstitutionId, DifferenceKind, SequenceRange, int, bytes, tuple[bytes, ...]]
"""By what a settled finding is known again: what is stated under its numbers, and of one that differs what is here."""


@dataclass(frozen=True, slots=True)
class VoidRow:
    """A number of a sender under which nothing will come, as it says."""

    void: VoidNumber
    said_at: datetime
    belied_at: datetime | None = None  # when its message was found to have come all the same


@dataclass(slots=True)
class State:
    """All tables."""

    messages: dict[UUID, OutboxMessage] = field(default_factory=dict)
    by_key: dict[str, UUID] = field(default_factory=dict)
    by_seq: dict[tuple[InstitutionId, int], UUID] = field(default_factory=dict)
    case_seqs: dict[Lane, int] = field(default_factory=dict)
    last_seqs: dict[InstitutionId, int] = field(default_factory=dict)
    bundled_seqs: dict[InstitutionId, int] = field(default_factory=dict)
    bundles: dict[UUID, SealedBundle] = field(default_factory=dict)
    consignments: dict[ConsignmentKey, ConsignmentRow] = field(default_factory=dict)
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    receipts: dict[tuple[InstitutionId, UUID], StoredReceipt] = field(default_factory=dict)
    inbox: dict[tuple[InstitutionId, UUID], InboxMessage] = field(default_factory=dict)
    unchecked: dict[MessageKey, Unchecked] = field(default_factory=dict)
    openings: dict[MessageKey, datetime] = field(default_factory=dict)
    inbox_bundles: dict[tuple[InstitutionId, UUID], InboxBundle] = field(default_factory=dict)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    quarantine: dict[UUID, QuarantineEntry] = field(default_factory=dict)
    lanes: dict[Lane, LaneStanding] = field(default_factory=dict)
    statuses: dict[tuple[InstitutionId, int], StatusEntry] = field(default_factory=dict)
    reports: dict[tuple[InstitutionId, int], frozenset[UUID]] = field(default_factory=dict)
    watches: dict[InstitutionId, StreamWatch] = field(default_factory=dict)
    rounds: dict[InstitutionId, RoundRow] = field(default_factory=dict)
    comparisons: dict[Place, ReportRow] = field(default_factory=dict)
    findings: dict[FindingKey, FindingRow] = field(default_factory=dict)
    settlements: dict[tuple[UUID, Mark], Settlement] = field(default_factory=dict)
    judged_on: dict[InstitutionId, date] = field(default_factory=dict)  # up to which day is known who was silent
    voids: dict[tuple[InstitutionId, int], VoidRow] = field(default_factory=dict)
    void_looks: dict[str, tuple[InstitutionId, int]] = field(default_factory=dict)  # "next": after which to look
    given_up: dict[UUID, GivenUp] = field(default_factory=dict)
    gaps_given_up: dict[UUID, GapGivenUp] = field(default_factory=dict)
    overdue: dict[tuple[InstitutionId, OverdueLevel], int] = field(default_factory=dict)
    log_staged: dict[int, LogEntry] = field(default_factory=dict)
    acts: dict[bytes, Act] = field(default_factory=dict)

    def snapshot(self) -> "State":
        """Return a copy that later changes do not touch."""
        return State(*[getattr(self, name).copy() for name in TABLES])

    def restore(self, snapshot: "State") -> None:
        """Go back to a snapshot."""
        for name in TABLES:
            setattr(self, name, getattr(snapshot, name))


TABLES = tuple(one.name for one in fields(State))

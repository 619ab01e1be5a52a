"""The rows of the exchange's store in memory. Rows are values, so a copy of the tables is a snapshot."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

from portability.services.exchange.model import (
    InboxBundle,
    InboxMessage,
    InstitutionId,
    OutboxMessage,
    QuarantineEntry,
    ReceiptStatus,
    SealedBundle,
    StoredReceipt,
)
from portability.services.log_entry import LogEntry

__all__ = ["BundleRow", "MessageRow", "State"]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message of ours and how far it has come."""

    outgoing: OutboxMessage
    bundle_id: UUID | None = None
    leaf_hash: bytes = b""
    outcome: ReceiptStatus | None = None  # what its receipt says; None until there is one
    settled_at: datetime | None = None
    reason: str = ""
    receipt_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle of ours and when it is due."""

    bundle: SealedBundle
    next_attempt_at: datetime | None  # None: not due any more


@dataclass(slots=True)
class State:
    """All tables."""

    messages: dict[UUID, MessageRow] = field(default_factory=dict)
    by_key: dict[str, UUID] = field(default_factory=dict)
    sequences: dict[InstitutionId, int] = field(default_factory=dict)
    bundles: dict[UUID, BundleRow] = field(default_factory=dict)
    receipts: dict[tuple[InstitutionId, UUID], StoredReceipt] = field(default_factory=dict)
    inbox: dict[tuple[InstitutionId, UUID], InboxMessage] = field(default_factory=dict)
    inbox_bundles: dict[tuple[InstitutionId, UUID], InboxBundle] = field(default_factory=dict)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    quarantine: dict[UUID, QuarantineEntry] = field(default_factory=dict)
    log_staged: dict[int, LogEntry] = field(default_factory=dict)

    def snapshot(self) -> "State":
        """Return a copy that later changes do not touch."""
        return State(**{one.name: dict(getattr(self, one.name)) for one in fields(self)})

    def restore(self, snapshot: "State") -> None:
        """Go back to a snapshot."""
        for one in fields(self):
            setattr(self, one.name, getattr(snapshot, one.name))

"""How far a message has come as people see it: what receipts say, and what the time says that has passed without one.

Pure. A status by time is never final: the message is sent on, and a receipt that comes late is what counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from portability.services.exchange.model.messages import Direction, InstitutionId, TimelineEntry, wants_receipt
from portability.services.exchange.model.statuses import ReceiptStatus

__all__ = ["NOT_RELAYED", "NO_RECEIPT", "Overdue", "OverdueLevel", "ReceiptTimes", "shown"]

NO_RECEIPT: Final = "NO_RECEIPT"
NOT_RELAYED: Final = "NOT_RELAYED"

_POSITIVE: Final = {ReceiptStatus.DELIVERED, ReceiptStatus.OPENED}
_IN_TIME: Final = {
    ReceiptStatus.SUBMITTED: (ReceiptStatus.RELAY_FAILED, NOT_RELAYED),
    ReceiptStatus.RELAYED: (ReceiptStatus.DELIVERY_FAILED, NO_RECEIPT),
}


@dataclass(frozen=True, slots=True)
class ReceiptTimes:
    """How long a receipt may take: e-CODEX warns after 12 hours and gives up showing hope after 24."""

    warn_after: timedelta = timedelta(hours=12)
    fail_after: timedelta = timedelta(hours=24)


class OverdueLevel(StrEnum):
    """For which of the two times an alarm is told."""

    LATE = "late"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Overdue:
    """Messages to one recipient whose receipt has not come in time."""

    recipient: InstitutionId
    count: int
    first_seq: int  # the lowest stream_seq among them


def shown(entry: TimelineEntry, *, now: datetime, times: ReceiptTimes) -> TimelineEntry:
    """Return what people see of a message: a failure by time while no receipt is here, and whether it came late."""
    if entry.direction is not Direction.SENT or not wants_receipt(entry.type):
        return entry
    over = entry.at + times.fail_after
    if entry.status in _POSITIVE:
        return replace(entry, is_late=entry.settled_at is not None and entry.settled_at >= over)
    if entry.status in _IN_TIME and now >= over:
        status, reason = _IN_TIME[entry.status]
        return replace(entry, status=status, reason=reason)
    return entry

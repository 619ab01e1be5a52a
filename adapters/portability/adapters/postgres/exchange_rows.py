"""Rows of the exchange's tables as the values of its model, and back. No SQL."""

from dataclasses import replace
from typing import Any

from portability.services.exchange.envelope import received_message
from portability.services.exchange.mapping.wire import decode_header
from portability.services.exchange.model.messages import Direction, TimelineEntry
from portability.services.exchange.model.receiving import InboxMessage
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptStatus
from portability.services.exchange.suites import SALT_BYTES

__all__ = [
    "QUARANTINE_COLUMNS",
    "QUARANTINE_SCOPE",
    "SEALABLE_COLUMNS",
    "SETTLED",
    "STANDING",
    "STATUS",
    "TOLD",
    "WAITING",
    "Row",
    "inbox_message",
    "quarantine_entry",
    "sealable",
    "timeline",
]

Row = tuple[Any, ...]

SEALABLE_COLUMNS = "message_id, outbox.stream_seq, wants_receipt, header, leaf_hash, case_id, content"
STANDING = """
LEFT JOIN LATERAL (
    SELECT * FROM consignments WHERE consignments.recipient = outbox.recipient
        AND consignments.first_seq <= outbox.stream_seq ORDER BY first_seq DESC LIMIT 1
) AS consignment ON consignment.last_seq >= outbox.stream_seq
LEFT JOIN message_outcomes AS outcome
    ON outcome.recipient = outbox.recipient AND outcome.stream_seq = outbox.stream_seq
"""
"""Joins to a row of outbox what says how far it has come."""
STATUS = (
    "coalesce(outcome.status, CASE WHEN consignment.settled_at IS NOT NULL AND wants_receipt THEN 'delivered' "
    "WHEN consignment.attempts > 0 THEN 'relayed' ELSE 'submitted' END)"
)
SETTLED = "coalesce(outcome.settled_at, consignment.settled_at)"
"""When the first receipt of a row of outbox came that counts."""
TOLD = """
LEFT JOIN LATERAL (
    SELECT status, reasons FROM business_statuses AS said WHERE said.recipient = outbox.recipient
        AND said.first_seq BETWEEN outbox.stream_seq - 4095 AND outbox.stream_seq AND said.last_seq >= outbox.stream_seq
    ORDER BY decided_at DESC LIMIT 1
) AS told ON true
"""
"""Joins to a row of outbox what its recipient has made of it; an entry covers at most 4,096 numbers."""
WAITING = """
LEFT JOIN lane_entries AS entry
    ON entry.sender = inbox.sender AND entry.case_id = inbox.case_id AND entry.message_id = inbox.message_id
    AND entry.state <> 'done'
LEFT JOIN accepted_blind AS blind ON blind.sender = inbox.sender AND blind.message_id = inbox.message_id
LEFT JOIN LATERAL (
    SELECT CASE state WHEN 'open' THEN 'parked' WHEN 'applied' THEN 'accepted' ELSE 'rejected' END AS status
    FROM quarantine WHERE quarantine.sender = inbox.sender AND quarantine.message_id = inbox.message_id
        AND reason_code <> 'MESSAGE_ID_CONFLICT'
    ORDER BY (state IN ('rejected', 'replaced')) DESC, (state = 'open') DESC LIMIT 1
) AS aside ON true
"""
"""Joins to a row of inbox what we have made of it."""
QUARANTINE_COLUMNS = (
    "entry_id, reason_code, reason, topic, partition, stream_offset, value, set_aside_at, sender, message_id, case_id, "
    "state, closed_at, closed_by, scope"
)
QUARANTINE_SCOPE = 14


def sealable(row: Row, content: bytes | None) -> Sealable:
    """A row of SEALABLE_COLUMNS; and salt and record, None where they are erased."""
    salt, record = (content or b"")[:SALT_BYTES], (content or b"")[SALT_BYTES:]
    return Sealable(row[0], row[1], row[2], row[3], row[4], salt, record)


def inbox_message(row: Row, content: bytes | None) -> InboxMessage:
    """header, received_at, leaf_hash, bundle_id, item; and salt and record, None where they are erased."""
    salt, record = (content or b"")[:SALT_BYTES], (content or b"")[SALT_BYTES:]
    message = received_message(decode_header(row[0]), record, at=row[1])
    return InboxMessage(message, row[0], salt, row[2], row[3], row[4])


def quarantine_entry(row: Row, value: bytes | None) -> QuarantineEntry:
    """A row of QUARANTINE_COLUMNS and its value, opened; None where it is erased."""
    aside = QuarantineEntry(*(*row[:6], value or b"", *row[7:11]))
    return replace(aside, state=QuarantineState(row[11]), closed_at=row[12], closed_by=row[13], scope=row[14])


def timeline(row: Row) -> TimelineEntry:
    """message_id, direction, partner, case_id, type, status, at, settled_at, opened_at, reason, business, reasons."""
    return TimelineEntry(
        message_id=row[0],
        direction=Direction(row[1]),
        partner=row[2],
        case_id=row[3],
        type=row[4],
        status=ReceiptStatus(row[5]),
        at=row[6],
        settled_at=row[7],
        opened_at=row[8],
        reason=row[9],
        business=BusinessStatus(row[10]) if row[10] else None,
        reasons=tuple(row[11]),
    )

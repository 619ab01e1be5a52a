"""Rows of the exchange's tables as the values of its model, and back. No SQL."""

from typing import Any

from portability.services.exchange.envelope import received_message
from portability.services.exchange.mapping.wire import decode_header
from portability.services.exchange.model import (
    Direction,
    InboxMessage,
    OutboxMessage,
    OutgoingMessage,
    QuarantineEntry,
    ReceiptEntry,
    ReceiptStatus,
    SealedBundle,
    StoredReceipt,
    TimelineEntry,
)
from portability.services.exchange.suites import SALT_BYTES

__all__ = [
    "OUTBOX_COLUMNS",
    "QUARANTINE_COLUMNS",
    "STATUS",
    "bundle",
    "inbox_message",
    "outbox_message",
    "quarantine_entry",
    "stored_receipt",
    "timeline",
]

Row = tuple[Any, ...]

OUTBOX_COLUMNS = (
    "message_id, idempotency_key, recipient, case_id, type, schema_version, record, agreement_id, agreement_sha256, "
    "in_reply_to, content_sha256, submitted_at, stream_seq"
)
STATUS = "CASE WHEN status = 'submitted' AND attempts > 0 THEN 'relayed' ELSE status END"
"""Of a row of outbox with its bundle: that the stream has acknowledged it is noted once, at the bundle."""
QUARANTINE_COLUMNS = (
    "entry_id, reason_code, reason, topic, partition, stream_offset, value, set_aside_at, sender, message_id, case_id"
)


def outbox_message(row: Row) -> OutboxMessage:
    """A row of OUTBOX_COLUMNS."""
    message = OutgoingMessage(
        message_id=row[0],
        idempotency_key=row[1],
        recipient=row[2],
        case_id=row[3],
        type=row[4],
        schema_version=row[5],
        record=row[6],
        agreement_id=row[7],
        agreement_sha256=row[8],
        in_reply_to=row[9],
    )
    return OutboxMessage(message, content_sha256=row[10], submitted_at=row[11], stream_seq=row[12])


def bundle(row: Row) -> SealedBundle:
    """bundle_id, recipient, value, opening, message_ids, leaf_hashes, sealed_at, expects_receipt, attempts."""
    return SealedBundle(
        bundle_id=row[0],
        recipient=row[1],
        value=row[2],
        opening=row[3],
        message_ids=tuple(row[4]),
        leaf_hashes=tuple(row[5]),
        sealed_at=row[6],
        expects_receipt=row[7],
        attempts=row[8],
    )


def stored_receipt(row: Row) -> StoredReceipt:
    """receipt_id, signer, bundle_id, message_ids, leaf_hashes, statuses, reasons, evidence, received_at."""
    entries = tuple(
        ReceiptEntry(message_id, leaf_hash, ReceiptStatus(status), reason)
        for message_id, leaf_hash, status, reason in zip(row[3], row[4], row[5], row[6], strict=True)
    )
    return StoredReceipt(row[0], row[1], row[2], entries, row[7], row[8])


def inbox_message(row: Row, content: bytes | None) -> InboxMessage:
    """header, received_at, leaf_hash, bundle_id, item; and salt and record, None where they are erased."""
    salt, record = (content or b"")[:SALT_BYTES], (content or b"")[SALT_BYTES:]
    message = received_message(decode_header(row[0]), record, at=row[1])
    return InboxMessage(message, row[0], salt, row[2], row[3], row[4])


def quarantine_entry(row: Row, value: bytes | None) -> QuarantineEntry:
    """A row of QUARANTINE_COLUMNS and its value, opened; None where it is erased."""
    return QuarantineEntry(*(*row[:6], value or b"", *row[7:]))


def timeline(row: Row) -> TimelineEntry:
    """message_id, direction, partner, case_id, type, status, at, settled_at, reason."""
    return TimelineEntry(
        row[0], Direction(row[1]), row[2], row[3], row[4], ReceiptStatus(row[5]), row[6], row[7], row[8]
    )

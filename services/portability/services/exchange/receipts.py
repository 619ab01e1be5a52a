"""Signed receipts: what the recipient says of the messages of a bundle, and what their sender keeps of it."""

from collections.abc import Sequence
from uuid import UUID

from portability.services.exchange.envelope import Head, OpenedBundle, OpenedItem
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import NO_CASE, RECEIPT_TYPE, OutgoingMessage
from portability.services.exchange.model.sending import StoredReceipt
from portability.services.exchange.model.statuses import ReceiptEntry
from portability.services.merkle import audit_path

__all__ = ["read_receipt", "receipt_for"]

RECEIPT_SCHEMA = 1


def receipt_for(answered: Head, entries: Sequence[ReceiptEntry], *, receipt_id: UUID) -> OutgoingMessage:
    """Return a receipt for messages of a bundle as a message for its sender; the signature of its bundle signs it."""
    return OutgoingMessage(
        message_id=receipt_id,
        idempotency_key=f"receipt:{receipt_id}",
        recipient=answered.sender,
        case_id=NO_CASE,
        type=RECEIPT_TYPE,
        schema_version=RECEIPT_SCHEMA,
        record=wire.encode_receipt(answered.bundle_id, answered.merkle_root, entries),
    )


def read_receipt(bundle: OpenedBundle, opened: OpenedItem) -> StoredReceipt:
    """Return a received receipt with its proof. Raises VerificationError where its record is not a receipt.

    The proof stands without us: the signed head and signatures of the bundle that brought the receipt, and
    the path from the receipt's header to the signed root.
    """
    bundle_id, entries = wire.decode_receipt(opened.message.record)
    return StoredReceipt(
        receipt_id=opened.message.message_id,
        signer=bundle.head.sender,
        bundle_id=bundle_id,
        entries=entries,
        evidence=wire.encode_evidence(
            bundle.sealed,
            index=opened.index,
            path=audit_path(bundle.leaves, opened.index),
            item=bundle.contents[opened.index],
        ),
        received_at=opened.message.received_at,
    )

"""Bundles, heads, headers, items and receipts as bytes, and back. Reading is strict; see `strict`."""

from collections.abc import Sequence
from uuid import UUID

from portability.agreements.errors import VerificationError
from portability.api.exchange.v1 import bundle_pb2 as pb
from portability.services.exchange.envelope import (
    ITEM_LIMIT,
    REASON_LENGTH,
    REASONS,
    STATUS_ENTRIES,
    STATUS_SPAN,
    Head,
    Header,
    Item,
    Sealed,
)
from portability.services.exchange.model.messages import NO_CASE
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptEntry, ReceiptStatus, StatusEntry
from portability.services.hybrid import HybridSignature
from portability.services.mapping import strict

__all__ = [
    "decode_evidence",
    "decode_head",
    "decode_header",
    "decode_items",
    "decode_receipt",
    "decode_sealed",
    "decode_statuses",
    "encode_evidence",
    "encode_head",
    "encode_header",
    "encode_item",
    "encode_items",
    "encode_receipt",
    "encode_sealed",
    "encode_statuses",
]

HASH_BYTES = 32
SALT_BYTES = 32
U32 = 2**32 - 1
REASON_CODE_LIMIT = 64  # characters

_STATUS = {
    ReceiptStatus.DELIVERED: pb.RECEIPT_STATUS_DELIVERED,
    ReceiptStatus.OPENED: pb.RECEIPT_STATUS_OPENED,
    ReceiptStatus.FAILED: pb.RECEIPT_STATUS_FAILED,
}
_STATUS_BACK = {number: status for status, number in _STATUS.items()}
_BUSINESS = {
    BusinessStatus.ACCEPTED: pb.BUSINESS_STATUS_ACCEPTED,
    BusinessStatus.ACCEPTED_BLIND: pb.BUSINESS_STATUS_ACCEPTED_BLIND,
    BusinessStatus.REJECTED: pb.BUSINESS_STATUS_REJECTED,
    BusinessStatus.PARKED: pb.BUSINESS_STATUS_PARKED,
    BusinessStatus.HELD: pb.BUSINESS_STATUS_HELD,
}
_BUSINESS_BACK = {number: status for status, number in _BUSINESS.items()}


def encode_sealed(sealed: Sealed) -> bytes:
    """The record that goes on the stream."""
    return pb.Bundle(
        signed_head=sealed.signed_head,
        ciphertext=sealed.ciphertext,
        signature_ed25519=sealed.signature.ed25519,
        signature_mldsa65=sealed.signature.mldsa65,
    ).SerializeToString(deterministic=True)


def decode_sealed(data: bytes) -> Sealed:
    """The outer parts of a record, none of them verified yet."""
    bundle = strict.parse(pb.Bundle, data, what="bundle")
    if not bundle.signature_ed25519 or not bundle.signature_mldsa65:
        raise VerificationError("The bundle lacks a signature: both Ed25519 and ML-DSA-65 are required.")
    return Sealed(
        signed_head=bundle.signed_head,
        ciphertext=bundle.ciphertext,
        signature=HybridSignature(bundle.signature_ed25519, bundle.signature_mldsa65),
    )


def encode_head(head: Head) -> bytes:
    """The bytes that are signed."""
    return pb.SignedHead(
        suite=head.suite,
        bundle_id=head.bundle_id.bytes,
        sender=head.sender,
        recipient=head.recipient,
        signature_key_id=head.signature_key_id,
        kem_key_id=head.kem_key_id,
        directory_version=head.directory_version,
        item_count=head.item_count,
        merkle_root=head.merkle_root,
        ciphertext_sha256=head.ciphertext_sha256,
        sealed_at_ms=strict.milliseconds(head.sealed_at),
    ).SerializeToString(deterministic=True)


def decode_head(data: bytes) -> Head:
    """The signed part, read; the caller verifies its signatures over `data`."""
    head = strict.parse(pb.SignedHead, data, what="signed head")
    return Head(
        suite=strict.number(head.suite, limit=U32, what="suite"),
        bundle_id=strict.uuid(head.bundle_id, what="bundle id"),
        sender=strict.institution(head.sender, what="sender of the bundle"),
        recipient=strict.institution(head.recipient, what="recipient of the bundle"),
        signature_key_id=strict.text(head.signature_key_id, limit=64, what="signature key id"),
        kem_key_id=strict.text(head.kem_key_id, limit=64, what="encryption key id"),
        directory_version=strict.number(head.directory_version, limit=strict.U63, what="directory version"),
        item_count=strict.number(head.item_count, limit=ITEM_LIMIT, what="item count"),
        merkle_root=strict.exact(head.merkle_root, HASH_BYTES, what="Merkle root"),
        ciphertext_sha256=strict.exact(head.ciphertext_sha256, HASH_BYTES, what="hash of the ciphertext"),
        sealed_at=strict.instant(head.sealed_at_ms, what="instant of sealing"),
    )


def encode_header(header: Header) -> bytes:
    """The bytes that a Merkle leaf covers."""
    return pb.Header(
        message_id=header.message_id.bytes,
        sender=header.sender,
        recipient=header.recipient,
        case_id=header.case_id.bytes,
        type=header.type,
        schema_version=header.schema_version,
        stream_seq=header.stream_seq,
        sent_at_ms=strict.milliseconds(header.sent_at),
        payload_commitment=header.payload_commitment,
        record_length=header.record_length,
        agreement_id=header.agreement_id,
        agreement_sha256=header.agreement_sha256,
        in_reply_to=header.in_reply_to.bytes if header.in_reply_to else b"",
        case_seq=header.case_seq,
        replaces=header.replaces.bytes if header.replaces else b"",
        purpose=header.purpose,
        legal_basis=header.legal_basis,
    ).SerializeToString(deterministic=True)


def decode_header(data: bytes) -> Header:
    """A header, read from the bytes of its leaf."""
    header = strict.parse(pb.Header, data, what="header")
    if bool(header.agreement_id) != bool(header.agreement_sha256):
        raise VerificationError("The header names an agreement without its hash, or a hash without it.")
    if bool(header.purpose) != bool(header.legal_basis):
        raise VerificationError("The header names a purpose without its legal basis, or a basis without a purpose.")
    if header.purpose:
        strict.text(header.purpose, limit=64, what="purpose")
        strict.text(header.legal_basis, limit=200, what="legal basis")
    if header.agreement_sha256:
        strict.exact(header.agreement_sha256, HASH_BYTES, what="hash of the agreement")
        strict.text(header.agreement_id, limit=64, what="agreement id")
    case_id = strict.uuid(header.case_id, what="case id")
    if case_id == NO_CASE and header.case_seq:
        raise VerificationError("The header numbers a message of no case.")
    return Header(
        message_id=strict.uuid(header.message_id, what="message id"),
        sender=strict.institution(header.sender, what="sender of the message"),
        recipient=strict.institution(header.recipient, what="recipient of the message"),
        case_id=case_id,
        type=strict.text(header.type, limit=64, what="message type"),
        schema_version=strict.number(header.schema_version, limit=U32, what="schema version"),
        stream_seq=strict.number(header.stream_seq, limit=strict.LAST_SEQ, what="stream sequence"),
        sent_at=strict.instant(header.sent_at_ms, what="instant of sending"),
        payload_commitment=strict.exact(header.payload_commitment, HASH_BYTES, what="payload commitment"),
        record_length=header.record_length,
        agreement_id=header.agreement_id,
        agreement_sha256=header.agreement_sha256,
        in_reply_to=strict.optional_uuid(header.in_reply_to, what="id of the message replied to"),
        case_seq=0
        if case_id == NO_CASE
        else strict.number(header.case_seq, limit=strict.LAST_SEQ, what="number in the case"),
        replaces=strict.optional_uuid(header.replaces, what="id of the message replaced"),
        purpose=header.purpose,
        legal_basis=header.legal_basis,
    )


def _item(item: Item) -> pb.Item:
    return pb.Item(header=item.header, payload=pb.Payload(salt=item.salt, record=item.record))


def encode_item(item: Item) -> bytes:
    """One message alone, as it is kept in quarantine."""
    return _item(item).SerializeToString(deterministic=True)


def encode_items(items: Sequence[Item]) -> bytes:
    """The plaintext of a bundle."""
    return pb.Items(items=[_item(item) for item in items]).SerializeToString(deterministic=True)


def decode_items(data: bytes) -> tuple[Item, ...]:
    """The messages in a plaintext; their headers are still bytes."""
    items = strict.parse(pb.Items, data, what="plaintext of the bundle")
    return tuple(Item(item.header, item.payload.salt, item.payload.record) for item in items.items)


def encode_receipt(bundle_id: UUID, merkle_root: bytes, entries: Sequence[ReceiptEntry]) -> bytes:
    """The record of a message of type "receipt"."""
    return pb.Receipt(
        bundle_id=bundle_id.bytes,
        merkle_root=merkle_root,
        entries=[
            pb.ReceiptEntry(
                message_id=entry.message_id.bytes,
                leaf_hash=entry.leaf_hash,
                status=_STATUS[entry.status],
                reason=entry.reason,
            )
            for entry in entries
        ],
    ).SerializeToString(deterministic=True)


def decode_receipt(data: bytes) -> tuple[UUID, tuple[ReceiptEntry, ...]]:
    """The bundle that a receipt answers, and what it says of its messages."""
    receipt = strict.parse(pb.Receipt, data, what="receipt")
    strict.exact(receipt.merkle_root, HASH_BYTES, what="Merkle root in the receipt")
    strict.number(len(receipt.entries), limit=ITEM_LIMIT, what="number of entries in the receipt")
    entries = tuple(_entry(entry) for entry in receipt.entries)
    return strict.uuid(receipt.bundle_id, what="bundle id in the receipt"), entries


def _entry(entry: pb.ReceiptEntry) -> ReceiptEntry:
    status = _STATUS_BACK.get(entry.status)
    if status is None:
        raise VerificationError(f"A receipt has the status {entry.status}, which is not known.")
    if entry.reason:
        strict.text(entry.reason, limit=REASON_CODE_LIMIT, what="reason code in a receipt")
    return ReceiptEntry(
        message_id=strict.uuid(entry.message_id, what="message id in the receipt"),
        leaf_hash=strict.exact(entry.leaf_hash, HASH_BYTES, what="leaf hash in the receipt"),
        status=status,
        reason=entry.reason,
    )


def encode_statuses(entries: Sequence[StatusEntry]) -> bytes:
    """The record of a message of type "exchange.status"."""
    return pb.StatusReport(
        entries=[
            pb.StatusEntry(
                first_seq=entry.first_seq,
                last_seq=entry.last_seq,
                status=_BUSINESS[entry.status],
                reasons=entry.reasons,
                decided_at_ms=strict.milliseconds(entry.decided_at),
                case_id=entry.case_id.bytes if entry.case_id else b"",
            )
            for entry in entries
        ]
    ).SerializeToString(deterministic=True)


def decode_statuses(data: bytes) -> tuple[StatusEntry, ...]:
    """What the recipient of our messages has made of them."""
    report = strict.parse(pb.StatusReport, data, what="report of statuses")
    strict.number(len(report.entries), limit=STATUS_ENTRIES, what="number of entries in the report")
    entries = tuple(_status_entry(entry) for entry in report.entries)
    if len({entry.case_id for entry in entries}) > 1:
        raise VerificationError("A report of one case tells of something else too.")
    return entries


def _status_entry(entry: pb.StatusEntry) -> StatusEntry:
    status = _BUSINESS_BACK.get(entry.status)
    if status is None:
        raise VerificationError(f"A report has the status {entry.status}, which is not known.")
    first = strict.number(entry.first_seq, limit=strict.LAST_SEQ, what="first number of a report")
    last = strict.number(entry.last_seq, limit=strict.LAST_SEQ, what="last number of a report")
    case_id = strict.optional_uuid(entry.case_id, what="case id of a report")
    if not first <= last or (case_id is None and last >= first + STATUS_SPAN):
        raise VerificationError(f"A report goes from {first} to {last}; it may span {STATUS_SPAN} numbers.")
    if case_id == NO_CASE:
        raise VerificationError("A report tells of numbers in no case.")
    if case_id is not None and status is not BusinessStatus.REJECTED:
        raise VerificationError(
            f"A report says of numbers of a case that they are {status}; they can only be rejected."
        )
    strict.number(len(entry.reasons) + 1, limit=REASONS + 1, what="number of reasons and one")
    reasons = tuple(strict.text(reason, limit=REASON_LENGTH, what="reason") for reason in entry.reasons)
    decided_at = strict.instant(entry.decided_at_ms, what="instant of a status")
    return StatusEntry(first, last, status, reasons, decided_at, case_id)


def encode_evidence(sealed: Sealed, *, index: int, path: Sequence[bytes], item: Item) -> bytes:
    """One message with the proof that its sender signed it, as kept at rest."""
    return pb.ItemEvidence(
        signed_head=sealed.signed_head,
        signature_ed25519=sealed.signature.ed25519,
        signature_mldsa65=sealed.signature.mldsa65,
        item=index,
        audit_path=path,
        content=_item(item),
    ).SerializeToString(deterministic=True)


def decode_evidence(data: bytes) -> tuple[Sealed, int, tuple[bytes, ...], Item]:
    """Head and signatures (without a ciphertext), place, audit path and content of one message kept at rest."""
    evidence = strict.parse(pb.ItemEvidence, data, what="stored proof")
    signature = HybridSignature(evidence.signature_ed25519, evidence.signature_mldsa65)
    item = Item(evidence.content.header, evidence.content.payload.salt, evidence.content.payload.record)
    return Sealed(evidence.signed_head, b"", signature), evidence.item, tuple(evidence.audit_path), item

"""The parts of a bundle as plain values, and the limits on them; the bytes are the business of mapping/wire.py."""

from datetime import datetime
from uuid import UUID

from portability.agreements.errors import VerificationError
from portability.services.exchange.model.messages import InstitutionId, ReceivedMessage
from portability.services.hybrid import HybridSignature
from portability.services.values import value

__all__ = [
    "BUNDLE_LIMIT",
    "HEADER_LIMIT",
    "ITEM_LIMIT",
    "REASONS",
    "REASON_LENGTH",
    "RECORD_LIMIT",
    "STATUS_ENTRIES",
    "STATUS_SPAN",
    "Head",
    "Header",
    "Item",
    "OpenedBundle",
    "OpenedItem",
    "RefusedItem",
    "Sealed",
    "received_message",
]

RECORD_LIMIT = 256 * 1024  # bytes of one record
HEADER_LIMIT = 4 * 1024  # bytes of one serialised header
BUNDLE_LIMIT = 1024 * 1024  # bytes of one bundle as it is on the stream
ITEM_LIMIT = 256  # messages in one bundle
STATUS_ENTRIES = 1024  # entries of one report of statuses
STATUS_SPAN = 4096  # numbers that one entry of it covers
REASONS = 8  # reasons of one entry
REASON_LENGTH = 500  # characters of one reason


@value
class Head:
    """What the sender of a bundle signs."""

    suite: int
    bundle_id: UUID
    sender: InstitutionId
    recipient: InstitutionId
    signature_key_id: str
    kem_key_id: str
    directory_version: int
    item_count: int
    merkle_root: bytes
    ciphertext_sha256: bytes
    sealed_at: datetime


@value
class Header:
    """What is said of one message without its content; the Merkle leaf covers it."""

    message_id: UUID
    sender: InstitutionId
    recipient: InstitutionId
    case_id: UUID
    type: str
    schema_version: int
    stream_seq: int
    sent_at: datetime
    payload_commitment: bytes
    record_length: int
    agreement_id: str
    agreement_sha256: bytes
    in_reply_to: UUID | None
    case_seq: int
    replaces: UUID | None
    purpose: str = ""  # empty, with `legal_basis`, in the exchange's own messages
    legal_basis: str = ""


@value
class Item:
    """One message in the plaintext: its header as bytes, and what the header commits to."""

    header: bytes
    salt: bytes
    record: bytes


@value
class Sealed:
    """The outer message: the signed part and the signatures as bytes."""

    signed_head: bytes
    ciphertext: bytes
    signature: HybridSignature


@value
class OpenedItem:
    """A message of a verified bundle that keeps to the rules."""

    index: int
    leaf_hash: bytes
    header: Header
    message: ReceivedMessage


@value
class RefusedItem:
    """A message of a verified bundle that its sender made wrongly; the rest of the bundle stands."""

    index: int
    leaf_hash: bytes
    reason: str
    item: Item
    header: Header | None  # None where it does not read
    code: str = VerificationError.code  # said in the receipt


@value
class OpenedBundle:
    """A bundle whose signatures, addresses and content have verified."""

    head: Head
    sealed: Sealed
    items: bytes  # the plaintext
    contents: tuple[Item, ...]
    leaves: tuple[bytes, ...]
    opened: tuple[OpenedItem, ...]
    refused: tuple[RefusedItem, ...]


def received_message(header: Header, record: bytes, *, at: datetime) -> ReceivedMessage:
    """A message as the recipient's use cases see it, from its header and its content."""
    return ReceivedMessage(
        message_id=header.message_id,
        sender=header.sender,
        case_id=header.case_id,
        type=header.type,
        schema_version=header.schema_version,
        record=record,
        stream_seq=header.stream_seq,
        sent_at=header.sent_at,
        received_at=at,
        agreement_id=header.agreement_id,
        agreement_sha256=header.agreement_sha256.hex(),
        in_reply_to=header.in_reply_to,
        case_seq=header.case_seq,
        replaces=header.replaces,
    )

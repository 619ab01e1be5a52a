"""Values of the exchange: messages, bundles on the stream, receipts. Plain data, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from portability.services.hybrid import HybridSignature

__all__ = [
    "DIGEST_TYPE",
    "EXCHANGE_TYPES",
    "ID_CONFLICT",
    "LONGEST_WAIT",
    "NO_CASE",
    "RECEIPT_TYPE",
    "RESEND_TYPE",
    "STATUS_TYPE",
    "Arrival",
    "BundleKey",
    "BusinessStatus",
    "Consignment",
    "ConsignmentKey",
    "Direction",
    "HybridSignature",
    "InboxBundle",
    "InboxMessage",
    "InstitutionId",
    "KnownSubmission",
    "Lane",
    "MessageKey",
    "OutboxMessage",
    "OutgoingMessage",
    "PublicKeys",
    "QuarantineEntry",
    "QuarantineState",
    "ReceiptEntry",
    "ReceiptStatus",
    "ReceivedMessage",
    "Sealable",
    "SealedBundle",
    "SentEvidence",
    "StatusEntry",
    "StoredReceipt",
    "StreamRecord",
    "SubmittedMessage",
    "TimelineEntry",
    "Turns",
    "advances",
    "confirmation_of",
    "wants_receipt",
]

BundleKey = tuple[str, UUID]  # sender and bundle id
InstitutionId = str  # "de-drv": lower-case country code and name
ConsignmentKey = tuple[InstitutionId, int]  # recipient and first stream_seq
Lane = tuple[InstitutionId, UUID]  # partner and case
MessageKey = tuple[InstitutionId, UUID]  # sender and message id


class ReceiptStatus(StrEnum):
    """How far a message has come, as its sender knows it."""

    SUBMITTED = "submitted"  # in the sender's outbox, durable
    RELAYED = "relayed"  # the event stream has acknowledged it
    DELIVERED = "delivered"  # the recipient holds it durably and has signed for it
    OPENED = "opened"  # a person or system of the recipient has looked at it
    FAILED = "failed"  # the recipient has refused it, with a reason


class BusinessStatus(StrEnum):
    """What the recipient has made of a message that it holds; apart from how far the message has come."""

    ACCEPTED = "accepted"  # it has taken effect
    ACCEPTED_BLIND = "accepted_blind"  # it has taken effect, and its content is not checked yet
    REJECTED = "rejected"  # it will have no effect, for the reasons given
    PARKED = "parked"  # it could not take effect; a person of the recipient looks at it
    HELD = "held"  # one before it in its case is not done yet


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """What the recipient says of messages with consecutive numbers."""

    first_seq: int
    last_seq: int  # inclusive; at most 4,096 numbers
    status: BusinessStatus
    reasons: tuple[str, ...]  # for people, without personal data; at most eight
    decided_at: datetime  # of two entries about a message the later one counts


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a use case hands over to be sent to one institution."""

    message_id: UUID  # time-ordered
    idempotency_key: str
    recipient: InstitutionId
    case_id: UUID
    type: str  # "record.request"; the recipient's effects know what to do with it
    schema_version: int
    record: bytes  # a serialised portability.api message; opaque to the exchange
    agreement_id: str = ""  # empty where no agreement is involved yet
    agreement_sha256: str = ""
    in_reply_to: UUID | None = None
    replaces: UUID | None = None  # a message of ours in this case that is parked at the recipient
    purpose: str = ""  # code of portability.services.purposes; empty in the exchange's own messages
    legal_basis: str = ""  # the provision that it rests on


@dataclass(frozen=True, slots=True)
class SubmittedMessage:
    """A message in the outbox. The same idempotency key and content give the same one again."""

    message_id: UUID
    stream_seq: int  # 1, 2, 3 … per sender and recipient; it only detects loss
    status: ReceiptStatus
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message whose bundle has verified, as the recipient's use cases see it."""

    message_id: UUID
    sender: InstitutionId
    case_id: UUID
    type: str
    schema_version: int
    record: bytes
    stream_seq: int
    sent_at: datetime
    received_at: datetime
    agreement_id: str = ""
    agreement_sha256: str = ""
    in_reply_to: UUID | None = None
    case_seq: int = 0  # 1, 2, 3 … among what its sender has sent us in this case; 0 in NO_CASE
    replaces: UUID | None = None

    @property
    def key(self) -> MessageKey:
        """What it is known by here."""
        return self.sender, self.message_id

    @property
    def lane(self) -> Lane:
        """Sender and case."""
        return self.sender, self.case_id


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record on an event stream, as the broker gives it: bytes in, bytes out."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes


class Arrival(StrEnum):
    """What the inbox says of a message that comes in."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same id and content was here before: receipt again, no effect
    CONFLICT = "conflict"  # the same id with other content: alarm and quarantine


class Direction(StrEnum):
    """Which way a message went, seen from this node."""

    SENT = "sent"
    RECEIVED = "received"


RECEIPT_TYPE = "receipt"
RESEND_TYPE = "exchange.resend"
DIGEST_TYPE = "exchange.digest"
STATUS_TYPE = "exchange.status"
EXCHANGE_TYPES = frozenset({RECEIPT_TYPE, RESEND_TYPE, DIGEST_TYPE, STATUS_TYPE})
"""Messages of the exchange itself: they are of no case, no effect sees them, and nobody can submit them."""
LONGEST_WAIT = timedelta(hours=2)  # between two attempts to send a consignment
NO_CASE = UUID(int=0)  # case id of messages that belong to no case, such as receipts


def wants_receipt(message_type: str) -> bool:
    """Whether a message is sent until it is receipted; those of the exchange itself are sent once."""
    return message_type not in EXCHANGE_TYPES


def confirmation_of(messages: Iterable[tuple[UUID, bytes]]) -> bytes:
    """Hash of message ids and leaf hashes in order: equal where a receipt says DELIVERED of exactly these."""
    return sha256(b"".join(message_id.bytes + leaf for message_id, leaf in messages)).digest()


def advances(before: ReceiptStatus | None, after: ReceiptStatus) -> bool:
    """Whether a receipt changes what was receipted before (None: nothing); DELIVERED and OPENED never go back."""
    match before:
        case None:
            return True
        case ReceiptStatus.DELIVERED:
            return after is ReceiptStatus.OPENED
        case ReceiptStatus.FAILED:
            return after is not ReceiptStatus.FAILED
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Sealable:
    """A message of the outbox as far as sealing needs it: its header was made when it was submitted.

    So it can be sealed again in another bundle, and its leaf is the same in each.
    """

    message_id: UUID
    stream_seq: int
    wants_receipt: bool
    header: bytes
    leaf_hash: bytes  # of the header: 32 bytes
    salt: bytes  # 32 bytes
    record: bytes


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message as the outbox keeps it until the recipient's signed receipt is here, and after."""

    sealable: Sealable
    idempotency_key: str
    recipient: InstitutionId
    case_id: UUID
    case_seq: int  # 1, 2, 3 … among what went to this recipient in this case; 0 in NO_CASE
    type: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Turns:
    """Where streams stand while the caller's transaction holds them; what is not there stands at 0."""

    last_seqs: Mapping[InstitutionId, int]
    open_messages: Mapping[InstitutionId, int]  # without a receipt; messages that want none do not count
    case_seqs: Mapping[Lane, int]  # the last of each lane; none of NO_CASE


@dataclass(frozen=True, slots=True)
class KnownSubmission:
    """What an idempotency key was used for."""

    submitted: SubmittedMessage
    header: bytes
    record: bytes | None  # None where it was erased


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """Consecutive messages to one recipient, sealed: what goes on the stream and what proves it.

    `value` are the bytes for the stream. Head and signatures are kept for good; the messages are in the outbox, so
    everything else can be made again.
    """

    bundle_id: UUID
    recipient: InstitutionId
    first_seq: int
    last_seq: int
    value: bytes
    signed_head: bytes
    signature: HybridSignature
    sealed_at: datetime
    receiptable: int  # messages that want a receipt; where it is 0 the bundle is sent once
    confirmation: bytes  # see `confirmation_of`: what a receipt says that says DELIVERED of all of them


@dataclass(frozen=True, slots=True)
class Consignment:
    """Consecutive messages to one recipient that are sent together until their receipt is here.

    They are sealed as one bundle, and where they have to be sent again as another one. Its bytes are kept from the
    second sealing on: nearly all are receipted before.
    """

    recipient: InstitutionId
    first_seq: int
    last_seq: int
    attempts: int  # how often the stream has acknowledged it
    value: bytes | None  # None where it has to be sealed again

    @property
    def key(self) -> ConsignmentKey:
        """What it is known by: consignments never overlap."""
        return self.recipient, self.first_seq


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """What a receipt says of one message."""

    message_id: UUID
    leaf_hash: bytes  # of the header that the recipient received: 32 bytes
    status: ReceiptStatus  # DELIVERED, OPENED or FAILED
    reason: str = ""  # a code; empty where there is nothing to say


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A signed receipt with what proves it without us: head, signatures, inclusion."""

    receipt_id: UUID  # message id of the receipt
    signer: InstitutionId
    bundle_id: UUID  # bundle of ours that the receipt answers
    entries: tuple[ReceiptEntry, ...]
    evidence: bytes  # serialised ItemEvidence: signed head, signatures, header, payload, inclusion proof
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SentEvidence:
    """What this node holds in hand about one message that it has sent."""

    bundle_id: UUID
    signed_head: bytes
    signature: HybridSignature
    leaf_hashes: tuple[bytes, ...]  # of the bundle, in item order
    item: int  # index of the message in it
    message: Sealable
    receipt: bytes | None  # serialised ItemEvidence of the receipt that settled it; None until there is one


@dataclass(frozen=True, slots=True)
class InboxBundle:
    """A bundle that has verified: signed part and signatures, for evidence; its messages are rows of their own."""

    bundle_id: UUID
    sender: InstitutionId
    signed_head: bytes
    signature: HybridSignature
    received_at: datetime
    leaf_hashes: tuple[bytes, ...]  # of all its items in order, also of those that were set aside or known


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A received message with its place in its bundle, and what its header commits to.

    Where the content was erased, `salt` and the message's record are empty; header and leaf still prove it.
    """

    message: ReceivedMessage
    header: bytes  # as received
    salt: bytes  # 32 bytes
    leaf_hash: bytes  # 32 bytes
    bundle_id: UUID
    item: int  # index in the bundle, from 0


ID_CONFLICT: Final = "MESSAGE_ID_CONFLICT"
"""Code of entries that have the id of another message: what becomes of them says nothing of that one."""


class QuarantineState(StrEnum):
    """What has become of something set aside."""

    OPEN = "open"  # a person has to look at it
    APPLIED = "applied"  # it has had its effect after all
    REPLACED = "replaced"  # another message of its sender took its place
    REJECTED = "rejected"  # it will have no effect


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A record or message set aside, with its reason and where it came from."""

    entry_id: UUID  # time-ordered
    reason_code: str  # stable, for example "VERIFICATION_FAILED"
    reason: str  # for people, without personal data
    topic: str
    partition: int
    offset: int
    value: bytes  # the record as received, or the serialised Item of one message
    set_aside_at: datetime
    sender: InstitutionId = ""  # empty where nothing about the sender has verified
    message_id: UUID | None = None  # None where the whole bundle is set aside
    case_id: UUID | None = None
    state: QuarantineState = QuarantineState.OPEN
    closed_at: datetime | None = None
    closed_by: str = ""  # who replayed or rejected it; empty where its sender's message did it


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One message of a case, sent or received, and how far it has come."""

    message_id: UUID
    direction: Direction
    partner: InstitutionId
    case_id: UUID
    type: str
    status: ReceiptStatus
    at: datetime  # submitted (sent) or received
    settled_at: datetime | None = None  # when its receipt came; None until then, and for received ones
    business: BusinessStatus | None = None  # what its recipient has made of it; None where nothing was said yet
    reasons: tuple[str, ...] = ()  # what the recipient said with it
    reason: str = ""  # code from a receipt that refuses; empty elsewhere


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Public key material of one key id, and when it may be used: [not_before, not_after)."""

    key_id: str
    not_before: datetime
    not_after: datetime
    ed25519: bytes = b""  # 32 bytes; empty for an encryption key
    mldsa65: bytes = b""  # 1952 bytes; empty for an encryption key
    kem: bytes = b""  # 1216 bytes, X-Wing order of ML-KEM-768 and X25519; empty for a signing key

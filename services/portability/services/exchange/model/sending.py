"""What the sender keeps: messages in the outbox, their consignments, and the receipts of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId, Lane, SubmittedMessage
from portability.services.exchange.model.statuses import ReceiptEntry
from portability.services.hybrid import HybridSignature
from portability.services.values import value

__all__ = [
    "AGAIN_AN_HOUR",
    "AGAIN_PAUSE",
    "IN_HAND",
    "LONGEST_WAIT",
    "Consignment",
    "ConsignmentKey",
    "KnownSubmission",
    "OutboxMessage",
    "Sealable",
    "SealedBundle",
    "Sealing",
    "SentEvidence",
    "StoredReceipt",
    "Turns",
]

ConsignmentKey = tuple[InstitutionId, int]  # recipient and first stream_seq
AGAIN_PAUSE = timedelta(minutes=10)  # between two times that a consignment is sent on request
AGAIN_AN_HOUR = 4096  # consignments sent to one recipient on request: a million messages
LONGEST_WAIT = timedelta(hours=2)  # between two attempts to send a consignment
IN_HAND = timedelta(seconds=5)  # how long other relays leave a consignment to the one that is sending it


@value
class Sealable:
    """A message of the outbox as far as sealing needs it: its header was made when it was submitted.

    So it can be sealed again in another bundle, and its leaf is the same in each.
    """

    message_id: UUID
    stream_seq: int
    wants_receipt: bool
    header: bytes
    leaf_hash: bytes  # of the header: 32 bytes
    salt: bytes  # 32 bytes; empty, with `record`, where the content was erased
    record: bytes

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left that could be sealed."""
        return not self.salt

    @property
    def size(self) -> int:
        """Bytes of header and record."""
        return len(self.header) + len(self.record)


@value
class OutboxMessage:
    """A message as the outbox keeps it until the recipient's signed receipt is here, and after."""

    sealable: Sealable
    idempotency_key: str
    recipient: InstitutionId
    case_id: UUID
    case_seq: int  # 1, 2, 3 … among what went to this recipient in this case; 0 in NO_CASE
    type: str
    submitted_at: datetime


@value
class KnownSubmission:
    """What an idempotency key was used for."""

    submitted: SubmittedMessage
    header: bytes
    record: bytes | None  # None where it was erased


@value
class Turns:
    """Where streams stand while the caller's transaction holds them; what is not there stands at 0."""

    last_seqs: Mapping[InstitutionId, int]
    open_messages: Mapping[InstitutionId, int]  # without a receipt; messages that want none do not count
    open_bytes: Mapping[InstitutionId, int]  # of their headers and records
    case_seqs: Mapping[Lane, int]  # the last of each lane; none of NO_CASE
    known: Mapping[str, KnownSubmission]  # by idempotency key, of those asked about
    bundled_seqs: Mapping[InstitutionId, int]  # all up to it is sealed; where the caller may seal what follows


@value
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
    receiptable_bytes: int  # of their headers and records
    confirmation: bytes  # see `confirmation_of`: what a receipt says that says DELIVERED of all of them
    left_out: tuple[int, ...] = ()  # sequences of its consignment that were erased before this sealing


@value
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


@value
class StoredReceipt:
    """A signed receipt with what proves it without us: head, signatures, inclusion."""

    receipt_id: UUID  # message id of the receipt
    signer: InstitutionId
    bundle_id: UUID  # bundle of ours that the receipt answers
    entries: tuple[ReceiptEntry, ...]
    evidence: bytes  # serialised ItemEvidence: signed head, signatures, header, payload, inclusion proof
    received_at: datetime


@value
class Sealing:
    """One bundle that a message of ours was sealed in, as far as it proves the message."""

    signed_head: bytes
    signature: HybridSignature
    leaf_hashes: tuple[bytes, ...]  # of the bundle, in item order
    item: int  # index of the message in it


@value
class SentEvidence:
    """What this node holds in hand about one message that it has sent."""

    bundle_id: UUID
    signed_head: bytes
    signature: HybridSignature
    leaf_hashes: tuple[bytes, ...]  # of the bundle, in item order
    item: int  # index of the message in it
    message: Sealable
    receipt: bytes | None  # serialised ItemEvidence of the receipt that settled it; None until there is one

"""Values of the exchange: messages, bundles on the stream, receipts. Plain data, no I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

InstitutionId = str  # "de-drv": lower-case country code and name


class ReceiptStatus(StrEnum):
    """How far a message has come, as its sender knows it."""

    SUBMITTED = "submitted"  # in the sender's outbox, durable
    RELAYED = "relayed"  # the event stream has acknowledged it
    DELIVERED = "delivered"  # the recipient holds it durably and has signed for it
    OPENED = "opened"  # a person or system of the recipient has looked at it
    FAILED = "failed"  # the recipient has refused it, with a reason


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a use case hands over to be sent to one institution."""

    message_id: UUID  # time-ordered
    idempotency_key: str
    recipient: InstitutionId
    case_id: UUID
    type: str  # "record.request", as in docs/spec/messages.md
    schema_version: int
    record: bytes  # a serialised portability.api message; opaque to the exchange
    agreement_id: str = ""  # empty where no agreement is involved yet
    agreement_sha256: str = ""
    in_reply_to: UUID | None = None


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


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record on an event stream, as the broker gives it: bytes in, bytes out."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes

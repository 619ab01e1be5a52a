"""Messages as use cases hand them over, get them, and read of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portability.services.exchange.model.statuses import BusinessStatus, ReceiptStatus
from portability.services.values import value

__all__ = [
    "DIGEST_TYPE",
    "EXCHANGE_TYPES",
    "GIVEN_UP_TYPE",
    "NO_CASE",
    "RECEIPT_TYPE",
    "RESEND_TYPE",
    "STATUS_TYPE",
    "Direction",
    "InstitutionId",
    "Lane",
    "MessageKey",
    "OutgoingMessage",
    "ReceivedMessage",
    "SubmittedMessage",
    "TimelineEntry",
    "wants_receipt",
]

InstitutionId = str  # "de-drv": lower-case country code and name
Lane = tuple[InstitutionId, UUID]  # partner and case
MessageKey = tuple[InstitutionId, UUID]  # sender and message id
RECEIPT_TYPE = "receipt"
RESEND_TYPE = "exchange.resend"
DIGEST_TYPE = "exchange.digest"
STATUS_TYPE = "exchange.status"
EXCHANGE_TYPES = frozenset({RECEIPT_TYPE, RESEND_TYPE, DIGEST_TYPE, STATUS_TYPE})
"""Messages of the exchange itself: they are of no case, no effect sees them, and nobody can submit them."""
GIVEN_UP_TYPE = "exchange.given_up"
"""Of a line of a timeline that stands for messages that have not come and are waited for no more; nobody sends it."""
NO_CASE = UUID(int=0)  # case id of messages that belong to no case, such as receipts


def wants_receipt(message_type: str) -> bool:
    """Whether a message is sent until it is receipted; those of the exchange itself are sent once."""
    return message_type not in EXCHANGE_TYPES


@value
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


@value
class SubmittedMessage:
    """A message in the outbox. The same idempotency key and content give the same one again."""

    message_id: UUID
    stream_seq: int  # 1, 2, 3 … per sender and recipient; it only detects loss
    status: ReceiptStatus
    submitted_at: datetime


@value
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


class Direction(StrEnum):
    """Which way a message went, seen from this node."""

    SENT = "sent"
    RECEIVED = "received"


@value
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
    opened_at: datetime | None = None  # when somebody has read it: as its recipient says, or here for received ones
    is_late: bool = False  # its receipt came after the time for it was over
    business: BusinessStatus | None = None  # what its recipient has made of it; None where nothing was said yet
    reasons: tuple[str, ...] = ()  # what the recipient said with it
    reason: str = ""  # code from a receipt that refuses; empty elsewhere

"""How far a message has come, and what its recipient has made of it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from portability.services.values import value

__all__ = ["BusinessStatus", "ReceiptEntry", "ReceiptStatus", "StatusEntry", "Unchecked", "advances", "confirmation_of"]


class ReceiptStatus(StrEnum):
    """How far a message has come, as its sender knows it."""

    SUBMITTED = "submitted"  # in the sender's outbox, durable
    RELAYED = "relayed"  # the event stream has acknowledged it
    DELIVERED = "delivered"  # the recipient holds it durably and has signed for it
    OPENED = "opened"  # a person or system of the recipient has looked at it
    FAILED = "failed"  # the recipient has refused it, with a reason
    RELAY_FAILED = "relay_failed"  # the event stream has not taken it for too long; it is tried again and again
    DELIVERY_FAILED = "delivery_failed"  # no receipt has come for too long; it is sent again and again
    EXPIRED = "expired"  # its content was erased before a receipt came: nothing is left to send


class BusinessStatus(StrEnum):
    """What the recipient has made of a message that it holds; apart from how far the message has come."""

    ACCEPTED = "accepted"  # it has taken effect
    ACCEPTED_BLIND = "accepted_blind"  # it has taken effect, and its content is not checked yet
    REJECTED = "rejected"  # it will have no effect, for the reasons given
    PARKED = "parked"  # it could not take effect; a person of the recipient looks at it
    HELD = "held"  # one before it in its case is not done yet


@value
class Unchecked:
    """Why a message that has taken effect is accepted blind: its form is right, what it says stays to be checked."""

    code: str  # stable, for example "TOTALS_DIFFER"
    reason: str  # for people at both ends, without personal data


@value
class StatusEntry:
    """What the recipient says of messages with consecutive numbers."""

    first_seq: int
    last_seq: int  # inclusive; at most 4,096 numbers of a stream
    status: BusinessStatus
    reasons: tuple[str, ...]  # for people, without personal data; at most eight
    decided_at: datetime  # of two entries about a message the later one counts
    case_id: UUID | None = None  # the case that the numbers are of; None: they are of the stream


@value
class ReceiptEntry:
    """What a receipt says of one message."""

    message_id: UUID
    leaf_hash: bytes  # of the header that the recipient received: 32 bytes
    status: ReceiptStatus  # DELIVERED, OPENED or FAILED
    reason: str = ""  # a code; empty where there is nothing to say


def advances(before: ReceiptStatus | None, after: ReceiptStatus) -> bool:
    """Whether a receipt changes what was receipted before (None: nothing); DELIVERED and OPENED never go back."""
    match before:
        case None:
            return True
        case ReceiptStatus.DELIVERED:
            return after is ReceiptStatus.OPENED
        case ReceiptStatus.FAILED | ReceiptStatus.EXPIRED:
            return after is not ReceiptStatus.FAILED
        case _:
            return False


def confirmation_of(messages: Iterable[tuple[UUID, bytes]]) -> bytes:
    """Hash of message ids and leaf hashes in order: equal where a receipt says DELIVERED of exactly these."""
    return sha256(b"".join(message_id.bytes + leaf for message_id, leaf in messages)).digest()

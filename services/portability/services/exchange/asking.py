"""Messages in which nodes ask each other for what was lost; of no case, and not receipted."""

from collections.abc import Sequence

from portability.services.exchange.mapping.repair import encode_digest, encode_resend
from portability.services.exchange.model.messages import (
    DIGEST_TYPE,
    NO_CASE,
    RESEND_TYPE,
    InstitutionId,
    OutgoingMessage,
)
from portability.services.exchange.ports.world import NewId
from portability.services.exchange.streams import RESEND_RANGES, SequenceRange, StreamDigest

__all__ = ["digest_message", "resend_requests"]

SCHEMA = 1


def resend_requests(sender: InstitutionId, ranges: Sequence[SequenceRange], new_id: NewId) -> list[OutgoingMessage]:
    """Ask a sender to send numbers of its stream again."""
    batches = (ranges[first : first + RESEND_RANGES] for first in range(0, len(ranges), RESEND_RANGES))
    return [_message(sender, RESEND_TYPE, encode_resend(batch), new_id) for batch in batches]


def digest_message(recipient: InstitutionId, digest: StreamDigest, new_id: NewId) -> OutgoingMessage:
    """Say or ask what was sent."""
    return _message(recipient, DIGEST_TYPE, encode_digest(digest), new_id)


def _message(recipient: InstitutionId, kind: str, record: bytes, new_id: NewId) -> OutgoingMessage:
    message_id = new_id()
    return OutgoingMessage(
        message_id=message_id,
        idempotency_key=f"{kind}:{message_id}",
        recipient=recipient,
        case_id=NO_CASE,
        type=kind,
        schema_version=SCHEMA,
        record=record,
    )

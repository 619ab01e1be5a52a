"""The RPCs' messages and the values of the exchange, both ways."""

from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from portability.agreements.errors import InputError
from portability.api.exchange.v1 import exchange_pb2 as pb
from portability.services.exchange.model.messages import Direction, OutgoingMessage, SubmittedMessage, TimelineEntry
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptStatus
from portability.services.purposes import purpose_named

__all__ = ["entry_message", "outgoing", "parse_uuid", "quarantined_message", "submitted_message"]

_STATUS = {
    ReceiptStatus.SUBMITTED: pb.MESSAGE_STATUS_SUBMITTED,
    ReceiptStatus.RELAYED: pb.MESSAGE_STATUS_RELAYED,
    ReceiptStatus.DELIVERED: pb.MESSAGE_STATUS_DELIVERED,
    ReceiptStatus.OPENED: pb.MESSAGE_STATUS_OPENED,
    ReceiptStatus.FAILED: pb.MESSAGE_STATUS_FAILED,
    ReceiptStatus.RELAY_FAILED: pb.MESSAGE_STATUS_RELAY_FAILED,
    ReceiptStatus.DELIVERY_FAILED: pb.MESSAGE_STATUS_DELIVERY_FAILED,
    ReceiptStatus.EXPIRED: pb.MESSAGE_STATUS_EXPIRED,
}
_DIRECTION = {
    Direction.SENT: pb.MESSAGE_DIRECTION_SENT,
    Direction.RECEIVED: pb.MESSAGE_DIRECTION_RECEIVED,
}
_BUSINESS = {
    BusinessStatus.ACCEPTED: pb.MESSAGE_BUSINESS_ACCEPTED,
    BusinessStatus.ACCEPTED_BLIND: pb.MESSAGE_BUSINESS_ACCEPTED_BLIND,
    BusinessStatus.REJECTED: pb.MESSAGE_BUSINESS_REJECTED,
    BusinessStatus.PARKED: pb.MESSAGE_BUSINESS_PARKED,
    BusinessStatus.HELD: pb.MESSAGE_BUSINESS_HELD,
}
_QUARANTINE = {
    QuarantineState.OPEN: pb.QUARANTINE_STATE_OPEN,
    QuarantineState.APPLIED: pb.QUARANTINE_STATE_APPLIED,
    QuarantineState.REPLACED: pb.QUARANTINE_STATE_REPLACED,
    QuarantineState.REJECTED: pb.QUARANTINE_STATE_REJECTED,
}


def outgoing(request: pb.SubmitMessageRequest, *, message_id: UUID) -> OutgoingMessage:
    """What a caller wants sent, for a purpose of the closed list. Raises InputError."""
    purpose = purpose_named(request.purpose)
    return OutgoingMessage(
        message_id=message_id,
        idempotency_key=str(parse_uuid(request.request_id, field="request_id")),
        recipient=request.recipient,
        case_id=parse_uuid(request.case_id, field="case_id"),
        type=request.type,
        schema_version=request.schema_version,
        record=request.record,
        agreement_id=request.agreement_id,
        agreement_sha256=request.agreement_sha256,
        in_reply_to=parse_uuid(request.in_reply_to, field="in_reply_to") if request.in_reply_to else None,
        purpose=purpose.code,
        legal_basis=str(purpose.citation),
        replaces=parse_uuid(request.replaces, field="replaces") if request.replaces else None,
    )


def submitted_message(submitted: SubmittedMessage) -> pb.SubmitMessageResponse:
    """The answer to a submission."""
    return pb.SubmitMessageResponse(
        message_id=str(submitted.message_id),
        stream_seq=submitted.stream_seq,
        status=_STATUS[submitted.status],
        submitted_at=_timestamp(submitted.submitted_at),
    )


def entry_message(entry: TimelineEntry) -> pb.MessageEntry:
    """One line of a timeline."""
    return pb.MessageEntry(
        message_id=str(entry.message_id),
        direction=_DIRECTION[entry.direction],
        partner=entry.partner,
        case_id=str(entry.case_id),
        type=entry.type,
        status=_STATUS[entry.status],
        at=_timestamp(entry.at),
        settled_at=_timestamp(entry.settled_at) if entry.settled_at else None,
        reason=entry.reason,
        business=_BUSINESS[entry.business] if entry.business else pb.MESSAGE_BUSINESS_UNSPECIFIED,
        business_reasons=entry.reasons,
        opened_at=_timestamp(entry.opened_at) if entry.opened_at else None,
        is_late=entry.is_late,
    )


def quarantined_message(entry: QuarantineEntry) -> pb.QuarantinedEntry:
    """One entry set aside, without its bytes."""
    return pb.QuarantinedEntry(
        entry_id=str(entry.entry_id),
        reason_code=entry.reason_code,
        reason=entry.reason,
        sender=entry.sender,
        message_id=str(entry.message_id) if entry.message_id else "",
        case_id=str(entry.case_id) if entry.case_id else "",
        size_bytes=len(entry.value),
        set_aside_at=_timestamp(entry.set_aside_at),
        state=_QUARANTINE[entry.state],
        closed_at=_timestamp(entry.closed_at) if entry.closed_at else None,
        closed_by=entry.closed_by,
    )


def parse_uuid(text: str, *, field: str) -> UUID:
    """Return the UUID in a request. Raises InputError naming the field."""
    try:
        return UUID(text)
    except ValueError as exc:
        raise InputError(f"The {field} is not a UUID.", field=field) from exc


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp

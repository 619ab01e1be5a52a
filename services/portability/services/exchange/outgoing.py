"""Putting messages into the outbox: numbers, salt and header are made here, once, so that a leaf never changes."""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from portability.agreements.errors import VerificationError
from portability.services.exchange.envelope import HEADER_LIMIT, Header
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import NO_CASE, InstitutionId, Lane, OutgoingMessage, wants_receipt
from portability.services.exchange.model.sending import OutboxMessage, Sealable, Turns
from portability.services.exchange.ports.sending import Outbox
from portability.services.exchange.suites import SALT_BYTES, commitment
from portability.services.merkle import leaf_hash

__all__ = ["Draw", "lane_of", "numbered", "outbox_message", "post"]

Draw = Callable[[int], bytes]
"""Draws random bytes."""


async def post(
    messages: Sequence[OutgoingMessage],
    *,
    outbox: Outbox,
    me: InstitutionId,
    at: datetime,
    draw: Draw = secrets.token_bytes,
) -> Sequence[OutboxMessage]:
    """Put messages of the exchange itself into the outbox, such as receipts: new ones, with keys of their own."""
    if not messages:
        return []
    turns = await outbox.turns({lane_of(message) for message in messages})
    made = numbered(messages, turns=turns, me=me, at=at, draw=draw)
    await outbox.add(made)
    return made


def numbered(
    messages: Sequence[OutgoingMessage], *, turns: Turns, me: InstitutionId, at: datetime, draw: Draw
) -> Sequence[OutboxMessage]:
    """Number messages in the order given, as the outbox keeps them; the caller holds the recipients' turns."""
    last_seqs, case_seqs = Counter(turns.last_seqs), Counter(turns.case_seqs)
    salts = draw(SALT_BYTES * len(messages))
    made = []
    for place, message in enumerate(messages):
        last_seqs[message.recipient] += 1
        case_seq = 0
        if message.case_id != NO_CASE:
            case_seqs[lane := lane_of(message)] += 1
            case_seq = case_seqs[lane]
        made.append(
            outbox_message(
                message,
                me=me,
                at=at,
                stream_seq=last_seqs[message.recipient],
                case_seq=case_seq,
                salt=salts[place * SALT_BYTES : (place + 1) * SALT_BYTES],
            )
        )
    return made


def outbox_message(
    message: OutgoingMessage, *, me: InstitutionId, at: datetime, stream_seq: int, case_seq: int, salt: bytes
) -> OutboxMessage:
    """Return a message with its header. Raises VerificationError where the header is over its limit."""
    header = wire.encode_header(
        Header(
            message_id=message.message_id,
            sender=me,
            recipient=message.recipient,
            case_id=message.case_id,
            type=message.type,
            schema_version=message.schema_version,
            stream_seq=stream_seq,
            sent_at=at,
            payload_commitment=commitment(salt, message.record),
            record_length=len(message.record),
            agreement_id=message.agreement_id,
            agreement_sha256=bytes.fromhex(message.agreement_sha256),
            in_reply_to=message.in_reply_to,
            case_seq=case_seq,
            replaces=message.replaces,
            purpose=message.purpose,
            legal_basis=message.legal_basis,
        )
    )
    if len(header) > HEADER_LIMIT:
        raise VerificationError(f"The header of {message.message_id} is over {HEADER_LIMIT} bytes.")
    return OutboxMessage(
        sealable=Sealable(
            message_id=message.message_id,
            stream_seq=stream_seq,
            wants_receipt=wants_receipt(message.type),
            header=header,
            leaf_hash=leaf_hash(header),
            salt=salt,
            record=message.record,
        ),
        idempotency_key=message.idempotency_key,
        recipient=message.recipient,
        case_id=message.case_id,
        case_seq=case_seq,
        type=message.type,
        submitted_at=at,
    )


def lane_of(message: OutgoingMessage) -> Lane:
    """The recipient and the case of a message."""
    return message.recipient, message.case_id

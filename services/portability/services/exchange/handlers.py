"""Submitting messages and reading where they stand. Sealing and sending are in relay.py, receiving in consumer.py."""

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from portability.agreements.errors import (
    IdempotencyConflictError,
    InputError,
    NotFoundError,
    PortabilityError,
)
from portability.services.exchange.envelope import RECORD_LIMIT
from portability.services.exchange.limits import USUAL, Limits
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import (
    NO_CASE,
    RECEIPT_TYPE,
    InstitutionId,
    OutgoingMessage,
    SubmittedMessage,
    TimelineEntry,
)
from portability.services.exchange.model.sending import KnownSubmission, OutboxMessage, Turns
from portability.services.exchange.model.set_aside import QuarantineEntry
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.outgoing import Draw, lane_of, numbered
from portability.services.exchange.ports.sending import Outbox
from portability.services.exchange.ports.set_aside import Quarantine
from portability.services.exchange.ports.work import Timeline
from portability.services.exchange.ports.world import Clock, Recipients
from portability.services.exchange.receipt_levels import ReceiptTimes, shown
from portability.services.purposes import why_not_for

__all__ = [
    "check_outgoing",
    "get_message_status",
    "list_messages",
    "list_quarantined",
    "no_such_message",
    "submit",
    "submit_many",
    "take_on",
]

PAGE_LIMIT: Final = 200

Put = Callable[[Sequence[OutboxMessage], Turns], Awaitable[None]]

_TYPE = re.compile(r"[a-z_]+(\.[a-z_]+){0,3}")
_AGREEMENT_HASH = re.compile(r"([0-9a-f]{64})?")


async def submit(
    message: OutgoingMessage,
    *,
    me: InstitutionId,
    outbox: Outbox,
    recipients: Recipients,
    clock: Clock,
    limits: Limits = USUAL,
) -> SubmittedMessage:
    """Take one message on for delivery, inside the caller's transaction; see `submit_many`."""
    (submitted,) = await submit_many([message], me=me, outbox=outbox, recipients=recipients, clock=clock, limits=limits)
    return submitted


async def submit_many(
    messages: Sequence[OutgoingMessage],
    *,
    me: InstitutionId,
    outbox: Outbox,
    recipients: Recipients,
    clock: Clock,
    limits: Limits = USUAL,
    draw: Draw = secrets.token_bytes,
) -> Sequence[SubmittedMessage]:
    """Take messages on for delivery; durable once the caller's transaction has committed.

    An idempotency key that was used before gives the first answer again (also its message id). Raises
    InputError (what is wrong with which field), IdempotencyConflictError (same key, other content) and
    OverloadError (`limits`). On an error nothing of the call counts:
    the caller lets its transaction undo it.
    """
    for message in messages:
        check_outgoing(message, recipients)
    submitted = []
    for answer in await take_on(messages, me=me, outbox=outbox, clock=clock, limits=limits, draw=draw):
        if isinstance(answer, PortabilityError):
            raise answer
        submitted.append(answer)
    return submitted


async def take_on(
    messages: Sequence[OutgoingMessage],
    *,
    me: InstitutionId,
    outbox: Outbox,
    clock: Clock,
    limits: Limits = USUAL,
    draw: Draw = secrets.token_bytes,
    put: Put | None = None,
    seals: bool = False,
) -> Sequence[SubmittedMessage | PortabilityError]:
    """Answer each of the messages, which `check_outgoing` has let pass: one that is refused does not hold up others.

    `put` puts what is new into the outbox, numbered, and with `seals` it may seal what the turns say; without, it waits
    there for the relay.
    """
    lanes = {lane_of(message) for message in messages}
    turns = await outbox.turns(lanes, keys=[message.idempotency_key for message in messages], seals=seals)
    known = dict(turns.known)
    recipients = {message.recipient for message in messages}
    refusals = {one: refusal for one in recipients if (refusal := limits.full(one, turns))}
    fresh: dict[str, OutgoingMessage] = {}
    for message in messages:
        if message.idempotency_key not in known and message.recipient not in refusals:
            fresh.setdefault(message.idempotency_key, message)
    made = numbered(list(fresh.values()), turns=turns, me=me, at=clock.now(), draw=draw)
    await (put(made, turns) if put else outbox.add(made))
    known.update((one.idempotency_key, _as_known(one)) for one in made)
    answers: list[SubmittedMessage | PortabilityError] = []
    for message in messages:
        before = known.get(message.idempotency_key)
        if before is None:
            answers.append(refusals[message.recipient])
        elif fresh.get(message.idempotency_key) is message or _same_content(message, before):
            answers.append(before.submitted)
        else:
            answers.append(_conflict(before))
    return answers


async def get_message_status(
    message_id: UUID, *, timeline: Timeline, now: datetime, times: ReceiptTimes
) -> TimelineEntry:
    """Return where a message stands now. Raises NotFoundError."""
    entry = await timeline.of_message(message_id)
    if entry is None:
        raise no_such_message(message_id)
    return shown(entry, now=now, times=times)


def no_such_message(message_id: UUID) -> NotFoundError:
    """What whoever may not see a message reads, as if it were not there."""
    return NotFoundError(f"Message {message_id} is not known here.")


async def list_messages(
    case_id: UUID,
    *,
    timeline: Timeline,
    now: datetime,
    times: ReceiptTimes,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[TimelineEntry]:
    """Return up to `limit` (at most 200) messages of a case by id, beginning after the message `after`."""
    page = await timeline.of_case(case_id, after=after, limit=min(limit, PAGE_LIMIT))
    return [shown(entry, now=now, times=times) for entry in page]


async def list_quarantined(
    *, quarantine: Quarantine, after: UUID | None = None, limit: int = 50
) -> Sequence[QuarantineEntry]:
    """Return up to `limit` (at most 200) entries set aside, beginning after the entry `after`."""
    return await quarantine.list(after=after, limit=min(limit, PAGE_LIMIT))


def _is_ours(message_type: str) -> bool:
    return message_type == RECEIPT_TYPE or message_type.startswith("exchange.")


def check_outgoing(message: OutgoingMessage, recipients: Recipients) -> None:
    """Raise InputError, naming the field, where a message cannot be sent at all."""
    if not recipients.knows(message.recipient):
        raise InputError("The directory has no institution of the recipient's id: check it.", field="recipient")
    if not _TYPE.fullmatch(message.type) or len(message.type) > 64 or _is_ours(message.type):
        raise InputError(
            "This is not a message type that can be submitted: give one of your own, such as record.note.", field="type"
        )
    if message.case_id == NO_CASE:
        raise InputError("A message belongs to a case: name it.", field="case_id")
    if reason := why_not_for(message.purpose, message.type):
        raise InputError(reason, field="purpose")
    if not 0 < message.schema_version < 2**32:
        raise InputError(f"The schema version is {message.schema_version}; it starts at 1.", field="schema_version")
    if not 0 < len(message.idempotency_key) <= 200:
        raise InputError("The idempotency key must have 1 to 200 characters.", field="request_id")
    if len(message.record) > RECORD_LIMIT:
        raise InputError(
            f"The record has {len(message.record)} bytes; {RECORD_LIMIT} are allowed: send it in parts.",
            field="record",
        )
    if bool(message.agreement_id) != bool(message.agreement_sha256) or len(message.agreement_id) > 64:
        raise InputError("An agreement is named by its id and its hash together.", field="agreement_id")
    if not _AGREEMENT_HASH.fullmatch(message.agreement_sha256):
        raise InputError("The agreement's hash must be 64 lower-case hexadecimal digits.", field="agreement_sha256")


def _conflict(known: KnownSubmission) -> IdempotencyConflictError:
    return IdempotencyConflictError(
        f"The idempotency key was used for message {known.submitted.message_id} with other content: "
        "take a new key for a new message."
    )


def _as_known(made: OutboxMessage) -> KnownSubmission:
    item = made.sealable
    submitted = SubmittedMessage(item.message_id, item.stream_seq, ReceiptStatus.SUBMITTED, made.submitted_at)
    return KnownSubmission(submitted, item.header, item.record)


def _same_content(message: OutgoingMessage, known: KnownSubmission) -> bool:
    """Whether a caller says the same again; of a record that was erased, only its length is left to compare."""
    header = wire.decode_header(known.header)
    said = (
        message.recipient,
        message.case_id,
        message.type,
        message.schema_version,
        len(message.record),
        message.agreement_id,
        bytes.fromhex(message.agreement_sha256),
        message.in_reply_to,
        message.replaces,
        message.purpose,
        message.legal_basis,
    )
    before = (
        header.recipient,
        header.case_id,
        header.type,
        header.schema_version,
        header.record_length,
        header.agreement_id,
        header.agreement_sha256,
        header.in_reply_to,
        header.replaces,
        header.purpose,
        header.legal_basis,
    )
    return said == before and known.record in (None, message.record)

"""What the recipient of messages tells their sender that it has made of them: messages of type "exchange.status".

They are sent once. One that is lost leaves a gap in the numbers of its stream, and is sent again when it is asked for.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from portability.services.exchange.envelope import REASON_LENGTH, REASONS, STATUS_ENTRIES, STATUS_SPAN
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import (
    NO_CASE,
    STATUS_TYPE,
    InstitutionId,
    OutgoingMessage,
    ReceivedMessage,
)
from portability.services.exchange.model.statuses import BusinessStatus, StatusEntry
from portability.services.exchange.ports.world import NewId
from portability.services.mapping import strict

__all__ = ["Decided", "status_messages"]

STATUS_SCHEMA = 1

Decided = tuple[ReceivedMessage, BusinessStatus, Sequence[str]]
"""A message, what was made of it, and the reasons for people."""


def status_messages(decided: Iterable[Decided], *, new_id: NewId, at: datetime) -> Sequence[OutgoingMessage]:
    """Return the messages that tell each sender; consecutive numbers of one status share an entry."""
    by_sender: dict[InstitutionId, list[StatusEntry]] = {}
    for message, status, reasons in sorted(decided, key=lambda one: (one[0].sender, one[0].stream_seq)):
        entries = by_sender.setdefault(message.sender, [])
        told = tuple(strict.one_line(reason[:REASON_LENGTH]) for reason in reasons[:REASONS])
        _add(entries, StatusEntry(message.stream_seq, message.stream_seq, status, told, at))
    return [
        _message(sender, entries[first : first + STATUS_ENTRIES], message_id=new_id())
        for sender, entries in by_sender.items()
        for first in range(0, len(entries), STATUS_ENTRIES)
    ]


def _add(entries: list[StatusEntry], entry: StatusEntry) -> None:
    if entries:
        last = entries[-1]
        follows = entry.first_seq == last.last_seq + 1 and entry.first_seq - last.first_seq < STATUS_SPAN
        if follows and (last.status, last.reasons) == (entry.status, entry.reasons):
            entries[-1] = StatusEntry(last.first_seq, entry.last_seq, last.status, last.reasons, last.decided_at)
            return
    entries.append(entry)


def _message(sender: InstitutionId, entries: Sequence[StatusEntry], *, message_id: UUID) -> OutgoingMessage:
    return OutgoingMessage(
        message_id=message_id,
        idempotency_key=f"status:{message_id}",
        recipient=sender,
        case_id=NO_CASE,
        type=STATUS_TYPE,
        schema_version=STATUS_SCHEMA,
        record=wire.encode_statuses(entries),
    )

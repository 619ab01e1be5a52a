"""What the recipient of messages tells their sender that it has made of them: messages of type "exchange.status".

They are sent once. One that is lost leaves a gap in the numbers of its stream, and is sent again when it is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from portability.services.exchange.model.waiting import GivenUp
from portability.services.exchange.ports.world import NewId
from portability.services.mapping import strict

__all__ = ["Decided", "given_up_message", "status_messages"]

STATUS_SCHEMA = 1

Decided = tuple[ReceivedMessage, BusinessStatus, Sequence[str]]
"""A message, what was made of it, and the reasons for people."""


def status_messages(decided: Iterable[Decided], *, new_id: NewId, at: datetime) -> Sequence[OutgoingMessage]:
    """Return the messages that tell each sender; consecutive numbers of one status share an entry."""
    by_sender: dict[InstitutionId, list[_Run]] = {}
    for message, status, reasons in sorted(decided, key=lambda one: (one[0].sender, one[0].stream_seq)):
        runs = by_sender.setdefault(message.sender, [])
        told = tuple(strict.one_line(reason[:REASON_LENGTH]) for reason in reasons[:REASONS])
        if not (runs and runs[-1].takes(message.stream_seq, status, told)):
            runs.append(_Run(message.stream_seq, message.stream_seq, status, told))
    return [
        _message(sender, [one.entry(at) for one in runs[first : first + STATUS_ENTRIES]], message_id=new_id())
        for sender, runs in by_sender.items()
        for first in range(0, len(runs), STATUS_ENTRIES)
    ]


def given_up_message(given_up: GivenUp, *, new_id: NewId) -> OutgoingMessage:
    """Return the message that tells a sender which of its numbers in a case will never have an effect here."""
    numbers = given_up.numbers
    entry = StatusEntry(
        numbers.first, numbers.last, BusinessStatus.REJECTED, given_up.reasons, given_up.at, given_up.case_id
    )
    return _message(given_up.sender, [entry], message_id=new_id())


@dataclass(slots=True)
class _Run:
    """Consecutive numbers of which the same is said."""

    first_seq: int
    last_seq: int
    status: BusinessStatus
    reasons: tuple[str, ...]

    def takes(self, seq: int, status: BusinessStatus, reasons: tuple[str, ...]) -> bool:
        """Take the next number in where it belongs to this run."""
        follows = seq == self.last_seq + 1 and seq - self.first_seq < STATUS_SPAN
        if not follows or status is not self.status or reasons != self.reasons:
            return False
        self.last_seq = seq
        return True

    def entry(self, at: datetime) -> StatusEntry:
        """What is said of them."""
        return StatusEntry(self.first_seq, self.last_seq, self.status, self.reasons, at)


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

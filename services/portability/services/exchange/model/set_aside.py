"""What could not be taken in or take effect, and what has become of it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.services.exchange.model.messages import NO_CASE, InstitutionId
from portability.services.values import value

__all__ = ["GAP", "ID_CONFLICT", "NUMBER_CONFLICT", "QuarantineEntry", "QuarantineState"]

GAP: Final = "STREAM_GAP"
"""Code of entries that stand for what has not come, by number; a person who rejects one gives it up."""
ID_CONFLICT: Final = "MESSAGE_ID_CONFLICT"
"""Code of entries that have the id of another message: what becomes of them says nothing of that one."""
NUMBER_CONFLICT: Final = "CASE_SEQ_CONFLICT"
"""Code of entries whose number in the case is done already: no lane waits for them."""


class QuarantineState(StrEnum):
    """What has become of something set aside."""

    OPEN = "open"  # a person has to look at it
    APPLIED = "applied"  # it has had its effect after all
    REPLACED = "replaced"  # another message of its sender took its place
    REJECTED = "rejected"  # it will have no effect


@value
class QuarantineEntry:
    """A record or message set aside, with its reason and where it came from."""

    entry_id: UUID  # time-ordered
    reason_code: str  # stable, for example "VERIFICATION_FAILED"
    reason: str  # for people, without personal data
    topic: str
    partition: int
    offset: int
    value: bytes  # the record as received, or the serialised Item of one message
    set_aside_at: datetime
    sender: InstitutionId = ""  # empty where nothing about the sender has verified
    message_id: UUID | None = None  # None where the whole bundle is set aside
    case_id: UUID | None = None
    state: QuarantineState = QuarantineState.OPEN
    closed_at: datetime | None = None
    closed_by: str = ""  # who replayed or rejected it; empty where its sender's message did it
    scope: UUID = NO_CASE  # what `value` is erased with: the case, or this entry alone; NO_CASE: a record still sealed

"""A change as the feed tells it: which case, what happened, when, by whom; nothing of what it says and of whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

__all__ = ["Change", "event_type", "topic_of"]


@dataclass(frozen=True, slots=True)
class Change:
    """One event. `number` is its place in the feed, from 1; the events of one case stand in their order."""

    number: int
    event_id: UUID
    case_id: UUID
    kind: str
    occurred_at: datetime
    institution: str  # who did it
    message_id: UUID | None


def event_type(kind: str) -> str:
    """The CloudEvents type of a kind of change."""
    return f"portability.case.{kind}.v1"


def topic_of(institution: str) -> str:
    """The Kafka topic of an institution's own systems."""
    return f"portability.events.v1.{institution}"

"""Lanes that wait, and numbers of a case that a person here waits for no more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.exchange.streams import SequenceRange

__all__ = ["GapGivenUp", "GivenUp", "WaitingLane"]


@dataclass(frozen=True, slots=True)
class WaitingLane:
    """A lane in which something waits."""

    lane: Lane
    since: datetime  # when the first that waits had come
    waiting: int
    missing: (
        SequenceRange | None
    )  # numbers of the case that have not come, before the first that has; None: it waits for a person


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Numbers of a lane that a person here waits for no more."""

    sender: InstitutionId
    case_id: UUID
    numbers: SequenceRange
    entry_id: UUID  # entry of quarantine that says who has given them up
    reasons: tuple[str, ...]  # as its sender is told
    at: datetime


@dataclass(frozen=True, slots=True)
class GapGivenUp:
    """Numbers of a stream that a person here waits for no more, whatever cases they were of."""

    sender: InstitutionId
    numbers: SequenceRange
    entry_id: UUID  # entry of quarantine that says who has refused them, and when
    reason: str

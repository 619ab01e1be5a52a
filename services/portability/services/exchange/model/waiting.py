"""Lanes that wait, for what, and numbers of a case that a person here waits for no more."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.exchange.streams import SequenceRange

__all__ = ["GivenUp", "WaitingLane", "WaitsFor"]


class WaitsFor(StrEnum):
    """What the next message of a lane waits for."""

    MISSING = "missing"  # for numbers before it, which have not come
    PERSON = "person"  # it is parked
    ANOTHER = "another"  # for what another sender sends in the case


@dataclass(frozen=True, slots=True)
class WaitingLane:
    """A lane in which something waits."""

    lane: Lane
    waits_for: WaitsFor
    since: datetime  # when the first that waits had come
    waiting: int
    missing: SequenceRange | None  # numbers of the case that have not come, before the first that has


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Numbers of a lane that a person here waits for no more."""

    sender: InstitutionId
    case_id: UUID
    numbers: SequenceRange
    entry_id: UUID  # entry of quarantine that says who has given them up
    reasons: tuple[str, ...]  # as its sender is told
    at: datetime

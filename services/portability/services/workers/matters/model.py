"""A matter as she reads it: what it is about, who has to do what since when and until when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from portability.services.workers.views import Due, Institution, SeenBy

__all__ = ["MatterStep", "MatterView", "Task", "task_of"]


class Task(StrEnum):
    """What an institution has to do, as a worker would say it: many states of many flows come down to few tasks."""

    CERTIFY = "certify"
    LAW = "law"  # say whose law applies to her work
    RECORDS = "records"
    IDENTIFY = "identify"
    QUESTION = "question"
    READ = "read"  # take note; nothing waits for it
    HEALTH = "health"
    DECIDE = "decide"
    ADVANCE = "advance"
    SUMMARY = "summary"
    LOOK_AGAIN = "look_again"  # at a record that is disputed
    DECIDE_AGAIN = "decide_again"
    ALIVE = "alive"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class MatterStep:
    """What one institution has to do now."""

    holder: Institution
    task: Task
    since: datetime
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class MatterView:
    """One case that runs on a flow. `steps` are those that somebody is awaited in, the oldest first.

    `kind` is the flow's id ("dispute"). Looks are told where one matter is shown.
    """

    case_id: UUID
    worker_id: UUID
    reference: str
    kind: str
    begun_by: Institution
    begun_at: datetime
    is_open: bool
    steps: tuple[MatterStep, ...] = ()
    seen_by: tuple[SeenBy, ...] = ()
    moved_at: datetime | None = None  # when something was last said in it


def task_of(kind: str, track: str, state: str) -> Task:
    """What a state of a flow asks of its holder; the tracks that all flows share are questions."""
    return _TASKS.get((kind, track, state)) or _TASKS.get(("", track, state)) or _BY_TRACK.get(track, Task.QUESTION)


_BY_TRACK: Mapping[str, Task] = MappingProxyType(
    {
        "certificate": Task.CERTIFY,
        "determination": Task.LAW,
        "view": Task.LAW,
        "answer": Task.LAW,
        "records": Task.RECORDS,
        "match": Task.IDENTIFY,
        "medical_evidence": Task.HEALTH,
        "claim": Task.SUMMARY,
        "decision": Task.DECIDE,
        "provisional_award": Task.ADVANCE,
        "dispute": Task.LOOK_AGAIN,
        "recalculation": Task.DECIDE_AGAIN,
        "effect": Task.DECIDE_AGAIN,
        "check": Task.ALIVE,
        "offset": Task.MONEY,
        "remittance": Task.MONEY,
        "lump_sum": Task.MONEY,
        "verification": Task.QUESTION,
        "detail": Task.QUESTION,
        "information": Task.QUESTION,
        "notice": Task.READ,
    }
)
_TASKS: Mapping[tuple[str, str, str], Task] = MappingProxyType(
    {
        ("trace", "answer", "asked"): Task.RECORDS,
        ("", "notice", "questioned"): Task.QUESTION,
    }
)

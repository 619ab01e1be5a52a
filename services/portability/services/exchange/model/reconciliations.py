"""What the daily comparisons with a partner came to, as people read it: by partner, direction and day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.services.exchange.model.messages import Direction, InstitutionId
from portability.services.exchange.streams import RangeDigest, SequenceRange

__all__ = [
    "FINDINGS_SHOWN",
    "GRACE",
    "KEPT",
    "STAYS",
    "Comparison",
    "Difference",
    "DifferenceKind",
    "Finding",
    "Place",
    "Reconciliation",
    "Settled",
    "Settlement",
    "StandingDifferences",
    "Wanted",
    "joined",
    "over_until",
]

KEPT: Final = timedelta(days=365)
"""How long the report of a day is kept."""
GRACE: Final = timedelta(hours=1)
"""A digest that comes so soon after midnight counts for the day before as well: rounds are a day and a little apart."""
STAYS: Final = timedelta(days=1)
"""A difference that stands for so long is told of: by then what was asked for has had time to come."""

FINDINGS_SHOWN: Final = 100
"""Findings of one day that are listed; of more it is said how many there are."""

Place = tuple[date, InstitutionId, Direction]
"""Where a report stands in the list: the newest day first."""


class DifferenceKind(StrEnum):
    """In what way the two ends differ under some numbers."""

    MISSING = "missing"  # nothing is here of what the sender states
    DIFFERING = "differing"  # one number under which something else is here, or two messages
    UNSETTLED = "unsettled"  # somewhere among them; the sender was asked where, and has not answered


@dataclass(frozen=True, slots=True)
class Difference:
    """Numbers of a sender where what it states is not what is here."""

    kind: DifferenceKind
    numbers: SequenceRange
    stated: int  # messages that it says it has sent under them
    root: bytes  # over their leaf hashes; of a single message its leaf hash


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one digest that came, or one round that went out, adds to the report of a day."""

    partner: InstitutionId
    direction: Direction
    at: datetime
    numbers: SequenceRange | None = None  # that were stated; None: nothing was
    digests: int = 0
    questions: int = 0  # ranges of ours that the partner asked about, for they differ there
    compared: tuple[SequenceRange, ...] = ()  # ranges of the partner that were compared here
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """That a person has looked into what is open under some numbers, and closes it."""

    request_id: UUID
    partner: InstitutionId
    numbers: SequenceRange
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Who has closed a finding that stands, when and why."""

    by: str
    at: datetime
    reason: str
    case_id: UUID | None = None  # the case in which the numbers were given up; None: it was settled otherwise
    is_gap: bool = False  # by refusing the gap of the stream in which the numbers stand

    @property
    def is_given_up(self) -> bool:
        """Whether that was said of what is missing, and not of what a comparison has found."""
        return self.is_gap or self.case_id is not None


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference as it stands now."""

    kind: DifferenceKind
    numbers: SequenceRange
    stated: int  # messages that the partner says it has sent under them
    held: int  # messages that are here under them, or void
    found_at: datetime
    asked_at: datetime | None  # when the partner was last asked because of it; None: nothing can be asked for
    is_open: bool
    settled: Settled | None = None  # None: nobody has closed it, or it does not stand any more


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the comparisons of one day with one partner came to, in one direction."""

    partner: InstitutionId
    direction: Direction
    day: date  # UTC
    numbers: SequenceRange | None  # from the lowest to the highest that was stated
    digests: int
    questions: int
    last_at: datetime | None  # when the last digest came or went out
    differences: int
    open_differences: int
    is_open: bool
    findings: tuple[Finding, ...] = ()  # open ones first, then by number; not all where they are many

    @property
    def is_silent(self) -> bool:
        """Whether no digest came on this day from a partner that should have sent one."""
        return self.direction is Direction.RECEIVED and not self.digests

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return self.day, self.partner, self.direction


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports to list."""

    partner: InstitutionId = ""  # empty: of all
    since: date = date.min
    only_open: bool = False


@dataclass(frozen=True, slots=True)
class StandingDifferences:
    """Differences with one partner that have stood for long."""

    partner: InstitutionId
    count: int
    first_seq: int  # the lowest number among them


def joined(missing: Iterable[RangeDigest]) -> list[Difference]:
    """What is missing, neighbouring ranges as one: of a stream that is gone altogether they are hundreds."""
    found: list[Difference] = []
    for one in missing:
        last = found[-1] if found else None
        if last and last.numbers.last + 1 == one.range.first:
            numbers = SequenceRange(last.numbers.first, one.range.last)
            found[-1] = replace(last, numbers=numbers, stated=last.stated + one.count, root=b"")
        else:
            found.append(Difference(DifferenceKind.MISSING, one.range, one.count, one.root))
    return found


def over_until(now: datetime) -> date:
    """The last day of which can be said that no digest has come on it."""
    return (now - GRACE).date() - timedelta(days=1)

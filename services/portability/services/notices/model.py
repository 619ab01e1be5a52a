"""What may be told to a worker, and when: plain values and quiet hours. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "FRESH",
    "SECURITY",
    "SECURITY_TEXTS_AN_HOUR",
    "TEXTS_A_DAY",
    "Channel",
    "Choice",
    "Happening",
    "Kind",
    "Notice",
    "Outcome",
    "Taken",
    "Untold",
    "case_of_all",
    "event_of",
    "may_go_at",
    "security_of",
    "told_together",
]

TEXTS_A_DAY: Final = 4  # what happens beyond is told together, later
FRESH: Final = timedelta(days=3)  # older news is on her page, and nobody needs to be woken for it


class Kind(StrEnum):
    """What has happened, in the order in which one of several is told."""

    CONTACT = "contact"  # she signs in by another contact: told by the one before, whatever she chose
    MOVED = "moved"  # news goes to another address: told by the contact that she signs in with, whatever she chose
    DUE = "due"  # something is awaited from her
    DECIDED = "decided"
    LATE = "late"  # an answer is overdue
    ANSWERED = "answered"  # what she disputed
    CHANGED = "changed"  # a country's record of her has come or changed
    DONE = "done"  # a step is done
    CHECKED = "checked"  # time that she told of: there is an answer
    BEGUN = "begun"  # a case between institutions, beside her claims
    DISPUTED = "disputed"  # what she said is wrong has come in
    DECLARED = "declared"  # time that she told of has come in
    ASKED = "asked"  # how a case went that is over
    LOOKED = "looked"  # somebody of the staff has looked


SECURITY: Final = frozenset({Kind.CONTACT, Kind.MOVED})
"""Told at once, by night as well, and whatever she chose: it may not have been she. None counts among `TEXTS_A_DAY`."""
SECURITY_TEXTS_AN_HOUR: Final = 5
"""Of each kind, which goes to one contact of hers; what happens beyond is told together within the hour.

Nobody's phone may be flooded by whoever changes an address to and fro: five is what codes allow in that time as well.
Each kind counts for itself: changes of the address, however many, do not put off the news of another contact.
"""


class Channel(StrEnum):
    """By which way a text goes; `portability.services.workers.model.ContactKind` has the same words."""

    PHONE = "phone"
    EMAIL = "email"


class Outcome(StrEnum):
    """What became of a text. What was taken and never settled is not known to have gone, and is not sent again."""

    TAKEN = "taken"
    SENT = "sent"
    FAILED = "failed"  # refused, or it may have gone: never again
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that has happened in a worker's cases. `key` is the same whenever and wherever it is found."""

    kind: Kind
    key: str
    at: datetime
    case_id: UUID | None = None  # in which of her cases; None: in none, or in several


@dataclass(frozen=True, slots=True)
class Notice:
    """A happening to be told, from `due_at` on."""

    event: bytes
    kind: Kind
    noted_at: datetime
    due_at: datetime
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What she wants: whether at all, and from when to when her phone is left alone, by which clock.

    `zone` is an IANA name; empty: that of the institution.
    """

    wanted: bool = True
    quiet_from: time = time(20)
    quiet_until: time = time(8)
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Notices of one worker that go out as one text, by nobody else."""

    text_id: UUID
    worker_id: UUID
    kinds: frozenset[Kind]
    case_id: UUID | None = None  # what all of them are about; None: they are not about one case


@dataclass(frozen=True, slots=True)
class Untold:
    """Texts that did not reach anybody, as far as is known; she finds what they told on her page."""

    lost: int  # taken by a process that ended before it knew whether they went
    refused: int  # by a gateway, or it broke off


def case_of_all(case_ids: Iterable[UUID | None]) -> UUID | None:
    """The one case that all are about; None where there is no such case."""
    found = set(case_ids)
    return found.pop() if len(found) == 1 else None


def security_of(kinds: frozenset[Kind]) -> Kind | None:
    """The kind by which a text counts among those about her safety; None: it is ordinary news."""
    return next((kind for kind in Kind if kind in kinds & SECURITY), None)


def told_together(due: Iterable[Kind]) -> frozenset[Kind]:
    """Which of the kinds that are due go into the next text.

    What concerns her safety comes first and by itself: it goes to an address and in words of its own, so whatever else
    went into that text would count as told and be told nobody.
    """
    kinds = frozenset(due)
    first = security_of(kinds)
    return kinds if first is None else frozenset({first})


def event_of(happening: Happening) -> bytes:
    """The name under which an event is kept: it says nothing of what happened."""
    return hashlib.sha256(f"{happening.kind}:{happening.key}".encode()).digest()


def may_go_at(at: datetime, choice: Choice, zone: tzinfo) -> datetime:
    """The first instant from `at` on that is outside of the quiet hours; both ends alike means none are quiet.

    `zone` is the institution's, for who has chosen none, and for a name that the machine's tables do not know any more.
    """
    zone = _zone(choice.zone, zone)
    local = at.astimezone(zone)
    begins, ends, now = choice.quiet_from, choice.quiet_until, local.time()
    over_night = begins > ends
    quiet = (now >= begins or now < ends) if over_night else begins <= now < ends
    if not quiet:
        return at
    day = local.date() + timedelta(days=1) if over_night and now >= begins else local.date()
    return datetime.combine(day, ends, tzinfo=zone).astimezone(at.tzinfo)


def _zone(name: str, default: tzinfo) -> tzinfo:
    try:
        return ZoneInfo(name) if name else default
    except ZoneInfoNotFoundError:
        return default

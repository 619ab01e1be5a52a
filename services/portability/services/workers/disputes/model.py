"""Disputes as plain values: what is disputed, how it stands, and which decisions a person must look at again.

Pure. Where another institution holds what is disputed, the case F12 between the two says how it stands.
"""

import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError
from portability.agreements.values import Citation, StateCode

__all__ = [
    "GROUNDS_LENGTH",
    "MOST_OPEN",
    "Answer",
    "Dispute",
    "Held",
    "Holds",
    "InstitutionId",
    "Matter",
    "Progress",
    "Review",
    "Standing",
    "Subject",
    "answered",
    "clean_text",
    "local_progress",
    "reviewed",
    "taken_up",
]

InstitutionId = str
GROUNDS_LENGTH: Final = 2000
MOST_OPEN: Final = 20  # disputes of one worker at a time; a case worker reads each of them
REVIEW_TIME: Final = timedelta(days=60)  # the service standard of F12 (standard.dispute): no law sets a day
_KEPT_CONTROLS = "\n"


class Matter(StrEnum):
    """What a dispute is about."""

    PERIOD = "period"  # a period on record is wrong
    MISSING = "missing"  # time is not on record
    DECISION = "decision"  # a decision is wrong
    DETAILS = "details"  # name, day of birth or the like are wrong


class Standing(StrEnum):
    RECEIVED = "received"
    IN_REVIEW = "in_review"
    UPHELD = "upheld"  # she was right
    REFUSED = "refused"

    @property
    def is_open(self) -> bool:
        return self in {Standing.RECEIVED, Standing.IN_REVIEW}


@dataclass(frozen=True, slots=True)
class Subject:
    """What exactly: `about` is the id of the period or decision; missing time has a state and, half-open, its days."""

    matter: Matter
    about: str = ""
    state: StateCode = ""
    start: date | None = None
    end: date | None = None
    activity: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Where what is disputed is held: the case, the institution that answers for it, the others that have decided."""

    case_id: UUID
    holder: InstitutionId
    dependents: tuple[InstitutionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Holds:
    """What holds in place of what was wrong: a time (half-open), or words where it is none; neither: nothing."""

    start: date | None = None
    end: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person said; `holds`: what holds instead, where she was right and it is known by then."""

    upheld: bool
    at: datetime
    by: str
    reason: str
    remedy: str = ""  # how to have it looked at again, where it was refused
    holds: tuple[Holds, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A decision that rests on what was wrong: a person looks at it again, no program changes it."""

    decision_id: str
    institution: InstitutionId
    due_since: datetime
    done_at: datetime | None = None
    done_by: str = ""
    unchanged: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """`raised_by` names who acted for her; empty: she herself. `flow_case_id` is set where another holds it."""

    dispute_id: UUID
    worker_id: UUID
    case_id: UUID
    subject: Subject
    grounds: str
    holder: InstitutionId
    raised_at: datetime
    raised_by: str = ""
    flow_case_id: UUID | None = None
    taken_up_at: datetime | None = None
    answer: Answer | None = None
    reviews: tuple[Review, ...] = ()

    @property
    def waits_for_us(self) -> bool:
        """Whether this institution has something to do: to answer, or to look again at a decision."""
        unsettled = self.answer is None or any(review.done_at is None for review in self.reviews)
        return unsettled and self.flow_case_id is None


@dataclass(frozen=True, slots=True)
class Progress:
    """How a dispute stands: who holds it since when and until when, and what came of it.

    `to_review` are institutions that still have to look at a decision again. `citation` says that the day is law.
    """

    standing: Standing
    since: datetime
    due_on: date | None = None
    citation: Citation | None = None
    answer: Answer | None = None
    to_review: tuple[InstitutionId, ...] = ()

    def is_late(self, today: date) -> bool:
        return self.standing.is_open and self.due_on is not None and today > self.due_on


def local_progress(dispute: Dispute) -> Progress:
    """How a dispute stands that this institution answers itself; each step has its own 60 days."""
    waiting = tuple(dict.fromkeys(one.institution for one in dispute.reviews if one.done_at is None))
    if dispute.answer is not None:
        standing = Standing.UPHELD if dispute.answer.upheld else Standing.REFUSED
        return Progress(standing, dispute.answer.at, answer=dispute.answer, to_review=waiting)
    due_on = (dispute.raised_at + REVIEW_TIME).date()
    if dispute.taken_up_at is not None:
        return Progress(Standing.IN_REVIEW, dispute.taken_up_at, due_on)
    return Progress(Standing.RECEIVED, dispute.raised_at, due_on)


def taken_up(dispute: Dispute, *, at: datetime) -> Dispute:
    """The dispute with a person at it; CaseStateError where it is another institution's, or answered."""
    _ours_and_open(dispute)
    return dispute if dispute.taken_up_at else replace(dispute, taken_up_at=at)


def answered(dispute: Dispute, answer: Answer, *, decisions: tuple[tuple[str, InstitutionId], ...]) -> Dispute:
    """The dispute with its answer; where she was right, each decision of the case waits for a person to look again.

    Raises CaseStateError where it is another institution's or answered, InputError where no reason is given.
    """
    _ours_and_open(dispute)
    if not answer.reason.strip():
        raise InputError("An answer needs its reason, in words that she understands.", field="reason")
    if answer.holds and not answer.upheld:
        raise InputError("What was refused stays as it is: say what holds only where she was right.", field="holds")
    if any(one.start and one.end and one.start >= one.end for one in answer.holds):
        raise InputError("The last day of what holds lies before the first day: exchange them.", field="holds")
    reviews = tuple(Review(decision_id, who, answer.at) for decision_id, who in decisions) if answer.upheld else ()
    return replace(dispute, taken_up_at=dispute.taken_up_at or answer.at, answer=answer, reviews=reviews)


def reviewed(dispute: Dispute, decision_id: str, *, at: datetime, by: str, unchanged: bool, note: str) -> Dispute:
    """The dispute with one decision looked at again; CaseStateError where none of that id waits."""
    waiting = [one.decision_id for one in dispute.reviews if one.done_at is None]
    if decision_id not in waiting:
        raise CaseStateError(
            f"No decision '{decision_id[:64]}' waits for a second look: waiting are {', '.join(waiting) or 'none'}.",
            state="answered" if dispute.answer else "open",
            allowed_actions=(),
        )
    return replace(
        dispute,
        reviews=tuple(
            replace(one, done_at=at, done_by=by, unchanged=unchanged, note=note)
            if one.decision_id == decision_id and one.done_at is None
            else one
            for one in dispute.reviews
        ),
    )


def clean_text(text: str, *, field: str, most: int = GROUNDS_LENGTH) -> str:
    """Free text as it is kept: composed, trimmed, without control characters but line ends.

    Raises InputError where nothing is left or more than `most` characters are. What it says is text to escape.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(one for one in composed if one in _KEPT_CONTROLS or unicodedata.category(one) not in {"Cc", "Cs"})
    kept = kept.strip()
    if not kept:
        raise InputError("Write a few words: without them nobody knows what to look at.", field=field)
    if len(kept) > most:
        raise InputError(f"The text has {len(kept)} characters: {most} at most.", field=field)
    return kept


def _ours_and_open(dispute: Dispute) -> None:
    if dispute.flow_case_id is not None:
        raise CaseStateError(
            f"{dispute.holder} answers this dispute, in case {dispute.flow_case_id}: follow it there.",
            state="elsewhere",
            allowed_actions=(),
        )
    if dispute.answer is not None:
        raise CaseStateError(
            "This dispute is answered: an answer is not taken back.", state="answered", allowed_actions=()
        )

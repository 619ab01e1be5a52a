"""A claim that a worker sends, as plain values: what stands in it, what hinders its case, and what came of it. Pure."""

import base64
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import CaseStateError, InputError
from portability.agreements.values import StateCode
from portability.services.persons.names import fold

__all__ = [
    "MOST_CLAIMS",
    "Answer",
    "Claimant",
    "Hindrance",
    "Known",
    "NotOpened",
    "SentClaim",
    "Standing",
    "Told",
    "Wanted",
    "answered",
    "check_wanted",
    "is_her",
    "opened",
    "withdrawn",
]

MOST_CLAIMS: Final = 20  # of one worker, those taken back among them; nobody claims a pension so often
_AHEAD: Final = timedelta(days=366)


class Standing(StrEnum):
    WAITING = "waiting"
    OPENED = "opened"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Hindrance(StrEnum):
    """Why a claim waits for a caseworker."""

    NOT_TRIED = "not_tried"  # no program has tried yet, or it broke off
    IDENTITY = "identity"
    PROTECTED = "protected"
    DECIDED = "decided"
    CONTACT = "contact"  # 987/2009 Art. 45(4)
    WRITTEN = "written"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NotOpened:
    """No case was opened, and nothing of one is kept: what a caseworker has to settle, and what is said of it."""

    why: Hindrance
    said: str


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims, as she writes it."""

    family_name: str
    given_names: str
    birth_date: date
    residence_state: StateCode
    identifiers: tuple[PersonIdentifier, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Time in a country as she tells it, half-open."""

    state: StateCode
    start: date
    end: date
    activity: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stands in a claim, but for its date: that is the day on which it was sent."""

    person: Claimant
    award_on: date
    told: tuple[Told, ...]
    asks_in_writing: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of who is signed in.

    `numbers` are comparable ones, on file or of an earlier claim. `person` is None before the first claim. `told` is
    her career as it is known, a time a country or more. `open_case` is a claim of hers that is not settled yet.
    """

    numbers: frozenset[str] = frozenset()
    person: Claimant | None = None
    told: tuple[Told, ...] = ()
    open_case: UUID | None = None
    has_decision: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person of this institution said."""

    opened: bool
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SentClaim:
    """A claim from the day on which she sent it; `claimed_on` never changes (987/2009 Art. 45(5)).

    `due_on` is the day by which a caseworker goes on with it. `detail` says to staff what hinders it.
    """

    claim_id: UUID
    worker_id: UUID
    wanted: Wanted
    claimed_on: date
    sent_at: datetime
    due_on: date
    sent_by: str = ""
    hindrance: Hindrance = Hindrance.NOT_TRIED
    detail: str = ""
    case_id: UUID | None = None
    opened_at: datetime | None = None
    answer: Answer | None = None
    withdrawn_at: datetime | None = None

    @property
    def standing(self) -> Standing:
        if self.withdrawn_at is not None:
            return Standing.WITHDRAWN
        if self.case_id is not None:
            return Standing.OPENED
        return Standing.WAITING if self.answer is None else Standing.REFUSED

    @property
    def waits(self) -> bool:
        return self.standing is Standing.WAITING

    @property
    def since(self) -> datetime:
        """When it came to stand where it stands."""
        return self.withdrawn_at or self.opened_at or (self.answer.at if self.answer else self.sent_at)

    @property
    def number(self) -> str:
        """A short name, from the last 40 bits of the id, which are random: "C-7F3K-29QM"."""
        letters = base64.b32encode(self.claim_id.bytes[-5:]).decode()
        return f"C-{letters[:4]}-{letters[4:]}"


def check_wanted(wanted: Wanted, *, today: date) -> None:
    """Raise InputError by its field where a claim cannot be meant."""
    person = wanted.person
    if not person.family_name:
        raise InputError("Write your family name.", field="person.family_name")
    if person.birth_date >= today:
        raise InputError("The birth date has not come yet: correct it.", field="person.birth_date")
    if not any(one.comparable for one in person.identifiers):
        raise InputError("Give your number in at least one country.", field="person.identifiers")
    if not person.birth_date < wanted.award_on <= today + _AHEAD:
        raise InputError("Give a day for the pension within a year from today.", field="award_on")
    if not wanted.told:
        raise InputError("Say where and when you worked or lived.", field="declared")
    for index, one in enumerate(wanted.told):
        if one.end <= one.start:
            raise InputError("The last day lies before the first day.", field=f"declared[{index}].last_day")
        if one.start > today:
            raise InputError("The first day has not come yet.", field=f"declared[{index}].first_day")


def is_her(person: Claimant, known: Known) -> bool | None:
    """Whether she is who is signed in, by number, birth date and name; None where only the number is known here."""
    if not known.numbers & {one.comparable for one in person.identifiers}:
        return False
    if known.person is None:
        return None
    return person.birth_date == known.person.birth_date and _named(person) == _named(known.person)


def opened(claim: SentClaim, case_id: UUID, *, at: datetime, answer: Answer | None = None) -> SentClaim:
    """The claim with its case; CaseStateError where it waits no more."""
    _require_waiting(claim)
    return replace(claim, case_id=case_id, opened_at=at, answer=answer, detail="")


def answered(claim: SentClaim, answer: Answer) -> SentClaim:
    """The claim refused; CaseStateError where it waits no more."""
    _require_waiting(claim)
    return replace(claim, answer=answer, detail="")


def withdrawn(claim: SentClaim, *, at: datetime) -> SentClaim:
    """The claim taken back; CaseStateError where its case is open or a person has answered. Twice changes nothing."""
    if claim.withdrawn_at is not None:
        return claim
    _require_waiting(claim)
    return replace(claim, withdrawn_at=at, detail="")


def _named(person: Claimant) -> tuple[str, str]:
    return fold(person.family_name), fold(person.given_names)


def _require_waiting(claim: SentClaim) -> None:
    if not claim.waits:
        raise CaseStateError(
            f"Claim {claim.number} waits no more: it is {claim.standing}.",
            state=str(claim.standing),
            allowed_actions=(),
        )

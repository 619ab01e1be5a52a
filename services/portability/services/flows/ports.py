"""What the use cases of flows need from outside. Each port is named for the need."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import PersonIdentifier
from portability.agreements.values import Branch, StateCode
from portability.services.flows.clock import Holidays
from portability.services.flows.definition import Flow, FlowKey
from portability.services.flows.model import CaseFile, InstitutionId, KeptDocument
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes

__all__ = [
    "Agreements",
    "CaseChanges",
    "CaseLine",
    "CaseLines",
    "CasePage",
    "CasePersons",
    "CaseShelf",
    "CasesByNumber",
    "Clock",
    "ContentRules",
    "Correspondence",
    "FlowMessage",
    "FlowParts",
    "FlowSender",
    "FlowUnitOfWork",
    "FlowWork",
    "NewId",
    "OpenStep",
    "Standing",
    "StandingBook",
    "StatedRecords",
]

NewId = Callable[[], UUID]
"""Draws a time-ordered id (UUID version 7)."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class OpenStep:
    """One institution that has to act, as lists and the clock need it; it names nobody."""

    case_id: UUID
    flow_id: str
    step_id: str
    holder: InstitutionId
    since: datetime
    due_on: date
    rule_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What follows from a case's documents and is kept beside them: its open steps, and when the clock looks again."""

    case_id: UUID
    is_open: bool
    steps: tuple[OpenStep, ...]
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseLine:
    case_id: UUID
    flow_id: str
    flow_version: int
    is_open: bool
    known_since: datetime


@dataclass(frozen=True, slots=True)
class CasePage:
    lines: tuple[CaseLine, ...]  # the newest first
    next: str  # empty: this was the last


class CaseShelf(Protocol):
    """Cases and their documents."""

    async def get(self, case_id: UUID, *, for_change: bool) -> CaseFile | None:
        """The case; for a change, nobody else changes it until the transaction ends."""
        ...

    async def add(self, case: CaseFile, documents: Sequence[KeptDocument]) -> None:
        """Keep documents of a case, and the case itself where it is new. Nothing kept is ever changed."""
        ...


class StandingBook(Protocol):
    """Who holds what until when, over all cases."""

    async def put(self, standing: Standing) -> None:
        """Keep how a case stands, in place of how it stood."""
        ...

    async def overdue(self, *, holder: InstitutionId, today: date, limit: int) -> Sequence[OpenStep]:
        """Steps whose day was before `today`, the longest overdue first; `holder` empty: of anybody."""
        ...

    async def to_look_at(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        """Cases that the clock has to look at, the earliest first; no other clock takes them meanwhile."""
        ...


class CaseLines(Protocol):
    async def page(self, *, size: int, after: str, open_only: bool, among: frozenset[UUID] | None = None) -> CasePage:
        """Cases of every kind by when they were known here; raises InputError where `after` is no token.

        `among`: of these alone; None: of all.
        """
        ...


class CasesByNumber(Protocol):
    async def of(self, numbers: Collection[PersonIdentifier]) -> frozenset[UUID]:
        """Cases of whoever has one of these numbers."""
        ...


@dataclass(frozen=True, slots=True)
class FlowMessage:
    """A message to one institution; `record` is its envelope with the content in it."""

    message_id: UUID
    idempotency_key: str
    recipient: InstitutionId
    case_id: UUID
    type: str
    purpose: str
    record: bytes
    agreement_id: str


class FlowSender(Protocol):
    async def send(self, message: FlowMessage) -> None:
        """Put a message into the outbox, in the caller's transaction."""
        ...


class Correspondence(Protocol):
    async def opened(self, case_id: UUID) -> None:
        """Tell the senders of what was received in a case, and not read before, that somebody reads it."""
        ...


class Agreements(Protocol):
    async def agreement_between(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str | None:
        """Id of the agreement that binds two states for a branch on a day; None where none does."""
        ...

    async def why_no_agreement(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str:
        """Where none binds them: the reason and the next step, for people."""
        ...


class ContentRules(Protocol):
    def check(self, kind: str, content: bytes, *, sender: InstitutionId, purpose: str, on: date) -> None:
        """Return where a message of a type may carry a content for a purpose; raise InputError elsewhere.

        `on`: the day by which its days are judged, that of sending or of receipt. Raises VerificationError where its
        sender would speak for another institution, and RefusedContentError where nothing can make it right.
        """
        ...

    def has_profiles(self, kind: str) -> bool:
        """Whether some agreement or state asks more of a type than its own rules do."""
        ...

    def check_profile(self, kind: str, content: bytes, *, agreement_id: str, states: Sequence[StateCode]) -> str:
        """The profile by which a content has what is asked between these states; empty where none speaks of it.

        Raises InputError with field and provision.
        """
        ...


class StatedRecords(Protocol):
    async def keep(
        self, case_id: UUID, said: Sequence[KeptDocument], *, new: Sequence[KeptDocument], at: datetime
    ) -> None:
        """Keep and check what the documents that count now state of a person's time; `new` are those just kept."""
        ...


class CaseChanges(Protocol):
    """The feed for the institution's own systems."""

    async def note(self, case_id: UUID, new: Sequence[KeptDocument], *, at: datetime) -> None:
        """Keep a pointer to each document that has come, or was said, or that the clock wrote."""
        ...


class CasePersons(Protocol):
    """Whose a case is, by the numbers that its messages name; what is protected of a person is so in every case."""

    async def keep(self, case: CaseFile, *, opened_by: Sequence[KeptDocument], new: Sequence[KeptDocument]) -> None:
        """Keep by which numbers a case is found; `opened_by` says whose it is, whoever else is named is beside her."""
        ...

    async def protect_like_others(self, case_id: UUID) -> None:
        """Hide a case whose person, or somebody whom it names, is protected here already."""
        ...

    async def protect(self, case_id: UUID) -> None:
        """Hide all that is kept here of the person of a case, the case included."""
        ...


class FlowWork(Protocol):
    """The ports of one transaction."""

    @property
    def shelf(self) -> CaseShelf: ...
    @property
    def standings(self) -> StandingBook: ...
    @property
    def lines(self) -> CaseLines: ...
    @property
    def by_number(self) -> CasesByNumber: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...
    @property
    def persons(self) -> CasePersons: ...
    @property
    def changes(self) -> CaseChanges: ...
    @property
    def sender(self) -> FlowSender: ...
    @property
    def correspondence(self) -> Correspondence: ...
    @property
    def agreements(self) -> Agreements: ...
    @property
    def records(self) -> StatedRecords: ...


FlowUnitOfWork = Callable[[], AbstractAsyncContextManager[FlowWork]]
"""Opens a transaction of flows."""


@dataclass(frozen=True, slots=True)
class FlowParts:
    """What every transaction of flows needs beside its ports."""

    me: InstitutionId
    flows: Mapping[FlowKey, Flow]
    contents: ContentRules
    holidays: Holidays
    clock: Clock
    new_id: NewId

"""What the use cases of cases need from outside. Each port is named for the need."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.agreements.periods import InsurancePeriod
from portability.agreements.values import Branch, Citation, StateCode
from portability.services.cases.claims import ClaimCase
from portability.services.cases.messages import CaseMessage
from portability.services.cases.model import (
    AgreementUsed,
    Case,
    CaseEvent,
    Explanation,
    InstitutionId,
    NationalAnswer,
    ProposedBenefit,
)
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes

__all__ = [
    "CareerBook",
    "CasePage",
    "CaseQuery",
    "CaseStore",
    "CaseTimeline",
    "CaseWork",
    "ClaimCases",
    "Clock",
    "Correspondence",
    "DeterminationAnswer",
    "DeterminationQuestion",
    "Determiner",
    "InstitutionDirectory",
    "MessageSender",
    "NewId",
    "OpenSteps",
    "OwnAccounts",
    "RecordReviews",
    "Reliance",
    "UnitOfWork",
]

NewId = Callable[[], UUID]
"""Draws a time-ordered id (UUID version 7)."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases; `after` is the token of the page before, empty for the first."""

    size: int
    after: str = ""
    identifiers: tuple[PersonIdentifier, ...] = ()  # cases of a person with one of these; empty: all
    open_only: bool = False


@dataclass(frozen=True, slots=True)
class CasePage:
    cases: tuple[Case, ...]  # the newest first
    next: str  # empty: this was the last


class CaseStore(Protocol):
    async def get(self, case_id: UUID, *, for_change: bool) -> Case | None:
        """The case; for a change, nobody else changes it until the transaction ends."""
        ...

    async def save(self, case: Case) -> None:
        """Keep the case as it now is. Decisions and determinations once kept are never changed."""
        ...

    async def page(self, query: CaseQuery) -> CasePage:
        """Cases by when they were known here, the newest first; raises InputError where `after` is no token."""
        ...


class CaseTimeline(Protocol):
    async def add(self, events: Sequence[CaseEvent]) -> None: ...

    async def of_case(self, case_id: UUID) -> Sequence[CaseEvent]:
        """In the order in which they happened."""
        ...


class ClaimCases(Protocol):
    """Claims for an old-age pension, for who reads them and does not ask which way one went."""

    async def get(self, case_id: UUID) -> ClaimCase | None:
        """The claim; None where the case is not here, or is none of such a claim."""
        ...


class OpenSteps(Protocol):
    """Who has to act until when, in cases of every kind: what is overdue is found there."""

    async def put(self, case: Case) -> None:
        """Keep the open steps of a case, in place of those that it had."""
        ...


class OwnAccounts(Protocol):
    """The institution's own register of insured persons."""

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        """Accounts with exactly one of these identifiers or more."""
        ...

    async def get(self, account_id: str) -> InsuranceAccount | None: ...

    async def like(self, keys: frozenset[str]) -> Sequence[InsuranceAccount]:
        """Accounts filed under one of the search keys of a person, a hundred at most."""
        ...


class CareerBook(Protocol):
    """What each country has answered in a case."""

    async def put(self, case_id: UUID, career: CareerRecord, *, at: datetime) -> None:
        """Keep what one country has answered, known since then; what was known of it before is kept as history."""
        ...

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, by state code."""
        ...


class Correspondence(Protocol):
    """The messages of other institutions that a case was made of."""

    async def opened(self, case_id: UUID) -> None:
        """Tell their senders, once for each message, that a person or system here has read them."""
        ...


class MessageSender(Protocol):
    async def send(self, message: CaseMessage) -> None:
        """Put a message into the outbox, in the caller's transaction."""
        ...


class InstitutionDirectory(Protocol):
    async def competent_institution(self, state: StateCode, *, branch: Branch, on: date) -> InstitutionId | None:
        """The institution of a state for a branch on a day; None where the directory has none."""
        ...

    async def agreement_between(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str | None:
        """Id of the agreement that binds two states for a branch on a day ("eu-883-2004"); None where none does."""
        ...

    async def why_no_agreement(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str:
        """Where none binds them: the reason and the next step, for people."""
        ...


@dataclass(frozen=True, slots=True)
class DeterminationQuestion:
    """All facts of one institution's determination, in plain values.

    `periods` are all known periods of every state. `agreements` names, by other state, the agreement between it and
    `state`. `unsatisfied_states` are those whose institutions have refused because a condition is not met yet
    (883/2004 Art. 50(2)).
    """

    case_id: UUID
    institution: InstitutionId
    state: StateCode
    branch: Branch
    birth_date: date
    residence_state: StateCode
    risk_materialised_on: date
    award_on: date
    periods: tuple[InsurancePeriod, ...]
    agreements: Mapping[StateCode, str]
    scheme_facts: Mapping[str, Mapping[str, Fraction]]
    national_answers: Mapping[str, NationalAnswer]
    unsatisfied_states: frozenset[StateCode]


@dataclass(frozen=True, slots=True)
class DeterminationAnswer:
    """What the rules give: one benefit a scheme, why, and the bytes that replay it."""

    benefits: tuple[ProposedBenefit, ...]
    citations: tuple[Citation, ...]
    explanation: tuple[Explanation, ...]
    summary: tuple[str, ...]
    agreements: tuple[AgreementUsed, ...]
    review_status: str
    banner: str
    trace: bytes


class Determiner(Protocol):
    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        """Apply the rules in force; raises DeterminationError where the law as encoded gives no answer."""
        ...


@dataclass(frozen=True, slots=True)
class Reliance:
    """What of the stated periods may be counted: `waiting` are reasons why nothing may be determined yet.

    `left_out`: state and id of periods that a named person does not rely on.
    """

    waiting: tuple[str, ...] = ()
    left_out: frozenset[tuple[StateCode, str]] = frozenset()


class RecordReviews(Protocol):
    """What people have to look at in what institutions state."""

    async def judge(self, case_id: UUID, *, at: datetime) -> None:
        """Check again what was stated in a case, and put what fails before a person."""
        ...

    async def reliance(self, case_id: UUID) -> Reliance: ...


class People(Protocol):
    async def kept_of(self, case_id: UUID) -> Sequence[UUID]:
        """All that this institution keeps of the person of a case, each by the scope that protects it; the case too."""
        ...


class CaseWork(Protocol):
    """The ports of one transaction."""

    @property
    def cases(self) -> CaseStore: ...
    @property
    def timeline(self) -> CaseTimeline: ...
    @property
    def open_steps(self) -> OpenSteps: ...
    @property
    def accounts(self) -> OwnAccounts: ...
    @property
    def careers(self) -> CareerBook: ...
    @property
    def reviews(self) -> RecordReviews: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...
    @property
    def people(self) -> People: ...
    @property
    def sender(self) -> MessageSender: ...
    @property
    def correspondence(self) -> Correspondence: ...
    @property
    def directory(self) -> InstitutionDirectory: ...
    @property
    def determiner(self) -> Determiner: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[CaseWork]]

"""What the use cases of privacy need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from portability.agreements.values import StateCode
from portability.services.acts import ActBook
from portability.services.idempotency import CommandLog
from portability.services.log_entry import LogSink
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.privacy.model import CaseFacts, Erasure, LegalHold, PersonItem, PersonScopes, Retention

__all__ = [
    "Clock",
    "Erasures",
    "Keys",
    "LegalHolds",
    "OnFile",
    "People",
    "PrivacyWork",
    "Retentions",
    "UnitOfWork",
]


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class People(Protocol):
    """Whose is what: a person's cases and accounts share an identifier, her file is linked to her cases."""

    async def scopes_of(self, case_id: UUID) -> PersonScopes:
        """All that is kept of the person of a case, the case itself included; empty where the case is not known."""
        ...

    async def facts_of(self, case_ids: Sequence[UUID]) -> Sequence[CaseFacts]:
        """What retention asks of cases that are known and not erased."""
        ...

    async def waiting_messages(self, case_ids: Sequence[UUID]) -> int:
        """How many messages of these cases the other side has not receipted yet."""
        ...


class OnFile(Protocol):
    """Who is on file for the worker's page, and what she sent there."""

    async def find(self, contact: str, insurance_number: str) -> UUID | None:
        """The one worker with this contact and number; None for none and for several."""
        ...

    async def cases_of(self, worker_id: UUID) -> Sequence[UUID] | None:
        """Her cases, her file held until the transaction ends; None where nothing of hers is here (any more)."""
        ...

    async def items_of(self, *, workers: Sequence[UUID], cases: Sequence[UUID]) -> Sequence[PersonItem]:
        """What these workers sent, and what led to these cases or is looked at in them."""
        ...


class Retentions(Protocol):
    async def of_agreement(self, agreement_id: str, state: StateCode, *, on: date) -> Retention | None:
        """What the version says that binds the own state and another on a day; None where it says nothing."""
        ...


class LegalHolds(Protocol):
    async def add(self, hold: LegalHold) -> None: ...

    async def lift(self, hold_id: UUID, *, at: datetime) -> UUID | None:
        """End a hold; its case, or None where there is no such hold in force."""
        ...

    async def of(self, case_ids: Sequence[UUID]) -> Sequence[LegalHold]:
        """Holds in force, the oldest first."""
        ...


class Erasures(Protocol):
    """Acts of erasure, kept for ever: a restored backup is erased again by them."""

    async def add(self, erasure: Erasure) -> None:
        """Keep an act, and delete the rows by which what it erases could be found."""
        ...

    async def find(self, erasure_id: UUID) -> Erasure | None:
        """One act; None where there is none of that id."""
        ...

    async def all(self) -> Sequence[Erasure]:
        """Every act, the oldest first."""
        ...


class Keys(Protocol):
    """The keys at rest."""

    async def destroy(self, scopes: Sequence[UUID], *, made_before: datetime) -> Sequence[UUID]:
        """Destroy keys of scopes; return the ids of those that were there. A key made later stays."""
        ...


class PrivacyWork(Protocol):
    """The ports of one transaction."""

    @property
    def people(self) -> People: ...
    @property
    def on_file(self) -> OnFile: ...
    @property
    def holds(self) -> LegalHolds: ...
    @property
    def protected(self) -> ProtectedScopes: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def acts(self) -> ActBook: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def log(self) -> LogSink: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[PrivacyWork]]

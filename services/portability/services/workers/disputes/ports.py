"""What disputes need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.acts import ActBook
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.workers.disputes.model import Dispute, Held, InstitutionId, Progress, Subject

__all__ = [
    "Changes",
    "Clock",
    "Decisions",
    "DisputeBook",
    "DisputeWork",
    "Elsewhere",
    "Hers",
    "OfWorker",
    "OpenDisputes",
    "UnitOfWork",
]


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class DisputeBook(Protocol):
    async def put(self, dispute: Dispute) -> None:
        """Keep a dispute, or how it stands now."""
        ...

    async def get(self, dispute_id: UUID, *, for_change: bool) -> Dispute | None:
        """The dispute; for a change, nobody else changes it until the transaction ends."""
        ...

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Dispute]:
        """Disputes of these cases, the oldest first."""
        ...


class OpenDisputes(Protocol):
    async def page(self, *, size: int, after: UUID | None) -> Sequence[Dispute]:
        """Those that wait for this institution, the oldest first; only those after one that was shown."""
        ...


class Hers(Protocol):
    """What is hers: nothing of anybody else is ever found."""

    async def case_ids(self) -> Sequence[UUID]:
        """Her cases here."""
        ...

    async def held(self, subject: Subject) -> Held | None:
        """Where what she disputes is held; None where nothing like it is hers."""
        ...


class Decisions(Protocol):
    async def of_case(self, case_id: UUID) -> Sequence[tuple[str, InstitutionId]]:
        """Id of each decision in a case, and whose it is."""
        ...

    async def others(self, case_id: UUID) -> Sequence[InstitutionId]:
        """The other institutions of a case: what was on record here is on record with them."""
        ...


class Elsewhere(Protocol):
    """Disputes that another institution answers, as cases of the flow F12."""

    async def open(self, dispute: Dispute, held: Held, *, language: str) -> UUID:
        """Open the case between the two institutions; its id. The worker sees it among her own."""
        ...

    async def tell(self, dispute: Dispute, others: Sequence[InstitutionId]) -> UUID | None:
        """Tell the others, in a case that the worker sees too, that what was on record here was wrong; its id.

        None where no agreement binds any of them to us.
        """
        ...

    async def progress(self, flow_case_id: UUID) -> Progress | None:
        """How that case stands; None where it was erased."""
        ...


class Changes(Protocol):
    async def note(self, case_id: UUID, kind: str, *, at: datetime) -> None:
        """Say in the feed of changes that something happened in a case: whoever sends notices reads it there."""
        ...


class DisputeWork(Protocol):
    """The ports of one transaction."""

    @property
    def book(self) -> DisputeBook: ...
    @property
    def queue(self) -> OpenDisputes: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def elsewhere(self) -> Elsewhere: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...
    @property
    def acts(self) -> ActBook: ...
    @property
    def changes(self) -> Changes: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[DisputeWork]]
OfWorker = Callable[[UUID], AbstractAsyncContextManager[tuple[Hers, DisputeWork]]]

"""What claims of workers need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from portability.services.access import Caller
from portability.services.acts import ActBook
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.workers.claims.model import Claimant, Known, NotOpened, SentClaim, Wanted
from portability.services.workers.ports import WorkerCases

__all__ = ["ClaimBook", "ClaimWork", "Clock", "Lodging", "UnitOfWork", "WaitingClaims", "WhatIsKnown"]


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class ClaimBook(Protocol):
    async def put(self, claim: SentClaim) -> None:
        """Keep a claim, or how it stands now."""
        ...

    async def of_worker(self, worker_id: UUID, *, for_change: bool = False) -> Sequence[SentClaim]:
        """All of hers, the newest first; for a change, nobody adds to them until the transaction ends."""
        ...


class WaitingClaims(Protocol):
    """What staff takes from them."""

    async def get(self, claim_id: UUID, *, for_change: bool) -> SentClaim | None:
        """The claim; for a change, nobody else changes it until the transaction ends."""
        ...

    async def page(self, *, size: int, after: UUID | None) -> Sequence[SentClaim]:
        """Those that wait for a caseworker, the oldest first; only those after one that was shown."""
        ...


class WhatIsKnown(Protocol):
    async def of(self, worker_id: UUID) -> Known:
        """What this institution knows of who is signed in."""
        ...

    async def in_register(self, person: Claimant, *, numbers: frozenset[str]) -> bool:
        """Whether the own register has exactly this person, by all that she says, under one of these numbers."""
        ...


class Lodging(Protocol):
    """Opening a case: whatever way the institution's own claims go."""

    async def lodge(self, claim_id: UUID, wanted: Wanted, *, claimed_on: date, caller: Caller) -> UUID | NotOpened:
        """Open the case as contact institution; its id, the same for the same claim, or why it cannot be opened so."""
        ...

    async def lodged(self, case_id: UUID, *, claimed_on: date) -> bool:
        """Whether there is a claim for a pension here as this case, with this date."""
        ...


class ClaimWork(Protocol):
    """The ports of one transaction."""

    @property
    def book(self) -> ClaimBook: ...
    @property
    def queue(self) -> WaitingClaims: ...
    @property
    def known(self) -> WhatIsKnown: ...
    @property
    def lodging(self) -> Lodging: ...
    @property
    def links(self) -> WorkerCases: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...
    @property
    def acts(self) -> ActBook: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[ClaimWork]]

"""What declarations need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.acts import ActBook
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.workers.declarations.model import CleanedPdf, Declaration, InstitutionId, Progress

__all__ = [
    "Changes",
    "Clock",
    "DeclarationBook",
    "DeclarationWork",
    "Elsewhere",
    "HerCases",
    "Papers",
    "PdfCleaner",
    "UnitOfWork",
    "WaitingDeclarations",
]


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class DeclarationBook(Protocol):
    async def put(self, declaration: Declaration) -> None:
        """Keep a declaration, or how it stands now."""
        ...

    async def of_worker(self, worker_id: UUID, *, for_change: bool = False) -> Sequence[Declaration]:
        """All of hers, the newest first; for a change, nobody adds to them until the transaction ends."""
        ...

    async def remove(self, declaration_id: UUID) -> None:
        """Delete a declaration, with its papers."""
        ...


class WaitingDeclarations(Protocol):
    """What staff takes from them."""

    async def get(self, declaration_id: UUID, *, for_change: bool) -> Declaration | None:
        """The declaration; for a change, nobody else changes it until the transaction ends."""
        ...

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Declaration]:
        """Those that wait for a person of this institution, the oldest first; only those after one that was shown."""
        ...


class Papers(Protocol):
    """What was sent with a declaration, byte by byte."""

    async def put(self, document_id: UUID, declaration: Declaration, content: bytes) -> None:
        """Keep a paper of a declaration that is kept."""
        ...

    async def get(self, document_id: UUID) -> bytes | None:
        """The paper as it came; None where there is none, or it is erased."""
        ...


class PdfCleaner(Protocol):
    async def cleaned(self, content: bytes) -> CleanedPdf:
        """The PDF without what is told beside its pages, or why it is not. GatewayError where it could not be tried."""
        ...


class HerCases(Protocol):
    async def ids_of(self, worker_id: UUID) -> Sequence[UUID]:
        """Her cases here, the one in which what she tells is looked at first."""
        ...


class Elsewhere(Protocol):
    """Institutions that are asked about what she declares, as cases of the flow F14."""

    async def ask(self, declaration: Declaration, *, language: str) -> tuple[InstitutionId, UUID] | None:
        """Ask the institution of the state; who it is, and the case that was opened for it.

        None where there is nobody to ask, or no agreement to ask under.
        """
        ...

    async def progress(self, declaration: Declaration) -> Progress | None:
        """How that case stands; None where it was erased."""
        ...


class Changes(Protocol):
    async def note(self, case_id: UUID, kind: str, *, at: datetime) -> None:
        """Say in the feed of changes that something happened in a case: whoever sends notices reads it there."""
        ...


class DeclarationWork(Protocol):
    """The ports of one transaction."""

    @property
    def book(self) -> DeclarationBook: ...
    @property
    def queue(self) -> WaitingDeclarations: ...
    @property
    def papers(self) -> Papers: ...
    @property
    def cases(self) -> HerCases: ...
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


UnitOfWork = Callable[[], AbstractAsyncContextManager[DeclarationWork]]

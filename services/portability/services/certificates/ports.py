"""What the use cases of certificates need from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from portability.services.certificates.model import Career, Certificate, Entitlement, Holder
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes

__all__ = [
    "CaseFacts",
    "CertificateStore",
    "CertificateWork",
    "Clock",
    "Issued",
    "Kept",
    "KnownCases",
    "NewId",
    "Offer",
    "OfferBook",
    "StatusBook",
    "UnitOfWork",
    "WorkerCaseIds",
]

NewId = Callable[[], UUID]


class Clock(Protocol):
    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its signed forms, as it is kept; `issued_by` is the caseworker."""

    certificate: Certificate
    credential: str
    code: str
    issued_by: str


@dataclass(frozen=True, slots=True)
class Kept:
    issued: Issued
    revoked_at: datetime | None


class CertificateStore(Protocol):
    async def add(self, issued: Issued, *, status_list: int) -> None: ...

    async def get(self, certificate_id: UUID) -> Kept | None:
        """None where there is none, or where it is erased."""
        ...

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Kept]:
        """The newest first; erased ones are left out."""
        ...


class StatusBook(Protocol):
    """Places in the status lists; they outlive the certificates, and tell nothing of whose they were."""

    async def take(self, status_list: int, index: int) -> bool:
        """Take a place; False where it is taken."""
        ...

    async def revoke(self, certificate_id: UUID, *, at: datetime) -> None:
        """Once revoked, always; the first time counts."""
        ...

    async def revoked(self, status_list: int) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A certificate on its way into a wallet: its code is used up once, and then its token."""

    certificate_id: UUID
    expires_at: datetime


class OfferBook(Protocol):
    """Kept by hashes: neither code, nor token, nor nonce can be read back."""

    async def put(self, kind: str, key: bytes, offer: Offer) -> None: ...

    async def use_up(self, kind: str, key: bytes, *, at: datetime) -> Offer | None:
        """Give what is kept under a key and forget it, in one step; None where there is none, or it is over."""
        ...

    async def forget_over(self, *, at: datetime) -> int: ...


class CaseFacts(Protocol):
    """What the cases of this node know that a certificate says."""

    async def holder_of(self, case_id: UUID) -> Holder | None:
        """The person of a claim with the number that this institution knows her by; None where there is no claim."""
        ...

    async def career_of(self, case_id: UUID, *, as_of: date) -> Career: ...

    async def entitlement_of(self, case_id: UUID) -> Entitlement | None:
        """What this institution has granted in the case; None where it has granted nothing."""
        ...


class KnownCases(Protocol):
    async def knows(self, case_id: UUID) -> bool:
        """Whether this node has such a case, of any kind."""
        ...


class WorkerCaseIds(Protocol):
    async def case_ids_of(self, worker_id: UUID) -> Sequence[UUID]: ...


class CertificateWork(Protocol):
    """The ports of one transaction."""

    @property
    def certificates(self) -> CertificateStore: ...
    @property
    def statuses(self) -> StatusBook: ...
    @property
    def offers(self) -> OfferBook: ...
    @property
    def facts(self) -> CaseFacts: ...
    @property
    def cases(self) -> KnownCases: ...
    @property
    def links(self) -> WorkerCaseIds: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...


UnitOfWork = Callable[[UUID | None], AbstractAsyncContextManager[CertificateWork]]
"""Opens a transaction; with a worker's id, one that sees what is hers and nothing else."""

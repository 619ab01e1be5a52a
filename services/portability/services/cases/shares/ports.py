"""What the use cases of shares need from outside. Each port is named for the need."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import CareerRecord
from portability.services.access import Caller
from portability.services.cases.model import InstitutionId
from portability.services.cases.ports import Determiner, InstitutionDirectory, OwnAccounts, Reliance
from portability.services.cases.shares.model import SaidInCase, Share
from portability.services.idempotency import CommandLog

__all__ = ["FlowCases", "FlowOpening", "Judged", "OtherRecords", "ShareBook", "ShareUnitOfWork", "ShareWork"]


class FlowCases(Protocol):
    """Cases on flows, as one of their institutions reads them and speaks in them."""

    async def read(self, case_id: UUID, *, caller: Caller) -> SaidInCase:
        """One case; NotFoundError where there is none here, or it is hidden from the caller. No look is kept yet."""
        ...

    async def looked(self, case_id: UUID, *, caller: Caller) -> None:
        """Keep that the caller has read it."""
        ...

    async def say(
        self,
        case_id: UUID,
        action: str,
        content: bytes,
        *,
        caller: Caller,
        instead: Mapping[InstitutionId, bytes] = MappingProxyType({}),
    ) -> UUID:
        """Say one thing to all whom the flow names, and keep that the caller has read the case.

        `instead`: the content for those that may not know all of it. CaseStateError, with what is allowed, where it
        is not allowed now.
        """
        ...


class FlowOpening(Protocol):
    """The flow of claims for an old-age pension."""

    async def open(self, claim: bytes, *, roles: Mapping[InstitutionId, str], language: str, caller: Caller) -> UUID:
        """Open a case with these institutions, and send the claim to all of them; the id of the case."""
        ...


class ShareBook(Protocol):
    """What this institution has determined in cases on flows."""

    async def add(self, case_id: UUID, share: Share) -> None:
        """Keep a share; none that was kept is ever changed."""
        ...

    async def last(self, case_id: UUID) -> Share | None:
        """The one kept last."""
        ...


class OtherRecords(Protocol):
    """What is known of states that take no part: what caseworkers have entered, and that nobody could be asked."""

    async def put(self, case_id: UUID, career: CareerRecord, *, at: datetime) -> None:
        """Keep what is known of one state since then; what was known before is kept as history."""
        ...

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country."""
        ...


class Judged(Protocol):
    """What people have said of records that they had to look at."""

    async def reliance(self, case_id: UUID) -> Reliance: ...


class ShareWork(Protocol):
    """The ports of one transaction."""

    @property
    def flow(self) -> FlowCases: ...
    @property
    def opening(self) -> FlowOpening: ...
    @property
    def shares(self) -> ShareBook: ...
    @property
    def accounts(self) -> OwnAccounts: ...
    @property
    def careers(self) -> OtherRecords: ...
    @property
    def reviews(self) -> Judged: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def directory(self) -> InstitutionDirectory: ...
    @property
    def determiner(self) -> Determiner: ...


ShareUnitOfWork = Callable[[], AbstractAsyncContextManager[ShareWork]]
"""Opens a transaction of shares."""

"""What the use cases of records need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes

__all__ = ["AccountScopes", "CareerBook", "Clock", "InsuredRegister", "RecordWork", "UnitOfWork"]


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class InsuredRegister(Protocol):
    """The institution's own accounts."""

    async def put(self, accounts: Sequence[InsuranceAccount]) -> None:
        """Keep accounts; one with a known `account_id` replaces it as a whole."""
        ...

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        """Accounts that have one of these identifiers (country, sector and `comparable` equal), by account id."""
        ...

    async def get(self, account_id: str) -> InsuranceAccount | None: ...


class AccountScopes(Protocol):
    """Accounts as what is kept beside them names them: looks, and whether a person is protected."""

    def scope_of(self, account_id: str) -> UUID:
        """The account's scope at rest."""
        ...


class CareerBook(Protocol):
    """What each country has answered in a case."""

    async def put(self, case_id: UUID, career: CareerRecord) -> None:
        """Keep what one country has answered, in place of what was known of it in this case."""
        ...

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, by state code."""
        ...


class RecordWork(Protocol):
    """The ports of one transaction."""

    @property
    def register(self) -> InsuredRegister: ...
    @property
    def scopes(self) -> AccountScopes: ...
    @property
    def careers(self) -> CareerBook: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[RecordWork]]

"""What the use cases of records need from outside. Each port is named for the need."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.matching import PersonIndex
from portability.services.records.career_view import AroundCase
from portability.services.records.imports import (
    ImportItem,
    ImportOpening,
    InsuredPerson,
    KeptAs,
    KnownImport,
    RefusedItem,
)
from portability.services.records.reviews import Review

__all__ = [
    "AccountScopes",
    "CareerBook",
    "CaseFacts",
    "Clock",
    "EnteringWork",
    "FilledAccounts",
    "ImportBook",
    "ImportUnitOfWork",
    "ImportWork",
    "InsuredRegister",
    "RecordWork",
    "ReviewBook",
    "SettlingWork",
    "UnitOfWork",
]


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

    async def put(self, case_id: UUID, career: CareerRecord, *, at: datetime) -> None:
        """Keep what one country has answered, known since then; what was known of it before is kept as history."""
        ...

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, the latest, by state code."""
        ...

    async def history(self, case_id: UUID) -> Sequence[tuple[datetime, CareerRecord]]:
        """Everything that was ever known, with since when, in the order in which it was kept."""
        ...


class CaseFacts(Protocol):
    """What the case of a career knows, its directory and the agreements between states."""

    async def around(self, case_id: UUID) -> AroundCase:
        """What is known around the careers of a case; of one that is not here, nothing."""
        ...


class ReviewBook(Protocol):
    """What a person has to look at."""

    async def put(self, case_id: UUID, reviews: Sequence[Review]) -> None:
        """Keep these in place of all that was kept of the case."""
        ...

    async def of_case(self, case_id: UUID) -> Sequence[Review]:
        """All of a case, settled or not, by state and period."""
        ...

    async def waiting(self, *, limit: int) -> Sequence[Review]:
        """Those that nobody has settled, the longest waiting first."""
        ...


class SettlingWork(Protocol):
    """The ports of a transaction in which a person settles something."""

    @property
    def reviews(self) -> ReviewBook: ...
    @property
    def commands(self) -> CommandLog: ...


class EnteringWork(Protocol):
    """The ports of a transaction in which a person enters a document."""

    @property
    def careers(self) -> CareerBook: ...
    @property
    def facts(self) -> CaseFacts: ...
    @property
    def reviews(self) -> ReviewBook: ...
    @property
    def commands(self) -> CommandLog: ...


class RecordWork(Protocol):
    """The ports of one transaction."""

    @property
    def register(self) -> InsuredRegister: ...
    @property
    def people(self) -> PersonIndex: ...
    @property
    def scopes(self) -> AccountScopes: ...
    @property
    def careers(self) -> CareerBook: ...
    @property
    def facts(self) -> CaseFacts: ...
    @property
    def reviews(self) -> ReviewBook: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[RecordWork]]


class ImportBook(Protocol):
    """Imports, and how far each is."""

    async def begin(self, opening: ImportOpening) -> KnownImport:
        """Keep the opening of a new import, or give the known one; it is locked until the transaction ends."""
        ...

    async def settle(self, known: KnownImport, *, held_up_to: int, refused: Sequence[RefusedItem]) -> None:
        """Every item up to `held_up_to` is decided on; these of them are refused."""
        ...

    async def refused(self, known: KnownImport, *, after: int, limit: int) -> Sequence[RefusedItem]:
        """Items refused so far with a number above `after`, in order."""
        ...


class FilledAccounts(Protocol):
    """The own accounts, as imports fill them. A period that is imported stands in place of one of the same id."""

    async def whose(self, given: Collection[tuple[str, date | None]]) -> Mapping[str, frozenset[date]]:
        """The known ones among these account ids, each with those of the birth dates given that are its own."""
        ...

    async def open(self, people: Mapping[str, InsuredPerson], *, as_of: date) -> None:
        """Open accounts that are not known."""
        ...

    async def keep(self, known: KnownImport, items: Sequence[ImportItem]) -> Sequence[KeptAs]:
        """Keep periods of known accounts, each sealed by its account's key; say of each what became of it."""
        ...


class ImportWork(Protocol):
    """The ports of one transaction of an import."""

    @property
    def imports(self) -> ImportBook: ...
    @property
    def accounts(self) -> FilledAccounts: ...


ImportUnitOfWork = Callable[[], AbstractAsyncContextManager[ImportWork]]

"""The register, the careers and the command log in memory; they pass the contract suite of the real stores."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.api.common.v1 import common_pb2 as common
from portability.services.idempotency import KnownCommand
from portability.services.mapping.common import read_period
from portability.services.matching import account_keys
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
    "MemoryCareers",
    "MemoryCaseFacts",
    "MemoryCommands",
    "MemoryImportWork",
    "MemoryImports",
    "MemoryIntake",
    "MemoryRecordWork",
    "MemoryRegister",
    "MemoryReviews",
    "identifier_key",
]


def identifier_key(identifier: PersonIdentifier) -> tuple[str, str, str]:
    return identifier.country, identifier.sector, identifier.comparable


class MemoryRegister:
    """The institution's own accounts."""

    def __init__(self) -> None:
        self._accounts: dict[str, InsuranceAccount] = {}

    async def put(self, accounts: Sequence[InsuranceAccount]) -> None:
        self._accounts |= {account.account_id: account for account in accounts}

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        wanted = {identifier_key(identifier) for identifier in identifiers}
        return [
            self._accounts[account_id]
            for account_id in sorted(self._accounts)
            if wanted & {identifier_key(each) for each in self._accounts[account_id].identifiers}
        ]

    async def get(self, account_id: str) -> InsuranceAccount | None:
        return self._accounts.get(account_id)

    async def like(self, keys: frozenset[str]) -> Sequence[InsuranceAccount]:
        filed = (self._accounts[account_id] for account_id in sorted(self._accounts))
        return [account for account in filed if keys & account_keys(account)]

    def scope_of(self, account_id: str) -> UUID:
        return UUID(bytes=sha256(account_id.encode()).digest()[:16])


class MemoryCareers:
    """What each country has answered in a case."""

    def __init__(self) -> None:
        self._careers: dict[UUID, list[tuple[datetime, CareerRecord]]] = {}

    async def put(self, case_id: UUID, career: CareerRecord, *, at: datetime) -> None:
        self._careers.setdefault(case_id, []).append((at, career))

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        latest = {career.state: career for _, career in self._careers.get(case_id, [])}
        return [latest[state] for state in sorted(latest)]

    async def history(self, case_id: UUID) -> Sequence[tuple[datetime, CareerRecord]]:
        return list(self._careers.get(case_id, []))


class MemoryCaseFacts:
    """What is known around careers, by case."""

    def __init__(self) -> None:
        self.known: dict[UUID, AroundCase] = {}

    async def around(self, case_id: UUID) -> AroundCase:
        return self.known.get(case_id, AroundCase())


class MemoryReviews:
    """What a person has to look at, by case."""

    def __init__(self) -> None:
        self._reviews: dict[UUID, tuple[Review, ...]] = {}

    async def put(self, case_id: UUID, reviews: Sequence[Review]) -> None:
        self._reviews[case_id] = tuple(sorted(reviews, key=lambda one: (one.state, one.period_id)))

    async def of_case(self, case_id: UUID) -> Sequence[Review]:
        return self._reviews.get(case_id, ())

    async def waiting(self, *, limit: int) -> Sequence[Review]:
        found = [one for some in self._reviews.values() for one in some if one.settled is None]
        return sorted(found, key=lambda one: (one.since, one.case_id))[:limit]


class MemoryCommands:
    """Commands carried out; there is one transaction at a time, so none is waited for."""

    def __init__(self) -> None:
        self._commands: dict[UUID, KnownCommand] = {}

    async def begin(self, command: KnownCommand) -> KnownCommand:
        return self._commands.setdefault(command.request_id, command)

    async def finish(self, request_id: UUID, *, answer: str) -> None:
        self._commands[request_id] = replace(self._commands[request_id], answer=answer)


@dataclass
class MemoryRecordWork:
    register: MemoryRegister = field(default_factory=MemoryRegister)
    careers: MemoryCareers = field(default_factory=MemoryCareers)
    facts: MemoryCaseFacts = field(default_factory=MemoryCaseFacts)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)

    @property
    def scopes(self) -> MemoryRegister:
        return self.register

    @property
    def people(self) -> MemoryRegister:
        return self.register


class MemoryImports:
    """How far each import is."""

    def __init__(self) -> None:
        self._known: dict[UUID, KnownImport] = {}
        self._refused: dict[UUID, list[RefusedItem]] = {}

    async def begin(self, opening: ImportOpening) -> KnownImport:
        return self._known.setdefault(opening.import_id, KnownImport(len(self._known) + 1, opening, 0))

    async def settle(self, known: KnownImport, *, held_up_to: int, refused: Sequence[RefusedItem]) -> None:
        import_id = known.opening.import_id
        self._known[import_id] = replace(known, held_up_to=held_up_to)
        self._refused.setdefault(import_id, []).extend(refused)

    async def refused(self, known: KnownImport, *, after: int, limit: int) -> Sequence[RefusedItem]:
        refused = self._refused.get(known.opening.import_id, [])
        return [one for one in refused if one.item > after][:limit]


class MemoryIntake:
    """The register as imports fill it."""

    def __init__(self, register: MemoryRegister) -> None:
        self._register = register
        self._contents: dict[tuple[str, str], tuple[int, bytes]] = {}

    async def whose(self, given: Collection[tuple[str, date | None]]) -> Mapping[str, frozenset[date]]:
        accounts = {account_id: await self._register.get(account_id) for account_id, _ in given}
        return {
            account_id: frozenset(born for one, born in given if one == account_id and born == account.birth_date)
            for account_id, account in accounts.items()
            if account is not None
        }

    async def open(self, people: Mapping[str, InsuredPerson], *, as_of: date) -> None:
        await self._register.put(
            [
                InsuranceAccount(account_id, person.name, person.birth_date, person.identifiers, (), as_of)
                for account_id, person in people.items()
            ]
        )

    async def keep(self, known: KnownImport, items: Sequence[ImportItem]) -> Sequence[KeptAs]:
        return [await self._keep(known, one) for one in items]

    async def _keep(self, known: KnownImport, one: ImportItem) -> KeptAs:
        account = await self._register.get(one.account_id)
        if account is None:
            raise AssertionError("only periods of known accounts are kept")
        as_of = max(account.as_of, known.opening.as_of)
        key = one.account_id, one.period_id
        number, content = self._contents.get(key, (0, b""))
        if content == one.content or number == known.number:
            await self._register.put([replace(account, as_of=as_of)])
            return KeptAs.SAME if content == one.content else KeptAs.CONTRADICTION
        self._contents[key] = known.number, one.content
        period = read_period(common.InsurancePeriod.FromString(one.content), field="period")
        others = [each for each in account.periods if each.period.period_id != one.period_id]
        ordered = sorted([*others, period], key=lambda each: (each.period.start or date.max, each.period.period_id))
        await self._register.put([replace(account, as_of=as_of, periods=tuple(ordered))])
        return KeptAs.CHANGED


@dataclass
class MemoryImportWork:
    register: MemoryRegister = field(default_factory=MemoryRegister)
    imports: MemoryImports = field(default_factory=MemoryImports)
    accounts: MemoryIntake = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = MemoryIntake(self.register)

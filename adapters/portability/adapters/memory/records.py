"""The register, the careers and the command log in memory; they pass the contract suite of the real stores."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.services.idempotency import KnownCommand

__all__ = ["MemoryCareers", "MemoryCommands", "MemoryRecordWork", "MemoryRegister", "identifier_key"]


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

    def scope_of(self, account_id: str) -> UUID:
        return UUID(bytes=sha256(account_id.encode()).digest()[:16])


class MemoryCareers:
    """What each country has answered in a case."""

    def __init__(self) -> None:
        self._careers: dict[tuple[UUID, str], CareerRecord] = {}

    async def put(self, case_id: UUID, career: CareerRecord) -> None:
        self._careers[case_id, career.state] = career

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        return [self._careers[key] for key in sorted(self._careers) if key[0] == case_id]


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
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)

    @property
    def scopes(self) -> MemoryRegister:
        return self.register

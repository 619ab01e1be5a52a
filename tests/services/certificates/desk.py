"""The use cases of certificates over memory: one institution, two cases of two workers, a clock that is set by hand."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portability.adapters.clock.fake import ManualClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.certificates import MemoryCertificates
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.services.access import Caller, Role
from portability.services.certificates.model import Career, CertificateKind, Entitlement, Holder
from portability.services.certificates.use_cases import CertificateUseCases, IssueCertificate
from tests.services.certificates.certificate_world import INPS, LIVED, NOW, PENSION, ROSA, URL, Institution

ANNA = Caller("it-inps", Role.CASEWORKER, "anna")
HERS, OTHERS = UUID(int=0xA1), UUID(int=0xB2)
WORKER, OTHER_WORKER = UUID(int=1), UUID(int=2)


@dataclass
class Facts:
    """CaseFacts, and whose cases they are."""

    cases: dict[UUID, UUID] = field(default_factory=lambda: {HERS: WORKER, OTHERS: OTHER_WORKER})
    career: Career = LIVED
    right: Entitlement | None = PENSION
    holder: Holder | None = ROSA

    async def knows(self, case_id: UUID) -> bool:
        return case_id in self.cases

    async def holder_of(self, case_id: UUID) -> Holder | None:
        return self.holder

    async def career_of(self, case_id: UUID, *, as_of: date) -> Career:
        return self.career

    async def entitlement_of(self, case_id: UUID) -> Entitlement | None:
        return self.right

    async def case_ids_of(self, worker_id: UUID) -> list[UUID]:
        return [case_id for case_id, worker in self.cases.items() if worker == worker_id]


@dataclass
class Desk:
    """`work` gives one transaction's ports; nothing is undone."""

    institution: Institution = field(default_factory=lambda: Institution(INPS))
    store: MemoryCertificates = field(default_factory=MemoryCertificates)
    facts: Facts = field(default_factory=Facts)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def __post_init__(self) -> None:
        self.certificates = self.statuses = self.offers = self.store
        self.links = self.cases = self.facts
        self.commands = MemoryCommands()
        self.looks, self.protected = MemoryLooks(), MemoryProtected()
        self.use_cases = CertificateUseCases(
            unit_of_work=self.work,
            signer=self.institution,
            issuer=lambda: INPS,
            address=URL,
            clock=self.clock,
            new_id=time_ordered_id,
            random_bytes=secrets.token_bytes,
        )

    @asynccontextmanager
    async def work(self, worker_id: UUID | None) -> AsyncIterator[Any]:
        yield self

    async def issue(self, kind: CertificateKind = CertificateKind.CAREER, **more: Any) -> Any:
        command = IssueCertificate(request_id=time_ordered_id(), case_id=more.pop("case_id", HERS), kind=kind, **more)
        return await self.use_cases.issue(command, caller=ANNA)

    def at(self, instant: datetime) -> None:
        self.clock.set(instant)

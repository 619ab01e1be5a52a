"""Claims at an Italian institution in memory: what is known of whom, and an office that opens cases or says why not."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.memory.claims import MemoryClaimWork
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.agreements.careers import CareerRecord, PersonIdentifier
from portability.app.wiring.sent_claims import known_of
from portability.services.access import Caller
from portability.services.cases.model import Case, CaseSummary
from portability.services.workers.claims.desk import ClaimDesk
from portability.services.workers.claims.handlers import ClaimUseCases, StartClaim
from portability.services.workers.claims.model import Claimant, Hindrance, Known, NotOpened, Told, Wanted
from tests.services.workers.dispute_world import IT, NOW
from tests.services.workers.test_views_of_cases import ROSA, case, claim_of

NUMBER = "XX0000000001"
ROSA_HERSELF = Claimant(
    "Esposito", "Rosa", date(1959, 3, 2), "IT", (PersonIdentifier("IT", "social_security", "XX 0000-000001"),)
)
WANTED = Wanted(
    ROSA_HERSELF,
    date(2026, 12, 1),
    (
        Told("IT", date(1995, 6, 1), date(2011, 1, 1), "sewing"),
        Told("DE", date(1985, 4, 1), date(1995, 2, 1), "work in a hotel"),
    ),
    language="en",
)


@dataclass
class Books:
    """WhatIsKnown: her cases and numbers by worker, and persons in the register by name."""

    cases: dict[UUID, list[Case]] = field(default_factory=dict)
    numbers: dict[UUID, frozenset[str]] = field(default_factory=dict)
    records: list[CareerRecord] = field(default_factory=list)
    register: set[str] = field(default_factory=set)

    async def of(self, worker_id: UUID) -> Known:
        claims = [claim_of(one) for one in self.cases.get(worker_id, [])]
        return known_of(claims, self.records, self.numbers.get(worker_id, frozenset()))

    async def in_register(self, person: Claimant, *, numbers: frozenset[str]) -> bool:
        return person.family_name in self.register


@dataclass
class Office:
    """Lodging: opens a case unless it was told why not."""

    new_id: Any
    opened: dict[UUID, tuple[Wanted, date, Caller]] = field(default_factory=dict)
    refuses: dict[str, Hindrance] = field(default_factory=dict)  # what is said, and what it is about
    breaks: list[Exception] = field(default_factory=list)
    protects: Any = None  # called with the new case, as a use case does that finds her by a number

    async def lodge(self, claim_id: UUID, wanted: Wanted, *, claimed_on: date, caller: Caller) -> UUID | NotOpened:
        if self.breaks:
            raise self.breaks.pop()
        for said, why in self.refuses.items():
            if why is not Hindrance.WRITTEN or not wanted.asks_in_writing:
                return NotOpened(why, said)
        case_id: UUID = self.new_id()
        self.opened[case_id] = (wanted, claimed_on, caller)
        if self.protects is not None and caller.is_cleared:
            await self.protects([case_id])
        return case_id

    async def lodged(self, case_id: UUID, *, claimed_on: date) -> bool:
        return case_id in self.opened and self.opened[case_id][1] == claimed_on


@dataclass
class ClaimWorld:
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    new_id: Any = field(default_factory=counting_ids)
    links: MemoryWorkerCases = field(default_factory=MemoryWorkerCases)
    books: Books = field(default_factory=Books)

    def __post_init__(self) -> None:
        self.books.numbers[ROSA] = frozenset({NUMBER})
        self.books.register.add("Esposito")
        self.office = Office(self.new_id)
        self.work = MemoryClaimWork(self.books, self.office, self.links)
        work = self.work.unit_of_work
        self.use_cases = ClaimUseCases(me=IT, work=work, clock=self.clock, new_id=self.new_id, wait=timedelta(days=14))
        self.desk = ClaimDesk(work=work, acting=work, clock=self.clock, new_id=self.new_id)

    def claims(self, **changes: Any) -> StartClaim:
        return replace(StartClaim(self.new_id(), ROSA, WANTED), **changes)

    async def has_case(self, *, closed: bool = False, **changes: Any) -> Case:
        """An earlier claim of hers is known here."""
        summary = CaseSummary(UUID(int=90), IT, NOW, ()) if closed else None
        made = replace(case(), summary=summary, **changes)
        self.books.cases[ROSA] = [made]
        await self.links.link(ROSA, made.case_id)
        return made

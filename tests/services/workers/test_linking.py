"""A caseworker says whose a case is: once, never another's, and protected where she is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.memory.acts import MemoryActs
from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.adapters.memory.workers import MemoryDirectory, MemoryWorkerCases
from portability.agreements.errors import CaseStateError, DeniedError, IdempotencyConflictError, NotFoundError
from portability.services.access import Caller, Role
from portability.services.workers.linking.entering import EnterUseCases
from portability.services.workers.linking.handlers import ChangeContact, LinkCase, LinkUseCases
from portability.services.workers.model import WorkerOnFile, parse_contact

ROSA, ADA = UUID(int=1), UUID(int=2)
CLAIM, CERTIFICATE, ADAS = UUID(int=10), UUID(int=11), UUID(int=12)
ROSAS_PHONE = parse_contact("+39 333 1234567")
ANNA = Caller("it-inps", Role.CASEWORKER, "anna")
VERA = Caller("it-inps", Role.CLEARED_CASEWORKER, "vera")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass
class Known:
    cases: set[UUID] = field(default_factory=lambda: {CLAIM, CERTIFICATE, ADAS})

    async def knows(self, case_id: UUID) -> bool:
        return case_id in self.cases


@dataclass
class LinkWorld:
    cases: Known = field(default_factory=Known)
    links: MemoryWorkerCases = field(default_factory=MemoryWorkerCases)
    directory: MemoryDirectory = field(default_factory=MemoryDirectory)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)
    state: State = field(default_factory=State)
    new_id: Any = field(default_factory=counting_ids)
    closed: list[UUID] = field(default_factory=list)
    told: list[UUID] = field(default_factory=list)

    @property
    def register(self) -> MemoryDirectory:
        return self.directory

    @property
    def ways_in(self) -> "LinkWorld":
        return self

    @property
    def news(self) -> "LinkWorld":
        return self

    async def close(self, worker_id: UUID) -> None:
        self.closed.append(worker_id)

    async def contact_changed(self, worker_id: UUID, *, at: datetime) -> None:
        self.told.append(worker_id)

    def __post_init__(self) -> None:
        self.acts = MemoryActs(self.state)
        self.use_cases = LinkUseCases(self.work, ManualClock(NOW), self.new_id)
        self.entering = EnterUseCases(self.work, ManualClock(NOW), self.new_id)

    @asynccontextmanager
    async def work(self) -> AsyncIterator["LinkWorld"]:
        yield self

    def says(self, **changes: Any) -> LinkCase:
        return replace(LinkCase(self.new_id(), CERTIFICATE, same_as=CLAIM), **changes)


@pytest.fixture
async def world() -> LinkWorld:
    made = LinkWorld()
    await made.directory.keep(WorkerOnFile(ROSA, ROSAS_PHONE, ("RSP65",)))
    await made.directory.keep(WorkerOnFile(ADA, parse_contact("ada@example.org"), ("ADA1",)))
    await made.links.link(ROSA, CLAIM)
    await made.links.link(ADA, ADAS)
    return made


async def test_a_case_is_whoever_s_another_is_and_the_act_and_the_looks_are_kept(world: LinkWorld) -> None:
    command = world.says()
    for _ in range(2):
        await world.use_cases.link(command, caller=ANNA)
    assert await world.links.case_ids_of(ROSA) == [CLAIM, CERTIFICATE]
    assert {one.by for one in await world.looks.of([CERTIFICATE, CLAIM])} == {"anna"}
    assert await world.protected.among([CERTIFICATE]) == frozenset()


async def test_or_whoever_is_on_file_with_contact_and_number(world: LinkWorld) -> None:
    await world.use_cases.link(world.says(same_as=None, contact=ROSAS_PHONE, insurance_number="RSP65"), caller=ANNA)
    assert await world.links.owner_of(CERTIFICATE) == ROSA


async def test_or_whoever_has_the_id_that_was_told_when_she_was_entered(world: LinkWorld) -> None:
    await world.use_cases.link(world.says(same_as=None, worker_id=ROSA), caller=ANNA)
    assert await world.links.owner_of(CERTIFICATE) == ROSA


async def test_an_id_of_who_is_protected_reads_like_one_of_nobody(world: LinkWorld) -> None:
    await world.protected.protect([CLAIM])
    told = set()
    for worker_id in (ROSA, UUID(int=99)):
        with pytest.raises(NotFoundError) as refused:
            await world.use_cases.link(world.says(same_as=None, worker_id=worker_id), caller=ANNA)
        told.add(refused.value.message.replace(str(worker_id), "ID"))
    assert len(told) == 1
    await world.use_cases.link(world.says(same_as=None, worker_id=ROSA), caller=VERA)
    assert await world.links.owner_of(CERTIFICATE) == ROSA


@pytest.mark.parametrize(
    "changes",
    [
        {"same_as": None, "contact": ROSAS_PHONE, "insurance_number": "ADA1"},
        {"same_as": None, "contact": ROSAS_PHONE, "insurance_number": ""},
        {"same_as": None, "worker_id": UUID(int=99)},
        {"same_as": CERTIFICATE},
        {"same_as": UUID(int=99)},
        {"case_id": UUID(int=99)},
    ],
)
async def test_what_fits_nobody_or_no_case_links_nothing(world: LinkWorld, changes: dict[str, Any]) -> None:
    with pytest.raises(NotFoundError):
        await world.use_cases.link(world.says(**changes), caller=ANNA)
    assert await world.links.owner_of(CERTIFICATE) is None


async def test_a_case_never_becomes_another_s(world: LinkWorld) -> None:
    with pytest.raises(IdempotencyConflictError):
        await world.use_cases.link(world.says(case_id=ADAS), caller=ANNA)
    assert await world.links.owner_of(ADAS) == ADA


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.ADMINISTRATOR, Role.WORKER])
async def test_people_alone_say_so(world: LinkWorld, role: Role) -> None:
    with pytest.raises(DeniedError):
        await world.use_cases.link(world.says(), caller=replace(ANNA, role=role))


async def test_a_protected_person_is_hidden_from_who_is_not_cleared_and_her_new_case_is_protected_too(
    world: LinkWorld,
) -> None:
    await world.protected.protect([CLAIM])
    on_file = world.says(same_as=None, contact=ROSAS_PHONE, insurance_number="RSP65")
    for command in (world.says(), on_file):
        with pytest.raises(NotFoundError):
            await world.use_cases.link(command, caller=ANNA)
    await world.use_cases.link(world.says(), caller=VERA)
    assert await world.protected.among([CERTIFICATE]) == {CERTIFICATE}


# --- By which contact she signs in

NEW_PHONE = parse_contact("+39 333 7654321")


def changes(world: LinkWorld, **given: Any) -> ChangeContact:
    return replace(ChangeContact(world.new_id(), ROSAS_PHONE, "RSP65", NEW_PHONE), **given)


async def test_the_contact_from_before_is_told_once_and_nobody_stays_signed_in(world: LinkWorld) -> None:
    command = changes(world)
    for _ in range(2):
        await world.use_cases.change_contact(command, caller=ANNA)
    rosa = await world.directory.find(NEW_PHONE, insurance_number="RSP65")
    assert rosa == WorkerOnFile(ROSA, NEW_PHONE, ("RSP65",), former=ROSAS_PHONE)
    assert await world.directory.find(ROSAS_PHONE) is None
    assert (world.told, world.closed) == ([ROSA], [ROSA])


@pytest.mark.parametrize("given", [{"contact": NEW_PHONE}, {"insurance_number": "ADA1"}, {"insurance_number": ""}])
async def test_whoever_is_not_on_file_keeps_no_new_contact(world: LinkWorld, given: dict[str, Any]) -> None:
    with pytest.raises(NotFoundError):
        await world.use_cases.change_contact(changes(world, **given), caller=ANNA)
    assert world.told == []


async def test_a_contact_that_two_would_share_with_one_number_is_refused(world: LinkWorld) -> None:
    await world.directory.keep(WorkerOnFile(UUID(int=3), NEW_PHONE, ("RSP65",)))
    for new in (NEW_PHONE, ROSAS_PHONE):
        with pytest.raises(CaseStateError, match="on file with this number"):
            await world.use_cases.change_contact(changes(world, new_contact=new), caller=ANNA)
    assert (world.told, world.closed) == ([], [])


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.ADMINISTRATOR, Role.WORKER])
async def test_people_of_the_staff_alone_change_a_contact(world: LinkWorld, role: Role) -> None:
    with pytest.raises(DeniedError):
        await world.use_cases.change_contact(changes(world), caller=replace(ANNA, role=role))


async def test_a_protected_person_s_contact_is_changed_by_cleared_staff_and_told_to_no_phone(world: LinkWorld) -> None:
    await world.protected.protect([CLAIM])
    with pytest.raises(NotFoundError):
        await world.use_cases.change_contact(changes(world), caller=ANNA)
    await world.use_cases.change_contact(changes(world), caller=VERA)
    assert (world.told, world.closed) == ([], [ROSA])

"""What the stores of cases must keep to: in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.cases import MemoryCases, MemoryTimeline
from portability.adapters.postgres.cases_store import PostgresCases, PostgresTimeline
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCareers, PostgresCommands, PostgresRegister
from portability.agreements.errors import InputError
from portability.agreements.values import Branch, Citation, Money
from portability.services.cases.model import (
    Case,
    CaseEvent,
    CaseSummary,
    EventKind,
    Identification,
    NationalAnswer,
    Participant,
    Question,
    QuestionCode,
    RecordRequest,
)
from portability.services.cases.ports import (
    CaseQuery,
    CaseStore,
    CaseTimeline,
)
from tests.at_rest import AT_REST
from tests.conftest import NewDatabase
from tests.services.cases.world import CLAIM, DRV, FISCAL_CODE, GERMAN_NUMBER, INPS, MORNING, Node, World


@dataclass
class Stores:
    cases: CaseStore
    timeline: CaseTimeline


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return Stores(MemoryCases(), MemoryTimeline())
    connection: psycopg.AsyncConnection = request.getfixturevalue("connection")
    return Stores(
        PostgresCases(connection, AT_REST),
        PostgresTimeline(connection, AT_REST),
    )


def a_case(*, minutes: int = 0) -> Case:
    return Case(
        case_id=time_ordered_id(),
        branch=Branch.OLD_AGE,
        contact=INPS,
        claim=replace(CLAIM, deferred_states=frozenset({"DE", "CA"})),
        opened_at=MORNING,
        known_since=MORNING + timedelta(minutes=minutes),
        participants=(Participant(INPS, "IT", "eu-883-2004", MORNING), Participant(DRV, "DE", "eu-883-2004", MORNING)),
    )


async def decided_case() -> Case:
    """A case with a determination and three decisions, as use cases make it."""
    world = World(time_ordered_id)
    await world.fill_registers()
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.decide_all(case_id)
    return (await world.inps.view(case_id)).case


async def test_a_case_comes_back_exactly(stores: Stores) -> None:
    case = replace(
        await decided_case(),
        request=RecordRequest(
            time_ordered_id(),
            INPS,
            DRV,
            MORNING,
            (Question(QuestionCode.PERIODS, date(1980, 1, 1)),),
            time_ordered_id(),
        ),
        identification=Identification("several", MORNING, ("DE-1", "DE-2"), "DE-2", "clerk", MORNING, "file"),
        national_answers=(
            NationalAnswer("it-pensione", None, Money.of("812.40", "EUR"), None, "clerk", MORNING, "own system"),
        ),
        summary=CaseSummary(time_ordered_id(), "clerk", MORNING, (time_ordered_id(),), "it"),
    )
    await stores.cases.save(case)
    assert await stores.cases.get(case.case_id, for_change=True) == case
    assert await stores.cases.get(case.case_id, for_change=False) == case
    assert await stores.cases.get(time_ordered_id(), for_change=True) is None


async def test_a_case_saved_again_is_the_later_one(stores: Stores) -> None:
    case = await decided_case()
    await stores.cases.save(replace(case, decisions=case.decisions[:1], decided_at=case.decided_at[:1]))
    assert case.determination is not None
    newer = replace(case.determination, determination_id=time_ordered_id(), trace=b"\x00other")
    await stores.cases.save(replace(case, determination=newer))
    assert await stores.cases.get(case.case_id, for_change=False) == replace(case, determination=newer)


async def test_cases_are_listed_newest_first_in_pages(stores: Stores) -> None:
    kept = [a_case(minutes=minutes) for minutes in range(5)]
    for case in kept:
        await stores.cases.save(case)
    seen, token = [], ""
    for expected in (2, 2, 1):
        page = await stores.cases.page(CaseQuery(size=2, after=token))
        assert len(page.cases) == expected
        seen += page.cases
        token = page.next
    assert token == ""
    assert seen == kept[::-1]


async def test_a_page_that_ends_the_list_says_so(stores: Stores) -> None:
    await stores.cases.save(a_case())
    page = await stores.cases.page(CaseQuery(size=1))
    assert (len(page.cases), page.next) == (1, "")


async def test_cases_of_one_person_are_found_by_exact_number(stores: Stores) -> None:
    mine = a_case()
    theirs = replace(a_case(), claim=replace(CLAIM, person=replace(CLAIM.person, identifiers=(GERMAN_NUMBER,))))
    for case in (mine, theirs):
        await stores.cases.save(case)
    written = replace(FISCAL_CODE, value="rssmra58c50 h501x")
    assert [case.case_id for case in (await stores.cases.page(CaseQuery(9, "", (written,)))).cases] == [mine.case_id]
    both = await stores.cases.page(CaseQuery(9, "", (FISCAL_CODE, GERMAN_NUMBER)))
    assert {case.case_id for case in both.cases} == {mine.case_id, theirs.case_id}
    nobody = replace(FISCAL_CODE, value="RSSMRA58C50H501Y")
    assert (await stores.cases.page(CaseQuery(9, "", (nobody,)))).cases == ()


async def test_closed_cases_can_be_left_out(stores: Stores) -> None:
    summary = CaseSummary(time_ordered_id(), "clerk", MORNING, ())
    open_one, closed = a_case(), replace(a_case(), summary=summary)
    await stores.cases.save(replace(closed, summary=None))
    for case in (open_one, closed):
        await stores.cases.save(case)
    listed = await stores.cases.page(CaseQuery(9, open_only=True))
    assert [case.case_id for case in listed.cases] == [open_one.case_id]


@pytest.mark.parametrize("token", ["page 2", "0199d0f0-0000-7000-8000-000000000001"])
async def test_a_page_token_of_no_list_is_refused(stores: Stores, token: str) -> None:
    with pytest.raises(InputError) as refused:
        await stores.cases.page(CaseQuery(9, token))
    assert refused.value.field == "page_token"


async def test_the_timeline_keeps_its_order(stores: Stores) -> None:
    case, other = a_case(), a_case()
    for each in (case, other):
        await stores.cases.save(each)
    citation = Citation("Regulation (EC) No 987/2009", "Art. 47(4)")
    # The second happened at the same instant and has a smaller id.
    ids = sorted((time_ordered_id(), time_ordered_id()), reverse=True)
    events = [
        CaseEvent(ids[0], case.case_id, MORNING, EventKind.CLAIM_LODGED, INPS, "lodged", "clerk", None, citation),
        CaseEvent(ids[1], case.case_id, MORNING, EventKind.CLAIM_SENT, INPS, "sent", message_id=time_ordered_id()),
    ]
    await stores.timeline.add(events)
    await stores.timeline.add(())
    foreign = replace(events[0], event_id=time_ordered_id(), case_id=other.case_id)
    await stores.timeline.add([foreign])
    assert list(await stores.timeline.of_case(case.case_id)) == events


class PostgresNode(Node):
    """A node whose own records, cases and timeline are in PostgreSQL."""

    database: Database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[object]:  # type: ignore[override]  # the same ports, other stores
        async with self.database.transaction() as connection:
            yield replace(
                self.work,
                accounts=PostgresRegister(connection, AT_REST),
                careers=PostgresCareers(connection, AT_REST),
                commands=PostgresCommands(connection, AT_REST),
                cases=PostgresCases(connection, AT_REST),
                timeline=PostgresTimeline(connection, AT_REST),
                looks=PostgresLooks(connection, AT_REST),
                protected=PostgresProtected(connection),
            )


async def test_a_claim_goes_the_whole_way_on_postgres(new_database: NewDatabase) -> None:
    world = World(time_ordered_id)
    await world.fill_registers()
    for name, node in world.nodes.items():
        node.__class__ = PostgresNode
        node.database = await Database.open(new_database(), pool_size=2)  # type: ignore[attr-defined]  # set above
        account = next(iter(vars(node.work.accounts)["_accounts"].values()))
        async with node.transaction() as work:
            await work.accounts.put([account])
        assert name == node.me
    case_id = await world.lodge()
    mail = world.waiting()
    for node in (world.inps,):
        await node.answer(case_id)
    # Italy's statement arrives before the claim.
    await world.deliver(world.waiting())
    await world.deliver(mail)
    for node in (world.drv, world.canada):
        await node.answer(case_id)
    await world.deliver()
    for node in world.nodes.values():
        async with node.transaction() as work:
            made = await node.use_cases.get_case(case_id, caller=node.clerk, work=work)
        assert all(each.has_answered for each in made.case.participants), made.case.participants
        assert node.set_aside == []
    for node in world.nodes.values():
        await node.database.close()  # type: ignore[attr-defined]  # set above


async def test_a_claim_and_a_statement_at_the_same_moment_miss_each_other_never(new_database: NewDatabase) -> None:
    # Both look for a case that is not there yet; the lock on its id makes one wait for the other.
    database = await Database.open(new_database(), pool_size=3)
    case = a_case()
    looked = asyncio.Event()

    async def claim() -> None:
        async with database.transaction() as connection:
            cases = PostgresCases(connection, AT_REST)
            assert await cases.get(case.case_id, for_change=True) is None
            looked.set()
            await asyncio.sleep(0.3)
            await cases.save(case)

    async def statement() -> Case | None:
        await looked.wait()
        async with database.transaction() as connection:
            return await PostgresCases(connection, AT_REST).get(case.case_id, for_change=True)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(claim())
        found = tasks.create_task(statement())
    await database.close()
    assert found.result() == case

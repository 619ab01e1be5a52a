"""What the stores of cases on flows must keep to: in memory and in PostgreSQL."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.flows import MemoryFlows
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.flows_store import PostgresCaseLines, PostgresShelf, PostgresStandings
from portability.agreements.errors import InputError
from portability.services.flows.model import CaseFile, Document, KeptDocument, Party, PassedDeadline, Placed
from portability.services.flows.ports import CasePage, OpenStep, Standing
from tests.at_rest import AT_REST
from tests.conftest import NewDatabase

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 4, 20)
RULE = "eu.statement"


class Postgres:
    """The three stores on one connection, as one."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        shelf, standings = PostgresShelf(connection, AT_REST), PostgresStandings(connection)
        self.get, self.add = shelf.get, shelf.add
        self.put, self.overdue, self.to_look_at = standings.put, standings.overdue, standings.to_look_at
        self.page = PostgresCaseLines(connection).page


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    return MemoryFlows() if request.param == "memory" else Postgres(request.getfixturevalue("connection"))


def case(*, since: datetime = NOW) -> CaseFile:
    return CaseFile(time_ordered_id(), "record_request", 1, since)


def said(**changes: Any) -> KeptDocument:
    given = {"document_id": time_ordered_id(), "action": "ask", "sender": "it-inps", "to": ("de-drv",), "at": NOW}
    return KeptDocument(Document(**{**given, **changes}), "record.request", b"\x08\x01", "it")


def step(case_id: UUID, *, holder: str, due_on: date) -> OpenStep:
    return OpenStep(case_id, "record_request", f"records:{holder}", holder, NOW, due_on, RULE)


async def test_a_case_is_kept_with_all_that_was_said(store: Any) -> None:
    opened = case()
    everything = said(
        in_reply_to=time_ordered_id(),
        target=time_ordered_id(),
        parties=(Party("it-inps", "requesting_institution"), Party("de-drv", "asked_institution", "eu-883-2004")),
        owner="it-inps",
        placed=(Placed("records", "de-drv", "asked"),),
        due_on=date(2026, 4, 1),
        deadline_rule_id=RULE,
        passed=PassedDeadline(RULE, "records", "de-drv", NOW),
    )
    await store.add(opened, [everything])
    other = said()
    await store.add(opened, [other])
    found = await store.get(opened.case_id, for_change=True)
    assert found.documents == (everything, other)
    assert (found.flow_id, found.flow_version, found.known_since) == ("record_request", 1, NOW)


async def test_what_comes_twice_is_kept_once(store: Any) -> None:
    opened, one = case(), said()
    await store.add(opened, [one])
    await store.add(opened, [one])
    assert (await store.get(opened.case_id, for_change=False)).documents == (one,)


async def test_a_case_that_is_not_there_is_none(store: Any) -> None:
    assert await store.get(time_ordered_id(), for_change=False) is None


async def test_what_is_overdue_is_listed_by_holder_the_longest_first(store: Any) -> None:
    first, second = case(), case()
    for one, days in ((first, 5), (second, 9)):
        await store.add(one, [said()])
        steps = (
            step(one.case_id, holder="de-drv", due_on=TODAY - timedelta(days=days)),
            step(one.case_id, holder="fr-cnav", due_on=TODAY),
        )
        await store.put(Standing(one.case_id, True, steps, None))
    found = await store.overdue(holder="de-drv", today=TODAY, limit=10)
    assert [one.case_id for one in found] == [second.case_id, first.case_id]
    assert await store.overdue(holder="fr-cnav", today=TODAY, limit=10) == []
    assert len(await store.overdue(holder="", today=TODAY, limit=1)) == 1


async def test_how_a_case_stands_takes_the_place_of_how_it_stood(store: Any) -> None:
    opened = case()
    await store.add(opened, [said()])
    late = step(opened.case_id, holder="de-drv", due_on=TODAY - timedelta(days=1))
    await store.put(Standing(opened.case_id, True, (late,), NOW))
    await store.put(Standing(opened.case_id, True, (), None))
    assert await store.overdue(holder="", today=TODAY, limit=10) == []
    assert await store.to_look_at(NOW, limit=10) == []


async def test_the_clock_is_given_what_is_due_the_earliest_first(store: Any) -> None:
    cases = [case() for _ in range(3)]
    for hours, one in zip((2, 1, 30), cases, strict=True):
        await store.add(one, [said()])
        await store.put(Standing(one.case_id, True, (), NOW + timedelta(hours=hours)))
    found = await store.to_look_at(NOW + timedelta(hours=3), limit=10)
    assert list(found) == [cases[1].case_id, cases[0].case_id]


async def test_cases_are_listed_by_pages_the_newest_first(store: Any) -> None:
    cases = [case(since=NOW + timedelta(minutes=number)) for number in range(5)]
    for number, one in enumerate(cases):
        await store.add(one, [said()])
        await store.put(Standing(one.case_id, number != 3, (), None))
    first = await store.page(size=2, after="", open_only=False)
    rest = await store.page(size=10, after=first.next, open_only=False)
    assert [one.case_id for one in (*first.lines, *rest.lines)] == [one.case_id for one in reversed(cases)]
    assert rest.next == ""
    still_open = await store.page(size=10, after="", open_only=True)
    assert cases[3].case_id not in [one.case_id for one in still_open.lines]
    some = frozenset({cases[0].case_id, cases[2].case_id, time_ordered_id()})
    newest = await store.page(size=1, after="", open_only=False, among=some)
    rest = await store.page(size=1, after=newest.next, open_only=False, among=some)
    assert [one.case_id for one in (*newest.lines, *rest.lines)] == [cases[2].case_id, cases[0].case_id]
    assert (rest.next, await store.page(size=5, after="", open_only=False, among=frozenset())) == ("", CasePage((), ""))
    with pytest.raises(InputError, match="not one of this list"):
        await store.page(size=10, after="nothing", open_only=False)


async def test_a_claim_and_a_statement_at_the_same_moment_miss_each_other_never(new_database: NewDatabase) -> None:
    # Both look for a case that is not there yet; the lock on its id makes one wait for the other.
    database = await Database.open(new_database(), pool_size=3)
    opened, one = case(), said()
    looked = asyncio.Event()

    async def claim() -> None:
        async with database.transaction() as connection:
            shelf = PostgresShelf(connection, AT_REST)
            assert await shelf.get(opened.case_id, for_change=True) is None
            looked.set()
            await asyncio.sleep(0.3)
            await shelf.add(opened, [one])

    async def statement() -> CaseFile | None:
        await looked.wait()
        async with database.transaction() as connection:
            return await PostgresShelf(connection, AT_REST).get(opened.case_id, for_change=True)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(claim())
        found = tasks.create_task(statement())
    await database.close()
    kept = found.result()
    assert kept is not None
    assert kept.documents == (one,)

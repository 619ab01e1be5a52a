"""What every store of disputes must keep to, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from portability.adapters.memory.disputes import MemoryDisputes
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.disputes_store import PostgresDisputes
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_worker
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.services.workers.disputes.model import Answer, Dispute, Matter, Review, Subject
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROSA, ADA = UUID(int=1), UUID(int=2)
CASE, OTHER = UUID(int=10), UUID(int=11)


def dispute(number: int, **changes: Any) -> Dispute:
    subject = Subject(Matter.MISSING, "", "TN", date(1980, 1, 1), date(1981, 1, 1), "work on a farm")
    return replace(Dispute(UUID(int=number), ROSA, CASE, subject, "I was there.", "it-inps", NOW), **changes)


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryDisputes()
    return PostgresDisputes(request.getfixturevalue("connection"), AT_REST)


async def test_everything_that_is_kept_reads_the_same(store: Any) -> None:
    everything = dispute(
        1,
        raised_by="Union of builders",
        taken_up_at=NOW,
        answer=Answer(True, NOW, "anna", "Found.", "Write to Rome."),
        reviews=(Review("d-1", "de-drv", NOW, NOW, "anna", True, "looked"),),
    )
    await store.put(dispute(1))
    await store.put(everything)
    assert await store.get(UUID(int=1), for_change=True) == everything
    assert await store.get(UUID(int=9), for_change=False) is None


async def test_disputes_of_cases_come_the_oldest_first(store: Any) -> None:
    for one in (dispute(3), dispute(1), dispute(2, case_id=OTHER)):
        await store.put(one)
    assert [one.dispute_id.int for one in await store.of_cases([CASE])] == [1, 3]
    assert [one.dispute_id.int for one in await store.of_cases([CASE, OTHER])] == [1, 2, 3]
    assert await store.of_cases([]) == []


async def test_the_queue_holds_what_waits_for_this_institution(store: Any) -> None:
    refused = Answer(False, NOW, "anna", "No.")
    waiting = Review("d-1", "it-inps", NOW)
    for one in (
        dispute(1),
        dispute(2, flow_case_id=UUID(int=50)),
        dispute(3, answer=refused),
        dispute(4, answer=replace(refused, upheld=True), reviews=(waiting,)),
        dispute(5),
    ):
        await store.put(one)
    assert [one.dispute_id.int for one in await store.page(size=10, after=None)] == [1, 4, 5]
    assert [one.dispute_id.int for one in await store.page(size=1, after=UUID(int=1))] == [4]
    await store.put(dispute(1, answer=refused))
    assert [one.dispute_id.int for one in await store.page(size=10, after=None)] == [4, 5]


async def test_the_fence_shows_her_own_disputes_alone(connection: Connection) -> None:
    for worker_id, contact, case_id in ((ROSA, "rosa@example.org", CASE), (ADA, "ada@example.org", OTHER)):
        await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
        await PostgresWorkerCases(connection).link(worker_id, case_id)
    book = PostgresDisputes(connection, AT_REST)
    await book.put(dispute(1))
    await book.put(dispute(2, worker_id=ADA, case_id=OTHER))
    await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP_ROLE)))
    await narrow_to_worker(connection, ROSA)
    assert [one.worker_id for one in await book.of_cases([CASE, OTHER])] == [ROSA]
    assert await book.get(UUID(int=2), for_change=False) is None

"""In whose cases something was written: found once it is committed, in whatever order, and by one process at a time."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.postgres.news import touched_workers
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.app.demo.desks import lodge_claim, put_records
from portability.app.demo.nodes import demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import AWARD_ON
from portability.app.wiring.disputes import dispute_use_cases
from portability.services.workers.disputes.handlers import RaiseDispute
from portability.services.workers.disputes.model import Matter, Subject
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST

ROSA, ADA = UUID("01890000-0000-7000-8000-000000000001"), UUID("01890000-0000-7000-8000-000000000002")
CLAIM, MATTER, ADAS = (UUID(int=number) for number in (11, 12, 21))
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CHANGE = (
    "INSERT INTO case_changes (event_id, case_id, kind, occurred_at, institution) "
    "VALUES (gen_random_uuid(), %s, 'lodged', %s, 'it-inps')"
)
DOCUMENT = "INSERT INTO flow_documents (case_id, document_id, document) VALUES (%s, gen_random_uuid(), '')"
LOOK = "INSERT INTO looks (look_id, scope, content, digest) VALUES (%s, %s, '', '')"


@pytest.fixture
async def written(new_database: Callable[[], str]) -> str:
    """A database with two workers and their cases, that was read to its end."""
    url = new_database()
    database = await Database.open(url, pool_size=2)
    async with database.transaction() as connection:
        for worker_id, cases in ((ROSA, (CLAIM, MATTER)), (ADA, (ADAS,))):
            await PostgresWorkers(connection, AT_REST).keep(
                WorkerOnFile(worker_id, parse_contact(f"w{worker_id.int % 10}@example.org"))
            )
            for case_id in cases:
                await PostgresWorkerCases(connection).link(worker_id, case_id)
        await connection.execute(
            "INSERT INTO flow_cases (case_id, flow_id, flow_version, known_since) VALUES (%s, 'f', 1, %s)",
            (MATTER, NOW),
        )
        await connection.execute(CHANGE, (CLAIM, NOW))
        await touched_workers(connection)
        await touched_workers(connection)
    await database.close()
    return url


async def touched(url: str) -> list[UUID]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return list(await touched_workers(connection))


async def write(connection: Connection, what: str) -> None:
    if what == "change":
        await connection.execute(CHANGE, (CLAIM, NOW))
    elif what == "document":
        await connection.execute(DOCUMENT, (MATTER,))
    else:
        await connection.execute(LOOK, (time_ordered_id(), CLAIM))


@pytest.mark.parametrize("what", ["change", "document", "look"])
async def test_what_is_written_touches_its_worker_twice_and_then_no_more(written: str, what: str) -> None:
    assert await touched(written) == []
    async with await psycopg.AsyncConnection.connect(written) as connection:
        await write(connection, what)
    assert [await touched(written) for _ in range(3)] == [[ROSA], [ROSA], []]


@pytest.mark.parametrize("what", ["change", "document", "look"])
async def test_what_is_committed_after_a_later_row_was_read_is_found(written: str, what: str) -> None:
    async with await psycopg.AsyncConnection.connect(written) as slow:
        await write(slow, what)
        async with await psycopg.AsyncConnection.connect(written) as quick:
            await quick.execute(CHANGE, (ADAS, NOW))
            await quick.execute(LOOK, (time_ordered_id(), ADAS))
        assert await touched(written) == [ADA]
        await slow.commit()
    assert ROSA in await touched(written)


async def test_while_one_process_reads_another_finds_nobody_and_what_it_gave_up_is_found_again(written: str) -> None:
    async with await psycopg.AsyncConnection.connect(written) as writing:
        await write(writing, "change")
    async with await psycopg.AsyncConnection.connect(written) as dies:
        assert await touched_workers(dies) == [ROSA]
        assert await touched(written) == []
        await dies.rollback()
    assert await touched(written) == [ROSA]


async def test_a_dispute_on_a_node_is_noted_without_looking_through_everybody(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url, only="it-inps") as desks:
        desk = desks["it-inps"]
        await put_records(desk, SystemClock().now().date())
        case_id = await lodge_claim(desk, today=SystemClock().now().date(), award_on=AWARD_ON)
        await enrol(desk, case_id)
        notices = desk.node.notices
        await notices.note_all()
        await notices.note_new()
        worker_id = await desk.node.worker.resolve_session((await sign_in(desk)).token)
        said = Subject(Matter.MISSING, state="DE", start=date(2002, 1, 1), end=date(2002, 2, 1), activity="work")
        command = RaiseDispute(time_ordered_id(), worker_id, said, "I was there.", language="en")
        await dispute_use_cases(desk.node.database, desk.node.parts).raise_dispute(command)
        await notices.note_new()
        async with desk.node.database.transaction(acting="node") as connection:
            found = await connection.execute("SELECT kind FROM worker_notices WHERE worker_id = %s", (worker_id,))
            kinds = [row[0] for row in await found.fetchall()]
        assert kinds.count("disputed") == 1
        assert await notices.note_new() == 0

"""A worker reads from PostgreSQL what she reads from memory: every fact of her case survives being kept."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from psycopg import sql

from portability.adapters.memory.declarations import MemoryDeclarations
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCareers
from portability.adapters.memory.texting import MemoryTextWork
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_worker
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.looks import PostgresLooks
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.shares_store import PostgresShares
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.agreements.careers import AnswerStatus
from portability.app.wiring.claims import NodeClaims
from portability.app.worker_views import Names, WorkerViews, worker_work
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST
from tests.services.cases.share_world import ShareWorld
from tests.services.workers.test_views_of_cases import ADA, ADAS_CASE, CASE, OPENED, ROSA, looks_at, record

RECORDS = [
    record("DE", "de-drv", AnswerStatus.KNOWN, date(2026, 9, 20)),
    record("IT", "it-inps", AnswerStatus.NOT_FOUND, date(2026, 9, 1)),
]


async def test_what_is_kept_reads_the_same(connection: Connection) -> None:
    world = ShareWorld()
    await world.fill_registers()
    hers, adas = await world.lodge(), await world.lodge()
    await world.state_all(hers)
    await world.decide_all(hers)
    node, links, careers = world.inps, MemoryWorkerCases(), MemoryCareers()
    for worker_id, contact, case_id in ((ROSA, "rosa@example.org", hers), (ADA, "ada@example.org", adas)):
        await links.link(worker_id, case_id)
        await keep(connection, worker_id, contact, case_id)
        file, share = await node.flows.shelf.get(case_id, for_change=False), await node.shares.last(case_id)
        assert file is not None
        await PostgresShelf(connection, AT_REST).add(file, file.documents)
        if share is not None:
            await PostgresShares(connection, AT_REST).add(case_id, share)
    for book in (careers, PostgresCareers(connection, AT_REST)):
        for one in RECORDS:
            await book.put(hers, one, at=OPENED)
    in_memory = WorkerViews(
        links=links,
        claims=node.claims,
        careers=careers,
        looks=MemoryLooks(),
        protected=MemoryProtected(),
        declarations=MemoryDeclarations(),
        me=node.me,
        names=Names(str, str),
    )
    kept = replace(
        in_memory,
        links=PostgresWorkerCases(connection),
        claims=NodeClaims(
            shelf=PostgresShelf(connection, AT_REST), shares=PostgresShares(connection, AT_REST), flows=node.parts
        ),
        careers=PostgresCareers(connection, AT_REST),
        looks=PostgresLooks(connection, AT_REST),
    )
    for looks in (in_memory.looks, kept.looks):
        await looks.add([*looks_at(hers), *looks_at(adas)])
    work = worker_work(connection, AT_REST, kept, MemoryTextWork().questions)
    for worker_id in (ROSA, ADA):
        assert list(await work.cases.cases_of(worker_id)) == list(await in_memory.cases_of(worker_id))
        assert await work.career.career_of(worker_id) == await in_memory.career_of(worker_id)
        assert list(await work.decisions.decisions_of(worker_id)) == list(await in_memory.decisions_of(worker_id))
    assert len(await work.decisions.decisions_of(ROSA)) == 3
    for worker_id, case_id in ((ROSA, hers), (ADA, adas)):
        shown = await work.cases.case_of(worker_id, case_id)
        assert shown is not None
        assert len(shown.seen_by) == 2
        assert shown == await in_memory.case_of(worker_id, case_id)
    assert await work.cases.case_of(ROSA, adas) is None


async def test_the_fence_shows_her_the_looks_at_her_own_case_alone(connection: Connection) -> None:
    await keep(connection, ROSA, "rosa@example.org", CASE)
    await keep(connection, ADA, "ada@example.org", ADAS_CASE)
    book = PostgresLooks(connection, AT_REST)
    await book.add([*looks_at(CASE), *looks_at(ADAS_CASE)])
    assert len(await book.of([CASE, ADAS_CASE])) == 4
    as_the_node = sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP_ROLE))
    await connection.execute(as_the_node)
    await narrow_to_worker(connection, ROSA)
    assert {look.scope for look in await book.of([CASE, ADAS_CASE])} == {CASE}


async def keep(connection: Connection, worker_id: UUID, contact: str, case_id: UUID) -> None:
    await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
    await PostgresWorkerCases(connection).link(worker_id, case_id)

"""A worker reads from PostgreSQL what she reads from memory: every fact of her case survives being kept."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from psycopg import sql

from portability.adapters.memory.texting import MemoryTextWork
from portability.adapters.postgres.cases_store import PostgresCases
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_worker
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.looks import PostgresLooks
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.shares_store import PostgresShares
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.agreements.careers import AnswerStatus
from portability.app.wiring.claims import NodeClaims
from portability.app.worker_views import WorkerViews, worker_work
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST
from tests.services.cases.share_world import ShareWorld
from tests.services.workers.test_views_of_cases import (
    ADA,
    ADAS_CASE,
    CASE,
    OPENED,
    ROSA,
    case,
    decision,
    looks_at,
    record,
    views,
)

RECORDS = [
    record("DE", "de-drv", AnswerStatus.KNOWN, date(2026, 9, 20)),
    record("IT", "it-inps", AnswerStatus.NOT_FOUND, date(2026, 9, 1)),
]


async def test_what_is_kept_reads_the_same(connection: Connection) -> None:
    hers, adas = replace(case(), decisions=(decision(),)), case(ADAS_CASE)
    in_memory = await views(hers, adas, c10=RECORDS)
    await keep(connection, ROSA, "rosa@example.org", CASE)
    await keep(connection, ADA, "ada@example.org", ADAS_CASE)
    for each in (hers, adas):
        await PostgresCases(connection, AT_REST).save(each)
    for one in RECORDS:
        await PostgresCareers(connection, AT_REST).put(CASE, one, at=OPENED)
    kept = replace(
        in_memory,
        links=PostgresWorkerCases(connection),
        claims=NodeClaims(
            cases=PostgresCases(connection, AT_REST),
            shelf=PostgresShelf(connection, AT_REST),
            shares=PostgresShares(connection, AT_REST),
            flows=ShareWorld().inps.parts,
        ),
        careers=PostgresCareers(connection, AT_REST),
        looks=PostgresLooks(connection, AT_REST),
    )
    for book in (in_memory.looks, kept.looks):
        await book.add([*looks_at(CASE), *looks_at(ADAS_CASE)])
    work = worker_work(connection, AT_REST, kept, MemoryTextWork().questions)
    for worker_id in (ROSA, ADA):
        assert list(await work.cases.cases_of(worker_id)) == list(await in_memory.cases_of(worker_id))
        assert await work.career.career_of(worker_id) == await in_memory.career_of(worker_id)
        assert list(await work.decisions.decisions_of(worker_id)) == list(await in_memory.decisions_of(worker_id))
    for worker_id, case_id in ((ROSA, CASE), (ADA, ADAS_CASE)):
        shown = await work.cases.case_of(worker_id, case_id)
        assert shown is not None
        assert len(shown.seen_by) == 2
        assert shown == await in_memory.case_of(worker_id, case_id)
    assert isinstance(kept, WorkerViews)
    assert await work.cases.case_of(ROSA, ADAS_CASE) is None


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

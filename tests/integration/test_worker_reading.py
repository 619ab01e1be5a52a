"""A worker reads from PostgreSQL what she reads from memory: every fact of her case survives being kept."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from portability.adapters.postgres.cases_store import PostgresCases
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.agreements.careers import AnswerStatus
from portability.app.worker_views import WorkerViews, worker_work
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST
from tests.services.workers.test_views_of_cases import ADA, ADAS_CASE, CASE, ROSA, case, decision, record, views

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
        await PostgresCareers(connection, AT_REST).put(CASE, one)
    kept = replace(
        in_memory,
        links=PostgresWorkerCases(connection),
        cases=PostgresCases(connection, AT_REST),
        careers=PostgresCareers(connection, AT_REST),
    )
    work = worker_work(connection, AT_REST, kept)
    for worker_id in (ROSA, ADA):
        assert list(await work.cases.cases_of(worker_id)) == list(await in_memory.cases_of(worker_id))
        assert await work.career.career_of(worker_id) == await in_memory.career_of(worker_id)
        assert list(await work.decisions.decisions_of(worker_id)) == list(await in_memory.decisions_of(worker_id))
    assert isinstance(kept, WorkerViews)
    assert await work.cases.case_of(ROSA, ADAS_CASE) is None


async def keep(connection: Connection, worker_id: UUID, contact: str, case_id: UUID) -> None:
    await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
    await PostgresWorkerCases(connection).link(worker_id, case_id)

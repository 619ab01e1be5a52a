"""What every store of declarations must keep to, in memory and in PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from portability.adapters.memory.declarations import MemoryDeclarations
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.declarations_store import PostgresDeclarations, PostgresPapers
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_caller, narrow_to_worker
from portability.adapters.postgres.looks import PostgresProtected
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.services.access import Caller, Role
from portability.services.workers.declarations.model import Answer, Declaration, DeclaredDocument, DocumentKind
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.remembered import RememberedDay
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROSA, ADA = UUID(int=1), UUID(int=2)
CASE, OTHER = UUID(int=10), UUID(int=11)
PAPER = DeclaredDocument(UUID(int=70), DocumentKind.PNG, 5, NOW, "pay slip", "Union")


@dataclass(frozen=True)
class Stores:
    book: Any
    papers: Any


def declaration(number: int, **changes: Any) -> Declaration:
    told = Declaration(UUID(int=number), ROSA, CASE, "TN", RememberedDay(1984), RememberedDay(1985, 6, 30), NOW)
    return replace(told, **changes)


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Any) -> Stores:
    if connection_or_none is None:
        book = MemoryDeclarations()
        return Stores(book, book.papers)
    return await on(connection_or_none)


async def on(connection: Connection) -> Stores:
    for worker_id, contact in ((ROSA, "rosa@example.org"), (ADA, "ada@example.org")):
        await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
    return Stores(PostgresDeclarations(connection, AT_REST), PostgresPapers(connection, AT_REST))


async def test_everything_that_is_kept_reads_the_same(stores: Stores) -> None:
    everything = declaration(
        1,
        employer="Hotel",
        activity="kitchen",
        declared_by="Union",
        documents=(PAPER,),
        asked="de-drv",
        flow_case_id=UUID(int=50),
        answer=Answer(True, NOW, "anna", "Found."),
    )
    await stores.book.put(declaration(1))
    await stores.book.put(everything)
    assert await stores.book.get(UUID(int=1), for_change=True) == everything
    assert await stores.book.get(UUID(int=9), for_change=False) is None


async def test_hers_come_the_newest_first(stores: Stores) -> None:
    for one in (declaration(2), declaration(1), declaration(3, worker_id=ADA)):
        await stores.book.put(one)
    for for_change in (False, True):
        found = await stores.book.of_worker(ROSA, for_change=for_change)
        assert [one.declaration_id.int for one in found] == [2, 1]
    assert await stores.book.of_worker(UUID(int=5)) == []


async def test_the_queue_holds_what_nobody_has_answered(stores: Stores) -> None:
    for one in (declaration(1), declaration(2, answer=Answer(False, NOW, "anna", "No.")), declaration(3)):
        await stores.book.put(one)
    assert [one.declaration_id.int for one in await stores.book.page(size=10, after=None)] == [1, 3]
    assert [one.declaration_id.int for one in await stores.book.page(size=10, after=UUID(int=1))] == [3]
    assert [one.declaration_id.int for one in await stores.book.page(size=1, after=None)] == [1]


async def test_papers_come_back_byte_by_byte_and_go_with_what_they_belong_to(stores: Stores) -> None:
    told = declaration(1, documents=(PAPER,))
    await stores.book.put(told)
    await stores.papers.put(PAPER.document_id, told, bytes(range(256)) * 4)
    assert await stores.papers.get(PAPER.document_id) == bytes(range(256)) * 4
    assert await stores.papers.get(UUID(int=71)) is None
    await stores.book.remove(told.declaration_id)
    assert await stores.papers.get(PAPER.document_id) is None
    assert await stores.book.get(told.declaration_id, for_change=False) is None


async def test_the_fence_shows_her_own_to_her_and_protected_ones_to_cleared_staff(connection: Connection) -> None:
    stores = await on(connection)
    for number, worker_id, case_id in ((1, ROSA, CASE), (2, ADA, OTHER)):
        told = declaration(number, worker_id=worker_id, case_id=case_id)
        await stores.book.put(told)
        await stores.papers.put(UUID(int=number), told, b"paper")
    await PostgresProtected(connection).protect([OTHER])
    await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP_ROLE)))

    async def seen() -> list[int]:
        papers = [number for number in (1, 2) if await stores.papers.get(UUID(int=number)) is not None]
        assert [one.declaration_id.int for one in await stores.book.page(size=9, after=None)] == papers
        return papers

    await narrow_to_worker(connection, ADA)
    assert await seen() == [2]
    for role, expected in (
        (Role.CASEWORKER, [1]),
        (Role.SYSTEM, [1]),
        (Role.CLEARED_CASEWORKER, [1, 2]),
        (Role.ADMINISTRATOR, []),
        (Role.PEER, []),
    ):
        await narrow_to_caller(connection, Caller("it-inps", role, "somebody"))
        assert await seen() == expected, role


async def test_at_rest_nothing_of_it_can_be_read(connection: Connection) -> None:
    stores = await on(connection)
    told = declaration(1, employer="Hotel Canary", documents=(PAPER,))
    await stores.book.put(told)
    await stores.papers.put(PAPER.document_id, told, b"%PDF-1.7 canary")
    rows = await connection.execute(
        b"SELECT declarations.document, content FROM declarations JOIN declared_documents USING (declaration_id)",
        binary=True,
    )
    assert not [cell for row in await rows.fetchall() for cell in row if b"anary" in cell or b"PDF" in cell]

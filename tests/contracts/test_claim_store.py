"""What every store of claims that workers send must keep to, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from portability.adapters.memory.claims import MemoryClaims
from portability.adapters.postgres.claims_store import PostgresClaims
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_caller, narrow_to_worker
from portability.adapters.postgres.looks import PostgresProtected
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.agreements.careers import PersonIdentifier
from portability.services.access import Caller, Role
from portability.services.workers.claims.model import Answer, Claimant, Hindrance, SentClaim, Told, Wanted
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROSA, ADA = UUID(int=1), UUID(int=2)
WANTED = Wanted(
    Claimant("Esposito", "Rosa", date(1959, 3, 2), "IT", (PersonIdentifier("IT", "tax", "X 1"),)),
    date(2026, 12, 1),
    (Told("IT", date(1980, 1, 1), date(1990, 1, 1), "sewing"),),
    asks_in_writing=True,
    language="it",
)


def claim(number: int, **changes: Any) -> SentClaim:
    return replace(SentClaim(UUID(int=number), ROSA, WANTED, NOW.date(), NOW, date(2026, 12, 4)), **changes)


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def book(connection_or_none: Any) -> Any:
    return MemoryClaims() if connection_or_none is None else await on(connection_or_none)


async def on(connection: Connection) -> PostgresClaims:
    for worker_id, contact in ((ROSA, "rosa@example.org"), (ADA, "ada@example.org")):
        await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
    return PostgresClaims(connection, AT_REST)


async def test_everything_that_is_kept_reads_the_same(book: Any) -> None:
    everything = claim(
        1,
        sent_by="Union",
        hindrance=Hindrance.WRITTEN,
        detail="in writing",
        case_id=UUID(int=50),
        opened_at=NOW,
        answer=Answer(True, NOW, "anna", "Settled."),
        withdrawn_at=NOW,
    )
    await book.put(claim(1))
    await book.put(everything)
    assert await book.get(UUID(int=1), for_change=True) == everything
    assert await book.get(UUID(int=9), for_change=False) is None


async def test_hers_come_the_newest_first(book: Any) -> None:
    for one in (claim(2), claim(1), claim(3, worker_id=ADA)):
        await book.put(one)
    for for_change in (False, True):
        assert [one.claim_id.int for one in await book.of_worker(ROSA, for_change=for_change)] == [2, 1]
    assert list(await book.of_worker(UUID(int=5))) == []


async def test_the_queue_holds_what_waits_for_a_person(book: Any) -> None:
    settled = (
        claim(2, case_id=UUID(int=50), opened_at=NOW),
        claim(3, answer=Answer(False, NOW, "anna", "No.")),
        claim(4, withdrawn_at=NOW),
    )
    for one in (claim(1), *settled, claim(5)):
        await book.put(one)
    assert [one.claim_id.int for one in await book.page(size=10, after=None)] == [1, 5]
    assert [one.claim_id.int for one in await book.page(size=10, after=UUID(int=1))] == [5]
    assert [one.claim_id.int for one in await book.page(size=1, after=None)] == [1]
    await book.put(claim(1, withdrawn_at=NOW))
    assert [one.claim_id.int for one in await book.page(size=10, after=None)] == [5]


async def test_the_fence_shows_her_own_to_her_and_protected_ones_to_cleared_staff(connection: Connection) -> None:
    book = await on(connection)
    for number, worker_id in ((1, ROSA), (2, ADA)):
        await book.put(claim(number, worker_id=worker_id))
    await PostgresProtected(connection).protect([ADA])
    await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP_ROLE)))

    async def seen() -> list[int]:
        return [one.claim_id.int for one in await book.page(size=9, after=None)]

    await narrow_to_worker(connection, ADA)
    assert await seen() == [2]
    for role, expected in ((Role.CASEWORKER, [1]), (Role.SYSTEM, [1]), (Role.CLEARED_CASEWORKER, [1, 2])):
        await narrow_to_caller(connection, Caller("it-inps", role, "anna"))
        assert await seen() == expected
    await narrow_to_caller(connection, Caller("de-drv", Role.PEER, "node"))
    assert await seen() == []

"""What every store of mandates must keep to, in memory and in PostgreSQL, and what they mean for sessions."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.workers import MemoryDirectory, MemoryMandates, MemorySessions
from portability.adapters.postgres.mandates_store import PostgresMandates
from portability.adapters.postgres.workers_store import PostgresSessions, PostgresWorkers
from portability.services.workers.mandates.model import Mandate
from portability.services.workers.model import Session, WorkerOnFile, parse_contact
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
IDLE, LIFE = timedelta(minutes=30), timedelta(hours=8)
ROSA, ADA = UUID(int=1), UUID(int=2)
UNION = parse_contact("help@union.example.org")


@dataclass(frozen=True)
class Stores:
    workers: Any
    sessions: Any
    mandates: Any

    async def touch(self, token_hash: bytes, at: datetime = NOW) -> Session | None:
        found: Session | None = await self.sessions.touch(token_hash, at=at, idle=IDLE, life=LIFE)
        return found


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Any) -> Stores:
    connection = connection_or_none
    if connection is None:
        directory, sessions = MemoryDirectory(), MemorySessions()
        made = Stores(directory, sessions, MemoryMandates(directory, sessions))
    else:
        made = Stores(
            PostgresWorkers(connection, AT_REST), PostgresSessions(connection), PostgresMandates(connection, AT_REST)
        )
    await made.workers.keep(WorkerOnFile(ROSA, parse_contact("rosa@example.org"), ("ROSA1",)))
    await made.workers.keep(WorkerOnFile(ADA, parse_contact("ada@example.org"), ("ADA1",)))
    return made


def mandate(number: int = 10, **changes: Any) -> Mandate:
    given = Mandate(UUID(int=number), ROSA, "Union", UNION, True, NOW, NOW, NOW + timedelta(days=30))
    return replace(given, **changes)


async def find(stores: Stores, *, number: str = "", at: datetime = NOW) -> Mandate | None:
    found: Mandate | None = await stores.mandates.find(UNION, insurance_number=number, at=at)
    return found


async def test_a_representative_is_found_by_contact_while_the_mandate_is_in_force(stores: Stores) -> None:
    later = mandate(starts_at=NOW + timedelta(hours=1))
    await stores.mandates.put(later)
    assert await find(stores) is None
    assert await find(stores, at=later.starts_at) == later
    assert await find(stores, at=later.ends_at - timedelta(microseconds=1)) == later
    assert await find(stores, at=later.ends_at) is None
    assert (
        await stores.mandates.find(parse_contact("other@example.org"), insurance_number="", at=later.starts_at) is None
    )


async def test_whom_she_acts_for_is_told_by_a_number_where_there_are_several(stores: Stores) -> None:
    await stores.mandates.put(mandate())
    await stores.mandates.put(mandate(11, worker_id=ADA))
    assert await find(stores) is None
    assert await find(stores, number="ADA1") == mandate(11, worker_id=ADA)
    assert await find(stores, number="NONE") is None


async def test_a_revoked_mandate_is_kept_and_finds_nobody(stores: Stores) -> None:
    await stores.mandates.put(mandate())
    ended = mandate(revoked_at=NOW)
    await stores.mandates.put(ended)
    assert await find(stores) is None
    await stores.mandates.put(mandate(12, contact=None))
    assert await stores.mandates.of_worker(ROSA) == [mandate(12, contact=None), ended]
    assert await stores.mandates.of_worker(ADA) == []


async def test_a_session_under_a_mandate_ends_with_it_at_once(stores: Stores) -> None:
    await stores.mandates.put(mandate())
    session = Session(b"s" * 32, ROSA, NOW, NOW, UUID(int=10))
    await stores.sessions.put(session)
    assert await stores.touch(b"s" * 32) == session
    assert await stores.mandates.of_session(b"s" * 32) == mandate()
    await stores.mandates.put(mandate(revoked_at=NOW))
    assert await stores.touch(b"s" * 32) is None


async def test_a_session_of_her_own_is_nobodys_until_a_helper_is_named(stores: Stores) -> None:
    session = Session(b"s" * 32, ROSA, NOW, NOW)
    await stores.sessions.put(session)
    assert await stores.mandates.of_session(b"s" * 32) is None
    assert await stores.mandates.of_session(b"x" * 32) is None
    await stores.mandates.put(mandate(contact=None))
    await stores.sessions.put(replace(session, mandate_id=UUID(int=10)))
    assert await stores.mandates.of_session(b"s" * 32) == mandate(contact=None)
    touched = await stores.touch(b"s" * 32)
    assert touched is not None
    assert touched.mandate_id == UUID(int=10)

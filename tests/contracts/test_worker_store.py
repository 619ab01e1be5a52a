"""What every store of workers' sign-ins must keep to, in memory and in PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.workers import (
    MemoryCodes,
    MemoryDirectory,
    MemoryHousekeeping,
    MemoryLimits,
    MemorySessions,
    MemoryWorkerCases,
)
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.looks import PostgresProtected
from portability.adapters.postgres.workers_store import (
    PostgresAttempts,
    PostgresCodes,
    PostgresSessions,
    PostgresSignInHousekeeping,
    PostgresWorkerCases,
    PostgresWorkers,
)
from portability.agreements.errors import IdempotencyConflictError
from portability.services.workers.model import Limit, Session, SignInCode, WorkerOnFile, parse_contact
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
IDLE = timedelta(minutes=30)
LIFE = timedelta(hours=8)
ROSA = UUID("01890000-0000-7000-8000-000000000001")
CASE = UUID(int=10)
ADA = UUID("01890000-0000-7000-8000-000000000002")


@dataclass(frozen=True)
class Stores:
    workers: Any
    cases: Any
    codes: Any
    sessions: Any
    attempts: Any
    housekeeping: Any


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Connection | None:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Connection | None) -> Stores:
    made = stores_on(connection_or_none)
    await made.workers.keep(worker(ROSA, "+39 333 1234567", "RSP65", language="it"))
    await made.workers.keep(worker(ADA, "ada@example.org"))
    return made


def stores_on(connection: Connection | None) -> Stores:
    if connection is None:
        codes, sessions, limits = MemoryCodes(), MemorySessions(), MemoryLimits()
        housekeeping = MemoryHousekeeping(codes, sessions, limits)
        return Stores(MemoryDirectory(), MemoryWorkerCases(), codes, sessions, limits, housekeeping)
    return Stores(
        PostgresWorkers(connection, AT_REST),
        PostgresWorkerCases(connection),
        PostgresCodes(connection),
        PostgresSessions(connection),
        PostgresAttempts(connection),
        PostgresSignInHousekeeping(connection),
    )


def worker(worker_id: UUID, contact: str, *numbers: str, language: str = "") -> WorkerOnFile:
    return WorkerOnFile(worker_id, parse_contact(contact), numbers, language)


def code(name: str = "c", worker_id: UUID | None = ROSA) -> SignInCode:
    return SignInCode(
        challenge_hash=name.encode().ljust(32, b"."),
        code_hash=b"h" * 32,
        worker_id=worker_id,
        expires_at=NOW + timedelta(minutes=10),
    )


def session(name: str = "s") -> Session:
    return Session(name.encode().ljust(32, b"."), ROSA, created_at=NOW, last_seen_at=NOW)


async def test_a_worker_is_found_by_exactly_her_contact(stores: Stores) -> None:
    found = await stores.workers.find(parse_contact("+39 333 1234567"))
    assert found == worker(ROSA, "+39 333 1234567", "RSP65", language="it")
    assert await stores.workers.find(parse_contact("+39 333 1234568")) is None


async def test_a_number_must_be_hers_where_it_is_given(stores: Stores) -> None:
    contact = parse_contact("+39 333 1234567")
    assert await stores.workers.find(contact, insurance_number="RSP65")
    assert await stores.workers.find(contact, insurance_number="RSP6") is None


async def test_two_workers_with_one_contact_are_found_only_by_number(stores: Stores) -> None:
    await stores.workers.keep(worker(ADA, "+39 333 1234567", "ADA70"))
    contact = parse_contact("+39 333 1234567")
    assert await stores.workers.find(contact) is None
    found = await stores.workers.find(contact, insurance_number="ADA70")
    assert found
    assert found.worker_id == ADA
    # The number of the other one at the same contact still is hers alone.
    found = await stores.workers.find(contact, insurance_number="RSP65")
    assert found
    assert found.worker_id == ROSA


async def test_keeping_a_worker_again_replaces_her_contact(stores: Stores) -> None:
    await stores.workers.keep(worker(ROSA, "rosa@example.org"))
    assert await stores.workers.find(parse_contact("+39 333 1234567")) is None
    assert await stores.workers.find(parse_contact("rosa@example.org")) == worker(ROSA, "rosa@example.org")


async def test_whoever_has_one_of_some_numbers_is_found_whatever_her_contact(stores: Stores) -> None:
    await stores.workers.keep(worker(ADA, "ada@example.org", "ADA70", "RSP65"))
    rosa, ada = (
        worker(ROSA, "+39 333 1234567", "RSP65", language="it"),
        worker(ADA, "ada@example.org", "ADA70", "RSP65"),
    )
    assert await stores.workers.with_numbers(["RSP65", "X"]) == [rosa, ada]
    assert await stores.workers.with_numbers(["ADA70", "ADA70"]) == [ada]
    assert await stores.workers.with_numbers(["ADA7", "X"]) == []


async def test_a_case_is_one_workers_and_linking_it_again_changes_nothing(stores: Stores) -> None:
    first, second = UUID(int=1), UUID(int=2)
    for case_id in (second, first, first):
        await stores.cases.link(ROSA, case_id)
    assert await stores.cases.case_ids_of(ROSA) == [first, second]
    assert await stores.cases.case_ids_of(ADA) == []


async def test_a_case_of_one_worker_cannot_become_anothers(stores: Stores) -> None:
    await stores.cases.link(ROSA, UUID(int=1))
    with pytest.raises(IdempotencyConflictError):
        await stores.cases.link(ADA, UUID(int=1))
    assert await stores.cases.case_ids_of(ROSA) == [UUID(int=1)]
    assert await stores.cases.case_ids_of(ADA) == []


async def test_a_code_is_kept_once_and_the_first_one_stays(stores: Stores) -> None:
    assert await stores.codes.put(code()) == code()
    second = replace(code(), code_hash=b"x" * 32, expires_at=NOW)
    assert await stores.codes.put(second) == code()


async def test_tries_are_counted_up_to_the_most(stores: Stores) -> None:
    await stores.codes.put(code())
    for count in (1, 2, 3):
        assert await stores.codes.take_try(code().challenge_hash, at=NOW, most=3) == replace(code(), tries=count)
    assert await stores.codes.take_try(code().challenge_hash, at=NOW, most=3) is None


async def test_a_code_for_nobody_is_kept_like_any_other(stores: Stores) -> None:
    await stores.codes.put(code(worker_id=None))
    taken = await stores.codes.take_try(code().challenge_hash, at=NOW, most=5)
    assert taken == replace(code(worker_id=None), tries=1)


async def test_a_code_is_over_from_its_end_on(stores: Stores) -> None:
    await stores.codes.put(code())
    ends_at = code().expires_at
    assert await stores.codes.take_try(code().challenge_hash, at=ends_at - TICK, most=5)
    assert await stores.codes.take_try(code().challenge_hash, at=ends_at, most=5) is None


async def test_a_used_code_is_over(stores: Stores) -> None:
    await stores.codes.put(code())
    await stores.codes.put(code("another"))
    await stores.codes.use(code().challenge_hash, at=NOW)
    assert await stores.codes.take_try(code().challenge_hash, at=NOW, most=5) is None
    assert await stores.codes.take_try(code("another").challenge_hash, at=NOW, most=5)


async def test_an_unknown_challenge_gives_nothing(stores: Stores) -> None:
    assert await stores.codes.take_try(b"?" * 32, at=NOW, most=5) is None


async def test_a_session_lives_until_it_is_idle_too_long(stores: Stores) -> None:
    await stores.sessions.put(session())
    touched = await stores.sessions.touch(session().token_hash, at=NOW + IDLE, idle=IDLE, life=LIFE)
    assert touched == replace(session(), last_seen_at=NOW + IDLE)
    again = NOW + IDLE + IDLE
    assert await stores.sessions.touch(session().token_hash, at=again + TICK, idle=IDLE, life=LIFE) is None
    # A look at a session that is over does not bring it back.
    assert await stores.sessions.touch(session().token_hash, at=again + TICK, idle=IDLE, life=LIFE) is None
    assert await stores.sessions.touch(session().token_hash, at=again, idle=IDLE, life=LIFE)


async def test_a_session_ends_with_its_life_even_in_use(stores: Stores) -> None:
    await stores.sessions.put(session())
    for half_hours in range(1, 17):
        at = NOW + half_hours * IDLE
        assert await stores.sessions.touch(session().token_hash, at=at, idle=IDLE, life=LIFE)
    assert await stores.sessions.touch(session().token_hash, at=NOW + LIFE + TICK, idle=IDLE, life=LIFE) is None


async def test_a_session_of_a_protected_person_lives_a_sixth_as_long(
    stores: Stores, connection_or_none: Connection | None
) -> None:
    await stores.sessions.put(session())
    await stores.sessions.put(replace(session(), token_hash=b"a" * 32, worker_id=ADA))
    if connection_or_none is None:
        stores.sessions.protected.add(ROSA)
    else:
        await stores.cases.link(ROSA, CASE)
        await stores.cases.link(ADA, UUID(int=11))
        await PostgresProtected(connection_or_none).protect([CASE])

    async def touch(token: bytes, at: datetime) -> Session | None:
        found: Session | None = await stores.sessions.touch(token, at=at, idle=IDLE, life=LIFE)
        return found

    hers = session().token_hash
    touched = await touch(hers, NOW + IDLE / 6)
    assert touched == replace(session(), last_seen_at=NOW + IDLE / 6, is_protected=True)
    assert await touch(hers, NOW + IDLE / 6 + IDLE / 6 + TICK) is None
    for minutes in range(10, 85, 5):
        assert await touch(hers, NOW + timedelta(minutes=minutes))
    assert await touch(hers, NOW + LIFE / 6 + TICK) is None
    # Another's is as long as ever.
    assert await touch(b"a" * 32, NOW + IDLE)


async def test_a_look_with_an_earlier_clock_does_not_shorten_a_session(stores: Stores) -> None:
    await stores.sessions.put(session())
    await stores.sessions.touch(session().token_hash, at=NOW + IDLE, idle=IDLE, life=LIFE)
    touched = await stores.sessions.touch(session().token_hash, at=NOW, idle=IDLE, life=LIFE)
    assert touched
    assert touched.last_seen_at == NOW + IDLE


async def test_an_ended_session_is_gone_and_others_are_not(stores: Stores) -> None:
    await stores.sessions.put(session())
    await stores.sessions.put(session("another"))
    await stores.sessions.end(session().token_hash)
    await stores.sessions.end(session().token_hash)
    assert await stores.sessions.touch(session().token_hash, at=NOW, idle=IDLE, life=LIFE) is None
    assert await stores.sessions.touch(session("another").token_hash, at=NOW, idle=IDLE, life=LIFE)


async def test_attempts_are_counted_in_windows_and_by_key(stores: Stores) -> None:
    limit = Limit(2, timedelta(hours=1))
    spent = [await stores.attempts.spend(b"a" * 32, limit=limit, at=NOW) for _ in range(3)]
    assert spent == [True, True, False]
    assert await stores.attempts.spend(b"b" * 32, limit=limit, at=NOW)
    end = NOW + limit.window
    assert not await stores.attempts.spend(b"a" * 32, limit=limit, at=end - TICK)
    spent = [await stores.attempts.spend(b"a" * 32, limit=limit, at=end) for _ in range(3)]
    assert spent == [True, True, False]


async def test_housekeeping_deletes_what_is_over_and_nothing_else(stores: Stores) -> None:
    await stores.codes.put(code("old"))
    await stores.codes.put(replace(code("new"), expires_at=NOW + timedelta(hours=2)))
    await stores.sessions.put(session("old"))
    await stores.sessions.put(replace(session("new"), last_seen_at=NOW + timedelta(hours=1)))
    await stores.attempts.spend(b"o" * 32, limit=Limit(1, timedelta(minutes=1)), at=NOW)
    await stores.attempts.spend(b"n" * 32, limit=Limit(1, timedelta(hours=2)), at=NOW)
    at = NOW + timedelta(hours=1)
    assert await stores.housekeeping.forget_expired(at=at, idle=IDLE, life=LIFE) == 3
    assert await stores.codes.take_try(code("new").challenge_hash, at=at, most=5)
    assert await stores.sessions.touch(session("new").token_hash, at=at, idle=IDLE, life=LIFE)
    assert not await stores.attempts.spend(b"n" * 32, limit=Limit(1, timedelta(hours=2)), at=at)
    assert await stores.housekeeping.forget_expired(at=at, idle=IDLE, life=LIFE) == 0

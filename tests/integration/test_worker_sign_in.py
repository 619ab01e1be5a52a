"""Signing in over PostgreSQL: what is refused is counted for good, and a race opens one session only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.fake import FixedClock
from portability.adapters.memory.texting import MemoryTextWork
from portability.adapters.memory.workers import MemoryCodeSender, MemoryViews
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.agreements.errors import OverloadError
from portability.app.worker_views import NodeWorkerWork, worker_work
from portability.services.workers.model import (
    AskForCode,
    Refusal,
    SignedIn,
    SignInRefused,
    WorkerOnFile,
    parse_contact,
)
from portability.services.workers.use_cases import WorkerUseCases
from tests.at_rest import AT_REST

ROSA = UUID("01890000-0000-7000-8000-000000000001")
PHONE = "+39 333 1234567"
REQUEST = "0190aaaa-0000-7000-8000-000000000001"


def random_bytes() -> Callable[[int], bytes]:
    count = 0

    def draw(length: int) -> bytes:
        nonlocal count
        count += 1
        return (count * 7_919_000_123).to_bytes(length, "big")

    return draw


@pytest.fixture
async def database(new_database: Callable[[], str]) -> AsyncIterator[Database]:
    opened = await Database.open(new_database(), pool_size=8)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(database: Database) -> Any:
    @asynccontextmanager
    async def unit_of_work() -> AsyncIterator[NodeWorkerWork]:
        async with database.transaction() as connection:
            yield worker_work(connection, AT_REST, MemoryViews(), MemoryTextWork().questions)

    async with database.transaction() as connection:
        await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(ROSA, parse_contact(PHONE)))
    return WorkerUseCases(
        unit_of_work=unit_of_work,
        sender=MemoryCodeSender(),
        clock=FixedClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        random_bytes=random_bytes(),
        key=bytes(range(32)),
    )


async def asked(desk: Any, request_id: str = REQUEST) -> tuple[str, str]:
    answer = await desk.request_sign_in_code(AskForCode(request_id, PHONE, origin="192.0.2.1"))
    return answer.challenge, desk.sender.sent[-1].code


async def test_she_signs_in_reads_and_signs_out(desk: Any) -> None:
    challenge, code = await asked(desk)
    result = await desk.sign_in(challenge=challenge, code=code, origin="192.0.2.1")
    assert isinstance(result, SignedIn)
    assert await desk.resolve_session(result.token) == ROSA
    assert await desk.list_my_cases(ROSA) == ()
    await desk.sign_out(result.token)


async def test_wrong_tries_are_kept_although_they_are_refused(desk: Any) -> None:
    challenge, code = await asked(desk)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for left in (4, 3, 2, 1, 0):
        refused = await desk.sign_in(challenge=challenge, code=wrong, origin="192.0.2.1")
        assert refused == SignInRefused(Refusal.WRONG_CODE, left)
    over = await desk.sign_in(challenge=challenge, code=code, origin="192.0.2.1")
    assert over == SignInRefused(Refusal.CODE_OVER, 0)


async def test_of_twenty_uses_of_one_code_at_once_one_opens_a_session(desk: Any) -> None:
    challenge, code = await asked(desk)
    tries = (desk.sign_in(challenge=challenge, code=code, origin=f"192.0.2.{number}") for number in range(20))
    results = await asyncio.gather(*tries)
    assert sum(isinstance(result, SignedIn) for result in results) == 1


async def test_of_twenty_wrong_tries_at_once_five_are_heard(desk: Any) -> None:
    challenge, code = await asked(desk)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    tries = (desk.sign_in(challenge=challenge, code=wrong, origin=f"192.0.2.{number}") for number in range(20))
    results = await asyncio.gather(*tries)
    heard = sorted(result.tries_left for result in results if result.reason is Refusal.WRONG_CODE)
    assert heard == [0, 1, 2, 3, 4]


async def test_of_twenty_requests_at_once_five_are_sent(desk: Any) -> None:
    requests = (
        desk.request_sign_in_code(AskForCode(f"request-{number}", PHONE, origin=f"192.0.2.{number}"))
        for number in range(20)
    )
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert sum(isinstance(result, OverloadError) for result in results) == 15
    assert len(desk.sender.sent) == 5


async def test_one_request_repeated_at_once_sends_one_code_and_gives_one_answer(desk: Any) -> None:
    requests = (desk.request_sign_in_code(AskForCode(REQUEST, PHONE, origin="192.0.2.1")) for _ in range(4))
    assert len(set(await asyncio.gather(*requests))) == 1
    assert len(desk.sender.sent) == 1

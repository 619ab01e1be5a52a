"""What every store of voices and figures must keep to, in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from portability.adapters.clock.fake import ManualClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.voices import MemoryFigures, MemoryVoices
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_worker
from portability.adapters.postgres.privacy_store import PostgresErasures
from portability.adapters.postgres.voices_store import PostgresFigures, PostgresVoices
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.agreements.errors import CaseStateError
from portability.app.wiring.voice import VoiceTransaction
from portability.services.privacy.model import Erasure
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.voice.handlers import SayHowItWent, VoiceUseCases
from portability.services.workers.voice.model import Figure, Group, MyCase, Score, Voice, counted
from tests.at_rest import AT_REST
from tests.conftest import NewDatabase
from tests.services.workers.test_voice import Hers

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROSA, ADA = UUID(int=1), UUID(int=2)
PENSIONS = Group(("ca-it", "eu-883-2004"), "old_age_claim")
DISPUTES = Group((), "dispute")


class Parts:
    """What a transaction of voices takes of the parts of a node."""

    at_rest = AT_REST


PARTS: Any = Parts()


def voice(number: int, **changes: Any) -> Voice:
    return replace(Voice(UUID(int=number), PENSIONS, NOW, Score.GOOD), **changes)


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    if request.param == "memory":
        return MemoryVoices(), MemoryFigures()
    connection = request.getfixturevalue("connection")
    return PostgresVoices(connection, AT_REST), PostgresFigures(connection)


async def test_what_is_kept_reads_the_same_and_waits_until_it_is_counted(stores: tuple[Any, Any]) -> None:
    book, _ = stores
    spoken = voice(1, words="Slow, but kind.")
    for one in (spoken, voice(2), voice(3, group=DISPUTES)):
        await book.put(one)
    assert await book.of_cases([UUID(int=1), UUID(int=9)]) == [spoken]
    assert await book.waiting(PENSIONS) == [spoken, voice(2)]
    await book.put(counted(spoken))
    assert await book.waiting(PENSIONS) == [voice(2)]
    assert await book.waiting(DISPUTES) == [voice(3, group=DISPUTES)]
    assert await book.of_cases([UUID(int=1)]) == [replace(spoken, score=None)]


async def test_words_come_in_the_order_of_their_cases(stores: tuple[Any, Any]) -> None:
    book, _ = stores
    for one in (voice(3, words="c"), voice(1, words="a"), voice(2)):
        await book.put(one)
    assert [one.words for one in await book.page(size=5, after=None)] == ["a", "c"]
    assert [one.words for one in await book.page(size=5, after=UUID(int=1))] == ["c"]
    assert [one.words for one in await book.page(size=1, after=None)] == ["a"]


async def test_a_figure_is_published_once_it_has_answers(stores: tuple[Any, Any]) -> None:
    _, figures = stores
    assert await figures.hold(PENSIONS) == Figure(PENSIONS)
    assert await figures.published() == []
    more = (await figures.hold(PENSIONS)).with_more([voice(1), voice(2, score=Score.VERY_BAD)])
    await figures.put(more)
    assert await figures.hold(PENSIONS) == more
    await figures.put((await figures.hold(DISPUTES)).with_more([voice(1)]))
    assert [(one.group, one.answers) for one in await figures.published()] == [
        (DISPUTES, (0, 0, 0, 1, 0)),
        (PENSIONS, (1, 0, 0, 1, 0)),
    ]


async def test_the_fence_shows_her_own_voice_alone(connection: Connection) -> None:
    for worker_id, contact, case_id in ((ROSA, "rosa@example.org", 1), (ADA, "ada@example.org", 2)):
        await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
        await PostgresWorkerCases(connection).link(worker_id, UUID(int=case_id))
    book = PostgresVoices(connection, AT_REST)
    await book.put(voice(1, words="a"))
    await book.put(voice(2, words="b"))
    await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP_ROLE)))
    await narrow_to_worker(connection, ROSA)
    assert [one.words for one in await book.page(size=5, after=None)] == ["a"]
    assert [one.words for one in await book.of_cases([UUID(int=1), UUID(int=2)])] == ["a"]


async def test_answers_that_come_at_once_are_each_counted_once_and_a_case_has_one(new_database: NewDatabase) -> None:
    database = await Database.open(new_database(), fenced=True)
    workers = [UUID(int=100 + number) for number in range(10)]

    @asynccontextmanager
    async def work() -> AsyncIterator[VoiceTransaction]:
        async with database.transaction(acting="node") as connection:
            yield VoiceTransaction(connection, PARTS)

    @asynccontextmanager
    async def of_worker(worker_id: UUID) -> AsyncIterator[tuple[Any, VoiceTransaction]]:
        async with work() as opened:
            yield Hers([MyCase(worker_id, "branch.old_age", PENSIONS, is_closed=True)]), opened

    use_cases = VoiceUseCases(of_worker=of_worker, work=work, clock=ManualClock(NOW))

    async def say(worker_id: UUID) -> str:
        try:
            await use_cases.say(SayHowItWent(time_ordered_id(), worker_id, worker_id, Score.GOOD))
        except CaseStateError:
            return "asked once"
        return "kept"

    try:
        said = await asyncio.gather(*(say(one) for one in [*workers, *workers[:5]]))
        assert sorted(said) == ["asked once"] * 5 + ["kept"] * 10
        async with work() as opened:
            assert await opened.figures.published() == [Figure(PENSIONS, (0, 0, 0, 10, 0))]
            assert await opened.book.waiting(PENSIONS) == []
    finally:
        await database.close()


async def test_what_one_said_is_erased_with_the_case_and_a_figure_stays(connection: Connection) -> None:
    book, figures = PostgresVoices(connection, AT_REST), PostgresFigures(connection)
    await book.put(voice(1, words="a"))
    await book.put(voice(2))
    await figures.put((await figures.hold(PENSIONS)).with_more([voice(3)]))
    erasure = Erasure(time_ordered_id(), (UUID(int=1),), NOW, "karl", "Art. 17", b"s" * 32)
    await PostgresErasures(connection).add(erasure)
    assert await book.of_cases([UUID(int=1), UUID(int=2)]) == [voice(2)]
    assert [one.answers for one in await figures.published()] == [(0, 0, 0, 1, 0)]

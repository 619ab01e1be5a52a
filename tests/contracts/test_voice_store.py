"""What every store of voices and figures must keep to, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from portability.adapters.memory.voices import MemoryFigures, MemoryVoices
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.fence import APP_ROLE, narrow_to_worker
from portability.adapters.postgres.voices_store import PostgresFigures, PostgresVoices
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.voice.model import Figure, Group, Score, Voice, counted
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROSA, ADA = UUID(int=1), UUID(int=2)
PENSIONS = Group(("ca-it", "eu-883-2004"), "old_age_claim")
DISPUTES = Group((), "dispute")


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

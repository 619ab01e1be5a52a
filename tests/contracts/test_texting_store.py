"""What every store of conversations by text and of PINs must keep to, in memory and in PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.texting import MemoryConversations, MemoryPins
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.texting_store import PostgresConversations, PostgresPins
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.texting.model import TextSession
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROSA = UUID("01890000-0000-7000-8000-000000000001")
PIN = b"p" * 32
FIRST = TextSession(b"k" * 32, b"", "start", 0, "", NOW)


@dataclass(frozen=True)
class Stores:
    conversations: Any
    pins: Any


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Connection | None:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Connection | None) -> Stores:
    if connection_or_none is None:
        return Stores(MemoryConversations(), MemoryPins())
    await PostgresWorkers(connection_or_none, AT_REST).keep(WorkerOnFile(ROSA, parse_contact("+39 333 1234567")))
    return Stores(PostgresConversations(connection_or_none), PostgresPins(connection_or_none))


async def test_a_conversation_goes_on_where_it_was(stores: Stores) -> None:
    assert await stores.conversations.take(FIRST.key) is None
    await stores.conversations.keep(FIRST)
    later = replace(FIRST, nonce=b"n" * 16, place="case:1", page=2, language="ar", used_at=NOW + timedelta(minutes=1))
    await stores.conversations.keep(later)
    assert await stores.conversations.take(FIRST.key) == later
    assert await stores.conversations.take(b"x" * 32) is None
    await stores.conversations.keep(replace(later, page=-1))
    assert await stores.conversations.take(FIRST.key) == replace(later, page=-1)


async def test_what_rests_for_too_long_is_forgotten(stores: Stores) -> None:
    unused = timedelta(days=30)
    await stores.conversations.keep(FIRST)
    assert await stores.conversations.forget_unused(at=NOW + unused, unused=unused) == 0
    assert await stores.conversations.forget_unused(at=NOW + unused + timedelta(seconds=1), unused=unused) == 1
    assert await stores.conversations.take(FIRST.key) is None


async def test_a_pin_can_be_tried_so_often_in_a_row(stores: Stores) -> None:
    assert await stores.pins.take_try(ROSA, most=2) is None
    await stores.pins.put(ROSA, PIN)
    assert [await stores.pins.take_try(ROSA, most=2) for _ in range(3)] == [PIN, PIN, None]


async def test_tries_begin_again_after_a_right_one_and_with_a_new_pin(stores: Stores) -> None:
    await stores.pins.put(ROSA, PIN)
    await stores.pins.take_try(ROSA, most=2)
    await stores.pins.was_right(ROSA)
    assert [await stores.pins.take_try(ROSA, most=2) for _ in range(3)] == [PIN, PIN, None]
    await stores.pins.put(ROSA, b"q" * 32)
    assert await stores.pins.take_try(ROSA, most=2) == b"q" * 32

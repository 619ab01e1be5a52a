"""What every store of preferences must keep to, in memory and in PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import time
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.notices import MemoryChoices
from portability.adapters.memory.preferences import MemoryPreferences
from portability.adapters.memory.workers import MemoryDirectory
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.notices_store import PostgresChoices
from portability.adapters.postgres.preferences_store import PostgresPreferences
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.agreements.errors import NotFoundError
from portability.services.notices.model import Choice
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.preferences.model import NewsWay
from tests.at_rest import AT_REST

ROSA = UUID("01890000-0000-7000-8000-000000000001")
ADA = UUID("01890000-0000-7000-8000-000000000002")
PHONE = parse_contact("+39 333 1234567")
MAIL = parse_contact("rosa@example.org")


@dataclass(frozen=True)
class Stores:
    preferences: Any
    directory: Any
    choices: Any


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Connection | None:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Connection | None) -> Stores:
    if connection_or_none is None:
        directory, choices = MemoryDirectory(), MemoryChoices()
        made = Stores(MemoryPreferences(directory, choices), directory, choices)
    else:
        one = connection_or_none
        made = Stores(PostgresPreferences(one, AT_REST), PostgresWorkers(one, AT_REST), PostgresChoices(one))
    await made.directory.keep(WorkerOnFile(ROSA, PHONE, ("ROSA1",), "it"))
    return made


async def test_who_has_chosen_nothing_is_told_by_her_contact_and_not_by_night(stores: Stores) -> None:
    found = await stores.preferences.of(ROSA)
    assert (found.way, found.contact, found.address, found.language) == (NewsWay.CONTACT, PHONE, None, "it")
    assert (found.quiet_from, found.quiet_until) == (time(20), time(8))
    assert not found.is_protected


async def test_what_she_chose_is_kept_and_how_she_signs_in_stays(stores: Stores) -> None:
    chosen = replace(
        await stores.preferences.of(ROSA),
        address=MAIL,
        language="ar",
        quiet_from=time(22, 30),
        quiet_until=time(6),
        zone="Africa/Tunis",
    )
    await stores.preferences.keep(chosen)
    assert await stores.preferences.of(ROSA) == chosen
    assert await stores.directory.find(PHONE, insurance_number="ROSA1") == WorkerOnFile(
        ROSA, PHONE, ("ROSA1",), "ar", MAIL, "Africa/Tunis"
    )
    assert await stores.directory.find(MAIL) is None  # it signs nobody in
    assert await stores.choices.of(ROSA) == Choice(quiet_from=time(22, 30), quiet_until=time(6))
    await stores.preferences.keep(replace(chosen, wanted=False, address=None))
    assert (await stores.preferences.of(ROSA)).way is NewsWay.NOWHERE


async def test_who_is_not_on_file_has_none(stores: Stores) -> None:
    mine = await stores.preferences.of(ROSA)
    with pytest.raises(NotFoundError):
        await stores.preferences.of(ADA)
    with pytest.raises(NotFoundError):
        await stores.preferences.keep(replace(mine, worker_id=ADA))

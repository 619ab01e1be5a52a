"""What stores of her messages must keep to: notices in memory and in PostgreSQL, letters over what went and came."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.correspondence import MemoryMyNotices
from portability.adapters.memory.notices import MemoryNotices
from portability.adapters.postgres.correspondence_store import PostgresMyLetters, PostgresMyNotices
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.adapters.postgres.notices_store import PostgresNotices
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.notices.model import Channel, Kind, Notice, Outcome
from portability.services.workers.correspondence.model import About, LetterState, Told, ToldState
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.views import Institution
from tests.at_rest import AT_REST, at_rest_on
from tests.contracts.test_exchange_store import CASE, LATER, NOON, OTTAWA, ROME, message, receipt_for, send, submit

ROSA, ADA = UUID(int=2**100 + 1), UUID(int=2**100 + 2)


def event(number: int) -> bytes:
    return bytes([number]) * 32


def place(number: int, *, minutes: int = 0) -> Any:
    return NOON + timedelta(minutes=minutes), UUID(bytes=event(number)[:16])


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Connection | None:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Connection | None) -> tuple[Any, Any]:
    """The book in which notices are noted, and the same as she reads it."""
    if connection_or_none is None:
        book = MemoryNotices()
        return book, MemoryMyNotices(book)
    for worker_id, contact in ((ROSA, "+39 333 7654321"), (ADA, "ada.reads@example.org")):
        await PostgresWorkers(connection_or_none, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
    return PostgresNotices(connection_or_none), PostgresMyNotices(connection_or_none)


async def test_a_notice_is_told_with_what_became_of_its_text(stores: tuple[Any, Any]) -> None:
    book, mine = stores
    outcomes = [(None, None), (Outcome.SENT, Channel.EMAIL), (Outcome.FAILED, None), (Outcome.UNWANTED, None)]
    for number, (outcome, channel) in enumerate(outcomes):
        await book.add(ROSA, [Notice(event(number), Kind.DONE, NOON, NOON)])
        await book.take(UUID(int=number + 1), at=LATER)
        if outcome:
            await book.settle(UUID(int=number + 1), outcome, channel=channel)
    await book.add(ROSA, [Notice(event(9), Kind.LATE, NOON, NOON)])
    await book.add(ADA, [Notice(event(8), Kind.LATE, NOON, NOON)])
    told = await mine.told(ROSA, before=None, limit=10)
    assert told == [
        Told(place(9), "late", ToldState.WAITING),
        Told(place(3), "done", ToldState.UNWANTED, "", LATER),
        Told(place(2), "done", ToldState.FAILED, "", LATER),
        Told(place(1), "done", ToldState.SENT, "email", LATER),
        Told(place(0), "done", ToldState.TAKEN, "", LATER),
    ]


async def test_notices_come_in_pages_the_newest_first(stores: tuple[Any, Any]) -> None:
    book, mine = stores
    # Two of the same instant are told apart by their ids.
    for number, minutes in ((1, 5), (2, 0), (3, 0), (4, 9)):
        at = NOON + timedelta(minutes=minutes)
        await book.add(ROSA, [Notice(event(number), Kind.DONE, at, at)])
    found = [one.place for one in await mine.told(ROSA, before=None, limit=3)]
    assert found == [place(4, minutes=9), place(1, minutes=5), place(3)]
    assert [one.place for one in await mine.told(ROSA, before=found[-1], limit=3)] == [place(2)]
    assert await mine.told(ROSA, before=place(2), limit=3) == []


async def test_letters_are_what_went_in_her_cases_with_how_far_it_has_come(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database(), pool_size=2)
    store = exchange_unit_of_work(database, await at_rest_on(database))
    refused, opened, arrived, elsewhere = message(), message(), message(), message(case_id=UUID(int=77))
    bundle, entries = await send(store, refused, opened, arrived, elsewhere)
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[:1], ReceiptStatus.FAILED, reason="no")])
        await work.receipts.settle([receipt_for(bundle, entries[1:])])
        await work.receipts.settle([receipt_for(bundle, entries[1:2], ReceiptStatus.OPENED)])
        await submit(work, on_way := message(OTTAWA, type="claim.old_age"))
    about = About(CASE, "branch.old_age", "IT-1", is_matter=False)
    async with database.transaction(acting="node") as connection:
        letters = PostgresMyLetters(connection, lambda one: Institution(one, one.upper(), "IT"), me="de-drv")
        found = await letters.between([about], before=None, limit=10)
        assert {one.place[1]: one.state for one in found} == {
            on_way.message_id: LetterState.ON_WAY,
            arrived.message_id: LetterState.ARRIVED,
            opened.message_id: LetterState.OPENED,
            refused.message_id: LetterState.REFUSED,
        }
        assert [one.place for one in found] == sorted((one.place for one in found), reverse=True)
        told = next(one for one in found if one.state is LetterState.OPENED)
        assert (told.sender.name, told.recipient.institution_id, told.sent) == ("DE-DRV", ROME, True)
        assert (told.about, told.arrived_at, told.opened_at) == (about, LATER, LATER)
        rest = await letters.between([about], before=found[1].place, limit=10)
        assert rest == found[2:]
    await database.close()

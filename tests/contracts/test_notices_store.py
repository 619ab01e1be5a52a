"""What every store of notices must keep to, in memory and in PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.notices import MemoryChoices, MemoryNotices
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.notices_store import PostgresChoices, PostgresNotices
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.services.notices.model import (
    FRESH,
    SECURITY_TEXTS_AN_HOUR,
    TEXTS_A_DAY,
    Choice,
    Kind,
    Notice,
    Outcome,
    Taken,
    Untold,
)
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROSA = UUID("01890000-0000-7000-8000-000000000001")
ADA = UUID("01890000-0000-7000-8000-000000000002")


def text(number: int) -> UUID:
    return UUID(int=number)


def notice(event: int, kind: Kind = Kind.DONE, *, due_at: datetime = NOW) -> Notice:
    return Notice(event.to_bytes(32, "big"), kind, NOW, due_at)


@dataclass(frozen=True)
class Stores:
    book: Any
    choices: Any


@pytest.fixture(params=["memory", "postgres"])
def connection_or_none(request: pytest.FixtureRequest) -> Connection | None:
    return request.getfixturevalue("connection") if request.param == "postgres" else None


@pytest.fixture
async def stores(connection_or_none: Connection | None) -> Stores:
    if connection_or_none is None:
        return Stores(MemoryNotices(), MemoryChoices())
    for worker_id, contact in ((ROSA, "+39 333 1234567"), (ADA, "ada@example.org")):
        await PostgresWorkers(connection_or_none, AT_REST).keep(WorkerOnFile(worker_id, parse_contact(contact)))
    return Stores(PostgresNotices(connection_or_none), PostgresChoices(connection_or_none))


async def test_an_event_is_kept_once_for_each_worker(stores: Stores) -> None:
    assert await stores.book.add(ROSA, [notice(1), notice(2)]) == 2
    assert await stores.book.add(ROSA, [notice(2), notice(3)]) == 1
    assert await stores.book.add(ADA, [notice(1)]) == 1
    assert await stores.book.add(ADA, []) == 0


async def test_what_is_taken_says_which_case_all_of_it_is_about(stores: Stores) -> None:
    case, other = UUID(int=10), UUID(int=11)
    for number, cases in enumerate([(case, case), (case, other), (case, None)]):
        noted = [replace(notice(10 * number + place), case_id=case_id) for place, case_id in enumerate(cases, start=1)]
        await stores.book.add(ROSA, noted)
        taken = await stores.book.take(text(number), at=NOW)
        assert taken.case_id == (case if number == 0 else None)


async def test_what_is_due_for_one_worker_is_taken_together_and_once(stores: Stores) -> None:
    await stores.book.add(ROSA, [notice(1), notice(2, Kind.LATE), notice(3, due_at=NOW + timedelta(hours=1))])
    assert await stores.book.take(text(1), at=NOW) == Taken(text(1), ROSA, frozenset({Kind.DONE, Kind.LATE}))
    assert await stores.book.take(text(2), at=NOW) is None
    assert await stores.book.add(ROSA, [notice(1)]) == 0
    assert await stores.book.take(text(3), at=NOW + timedelta(hours=1)) == Taken(text(3), ROSA, frozenset({Kind.DONE}))


async def test_what_concerns_her_safety_is_taken_by_itself_and_first(stores: Stores) -> None:
    later = NOW + timedelta(seconds=1)
    others = [notice(1), notice(2, Kind.LATE), notice(3, Kind.MOVED), notice(4, Kind.MOVED)]
    await stores.book.add(ROSA, [*others, notice(5, Kind.CONTACT, due_at=later)])
    expected = [{Kind.CONTACT}, {Kind.MOVED}, {Kind.DONE, Kind.LATE}]
    for number, kinds in enumerate(expected):
        assert await stores.book.take(text(number), at=later) == Taken(text(number), ROSA, frozenset(kinds))
    assert await stores.book.take(text(9), at=later) is None
    # What is put back comes by itself again.
    await stores.book.settle(text(1), Outcome.FAILED, again_at=later)
    await stores.book.add(ROSA, [notice(6)])
    assert await stores.book.take(text(10), at=later) == Taken(text(10), ROSA, frozenset({Kind.MOVED}))


@pytest.mark.parametrize("outcome", [None, Outcome.SENT, Outcome.FAILED, Outcome.UNWANTED])
async def test_what_was_taken_is_never_given_again(stores: Stores, outcome: Outcome | None) -> None:
    await stores.book.add(ROSA, [notice(1)])
    await stores.book.take(text(1), at=NOW)
    if outcome:
        await stores.book.settle(text(1), outcome)
    for hours in (0, 1, 24, 48):
        assert await stores.book.take(text(2), at=NOW + timedelta(hours=hours)) is None


async def test_what_is_put_back_is_due_again_then(stores: Stores) -> None:
    await stores.book.add(ROSA, [notice(1)])
    await stores.book.take(text(1), at=NOW)
    again = NOW + timedelta(minutes=10)
    await stores.book.settle(text(1), Outcome.FAILED, again_at=again)
    assert await stores.book.take(text(2), at=again - timedelta(seconds=1)) is None
    assert await stores.book.take(text(3), at=again) == Taken(text(3), ROSA, frozenset({Kind.DONE}))


async def test_a_worker_has_so_many_texts_a_day_and_another_has_hers(stores: Stores) -> None:
    for number in range(TEXTS_A_DAY):
        await stores.book.add(ROSA, [notice(number)])
        assert await stores.book.take(text(number), at=NOW) is not None
    await stores.book.add(ROSA, [notice(90), notice(91, Kind.LOOKED)])
    await stores.book.add(ADA, [notice(90)])
    assert await stores.book.take(text(50), at=NOW) == Taken(text(50), ADA, frozenset({Kind.DONE}))
    assert await stores.book.take(text(51), at=NOW) is None
    tomorrow = NOW + timedelta(days=1)
    assert await stores.book.take(text(52), at=tomorrow) == Taken(text(52), ROSA, frozenset({Kind.DONE, Kind.LOOKED}))


async def test_what_concerns_her_safety_goes_when_her_texts_of_the_day_are_used_up_and_uses_none(
    stores: Stores,
) -> None:
    for number in range(TEXTS_A_DAY - 1):
        await stores.book.add(ROSA, [notice(number)])
        assert await stores.book.take(text(number), at=NOW) is not None
    for number, kind in enumerate((Kind.MOVED, Kind.CONTACT, Kind.MOVED), start=10):
        await stores.book.add(ROSA, [notice(number, kind)])
        assert await stores.book.take(text(number), at=NOW) == Taken(text(number), ROSA, frozenset({kind}))
    for number, expected in ((20, Taken(text(20), ROSA, frozenset({Kind.DONE}))), (21, None)):
        await stores.book.add(ROSA, [notice(number)])
        assert await stores.book.take(text(number), at=NOW) == expected
    # Nor is it in the way that other news waits, of hers or of somebody else's.
    await stores.book.add(ADA, [notice(30, due_at=NOW - timedelta(hours=1))])
    await stores.book.add(ROSA, [notice(31, Kind.CONTACT)])
    assert await stores.book.take(text(31), at=NOW) == Taken(text(31), ROSA, frozenset({Kind.CONTACT}))


async def test_a_flood_of_what_concerns_her_safety_is_so_many_texts_an_hour_of_each_kind(stores: Stores) -> None:
    for number in range(SECURITY_TEXTS_AN_HOUR):
        await stores.book.add(ROSA, [notice(number, Kind.MOVED)])
        assert await stores.book.take(text(number), at=NOW) is not None
    await stores.book.add(ROSA, [notice(90, Kind.MOVED), notice(91, Kind.MOVED)])
    assert await stores.book.take(text(50), at=NOW) is None
    # It holds up neither the other kind nor ordinary news; what is put back has used nothing.
    await stores.book.add(ROSA, [notice(92, Kind.CONTACT), notice(93)])
    assert await stores.book.take(text(51), at=NOW) == Taken(text(51), ROSA, frozenset({Kind.CONTACT}))
    assert await stores.book.take(text(52), at=NOW) == Taken(text(52), ROSA, frozenset({Kind.DONE}))
    await stores.book.settle(text(0), Outcome.FAILED, again_at=NOW)
    assert await stores.book.take(text(53), at=NOW) == Taken(text(53), ROSA, frozenset({Kind.MOVED}))
    assert await stores.book.take(text(54), at=NOW + timedelta(hours=2)) is None


async def test_what_was_too_much_for_the_hour_is_told_together_in_the_next(stores: Stores) -> None:
    for number in range(SECURITY_TEXTS_AN_HOUR + 2):
        await stores.book.add(ROSA, [notice(number, Kind.MOVED)])
        await stores.book.take(text(number), at=NOW)
    hour = NOW + timedelta(hours=1)
    assert await stores.book.take(text(50), at=hour - timedelta(seconds=1)) is None
    assert await stores.book.take(text(51), at=hour) == Taken(text(51), ROSA, frozenset({Kind.MOVED}))
    assert await stores.book.take(text(52), at=hour) is None


async def test_old_news_is_not_told(stores: Stores) -> None:
    await stores.book.add(ROSA, [notice(1)])
    assert await stores.book.take(text(1), at=NOW + FRESH) is None


async def test_texts_that_reached_nobody_are_counted(stores: Stores) -> None:
    minute = timedelta(minutes=1)
    for number, outcome in enumerate([None, Outcome.FAILED, Outcome.SENT, Outcome.UNWANTED]):
        await stores.book.add(ROSA, [notice(number)])
        await stores.book.take(text(number), at=NOW)
        if outcome:
            await stores.book.settle(text(number), outcome)
    await stores.book.add(ADA, [notice(9)])
    await stores.book.take(text(9), at=NOW)
    await stores.book.settle(text(9), Outcome.FAILED, again_at=NOW + minute)  # it will go
    assert await stores.book.untold(since=NOW, before=NOW + minute) == Untold(lost=1, refused=1)
    assert await stores.book.untold(since=NOW, before=NOW) == Untold(0, 0)  # still in hand
    assert await stores.book.untold(since=NOW + minute, before=NOW + 2 * minute) == Untold(0, 0)


async def test_a_choice_is_kept_and_has_a_default(stores: Stores) -> None:
    assert await stores.choices.of(ROSA) == Choice()
    chosen = Choice(wanted=False, quiet_from=time(22, 30), quiet_until=time(6))
    await stores.choices.keep(ROSA, Choice())
    await stores.choices.keep(ROSA, chosen)
    assert await stores.choices.of(ROSA) == chosen

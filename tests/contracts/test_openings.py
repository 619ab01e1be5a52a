"""What every store must keep to about messages that somebody has read, in memory and in PostgreSQL."""

import asyncio
from collections.abc import Callable

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneStanding
from portability.services.exchange.model.receiving import OpenedMessage
from portability.services.exchange.model.statuses import ReceiptStatus
from tests.at_rest import at_rest_on
from tests.contracts.test_exchange_store import (
    CASE,
    LATER,
    NOON,
    Store,
    arriving,
    inbox_bundle,
    quarantined,
    store,
)

__all__ = ["store"]


async def test_a_message_is_opened_once_and_in_the_order_of_its_number(store: Store) -> None:
    bundle = inbox_bundle()
    second, first = (arriving(bundle.bundle_id, item=n, stream_seq=9 - n, case_seq=2 - n) for n in range(2))
    elsewhere = arriving(bundle.bundle_id, item=2, case_id=time_ordered_id())
    async with store() as work:
        await work.inbox.add([bundle], [second, first, elsewhere])
    async with store() as work:
        opened = [
            OpenedMessage("de-drv", one.message.message_id, one.leaf_hash, bundle.bundle_id) for one in (first, second)
        ]
        assert await work.openings.take(CASE, at=NOON) == opened
        assert await work.openings.take(CASE, at=LATER) == []
        for one in (first, second):
            found = await work.timeline.of_message(one.message.message_id)
            assert found is not None
            assert (found.status, found.opened_at) == (ReceiptStatus.OPENED, NOON)
        found = await work.timeline.of_message(elsewhere.message.message_id)
        assert found is not None
        assert (found.status, found.opened_at) == (ReceiptStatus.DELIVERED, None)


async def test_what_waits_or_is_set_aside_is_not_opened(store: Store) -> None:
    bundle = inbox_bundle()
    held, parked, refused = (arriving(bundle.bundle_id, item=n, case_seq=n + 2) for n in range(3))
    waiting = [
        LaneEntry(2, held.message.message_id, LaneEntryState.HELD, NOON),
        LaneEntry(3, parked.message.message_id, LaneEntryState.PARKED, NOON),
    ]
    async with store() as work:
        lane = held.message.lane
        await work.lanes.load({lane: ()})
        await work.inbox.add([bundle], [held, parked, refused])
        await work.lanes.save({lane: LaneStanding(1, tuple(waiting))})
        await work.quarantine.add(
            [quarantined(4, parked.message.message_id), quarantined(5, refused.message.message_id)]
        )
    async with store() as work:
        assert await work.openings.take(CASE, at=NOON) == []


async def test_of_two_who_read_at_once_one_tells(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database())
    units = exchange_unit_of_work(database, await at_rest_on(database))
    bundle = inbox_bundle()
    async with units() as work:
        await work.inbox.add([bundle], [arriving(bundle.bundle_id)])

    async def read() -> int:
        async with units() as work:
            opened = await work.openings.take(CASE, at=NOON)
            await asyncio.sleep(0.05)
            return len(opened)

    assert sorted(await asyncio.gather(*(read() for _ in range(5)))) == [0, 0, 0, 0, 1]
    await database.close()

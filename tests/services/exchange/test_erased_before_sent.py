"""Messages whose content is erased before a receipt is here: nothing waits for them, and what follows goes out."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import CASE, NO_WAIT, NOON, World, message_to

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.model.sending import Turns
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.relay import relay_once
from tests.at_rest import at_rest_on

KEPT = UUID("01936e00-0000-7000-8000-00000000cafe")
DAY = timedelta(days=1)


class Berlin:
    """A sender on PostgreSQL, whose keys of cases can be destroyed."""

    def __init__(self, exchange: ExchangeNode, at_rest: AtRest, world: World) -> None:
        self.exchange, self.at_rest, self.world = exchange, at_rest, world

    async def submit(self, *numbers: int, case_id: UUID = CASE) -> None:
        async with self.exchange.unit_of_work() as work:
            messages = [message_to("it-inps", number, case_id=case_id) for number in numbers]
            await submit_many(
                messages, me="de-drv", outbox=work.outbox, recipients=self.world.trust, clock=self.exchange.clock
            )

    async def erase(self, case_id: UUID) -> None:
        await self.at_rest.destroy([case_id], made_before=SystemClock().now() + DAY)

    async def statuses(self, *numbers: int) -> list[ReceiptStatus | None]:
        async with self.exchange.unit_of_work() as work:
            found = [await work.timeline.of_message(message_to("it-inps", one).message_id) for one in numbers]
        return [one.status if one else None for one in found]

    async def turns(self) -> Turns:
        async with self.exchange.unit_of_work() as work:
            return await work.outbox.turns({("it-inps", CASE)})


@pytest.fixture
async def berlin(world: World, new_database: Callable[[], str]) -> AsyncIterator[Berlin]:
    database = await Database.open(new_database())
    at_rest = await at_rest_on(database)
    exchange = replace(world.node("de-drv").exchange, unit_of_work=exchange_unit_of_work(database, at_rest))
    yield Berlin(exchange, at_rest, world)
    await database.close()


async def test_more_erased_messages_than_a_bundle_holds_do_not_stop_what_follows(world: World, berlin: Berlin) -> None:
    rome = world.node("it-inps")
    await berlin.submit(*range(1, 301))
    await berlin.submit(301, case_id=KEPT)
    await berlin.erase(CASE)
    await relay_once(berlin.exchange)
    await rome.consume()
    assert [one.stream_seq for one in rome.ledger.applied] == [301]
    assert await berlin.statuses(1, 300, 301) == [ReceiptStatus.EXPIRED, ReceiptStatus.EXPIRED, ReceiptStatus.RELAYED]
    assert (await berlin.turns()).open_messages == {"it-inps": 1}


async def test_a_bundle_ends_before_an_erased_message_and_the_next_begins_behind(world: World, berlin: Berlin) -> None:
    rome = world.node("it-inps")
    await berlin.submit(1, case_id=KEPT)
    await berlin.submit(2)
    await berlin.submit(3, case_id=KEPT)
    await berlin.erase(CASE)
    await relay_once(berlin.exchange)
    await relay_once(berlin.exchange)
    await rome.consume()
    assert [one.stream_seq for one in rome.ledger.applied] == [1, 3]
    await rome.relay()
    async with berlin.exchange.unit_of_work() as work:
        assert await work.resends.due(now=NOON + DAY, limit=9)
    await consume_once(berlin.exchange, rome.ledger, wait=NO_WAIT)
    assert await berlin.statuses(1, 2, 3) == [ReceiptStatus.DELIVERED, ReceiptStatus.EXPIRED, ReceiptStatus.DELIVERED]
    assert (await berlin.turns()).open_messages == {"it-inps": 0}


@pytest.mark.parametrize("others", [(), (2,)])
async def test_what_was_sent_and_erased_before_its_receipt_is_not_sent_for_ever(
    world: World, berlin: Berlin, others: tuple[int, ...]
) -> None:
    await berlin.submit(1)
    await berlin.submit(*others, case_id=KEPT)
    await relay_once(berlin.exchange)
    await berlin.erase(CASE)
    world.clock.advance(timedelta(minutes=2))
    await relay_once(berlin.exchange)
    assert await berlin.statuses(1) == [ReceiptStatus.EXPIRED]
    assert (await berlin.turns()).open_messages == {"it-inps": len(others)}
    async with berlin.exchange.unit_of_work() as work:
        due = await work.resends.due(now=world.clock.now() + timedelta(hours=1), limit=9)
    assert [one.first_seq for one in due] == ([1] if others else [])
    # It had arrived all the same: the receipt comes, late, and is what counts.
    rome = world.node("it-inps")
    await rome.consume()
    await rome.relay()
    await consume_once(berlin.exchange, rome.ledger, wait=NO_WAIT)
    assert await berlin.statuses(1) == [ReceiptStatus.DELIVERED]
    assert (await berlin.turns()).open_messages == {"it-inps": 0}

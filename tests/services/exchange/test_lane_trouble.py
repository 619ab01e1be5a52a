"""Lanes on a real database: two consumers at once, and content that is erased while it waits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from exchange_world import World, message_to
from lane_world import RECIPIENT, SENDER, Place, Rome, Written, bundles_of, case_of

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.ports.work import ExchangeWork
from tests.at_rest import at_rest_on

PLACES: list[Place] = [(1, 1), (1, 2), (1, 3), (2, 1)]
IN_ORDER = {place: place[1] - 1 for place in PLACES}


@pytest.fixture
async def database(new_database: Callable[[], str]) -> AsyncIterator[Database]:
    opened = await Database.open(new_database())
    yield opened
    await opened.close()


@pytest.fixture
async def at_rest(database: Database) -> AtRest:
    return await at_rest_on(database)


@pytest.fixture
def rome(world: World, database: Database, at_rest: AtRest) -> Rome:
    return Rome.at(world, exchange_unit_of_work(database, at_rest))


@dataclass
class Slow(Written):
    """An effect that lets the test go on in the middle of its transaction."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        self.begun.set()
        await self.go_on.wait()
        await super().apply(message, work)


async def test_a_second_consumer_that_reads_further_in_the_meantime_leaves_no_case_waiting(
    world: World, rome: Rome
) -> None:
    bundles = await bundles_of(world, PLACES)
    await rome.exchange.stream.append(inbox_topic(RECIPIENT), [(SENDER.encode(), bundles[one]) for one in PLACES])
    slow = Slow()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(consume_once(rome.exchange, slow, limit=1))
        await slow.begun.wait()
        second = tasks.create_task(consume_once(rome.exchange, rome.effects, limit=4))
        await asyncio.sleep(0.5)  # the second has had time to come to where the first one is
        assert not second.done()
        slow.go_on.set()
    await rome.receive([])
    assert await rome.order(PLACES) == IN_ORDER


async def test_what_was_erased_while_it_waited_does_not_keep_its_case_waiting(
    world: World, rome: Rome, at_rest: AtRest
) -> None:
    bundles = await bundles_of(world, PLACES)
    await rome.receive([bundles[(1, 2)]])
    await at_rest.destroy([case_of(1)], made_before=SystemClock().now())
    await rome.receive([bundles[(1, 1)]])
    await rome.receive([bundles[(1, 3)]])
    assert await rome.order(PLACES[:3]) == {(1, 1): 0, (1, 2): -1, (1, 3): 1}


async def test_any_arrival_gives_the_order_of_sending_on_a_real_database_too(world: World, rome: Rome) -> None:
    bundles = await bundles_of(world, PLACES)
    rome.effects.crashes = {message_to(RECIPIENT, number).message_id for number in (1, 2)}
    for place in ((1, 3), (1, 3), (2, 1), (1, 2), (1, 1), (1, 2)):
        await rome.receive([bundles[place]])
    assert await rome.order(PLACES) == IN_ORDER

"""Messages that cannot take effect, at 1 % and at 100 % of all others, do not keep a healthy case waiting."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest
from exchange_world import World, message_to
from lane_world import RECIPIENT, SENDER, Rome, case_of

from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.ports.work import UnitOfWork
from portability.services.exchange.relay import relay_once
from tests.at_rest import at_rest_on

ROUNDS = 8
OTHERS = 100  # messages of other cases a round
HEALTHY = 1  # number of the case that nothing is wrong with


@pytest.fixture(params=["memory", "postgres"])
async def unit_of_work(request: pytest.FixtureRequest) -> AsyncIterator[UnitOfWork]:
    if request.param == "memory":
        yield MemoryExchangeStore().transaction
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    yield exchange_unit_of_work(database, await at_rest_on(database))
    await database.close()


async def healthy_seconds(
    world: World, rome: Rome, *, poison_in_100: int, cases: int, rounds: int = ROUNDS
) -> list[float]:
    """From the stream to the commit of its effect: a message of the healthy case a round, among 100 others."""
    bad = frozenset(case_of(1000 + number) for number in range(cases) if number % 100 < poison_in_100)

    def is_poison(message: ReceivedMessage) -> bool:
        return message.case_id in bad

    rome.effects.poison = is_poison
    berlin, numbers, seconds = world.node(SENDER), count(1), []
    berlin.exchange = replace(berlin.exchange, stream=rome.exchange.stream)
    for turn in range(1, rounds + 1):
        for other in range(OTHERS):
            case = case_of(1000 + (turn * OTHERS + other) % cases)
            await berlin.submit(message_to(RECIPIENT, next(numbers), case_id=case))
        await berlin.submit(message_to(RECIPIENT, next(numbers), case_id=case_of(HEALTHY)))
        await relay_once(berlin.exchange)
        started = time.perf_counter()
        await consume_once(rome.exchange, rome.effects)
        seconds.append(time.perf_counter() - started)
        assert await rome.done(HEALTHY) == turn
    return sorted(seconds)


@pytest.mark.parametrize("poison_in_100", [0, 1, 100])
@pytest.mark.parametrize("cases", [4000, 1], ids=["each in its own case", "all in one case"])
async def test_poison_never_blocks_a_healthy_case(
    world: World, unit_of_work: UnitOfWork, poison_in_100: int, cases: int
) -> None:
    rome = Rome.at(world, unit_of_work)
    # Whether each had its effect at once is checked in there; how long it took depends on who else uses the machine.
    assert len(await healthy_seconds(world, rome, poison_in_100=poison_in_100, cases=cases)) == ROUNDS

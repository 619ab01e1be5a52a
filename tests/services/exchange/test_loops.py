"""The relay and the consumer as they run in a node: woken by work, patient with faults, stopped by cancelling."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_world import World, message_to

from portability.agreements.errors import GatewayError
from portability.services.exchange import consumer, relay
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.dispatch import next_attempt
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.relay import run_relay


class Faulty:
    """A stream that cannot be reached at first."""

    def __init__(self, inner: object, *, faults: int, retryable: bool = True) -> None:
        self._inner, self._faults, self._retryable = inner, faults, retryable

    def _meet(self) -> None:
        if self._faults:
            self._faults -= 1
            raise GatewayError("The stream cannot be reached.", retryable=self._retryable)

    async def append(self, topic: str, records: object) -> None:
        self._meet()
        await self._inner.append(topic, records)

    async def partitions(self, topic: str) -> int:
        return await self._inner.partitions(topic)

    async def read(self, topic: str, **options: object) -> object:
        self._meet()
        return await self._inner.read(topic, **options)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (relay, consumer):
        monkeypatch.setattr(module, "PAUSE_AFTER_FAULT", timedelta(milliseconds=1))
    monkeypatch.setattr(consumer, "WAIT", timedelta(milliseconds=20))


async def both_ways(berlin, rome, messages: int) -> None:
    """Run both loops of both nodes until all is receipted; within ten seconds."""
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        loops = []
        for node in (berlin, rome):
            loops.append(group.create_task(run_relay(node.exchange, node.store)))
            loops.append(group.create_task(run_consumer(node.exchange, node.ledger)))
        for number in range(1, messages + 1):
            sender, recipient = (berlin, "it-inps") if number % 2 else (rome, "de-drv")
            await sender.submit(message_to(recipient, number))
        while await unsettled(berlin) or await unsettled(rome):  # noqa: ASYNC110 (looks at the store, as a caller would)
            await asyncio.sleep(0.005)
        for loop in loops:
            loop.cancel()


async def unsettled(node) -> int:
    sent = [entry for entry in await node.timeline() if entry.direction == "sent"]
    return sum(entry.status is not ReceiptStatus.DELIVERED for entry in sent)


async def test_what_is_submitted_while_the_loops_run_is_delivered(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await both_ways(berlin, rome, 40)
    assert (len(rome.ledger.applied), len(berlin.ledger.applied)) == (20, 20)


async def test_faults_that_pass_are_waited_out(world: World) -> None:
    world.stream = Faulty(world.stream, faults=12)
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await both_ways(berlin, rome, 6)
    assert (len(rome.ledger.applied), len(berlin.ledger.applied)) == (3, 3)


async def test_an_expired_directory_is_waited_out(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    await berlin.relay()
    valid = world.directory
    world.directory = replace(valid, expires_at=world.clock.now())
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        loop = group.create_task(run_consumer(rome.exchange, rome.ledger))
        while not rome.heard.faults():  # noqa: ASYNC110 (waits for what an operator would see)
            await asyncio.sleep(0.001)
        world.directory = replace(valid, version=2)
        while not rome.ledger.applied:  # noqa: ASYNC110 (the same)
            await asyncio.sleep(0.001)
        loop.cancel()
    assert set(rome.heard.faults()) == {"consumer_waits"}


async def test_a_fault_that_does_not_pass_ends_the_loop(world: World) -> None:
    world.stream = Faulty(world.stream, faults=99, retryable=False)
    berlin = world.node("de-drv")
    await berlin.submit(message_to("it-inps"))
    with pytest.raises(GatewayError):
        async with asyncio.timeout(5):
            await run_relay(berlin.exchange, berlin.store)
    with pytest.raises(GatewayError):
        async with asyncio.timeout(5):
            await run_consumer(berlin.exchange, berlin.ledger)


def test_the_schedule_is_that_of_the_specification(world: World) -> None:
    now = world.clock.now()
    minutes = [(next_attempt(number, now=now) - now) // timedelta(minutes=1) for number in range(1, 8)]
    assert minutes == [1, 5, 30, 120, 60, 60, 60]

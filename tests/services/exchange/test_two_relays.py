"""Two relays of one node: what one is sending the other leaves alone, until it has been in hand for too long."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from exchange_world import TestNode, World, message_to

from portability.adapters.memory.stream import MemoryStream
from portability.services.exchange.dispatch import RESEND_AFTER
from portability.services.exchange.model.sending import IN_HAND
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.relay import relay_once

ROME = "it-inps"


@dataclass
class Stuck:
    """A stream that takes records only when the test says so."""

    inner: MemoryStream
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, topic: str, records: object) -> None:
        self.asked.set()
        await self.go_on.wait()
        await self.inner.append(topic, records)


@pytest.fixture
def stream(world: World) -> MemoryStream:
    return world.stream


async def sending(world: World) -> tuple[TestNode, Stuck, ExchangeNode, "asyncio.Task[int]"]:
    """One relay is in the middle of sending a message; the other one is there."""
    berlin = world.node("de-drv")
    await berlin.submit(message_to(ROME))
    stuck = Stuck(world.stream)
    other = replace(berlin.exchange, process=world.new_id())
    task = asyncio.create_task(relay_once(replace(berlin.exchange, stream=stuck)))
    await stuck.asked.wait()
    return berlin, stuck, other, task


async def on_the_stream(stream: MemoryStream) -> int:
    return len(await stream.read(inbox_topic(ROME), after={0: -1}, limit=99, wait=timedelta(0)))


async def test_what_one_relay_is_sending_the_other_leaves_alone(world: World, stream: MemoryStream) -> None:
    berlin, stuck, other, task = await sending(world)
    world.clock.advance(IN_HAND - timedelta(microseconds=1))
    assert await relay_once(other) == 0
    stuck.go_on.set()
    assert await task == 1
    world.clock.advance(IN_HAND)
    assert (await relay_once(other), await berlin.relay(), await on_the_stream(stream)) == (0, 0, 1)


async def test_what_a_relay_was_sending_when_it_died_the_other_sends(world: World, stream: MemoryStream) -> None:
    _, _, other, task = await sending(world)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    world.clock.advance(IN_HAND)
    assert (await relay_once(other), await on_the_stream(stream)) == (1, 1)


async def test_of_what_is_due_again_each_relay_sends_its_own(world: World, stream: MemoryStream) -> None:
    berlin = world.node("de-drv")
    await berlin.submit(message_to(ROME))
    await berlin.relay()
    world.clock.advance(RESEND_AFTER[0])
    stuck = Stuck(stream)
    task = asyncio.create_task(relay_once(replace(berlin.exchange, stream=stuck)))
    await stuck.asked.wait()
    assert await relay_once(replace(berlin.exchange, process=world.new_id())) == 0
    stuck.go_on.set()
    assert (await task, await on_the_stream(stream)) == (1, 2)

"""What is submitted leaves at once where nothing waits before it; all else is the relay's, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_world import TestNode, World, message_to

from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import GatewayError
from portability.services.exchange import gathering
from portability.services.exchange.departures import IN_LINE, NOTED_TOGETHER, Departures
from portability.services.exchange.dispatch import RECORD_BYTES
from portability.services.exchange.envelope import RECORD_LIMIT
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.model.sending import IN_HAND
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.log_entry import LogEntryKind

ROME = "it-inps"
SECONDS_APART = 2.0  # long enough that who comes right behind does so on a machine that others use


class Cut:
    """A stream that cannot be reached."""

    async def append(self, topic: str, records: object) -> None:
        raise GatewayError("The stream cannot be reached.", retryable=True)


class Silent:
    """A stream that never answers."""

    async def append(self, topic: str, records: object) -> None:
        await asyncio.Event().wait()


class Away:
    """A key device that does not answer."""

    def __init__(self, keys: FileKeyRing) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> object:
        return getattr(self._keys, name)

    def sign(self, *args: object, **options: object) -> object:
        raise GatewayError("The device does not answer.", retryable=True)


def door(node: ExchangeNode) -> tuple[GatheredSubmits, Departures]:
    departures = Departures(node)
    submits = GatheredSubmits(
        node.unit_of_work, me=node.me, recipients=node.trust, clock=node.clock, departures=departures
    )
    return submits, departures


@asynccontextmanager
async def leaving(departures: Departures) -> AsyncIterator[None]:
    """Let bundles leave, and be noted, before the end."""
    task = asyncio.create_task(departures.run())
    await asyncio.sleep(0)
    try:
        yield
        await asyncio.sleep(3 * NOTED_TOGETHER.total_seconds())
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def on_the_stream(world: World) -> int:
    return len(await world.stream.read(inbox_topic(ROME), after={0: -1}, limit=99, wait=timedelta(0)))


async def statuses(node: TestNode) -> list[str]:
    return [one.status for one in await node.timeline()]


async def test_what_is_submitted_is_on_the_stream_without_a_relay_and_is_taken_in_and_receipted(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node(ROME)
    submits, departures = door(berlin.exchange)
    async with leaving(departures):
        await submits.submit(message_to(ROME))
    assert await statuses(berlin) == ["relayed"]
    assert await berlin.relay() == 0  # it has nothing to do
    assert await rome.consume() == 1
    await rome.relay()
    await berlin.consume()
    assert await statuses(berlin) == ["delivered"]
    assert await statuses(rome) == ["delivered"]


async def test_those_that_come_together_share_a_bundle_which_is_in_the_log(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(berlin.exchange)
    async with leaving(departures):
        await asyncio.gather(*(submits.submit(message_to(ROME, number)) for number in range(1, 6)))
    assert await on_the_stream(world) == 1
    async with berlin.store.transaction() as work:
        assert [one.kind for one in work.log.staged] == [LogEntryKind.BUNDLE_SENT]


async def test_what_comes_behind_something_that_waits_is_left_to_the_relay(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(berlin.exchange)
    await berlin.submit(message_to(ROME, 1))  # as use cases send
    async with leaving(departures):
        await submits.submit(message_to(ROME, 2))
    assert await on_the_stream(world) == 0
    assert await berlin.relay() == 1
    async with leaving(departures):
        await submits.submit(message_to(ROME, 3))
    assert await on_the_stream(world) == 2


async def test_what_does_not_go_into_one_bundle_is_left_to_the_relay(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(berlin.exchange)
    many = RECORD_BYTES // RECORD_LIMIT + 1
    messages = [message_to(ROME, number, record=bytes(RECORD_LIMIT)) for number in range(1, many + 1)]
    async with leaving(departures):
        await submits.take_on(messages)
    assert await on_the_stream(world) == 0
    assert await berlin.relay() == 2


async def test_a_key_device_out_of_reach_keeps_nobody_from_submitting(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(replace(berlin.exchange, keys=Away(world.keys["de-drv"])))  # type: ignore[arg-type]
    async with leaving(departures):
        assert (await submits.submit(message_to(ROME))).stream_seq == 1
    assert await on_the_stream(world) == 0
    assert await berlin.relay() == 1  # the device answers again


async def test_a_recipient_without_a_key_is_waited_for(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(berlin.exchange)
    world.directory = replace(
        world.directory,
        institutions=tuple(
            replace(one, keys=()) if one.institution_id == ROME else one for one in world.directory.institutions
        ),
    )
    async with leaving(departures):
        assert (await submits.submit(message_to(ROME))).stream_seq == 1
    assert [event for event, _ in berlin.heard.events] == ["bundle_not_sealed"]


async def test_a_bundle_that_the_stream_did_not_take_is_due_to_the_relay_at_once(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(replace(berlin.exchange, stream=Cut()))  # type: ignore[arg-type]
    async with leaving(departures):
        await submits.submit(message_to(ROME))
    assert await statuses(berlin) == ["submitted"]
    assert await berlin.relay() == 1
    assert await statuses(berlin) == ["relayed"]


async def test_a_process_that_dies_between_the_commit_and_the_stream_loses_nothing(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(replace(berlin.exchange, stream=Silent()))  # type: ignore[arg-type]
    async with leaving(departures):
        await submits.submit(message_to(ROME))
    assert (await berlin.relay(), await on_the_stream(world)) == (0, 0)  # it is in hand elsewhere
    world.clock.advance(IN_HAND)
    assert (await berlin.relay(), await on_the_stream(world)) == (1, 1)


async def test_where_nothing_runs_that_would_send_it_the_relay_does(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(berlin.exchange)
    await submits.submit(message_to(ROME, 1))
    assert await berlin.relay() == 1
    async with leaving(departures):
        await submits.submit(message_to(ROME, 2))
    await submits.submit(message_to(ROME, 3))
    assert (await on_the_stream(world), await berlin.relay(), await on_the_stream(world)) == (2, 1, 3)


async def test_where_the_stream_does_not_follow_what_comes_is_left_to_the_relay(world: World) -> None:
    berlin = world.node("de-drv")
    submits, departures = door(replace(berlin.exchange, stream=Silent()))  # type: ignore[arg-type]
    async with leaving(departures):
        for number in range(1, IN_LINE + 4):
            await submits.submit(message_to(ROME, number))
    async with berlin.store.transaction() as work:
        waiting = await work.bundles.take_unsent(ROME, limit=9, max_bytes=RECORD_BYTES)
    # One is on its way to the stream, and as many as may wait behind it.
    assert [one.stream_seq for one in waiting] == [IN_LINE + 2, IN_LINE + 3]


async def test_a_transaction_that_is_undone_leaves_nothing_to_send(world: World) -> None:
    berlin = world.node("de-drv")

    @asynccontextmanager
    async def undone() -> AsyncIterator[object]:
        async with berlin.store.transaction() as work:
            yield work
            raise GatewayError("The database is away.", retryable=True)

    submits, departures = door(replace(berlin.exchange, unit_of_work=undone))  # type: ignore[arg-type]
    async with leaving(departures):
        with pytest.raises(GatewayError):
            await submits.submit(message_to(ROME))
    assert await on_the_stream(world) == 0


async def test_one_alone_leaves_at_once_and_who_comes_right_behind_it_leaves_with_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "APART", SECONDS_APART)
    berlin = world.node("de-drv")
    submits, departures = door(berlin.exchange)
    loop = asyncio.get_running_loop()
    async with leaving(departures):
        began = loop.time()
        await submits.submit(message_to(ROME, 1))
        assert loop.time() - began < SECONDS_APART
        await asyncio.gather(*(_after(number / 100, submits, number) for number in range(2, 8)))
        assert loop.time() - began >= SECONDS_APART
    assert await on_the_stream(world) == 2


async def _after(seconds: float, submits: GatheredSubmits, number: int) -> None:
    await asyncio.sleep(seconds)
    await submits.submit(message_to(ROME, number))

"""Several processes of one node share the partitions of its inbox, and whoever has lost one saves nothing of it."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from uuid import UUID

from exchange_world import CASE, NO_WAIT, NOON, TestNode, World, message_to
from hypothesis import given
from hypothesis import strategies as st

from portability.adapters.memory.stream import MemoryStream
from portability.services.exchange.consumer import consume_once, run_consumer
from portability.services.exchange.leases import LEASE, Lease, claims
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.partitions import give_up, partitions_of
from portability.services.exchange.reading import Reading

ROME = "it-inps"
NAMES = [f"inbox/{number}" for number in range(4)]
ONE, ANOTHER = UUID(int=1), UUID(int=2)


def leases_of(holder: UUID, *numbers: int, until=NOON + LEASE) -> dict[str, Lease]:
    return {NAMES[number]: Lease(NAMES[number], holder, 1, until) for number in numbers}


def test_a_lone_process_takes_all() -> None:
    taken = claims(NAMES, {}, me=ONE, now=NOON)
    assert list(taken) == list(leases_of(ONE, 0, 1, 2, 3).values())


def test_one_is_taken_from_whoever_has_two_more_and_none_from_whoever_has_one_more() -> None:
    (robbed,) = claims(NAMES, leases_of(ONE, 0, 1, 2, 3), me=ANOTHER, now=NOON)
    assert (robbed.holder, robbed.epoch) == (ANOTHER, 2)
    assert len(claims(NAMES, leases_of(ONE, 0, 1, 2) | leases_of(ANOTHER, 3), me=ANOTHER, now=NOON)) == 2
    assert len(claims(NAMES[:3], leases_of(ONE, 0, 1) | leases_of(ANOTHER, 2), me=ANOTHER, now=NOON)) == 1


def test_what_has_ended_is_free_and_so_is_what_a_wrong_clock_noted() -> None:
    for until in (NOON, NOON - timedelta(days=1), NOON + 2 * LEASE + timedelta(microseconds=1)):
        taken = claims(NAMES, leases_of(ONE, 0, 1, 2, 3, until=until), me=ANOTHER, now=NOON)
        assert [(one.holder, one.epoch) for one in taken] == [(ANOTHER, 2)] * 4


def test_a_lease_is_renewed_when_a_third_of_it_is_over() -> None:
    standing = leases_of(ONE, 0)
    assert list(claims(NAMES[:1], standing, me=ONE, now=NOON + LEASE / 4)) == [standing[NAMES[0]]]
    late = NOON + LEASE / 2
    assert list(claims(NAMES[:1], standing, me=ONE, now=late)) == [replace(standing[NAMES[0]], until=late + LEASE)]


@given(st.integers(1, 12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_processes_that_claim_in_any_order_come_to_equal_shares(partitions: int, processes: int, dice: Random) -> None:
    names = [f"inbox/{number}" for number in range(partitions)]
    holders = [UUID(int=number) for number in range(1, processes + 1)]
    standing: dict[str, Lease] = {}
    now = NOON
    for _ in range(partitions + 1):
        for me in dice.sample(holders, len(holders)):
            standing |= {one.name: one for one in claims(names, standing, me=me, now=now)}
            now += LEASE / 100
    shares = [sum(one.holder == me for one in standing.values()) for me in holders]
    assert sum(shares) == partitions
    assert max(shares) - min(shares) <= 1
    quiet = {me: claims(names, standing, me=me, now=now) for me in holders}
    assert all(one.epoch == standing[one.name].epoch for some in quiet.values() for one in some)  # nobody takes more


def sharing(world: World, *, partitions: int = 4) -> tuple[TestNode, ExchangeNode, ExchangeNode]:
    """A node with its store, and two processes of it."""
    world.stream = MemoryStream(partitions=partitions)
    rome = world.node(ROME)
    return rome, rome.exchange, replace(rome.exchange, process=world.new_id())


async def test_two_processes_share_the_inbox_and_each_takes_in_its_part(world: World) -> None:
    rome, one, other = sharing(world)
    for sender, number in (("de-drv", 1), ("ca-sc", 2)):
        node = world.node(sender)
        await node.submit(message_to(ROME, number))
        await node.relay()
    for _ in range(3):
        await partitions_of(one)
        await partitions_of(other)
    held = [set(await partitions_of(process)) for process in (one, other)]
    assert (len(held[0]), len(held[1])) == (2, 2)
    assert held[0] | held[1] == {0, 1, 2, 3}
    taken = [await consume_once(process, rome.ledger, wait=NO_WAIT) for process in (one, other)]
    assert sum(taken) == 2
    assert len(rome.ledger.applied) == 2


async def test_whoever_stops_lets_go_at_once(world: World) -> None:
    rome, one, other = sharing(world)
    loop = asyncio.create_task(run_consumer(one, rome.ledger))
    async with asyncio.timeout(5):
        while not await partitions_of_others(rome, one):  # noqa: ASYNC110 - it happens in another task
            await asyncio.sleep(0.001)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert len(await partitions_of(other)) == 4  # by the same clock, which stands still


async def partitions_of_others(rome: TestNode, process: ExchangeNode) -> int:
    async with rome.store.transaction() as work:
        standing = await work.leases.find([f"{inbox_topic(ROME)}/{number}" for number in range(4)])
    return sum(one.holder == process.process for one in standing)


async def test_a_process_that_says_nothing_loses_its_part(world: World) -> None:
    _, one, other = sharing(world, partitions=1)
    assert len(await partitions_of(one)) == 1
    assert len(await partitions_of(other)) == 0
    world.clock.advance(LEASE)
    assert len(await partitions_of(other)) == 1
    assert len(await partitions_of(one)) == 0


@dataclass
class Paused:
    """A stream that has read, and then its process stands still until the test lets it go on."""

    inner: MemoryStream
    has_read: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def partitions(self, topic: str) -> int:
        return await self.inner.partitions(topic)

    async def read(self, topic: str, **options: object) -> object:
        records = await self.inner.read(topic, **options)
        self.has_read.set()
        await self.go_on.wait()
        return records


async def paused_with_a_message(world: World) -> tuple[TestNode, Paused, ExchangeNode, "asyncio.Task[int]"]:
    """One process has read a message and stands still beyond its lease; the other one is there."""
    rome, one, other = sharing(world, partitions=1)
    berlin = world.node("de-drv")
    await berlin.submit(message_to(ROME))
    await berlin.relay()
    paused = Paused(world.stream)
    zombie = asyncio.create_task(consume_once(replace(one, stream=paused), rome.ledger, wait=NO_WAIT))
    await paused.has_read.wait()
    world.clock.advance(LEASE)
    return rome, paused, other, zombie


async def test_a_process_that_was_paused_beyond_its_lease_changes_nothing(world: World) -> None:
    rome, paused, other, zombie = await paused_with_a_message(world)
    await partitions_of(other)  # taken over, and nothing taken in yet
    before = await everything(rome)
    paused.go_on.set()
    assert await zombie == 0
    assert rome.ledger.applied == []
    assert await everything(rome) == before
    assert await consume_once(other, rome.ledger, wait=NO_WAIT) == 1
    assert len(rome.ledger.applied) == 1


async def test_a_process_that_was_paused_while_another_took_its_message_in_changes_nothing(world: World) -> None:
    rome, paused, other, zombie = await paused_with_a_message(world)
    assert await consume_once(other, rome.ledger, wait=NO_WAIT) == 1
    before = await everything(rome)
    paused.go_on.set()
    assert await zombie == 0
    assert await everything(rome) == before
    assert len(rome.ledger.applied) == 1


async def test_a_process_that_was_paused_goes_on_where_nobody_has_taken_over(world: World) -> None:
    rome, paused, _, zombie = await paused_with_a_message(world)
    paused.go_on.set()
    assert await zombie == 1
    assert len(rome.ledger.applied) == 1


async def test_what_a_process_remembers_of_its_share_gives_way_to_what_the_store_says(world: World) -> None:
    rome, one, _ = sharing(world, partitions=1)
    berlin, reading = world.node("de-drv"), Reading()
    await berlin.submit(message_to(ROME, 1))
    await berlin.relay()
    assert await consume_once(one, rome.ledger, reading=reading, wait=NO_WAIT) == 1
    async with rome.store.transaction() as work:
        await work.offsets.save(inbox_topic(ROME), 0, -1)  # by hand: all of it again
    await berlin.submit(message_to(ROME, 2))
    await berlin.relay()
    assert await consume_once(one, rome.ledger, reading=reading, wait=NO_WAIT) == 0
    assert await consume_once(one, rome.ledger, reading=reading, wait=NO_WAIT) == 2
    assert len(rome.ledger.applied) == 2


async def test_giving_up_leaves_what_others_have(world: World) -> None:
    _, one, other = sharing(world, partitions=2)
    for process in (one, other, one):
        await partitions_of(process)
    await give_up(one)
    assert len(await partitions_of(other)) == 2


async def everything(rome: TestNode) -> tuple[object, ...]:
    """What of the store a batch that is taken in would have changed."""
    async with rome.store.transaction() as work:
        return (
            await work.offsets.load(inbox_topic(ROME), 0),
            await work.timeline.of_case(CASE, after=None, limit=99),
            await work.quarantine.list(after=None, limit=99),
            await work.bundles.waiting_recipients(),
            await work.leases.find([f"{inbox_topic(ROME)}/0"]),
        )

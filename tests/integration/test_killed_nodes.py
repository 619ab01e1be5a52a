"""Nodes killed with SIGKILL in mid-exchange, and topics lost whole: nothing is lost, nothing is applied twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from portability.adapters.clock.system import SystemClock
from portability.services.exchange.node import inbox_topic
from tests.integration.crash_points import POINTS
from tests.integration.pair import NodeProcess, Pair
from tests.integration.sigkill import run_schedules

MESSAGES = 1000
SUBMITTED_AT_ONCE = 10
KILLS = 5
EFFECT_SECONDS = 0.001


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
async def stream_url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("empty_database")()
    return f"kafka:{request.getfixturevalue('kafka_broker').bootstrap}"


@pytest.fixture
async def pair(
    stream_url: str, tmp_path: Path, new_database: Callable[[], str], request: pytest.FixtureRequest
) -> AsyncIterator[Pair]:
    is_kafka = stream_url.startswith("kafka:")
    create_topics = request.getfixturevalue("kafka_broker").has_admin if is_kafka else True
    made = await Pair.prepare(
        tmp_path, new_database, stream_url, create_topics=create_topics, effect_seconds=EFFECT_SECONDS
    )
    yield made
    await made.close()


async def lose_topics(stream_url: str, pair: Pair) -> None:
    """Both inboxes vanish from the stream, with all that is in them."""
    topics = [inbox_topic(node.settings.me) for node in (pair.sender, pair.recipient)]
    if not stream_url.startswith("kafka:"):
        async with await psycopg.AsyncConnection.connect(stream_url) as connection:
            # In this order: whoever appends meanwhile waits for the row of the topic.
            await connection.execute("DELETE FROM stream_topics")
            await connection.execute("DELETE FROM stream_records")
        return
    admin = AIOKafkaAdminClient(bootstrap_servers=stream_url.removeprefix("kafka:"))
    await admin.start()
    try:
        known = await admin.list_topics()
        await admin.delete_topics([topic for topic in topics if topic in known])
        # A node that runs may be faster in making them anew than this loop in seeing that they are gone.
        async with asyncio.timeout(3):
            while set(topics) & set(await admin.list_topics()):  # noqa: ASYNC110 - the broker gives no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        return
    finally:
        await admin.close()


async def submit_slowly(pair: Pair, count: int, *, killed: asyncio.Event) -> list[UUID]:
    """Submit in small transactions with pauses, so that many bundles are under way; the last quarter after the kill."""
    submitted: list[UUID] = []
    while len(submitted) < count:
        if len(submitted) >= count * 3 // 4:
            await killed.wait()
        submitted += await pair.submit(SUBMITTED_AT_ONCE)
        await asyncio.sleep(0.01)
    return submitted


async def submit_and_kill(pair: Pair, node: NodeProcess, *, dice: Random) -> list[UUID]:
    """Submit in waves; in each, at a progress that the dice choose, kill the node and start it again."""
    submitted: list[UUID] = []
    for _ in range(KILLS):
        killed = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            wave = tasks.create_task(submit_slowly(pair, MESSAGES // KILLS, killed=killed))
            seen = await pair.wait_until_applied(len(submitted) + dice.randrange(1, MESSAGES // KILLS // 2))
            assert seen < len(submitted) + MESSAGES // KILLS, "the kill has to fall in mid-exchange"
            node.kill()
            killed.set()
            await node.start()
        submitted += wave.result()
    return submitted


async def assert_all_once(pair: Pair, submitted: list[UUID], *, seconds: float = 40) -> None:
    await pair.wait_for_status("delivered", len(submitted), seconds=seconds)
    assert sorted(await pair.applied()) == sorted(submitted)  # 0 lost, 0 twice
    assert await pair.quarantined() == []


@pytest.mark.parametrize("victim", ["recipient", "sender"])
async def test_a_node_killed_in_mid_exchange_loses_nothing_and_applies_nothing_twice(pair: Pair, victim: str) -> None:
    node: NodeProcess = getattr(pair, victim)
    await pair.sender.start()
    await pair.recipient.start()
    submitted = await submit_and_kill(pair, node, dice=Random(7))  # noqa: S311 - a seed, not a secret
    assert (node.kills, len(submitted)) == (KILLS, MESSAGES)
    await assert_all_once(pair, submitted)


@pytest.mark.timeout(1200)
async def test_a_node_killed_at_each_named_point_loses_nothing_and_applies_nothing_twice(pair: Pair) -> None:
    killed = await run_schedules(pair, len(POINTS), seed=7)
    assert set(killed) == set(POINTS)


async def test_topics_lost_whole_are_restored_by_the_sender(
    pair: Pair, stream_url: str, request: pytest.FixtureRequest
) -> None:
    if stream_url.startswith("kafka:") and not request.getfixturevalue("kafka_broker").has_admin:
        pytest.skip("the mock cluster cannot delete a topic")
    await pair.sender.start()
    await pair.recipient.start()
    before = await pair.submit(100)
    await pair.wait_for_status("delivered", 100)
    pair.recipient.kill()
    unread = [*await pair.submit(300), *await pair.submit(300)]
    await pair.wait_for_status("relayed", 600)
    pair.sender.kill()
    await lose_topics(stream_url, pair)
    # A minute takes a second now. The first resend is due after one, and the second five later: that one brings
    # what was written at offsets that the recipient had seen in the lost topic.
    faster = {"fast_from": SystemClock().now().timestamp(), "clock_rate": 60.0}
    await pair.recipient.start(**faster)
    await pair.sender.start(**faster)
    after = await pair.submit(100)
    await assert_all_once(pair, [*before, *unread, *after])


async def test_topics_deleted_while_nodes_run_are_made_anew_and_restored(
    pair: Pair, stream_url: str, request: pytest.FixtureRequest
) -> None:
    if stream_url.startswith("kafka:") and not request.getfixturevalue("kafka_broker").has_admin:
        pytest.skip("the mock cluster cannot delete a topic")
    # A minute of the nodes takes a second. What is lost twice is due for the third time after 36 of them.
    faster = {"fast_from": SystemClock().now().timestamp(), "clock_rate": 60.0}
    await pair.recipient.start(**faster)
    await pair.sender.start(**faster)
    going_on = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        wave = tasks.create_task(submit_slowly(pair, MESSAGES, killed=going_on))
        seen = await pair.wait_until_applied(MESSAGES // 5)
        assert seen < MESSAGES, "the loss has to fall in mid-flow"
        await lose_topics(stream_url, pair)
        lost = time.monotonic()
        going_on.set()
    await assert_all_once(pair, wave.result(), seconds=80)
    seconds = time.monotonic() - lost
    print(f"{MESSAGES} messages, both inboxes deleted in mid-flow: all receipted {seconds:.1f} s after the loss")

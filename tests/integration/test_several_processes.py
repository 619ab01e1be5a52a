"""Two processes of one node at once, on real PostgreSQL and a real inbox of four partitions."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.kafka.stream import PARTITIONS
from portability.services.exchange.node import inbox_topic
from tests.integration.institutions import Institution, found, go_on, stop_all, wait_until_stopped

pytestmark = pytest.mark.kafka

TO_THE_HUB = 1000  # messages of each partner
FROM_THE_HUB = 250  # messages to each partner
CASES = 20
CHANGED_BY_A_BATCH = (
    "SELECT (SELECT count(*) FROM applied), (SELECT count(*) FROM inbox), (SELECT count(*) FROM outbox), "
)
CHANGED_BY_A_BATCH += "(SELECT sum(consumed) FROM stream_offsets), (SELECT count(*) FROM quarantine)"


@pytest.fixture
async def crowd(
    tmp_path: Path, new_database: Callable[[], str], request: pytest.FixtureRequest
) -> AsyncIterator[list[Institution]]:
    """A hub, and one partner for each partition of its inbox."""
    broker = request.getfixturevalue("kafka_broker")
    names = ["it-" + time_ordered_id().hex[-10:], *partners()]
    made = await found(tmp_path, new_database, f"kafka:{broker.bootstrap}", names, create_topics=broker.has_admin)
    yield made
    stop_all(made)


def partners() -> list[str]:
    """Names whose keys go to different partitions."""
    mark = time_ordered_id().hex[-10:]
    by_partition: dict[int, str] = {}
    for number in range(1000):
        name = f"de-{mark}-{number}"
        by_partition.setdefault((murmur2(name.encode()) & 0x7FFFFFFF) % PARTITIONS, name)
    return [by_partition[partition] for partition in range(PARTITIONS)]


async def holders(hub: Institution) -> dict[object, int]:
    """How many partitions of its inbox each process of a node has."""
    query = f"SELECT holder, count(*) FROM leases WHERE name LIKE '{inbox_topic(hub.name)}/%' GROUP BY 1"  # noqa: S608
    return dict(await hub.rows(query))  # type: ignore[arg-type]


@pytest.mark.timeout(300)
async def test_two_relays_and_two_consumers_of_one_node_lose_nothing_and_repeat_nothing(
    crowd: list[Institution],
) -> None:
    hub, *others = crowd
    for one in (hub, hub, *others):
        await one.start()
    sent = {one.name: await one.submit(hub.name, TO_THE_HUB, cases=CASES) for one in others}
    back = {one.name: await hub.submit(one.name, FROM_THE_HUB, cases=CASES) for one in others}
    for one in others:
        await one.wait_until_settled(TO_THE_HUB)
    await hub.wait_until_settled(FROM_THE_HUB * len(others))
    assert sorted(await hub.applied()) == sorted(message for some in sent.values() for message in some)
    assert await hub.out_of_order() == []
    for one in others:
        assert sorted(await one.applied()) == sorted(back[one.name])
        assert await one.out_of_order() == []
    for one in crowd:
        assert await one.rows("SELECT reason_code FROM quarantine") == []
    assert sorted((await holders(hub)).values()) == [PARTITIONS // 2, PARTITIONS // 2]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", ["consumer.read", "consumer.effect"])
async def test_a_process_that_stood_still_while_another_took_over_changes_nothing(
    crowd: list[Institution], point: str
) -> None:
    hub, *others = crowd
    # Inside a transaction it keeps its locks until the server ends the transaction, after 30 seconds.
    zombie = await hub.start(crash_at=point, crash_signal=int(signal.SIGSTOP))
    for one in others:
        await one.start()
    sent = [message for one in others for message in await one.submit(hub.name, 100, cases=CASES)]
    await wait_until_stopped(zombie)
    await hub.start()
    for one in others:
        await one.wait_until_settled(100)
    before = await hub.rows(CHANGED_BY_A_BATCH)
    assert sorted(await hub.applied()) == sorted(sent)
    go_on(zombie)
    # It has had its turn when it has a share again: what it had in hand when it stood still is behind it then.
    await wait_until_shared(hub)
    assert await hub.rows(CHANGED_BY_A_BATCH) == before
    more = [message for one in others for message in await one.submit(hub.name, 100, cases=CASES)]
    for one in others:
        await one.wait_until_settled(200)
    assert sorted(await hub.applied()) == sorted([*sent, *more])
    assert await hub.out_of_order() == []


async def wait_until_shared(hub: Institution) -> None:
    async with asyncio.timeout(30):
        while len(await holders(hub)) < 2:  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.1)

"""Servers under two running nodes are paused, killed and started again: the nodes go on unaided, in thirty seconds."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import DefaultPartitioner

from deploy.kafka import local_kafka
from portability.adapters.postgres.database import migrate
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from portability.agreements.errors import GatewayError
from portability.services.exchange.node import inbox_topic
from tests.integration import three_brokers
from tests.integration.pair import Pair
from tests.integration.small_disk import SmallDisk

RECOVERED_WITHIN_SECONDS = 30.0
PAUSE_SECONDS = 5.0
MESSAGES = 50
DISK_MEGABYTES = 512


@pytest.fixture
def own_broker() -> Iterator[local_kafka.KafkaBroker]:
    """Apache Kafka for one test alone, since it is killed."""
    _need_kafka()
    broker = local_kafka.start_broker()
    yield broker
    broker.stop()


@pytest.fixture
def cluster() -> Iterator[Sequence[local_kafka.KafkaBroker]]:
    """Apache Kafka with three copies of each topic."""
    _need_kafka()
    brokers = three_brokers.start_cluster()
    yield brokers
    for broker in brokers:
        broker.stop()


@pytest.fixture
def own_server() -> Iterator[tuple[EmbeddedServer, Path]]:
    """PostgreSQL for one test alone, with its data folder."""
    folder = Path(tempfile.mkdtemp(prefix="portability-pg-"))
    server = start_embedded(folder)
    yield server, folder
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    """A disk that can be filled."""
    try:
        disk = SmallDisk.mount(megabytes=DISK_MEGABYTES)
    except PermissionError as refused:
        pytest.skip(f"NOT TESTED: what a full disk does. A small one cannot be mounted here ({refused}); run as root")
    yield disk
    disk.unmount()


@pytest.fixture
def server_on_small_disk(small_disk: SmallDisk) -> Iterator[EmbeddedServer]:
    """PostgreSQL with all its data on the small disk."""
    server = start_embedded(small_disk.folder / "data")
    yield server
    server.stop()


@pytest.fixture
async def pair(
    own_broker: local_kafka.KafkaBroker, own_server: tuple[EmbeddedServer, Path], tmp_path: Path
) -> AsyncIterator[Pair]:
    async with running(tmp_path, own_server[0], own_broker.bootstrap) as made:
        yield made


@pytest.fixture
async def pair_on_three(
    cluster: Sequence[local_kafka.KafkaBroker], own_server: tuple[EmbeddedServer, Path], tmp_path: Path
) -> AsyncIterator[Pair]:
    bootstrap = ",".join(broker.bootstrap for broker in cluster)
    async with running(tmp_path, own_server[0], bootstrap, replication=three_brokers.COPIES) as made:
        yield made


@pytest.fixture
async def pair_on_small_disk(
    own_broker: local_kafka.KafkaBroker, server_on_small_disk: EmbeddedServer, tmp_path: Path
) -> AsyncIterator[Pair]:
    async with running(tmp_path, server_on_small_disk, own_broker.bootstrap) as made:
        yield made


@asynccontextmanager
async def running(folder: Path, server: EmbeddedServer, bootstrap: str, **settings: Any) -> AsyncIterator[Pair]:
    """Two nodes that run, each with a database of this server."""
    numbers = iter(range(9))

    def new_database() -> str:
        url = server.url_for(f"chaos_{next(numbers)}")
        migrate(url)
        return url

    made = await Pair.prepare(folder, new_database, f"kafka:{bootstrap}", create_topics=True, **settings)
    await made.sender.start()
    await made.recipient.start()
    yield made
    await made.close()


def _need_kafka() -> None:
    if lacking := local_kafka.missing():
        pytest.skip(f"Apache Kafka is not here: no {' and no '.join(lacking)}")


async def recovered(pair: Pair, what: str, submitted: list, *, since: float) -> None:
    """All that was submitted arrives once, soon after `since`, with the nodes left alone."""
    await pair.wait_until_receipted(seconds=2 * RECOVERED_WITHIN_SECONDS)
    seconds = time.monotonic() - since
    print(f"{what}: recovered in {seconds:.1f} s")
    assert sorted(await pair.applied()) == sorted(submitted)
    assert seconds < RECOVERED_WITHIN_SECONDS
    assert not pair.sender.is_dead
    assert not pair.recipient.is_dead


@pytest.mark.kafka
async def test_a_broker_paused_in_mid_flow(pair: Pair, own_broker: local_kafka.KafkaBroker) -> None:
    submitted = await pair.submit(MESSAGES)
    own_broker.process.send_signal(signal.SIGSTOP)
    submitted += await pair.submit(MESSAGES)
    await asyncio.sleep(PAUSE_SECONDS)
    own_broker.process.send_signal(signal.SIGCONT)
    await recovered(pair, "broker paused", submitted, since=time.monotonic())


@pytest.mark.kafka
async def test_a_broker_killed_and_started_again_in_mid_flow(pair: Pair, own_broker: local_kafka.KafkaBroker) -> None:
    submitted = await pair.submit(MESSAGES)
    own_broker.process.kill()
    own_broker.process.wait()
    submitted += await pair.submit(MESSAGES)
    await asyncio.sleep(PAUSE_SECONDS)
    with (own_broker.data / "broker.log").open("ab") as log:
        own_broker.process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            own_broker.process.args, stdout=log, stderr=log, cwd=own_broker.data
        )
    # The nodes are given the time from the instant at which the broker listens again.
    await asyncio.to_thread(local_kafka.wait_until_up, own_broker)
    await recovered(pair, "broker killed and started again", submitted, since=time.monotonic())


@pytest.mark.kafka
async def test_a_database_server_killed_and_started_again_in_mid_flow(
    pair: Pair, own_server: tuple[EmbeddedServer, Path]
) -> None:
    server, folder = own_server
    submitted = await pair.submit(MESSAGES)
    os.kill(int((folder / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    # Its children end when they notice; where nobody reaps the dead, the file would pass for a server that runs.
    await asyncio.sleep(2)
    (folder / "postmaster.pid").unlink()
    restart: Callable[[], None] = server._server.ensure_postgres_running  # type: ignore[attr-defined]
    await asyncio.to_thread(restart)
    since = time.monotonic()
    # Connections of this test are of the old server, too: what is given up on was not submitted.
    submitted += await submitted_in_the_end(pair)
    await recovered(pair, "PostgreSQL killed and started again", submitted, since=since)


@pytest.mark.kafka
async def test_one_broker_of_three_killed_in_mid_flow_the_leader_of_the_inbox(
    pair_on_three: Pair, cluster: Sequence[local_kafka.KafkaBroker]
) -> None:
    pair = pair_on_three
    submitted = await pair.submit(MESSAGES)
    await pair.wait_until_applied(MESSAGES)
    topic = inbox_topic(pair.recipient.settings.me)
    leader = await leader_of(topic, pair, copies_in_sync=three_brokers.COPIES)
    submitted += await pair.submit(MESSAGES)
    cluster[leader - 1].process.kill()
    since = time.monotonic()
    submitted += await pair.submit(MESSAGES)
    await recovered(pair, "one broker of three killed, which led the inbox, and left dead", submitted, since=since)
    assert await leader_of(topic, pair, copies_in_sync=three_brokers.COPIES - 1) != leader


@pytest.mark.kafka
async def test_a_disk_that_is_full_in_mid_flow(pair_on_small_disk: Pair, small_disk: SmallDisk) -> None:
    pair = pair_on_small_disk
    submitted = await pair.submit(MESSAGES)
    small_disk.fill()
    # Small messages still find room in pages that are there: what is answered counts, until nothing is.
    with pytest.raises(GatewayError):
        while True:
            submitted += await pair.submit(MESSAGES)
    await asyncio.sleep(PAUSE_SECONDS)
    small_disk.make_room()
    since = time.monotonic()
    submitted += await submitted_in_the_end(pair)
    await recovered(pair, f"disk of PostgreSQL full, {len(submitted)} acknowledged", submitted, since=since)


async def submitted_in_the_end(pair: Pair) -> list:
    """Submit, and again until it is answered."""
    async with asyncio.timeout(RECOVERED_WITHIN_SECONDS):
        while True:
            try:
                return await pair.submit(MESSAGES)
            except (GatewayError, psycopg.Error):
                await asyncio.sleep(0.5)


async def leader_of(topic: str, pair: Pair, *, copies_in_sync: int) -> int:
    """The number of the broker that leads the sender's partition of a topic, once so many copies of it are in step."""
    key = pair.sender.settings.me.encode()
    admin = AIOKafkaAdminClient(bootstrap_servers=pair.sender.settings.stream_url.removeprefix("kafka:"))
    await admin.start()
    try:
        async with asyncio.timeout(RECOVERED_WITHIN_SECONDS):
            while True:
                (found,) = await admin.describe_topics([topic])
                by_number = {one["partition"]: one for one in found["partitions"]}
                partition = by_number[DefaultPartitioner()(key, sorted(by_number), sorted(by_number))]
                if len(partition["isr"]) == copies_in_sync:
                    return int(partition["leader"])
                await asyncio.sleep(0.2)
    finally:
        await admin.close()

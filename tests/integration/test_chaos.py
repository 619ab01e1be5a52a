"""Servers under two running nodes are paused, killed and started again: the nodes go on unaided, in thirty seconds."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from deploy.kafka import local_kafka
from portability.adapters.postgres.database import migrate
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from tests.integration.pair import Pair

RECOVERED_WITHIN_SECONDS = 30.0
PAUSE_SECONDS = 5.0
MESSAGES = 50


@pytest.fixture
def own_broker() -> Iterator[local_kafka.KafkaBroker]:
    """Apache Kafka for one test alone, since it is killed."""
    if lacking := local_kafka.missing():
        pytest.skip(f"Apache Kafka is not here: no {' and no '.join(lacking)}")
    broker = local_kafka.start_broker()
    yield broker
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
async def pair(
    own_broker: local_kafka.KafkaBroker, own_server: tuple[EmbeddedServer, Path], tmp_path: Path
) -> AsyncIterator[Pair]:
    numbers = iter(range(9))

    def new_database() -> str:
        url = own_server[0].url_for(f"chaos_{next(numbers)}")
        migrate(url)
        return url

    made = await Pair.prepare(tmp_path, new_database, f"kafka:{own_broker.bootstrap}", create_topics=True)
    await made.sender.start()
    await made.recipient.start()
    yield made
    await made.close()


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
    await asyncio.to_thread(local_kafka._wait_until_up, own_broker, int(own_broker.bootstrap.rpartition(":")[2]))
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
    async with asyncio.timeout(RECOVERED_WITHIN_SECONDS):
        while True:
            try:
                submitted += await pair.submit(MESSAGES)
                break
            except Exception:  # noqa: BLE001 - whatever a connection to a server that is gone gives
                await asyncio.sleep(0.5)
    await recovered(pair, "PostgreSQL killed and started again", submitted, since=since)

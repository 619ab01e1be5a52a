"""G7: one message of 1 KiB at a time, 200 a second: the 99th percentile of its latency beside bare aiokafka's.

Ours: from the call that submits until the recipient has committed it: durable at the sender, bundled, signed,
encrypted, on the broker, verified, decrypted, in the recipient's inbox. Bare: from `send()` (idempotent, acks=all)
until a consumer of the same process has it, durable nowhere but on the broker. One real broker; the sending node runs
in the process that submits, the receiving node in one of its own (recipient.py), as any two nodes do; PostgreSQL with
fsync on. Segments are interleaved, and the ratio is the median of the pairs.
"""

import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.app.garbage import collect_seldom
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.departures import Departures
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.relay import run_relay
from portability.services.purposes import COOPERATION
from tests.bench.g1_exchange import BARE_TOPIC, bare_producer, databases
from tests.brokers import BrokerInUse, start_test_broker
from tests.integration.node_process import READY, NodeSettings, NoEffects, node_of
from tests.integration.pair import ROOT, Pair

PAIRS = 5
A_SECOND = 200
MESSAGES = 600  # of one segment: three seconds
RECORD = bytes(1024)

Send = Callable[[UUID], Awaitable[object]]


def run() -> list[dict[str, Any]]:
    """The 99th percentiles in milliseconds."""
    collect_seldom()  # as a node does
    folder = Path(tempfile.mkdtemp(prefix="portability-g7-"))
    server = start_embedded(folder / "pg")
    broker = start_test_broker()
    try:
        return uvloop.run(_measure(folder, server, broker))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Arrivals:
    """When each message left and was there. The clock is the machine's, the same in every process."""

    def __init__(self) -> None:
        self._left: dict[UUID, float] = {}
        self.milliseconds: list[float] = []

    def leaves(self, message_id: UUID) -> None:
        self._left[message_id] = time.perf_counter()

    def arrives(self, message_id: UUID, *, at: float) -> None:
        self.milliseconds.append((at - self._left.pop(message_id)) * 1000)


async def _measure(folder: Path, server: EmbeddedServer, broker: BrokerInUse) -> list[dict[str, Any]]:
    ours, theirs = Arrivals(), Arrivals()
    async with _exchange(folder, server, broker, ours) as submit, bare(broker, theirs) as send:
        name = "g7_one_message_p99" if broker.has_admin else "g7_one_message_p99_on_mock_broker"
        return [await measured(name, (ours, submit), (theirs, send))]


async def measured(name: str, ours: tuple[Arrivals, Send], theirs: tuple[Arrivals, Send]) -> dict[str, Any]:
    """The line of a measurement: segments interleaved, the median of the pairs."""
    results: list[tuple[float, float]] = []
    for number in range(PAIRS + 1):
        pair = [await _p99(*ours), await _p99(*theirs)]
        if number:  # the first one warms
            results.append((pair[0], pair[1]))
    return {
        "name": name,
        "value": round(statistics.median(mine for mine, _ in results), 2),
        "unit": "ms",
        "baseline": round(statistics.median(base for _, base in results), 2),
        "ratio": round(statistics.median(mine / base for mine, base in results), 2),
    }


async def _p99(arrivals: Arrivals, send: Send) -> float:
    """Send at a steady pace, whatever the answers do, and wait for all."""
    arrivals.milliseconds.clear()
    began = time.perf_counter()
    async with asyncio.timeout(120), asyncio.TaskGroup() as sending:
        for number in range(MESSAGES):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
            message_id = time_ordered_id()
            arrivals.leaves(message_id)
            sending.create_task(send(message_id))  # type: ignore[arg-type]
    async with asyncio.timeout(120):
        while len(arrivals.milliseconds) < MESSAGES:  # noqa: ASYNC110 (ends within milliseconds)
            await asyncio.sleep(0.005)
    return sorted(arrivals.milliseconds)[int(MESSAGES * 0.99) - 1]


@contextlib.asynccontextmanager
async def _exchange(
    folder: Path, server: EmbeddedServer, broker: BrokerInUse, arrivals: Arrivals
) -> AsyncIterator[Send]:
    stream = f"kafka:{broker.bootstrap}"
    pair = await Pair.prepare(folder, databases(server), stream, create_topics=broker.has_admin)
    node, database = await node_of(pair.sender.settings)
    recipient = await recipient_of(pair.recipient.settings, folder, "tests.bench.recipient")
    departures = Departures(node)
    loops = [
        asyncio.create_task(departures.run()),
        asyncio.create_task(run_relay(node, PostgresOutboxSignal(database))),
        asyncio.create_task(run_consumer(node, NoEffects())),
        asyncio.create_task(told_by(recipient, arrivals)),
    ]
    submits = GatheredSubmits(
        node.unit_of_work, me=node.me, recipients=node.trust, clock=node.clock, departures=departures
    )
    to = pair.recipient.settings.me

    async def submit(message_id: UUID) -> None:
        await submits.submit(to_send(message_id, to))

    try:
        yield submit
    finally:
        recipient.kill()
        await recipient.wait()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await node.stream.close()
        await database.close()
        await pair.close()


async def recipient_of(settings: NodeSettings, folder: Path, module: str) -> asyncio.subprocess.Process:
    """The receiving process, once it runs."""
    path = settings.save(folder / "recipient.json")
    command = (sys.executable, "-m", module, str(path))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    if (await process.stdout.readline()).strip() != READY.encode():
        raise RuntimeError("The recipient did not start; its error is above.")
    return process


async def told_by(recipient: asyncio.subprocess.Process, arrivals: Arrivals) -> None:
    """Each line of the recipient is the id of a message that it has committed, and when."""
    assert recipient.stdout is not None
    async for line in recipient.stdout:
        message_id, at = line.split()
        arrivals.arrives(UUID(message_id.decode()), at=float(at))


def to_send(message_id: UUID, to: str) -> OutgoingMessage:
    """A message of 1 KiB, of a case of its own."""
    return OutgoingMessage(
        message_id,
        str(message_id),
        to,
        message_id,
        "record.note",
        1,
        RECORD,
        purpose=COOPERATION.code,
        legal_basis=str(COOPERATION.citation),
    )


@contextlib.asynccontextmanager
async def bare(broker: BrokerInUse, arrivals: Arrivals) -> AsyncIterator[Send]:
    """Bare aiokafka on the same broker."""
    producer: AIOKafkaProducer = await bare_producer(broker)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, enable_auto_commit=False)
    await consumer.start()
    partition = TopicPartition(BARE_TOPIC, 0)
    consumer.assign([partition])
    await consumer.seek_to_end(partition)

    async def consume() -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    arrivals.arrives(UUID(bytes=record.key), at=time.perf_counter())

    reading = asyncio.create_task(consume())

    async def send(message_id: UUID) -> None:
        await producer.send_and_wait(BARE_TOPIC, RECORD, key=message_id.bytes, partition=0)

    yield send
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await consumer.stop()
    await producer.stop()

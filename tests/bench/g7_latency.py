"""G7: one message of 1 KiB at a time, 200 a second: the 99th percentile of its latency beside bare aiokafka's.

Ours: from the call that submits until the recipient has committed it: durable at the sender, bundled, signed,
encrypted, on the broker, verified, decrypted, in the recipient's inbox. Bare: from `send()` (idempotent, acks=all)
until a consumer of the same process has it, durable nowhere but on the broker. One real broker, one process each for
what is measured, PostgreSQL with fsync on; segments are interleaved, and the ratio is the median of the pairs.
"""

import asyncio
import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.kafka.stream import KafkaStream
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.database import Database, migrate
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from portability.adapters.postgres.exchange_inbox import exchange_unit_of_work
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.model.messages import OutgoingMessage, ReceivedMessage
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.relay import run_relay
from portability.services.purposes import COOPERATION
from portability.services.registry.model import Directory, Institution, KeyPurpose
from tests.at_rest import at_rest_on
from tests.bench.g1_exchange import BARE_TOPIC, bare_producer
from tests.brokers import BrokerInUse, start_test_broker

PAIRS = 5
A_SECOND = 200
MESSAGES = 600  # of one segment: three seconds
RECORD = bytes(1024)
ME, TO = "de-drv", "it-inps"
CLOCK = SystemClock()

Send = Callable[[UUID], Awaitable[object]]


def run() -> list[dict[str, Any]]:
    """The 99th percentiles in milliseconds."""
    folder = Path(tempfile.mkdtemp(prefix="portability-g7-"))
    server = start_embedded(folder / "pg")
    broker = start_test_broker()
    try:
        return uvloop.run(_measure(server, broker))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Arrivals:
    """When each message left and was there. As MessageEffects and Observer it sees the commit of the recipient."""

    def __init__(self) -> None:
        self._left: dict[UUID, float] = {}
        self._uncommitted: list[UUID] = []
        self.milliseconds: list[float] = []

    def leaves(self, message_id: UUID) -> None:
        self._left[message_id] = time.perf_counter()

    def arrives(self, message_id: UUID) -> None:
        self.milliseconds.append((time.perf_counter() - self._left.pop(message_id)) * 1000)

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        self._uncommitted.append(message.message_id)

    def happened(self, event: str, **ids: str | int) -> None:
        if event == "messages_new":
            for message_id in self._uncommitted:
                self.arrives(message_id)
            self._uncommitted.clear()


async def _measure(server: EmbeddedServer, broker: BrokerInUse) -> list[dict[str, Any]]:
    ours, bare = Arrivals(), Arrivals()
    results: list[tuple[float, float]] = []
    async with _exchange(server, broker, ours) as submit, _bare(broker, bare) as send:
        for number in range(PAIRS + 1):
            pair = [await _p99(ours, submit), await _p99(bare, send)]
            if number:  # the first one warms
                results.append((pair[0], pair[1]))
    name = "g7_one_message_p99" if broker.has_admin else "g7_one_message_p99_on_mock_broker"
    return [
        {
            "name": name,
            "value": round(statistics.median(mine for mine, _ in results), 2),
            "unit": "ms",
            "baseline": round(statistics.median(base for _, base in results), 2),
            "ratio": round(statistics.median(mine / base for mine, base in results), 2),
        }
    ]


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
async def _exchange(server: EmbeddedServer, broker: BrokerInUse, arrivals: Arrivals) -> AsyncIterator[Send]:
    now = CLOCK.now()
    window = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
    rings = {name: FileKeyRing([draw_key(purpose, **window) for purpose in KeyPurpose]) for name in (ME, TO)}
    institutions = tuple(Institution(name, name, name[:2], keys=ring.public_keys()) for name, ring in rings.items())
    directory = Directory(1, now - timedelta(days=1), now + timedelta(days=1), institutions)
    trust = DirectoryTrust(lambda: directory, clock=CLOCK)
    async with contextlib.AsyncExitStack() as opened:
        loops = await opened.enter_async_context(_cancelled_at_end())
        for name in (ME, TO):
            url = server.url_for(name.replace("-", "_"))
            await asyncio.to_thread(migrate, url)
            database = await Database.open(url)
            opened.push_async_callback(database.close)
            stream = await KafkaStream.open(broker.bootstrap, create_topics=broker.has_admin)
            opened.push_async_callback(stream.close)
            signal = PostgresOutboxSignal(database)
            opened.push_async_callback(signal.close)
            work = exchange_unit_of_work(database, await at_rest_on(database))
            heard = arrivals if name == TO else Arrivals()
            node = ExchangeNode(
                name, time_ordered_id(), work, stream, rings[name], trust, CLOCK, time_ordered_id, heard
            )
            loops += [asyncio.create_task(run_relay(node, signal)), asyncio.create_task(run_consumer(node, arrivals))]
            if name == ME:
                submits = GatheredSubmits(work, me=ME, recipients=trust, clock=CLOCK)

        async def submit(message_id: UUID) -> None:
            message = OutgoingMessage(
                message_id,
                str(message_id),
                TO,
                message_id,
                "record.note",
                1,
                RECORD,
                purpose=COOPERATION.code,
                legal_basis=str(COOPERATION.citation),
            )
            await submits.submit(message)

        yield submit
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


@contextlib.asynccontextmanager
async def _cancelled_at_end() -> AsyncIterator[list[asyncio.Task[None]]]:
    loops: list[asyncio.Task[None]] = []
    yield loops
    for loop in loops:
        loop.cancel()


@contextlib.asynccontextmanager
async def _bare(broker: BrokerInUse, arrivals: Arrivals) -> AsyncIterator[Send]:
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
                    arrivals.arrives(UUID(bytes=record.key))

    reading = asyncio.create_task(consume())

    async def send(message_id: UUID) -> None:
        await producer.send_and_wait(BARE_TOPIC, RECORD, key=message_id.bytes, partition=0)

    yield send
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await consumer.stop()
    await producer.stop()

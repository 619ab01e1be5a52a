"""G7's floor: the least that makes a message signed, encrypted and durable at both ends, at 200 a second.

One insert at the sender, one bundle (X-Wing, Ed25519, ML-DSA-65), the broker, the bundle opened and verified, one
insert at the recipient, and nothing else of an exchange: no numbers, no keys for cases, no deduplication, no order, no
log, no receipts. Two processes and two databases, as in G7, and beside the same bare aiokafka. What G7 takes beyond it
is what the exchange costs; what this takes beyond bare Kafka, no exchange of this kind can save. A line for each pause
between two bundles: what comes meanwhile shares the next, which costs its wait and saves signatures.

    python -m tests.bench.g7_floor SETTINGS.json     the recipient
"""

import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import uvloop

from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from portability.app.garbage import collect_seldom
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.suites import SALT_BYTES
from tests.bench.g1_exchange import databases
from tests.bench.g7_latency import Arrivals, Send, bare, measured, recipient_of, to_send, told_by
from tests.brokers import BrokerInUse, start_test_broker
from tests.integration.node_process import READY, NodeSettings, node_of
from tests.integration.pair import Pair

TABLE = "CREATE TABLE least (message_id uuid PRIMARY KEY, content bytea NOT NULL)"
INSERT = "INSERT INTO least SELECT * FROM unnest(%b::uuid[], %b::bytea[])"
AT_ONCE = 256
PAUSES = (0, 10, 20, 30)  # milliseconds from one bundle to the next


def run() -> list[dict[str, Any]]:
    """The 99th percentiles in milliseconds."""
    collect_seldom()  # as a node does
    return [_with_a_bundle_in(pause) for pause in PAUSES]


def _with_a_bundle_in(pause: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="portability-g7-"))
    server = start_embedded(folder / "pg")
    broker = start_test_broker()
    try:
        return uvloop.run(_measure(folder, server, broker, pause))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(folder: Path, server: EmbeddedServer, broker: BrokerInUse, pause: int) -> dict[str, Any]:
    ours, theirs = Arrivals(), Arrivals()
    async with _least(folder, server, broker, ours, pause) as submit, bare(broker, theirs) as send:
        return await measured(f"g7_floor_p99_a_bundle_in_{pause}_ms", (ours, submit), (theirs, send))


@contextlib.asynccontextmanager
async def _least(
    folder: Path, server: EmbeddedServer, broker: BrokerInUse, arrivals: Arrivals, pause: int
) -> AsyncIterator[Send]:
    pair = await Pair.prepare(folder, databases(server), f"kafka:{broker.bootstrap}", create_topics=broker.has_admin)
    for settings in (pair.sender.settings, pair.recipient.settings):
        with psycopg.connect(settings.database_url) as connection:
            connection.execute(TABLE)
    node, database = await node_of(pair.sender.settings)
    recipient = await recipient_of(pair.recipient.settings, folder, "tests.bench.g7_floor")
    to = pair.recipient.settings.me
    waiting: asyncio.Queue[Sealable] = asyncio.Queue()
    url = pair.sender.settings.database_url
    tasks = [
        asyncio.create_task(_send(node, url, to, waiting, pause / 1000)),
        asyncio.create_task(told_by(recipient, arrivals)),
    ]

    async def submit(message_id: UUID) -> None:
        made = outbox_message(
            to_send(message_id, to),
            me=node.me,
            at=node.clock.now(),
            stream_seq=1,
            case_seq=1,
            salt=bytes(SALT_BYTES),
        )
        await waiting.put(made.sealable)

    try:
        yield submit
    finally:
        recipient.kill()
        await recipient.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await node.stream.close()
        await database.close()
        await pair.close()


async def _send(node: ExchangeNode, url: str, to: str, waiting: "asyncio.Queue[Sealable]", pause: float) -> None:
    """What has come while one was under way, or in the pause after it has left, goes together."""
    leaving: set[asyncio.Task[None]] = set()
    begun = 0.0
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            messages = [await waiting.get()]
            await asyncio.sleep(max(0.0, begun + pause - time.perf_counter()))
            begun = time.perf_counter()
            while not waiting.empty() and len(messages) < AT_ONCE:
                messages.append(waiting.get_nowait())
            sealing = asyncio.create_task(asyncio.to_thread(_sealed, node, to, messages))
            await connection.execute(
                INSERT, ([one.message_id for one in messages], [one.header + one.record for one in messages])
            )
            value = await sealing
            task = asyncio.create_task(node.stream.append(inbox_topic(to), [(node.me.encode(), value)]))
            leaving.add(task)
            task.add_done_callback(leaving.discard)


def _sealed(node: ExchangeNode, to: str, messages: list[Sealable]) -> bytes:
    return seal_bundle(
        messages,
        bundle_id=node.new_id(),
        me=node.me,
        recipient=to,
        keys=node.keys,
        trust=node.trust,
        at=node.clock.now(),
    ).value


async def _receive(settings: NodeSettings) -> None:
    node, _ = await node_of(settings)
    collect_seldom()
    after = dict.fromkeys(range(await node.stream.partitions(inbox_topic(node.me))), -1)
    print(READY, flush=True)
    async with await psycopg.AsyncConnection.connect(settings.database_url, autocommit=True) as connection:
        while True:
            records = await node.stream.read(inbox_topic(node.me), after=after, limit=8, wait=timedelta(seconds=1))
            after |= {one.partition: one.offset for one in records}
            opened = [one for record in records for one in await asyncio.to_thread(_opened, node, record.value)]
            if opened:
                await connection.execute(INSERT, ([one for one, _ in opened], [content for _, content in opened]))
                now = time.perf_counter()
                sys.stdout.write("".join(f"{message_id} {now}\n" for message_id, _ in opened))
                sys.stdout.flush()


def _opened(node: ExchangeNode, value: bytes) -> list[tuple[UUID, bytes]]:
    bundle = open_bundle(value, me=node.me, keys=node.keys, trust=node.trust, at=node.clock.now())
    return [(one.message.message_id, bundle.contents[one.index].header + one.message.record) for one in bundle.opened]


if __name__ == "__main__":
    uvloop.run(_receive(NodeSettings.load(Path(sys.argv[1]))))

"""G1: the exchange end to end, beside bare aiokafka `send()` (idempotent, acks=all) on the same real broker.

A message counts when its sender holds the recipient's signed receipt: submitted durably, bundled, signed, encrypted,
on the broker, verified, decrypted, in the inbox durably, receipted, and the receipt verified and stored. A bare one
counts when the broker has acknowledged it. Both nodes are processes of their own, as is whoever submits; effects are
left out. Each message is of a case of its own, which is the worst: a case has a key and an order of its own. A second
line has ten messages in a case. Pairs are interleaved, and the ratio is the median of the pairs. `_cpu` is the CPU time
of everything that takes part, PostgreSQL and broker too, for one message: on a machine that others use it says more
than the clock.
"""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from portability.adapters.postgres.database import Database, migrate
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from portability.app.garbage import collect_seldom
from portability.services.exchange.departures import Departures
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.handlers import check_outgoing
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.node import ExchangeNode
from tests.bench.processes import cpu_seconds, postmaster, resident_mebibytes
from tests.brokers import BrokerInUse, start_test_broker
from tests.integration.node_process import node_of
from tests.integration.pair import Pair

PAIRS = 5
BYTES = 1024
MESSAGES = 60_000  # ten seconds: what it takes until the first arrives and the last receipt is back hardly counts
BARE_MESSAGES = 100_000
IN_ONE_COMMIT = 250  # callers that submit at the same moment share a commit
SUBMITTERS = 4
MEMORY_GOAL_MEBIBYTES = 150.0
BARE_TOPIC = "bare"


def run() -> list[dict[str, Any]]:
    """Return the exchange's rate beside bare Kafka's, and the memory of a node's exchange before and after."""
    collect_seldom()  # as a node does
    folder = Path(tempfile.mkdtemp(prefix="portability-g1-"))
    server = start_embedded(folder / "pg")
    broker = start_test_broker()
    try:
        return uvloop.run(_measure(folder, server, broker))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Door:
    """Where the sender takes messages on: as the process does that serves its calls."""

    def __init__(self, node: ExchangeNode, database: Database) -> None:
        self._node, self._database = node, database
        departures = Departures(node)
        self._leaving = asyncio.create_task(departures.run())
        self._submits = GatheredSubmits(
            node.unit_of_work, me=node.me, recipients=node.trust, clock=node.clock, departures=departures
        )

    @classmethod
    async def open(cls, pair: Pair) -> "Door":
        return cls(*await node_of(pair.sender.settings))

    async def submit(self, messages: Sequence[OutgoingMessage]) -> None:
        """Take messages on as if they had come at the same moment."""
        for message in messages:
            check_outgoing(message, self._node.trust)
        await self._submits.take_on(messages)

    async def close(self) -> None:
        self._leaving.cancel()
        await asyncio.gather(self._leaving, return_exceptions=True)
        await self._node.stream.close()
        await self._database.close()


async def _measure(folder: Path, server: EmbeddedServer, broker: BrokerInUse) -> list[dict[str, Any]]:
    pair = await Pair.prepare(
        folder,
        databases(server),
        f"kafka:{broker.bootstrap}",
        create_topics=broker.has_admin,
        has_effects=False,
    )
    door = await Door.open(pair)
    bare = await bare_producer(broker)
    rates: dict[str, list[float]] = {"bare": [], "exchange": [], "ten": []}
    costs: dict[str, list[float]] = {"bare": [], "exchange": [], "ten": []}
    database = postmaster(folder)

    async def measure(name: str, run: Awaitable[float], messages: int) -> None:
        before = cpu_seconds(os.getpid()) + cpu_seconds(database)
        rates[name].append(await run)
        used = cpu_seconds(os.getpid()) + cpu_seconds(database) - before
        costs[name].append(used / messages * 1e6)

    try:
        await pair.sender.start()
        await pair.recipient.start()
        at_rest = resident_mebibytes(pair.recipient.pid)
        await exchange_a_second(pair, door, MESSAGES // 4)  # warm
        await _bare_a_second(bare, BARE_MESSAGES // 4)
        for _ in range(PAIRS):
            await measure("bare", _bare_a_second(bare, BARE_MESSAGES), BARE_MESSAGES)
            await measure("exchange", exchange_a_second(pair, door, MESSAGES), MESSAGES)
            await measure("ten", exchange_a_second(pair, door, MESSAGES, in_a_case=10), MESSAGES)
        after = resident_mebibytes(pair.recipient.pid)
    finally:
        await bare.stop()
        await door.close()
        await pair.close()
    name = "g1_exchange_1kib" if broker.has_admin else "g1_exchange_1kib_on_mock_broker"
    return [
        *_beside_bare(name, rates, costs, of="exchange"),
        *_beside_bare(f"{name}_ten_in_a_case", rates, costs, of="ten"),
        _memory("node_exchange_memory_at_rest", at_rest),
        _memory(f"node_exchange_memory_after_{2 * MESSAGES * PAIRS + MESSAGES // 4}_messages", after),
    ]


def _beside_bare(
    name: str, rates: dict[str, list[float]], costs: dict[str, list[float]], *, of: str
) -> list[dict[str, Any]]:
    ratios = [ours / theirs for ours, theirs in zip(rates[of], rates["bare"], strict=True)]
    shares = [theirs / ours for ours, theirs in zip(costs[of], costs["bare"], strict=True)]
    return [
        _line(name, statistics.median(rates[of]), "messages/s", statistics.median(rates["bare"]), ratios),
        _line(f"{name}_cpu", statistics.median(costs[of]), "µs", statistics.median(costs["bare"]), shares),
    ]


async def exchange_a_second(pair: Pair, door: Door, messages: int, *, in_a_case: int = 1) -> float:
    made = [pair.messages(IN_ONE_COMMIT, size=BYTES, in_a_case=in_a_case) for _ in range(messages // IN_ONE_COMMIT)]
    batches = iter(made)  # made before the clock runs, as the value of a bare one is
    started = time.perf_counter()

    async def submitter() -> None:
        for batch in batches:
            await door.submit(batch)

    await asyncio.gather(*(submitter() for _ in range(SUBMITTERS)))
    await pair.wait_until_receipted()
    return len(made) * IN_ONE_COMMIT / (time.perf_counter() - started)


async def _bare_a_second(producer: AIOKafkaProducer, messages: int) -> float:
    value = bytes(BYTES)
    started = time.perf_counter()
    acknowledged = [await producer.send(BARE_TOPIC, value, partition=0) for _ in range(messages)]
    await asyncio.gather(*acknowledged)
    return messages / (time.perf_counter() - started)


async def bare_producer(broker: BrokerInUse) -> AIOKafkaProducer:
    if broker.has_admin:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(BARE_TOPIC, 1, 1)])
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    return producer


def databases(server: EmbeddedServer) -> Callable[[], str]:
    numbers = count(1)

    def make() -> str:
        url = server.url_for(f"node_{next(numbers)}")
        migrate(url)
        return url

    return make


def _line(name: str, value: float, unit: str, baseline: float, ratios: list[float]) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "baseline": round(baseline, 1),
        "ratio": round(statistics.median(ratios), 3),
    }


def _memory(name: str, mebibytes: float) -> dict[str, Any]:
    return _line(name, mebibytes, "MiB", MEMORY_GOAL_MEBIBYTES, [mebibytes / MEMORY_GOAL_MEBIBYTES])

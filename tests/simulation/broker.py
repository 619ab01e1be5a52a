"""A broker that keeps no promise, and the stream that a process of a node has on it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from zlib import crc32

from portability.agreements.errors import GatewayError
from portability.services.exchange.model.receiving import StreamRecord
from tests.simulation.process import Process

__all__ = ["PARTITIONS", "PAUSE_SECONDS", "Broker", "SimulatedStream"]

LATE_SECONDS = 400.0
LATENCY_SECONDS = 0.02
PARTITIONS = 3
PAUSE_SECONDS = 20.0  # a lease is half as long


class Broker:
    """Topics of a few partitions. Records are lost, repeated and late by the faults of the schedule."""

    def __init__(self, schedule) -> None:
        self._schedule = schedule
        self.topics: dict[str, list[list[StreamRecord]]] = defaultdict(lambda: [[] for _ in range(PARTITIONS)])
        self._waiting: dict[str, list[asyncio.Future[None]]] = defaultdict(list)

    def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Take records in; what becomes of each, the dice say."""
        faults, chance = self._schedule.faults, self._schedule.chance
        for key, value in records:
            if chance(faults.loss):
                self._schedule.note(f"broker loses a record of {topic}")
                continue
            for _ in range(2 if chance(faults.repeat) else 1):
                if chance(faults.late):
                    delay = self._schedule.dice.random() ** 4 * LATE_SECONDS
                    self._schedule.later(delay, self.put, topic, key, value)
                else:
                    self.put(topic, key, value)
        if chance(faults.garbage):
            self.put(topic, b"nobody", self._schedule.dice.randbytes(40))

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        """Make one record readable."""
        partition = crc32(key) % PARTITIONS
        kept = self.topics[topic][partition]
        kept.append(StreamRecord(topic, partition, len(kept), key, value))
        for future in self._waiting.pop(topic, ()):
            if not future.done():
                future.set_result(None)

    def lose(self, topic: str) -> None:
        """A topic is lost whole and made anew."""
        for kept in self.topics[topic]:
            kept.clear()

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        """What a topic holds after these offsets; waits for a first record."""
        if not (found := self._after(topic, after, limit)) and wait:
            future = self._schedule.loop.create_future()
            self._waiting[topic].append(future)
            timer = self._schedule.loop.call_later(wait.total_seconds(), _wake, future)
            await future
            timer.cancel()
            found = self._after(topic, after, limit)
        return found

    def _after(self, topic: str, after: Mapping[int, int], limit: int) -> Sequence[StreamRecord]:
        found: list[StreamRecord] = []
        for partition, offset in after.items():
            kept = self.topics[topic][partition]
            found += kept[offset + 1 if offset < len(kept) else 0 :]
        return found[:limit]


class SimulatedStream:
    """The port `EventStream` of one process."""

    def __init__(self, process: Process, broker: Broker) -> None:
        self._process = process
        self._broker = broker

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        process = self._process
        await process.point("append")
        self._meet(process.schedule.faults.broker, "broker refuses")
        self._broker.append(topic, records)
        if process.schedule.chance(0.5):
            await asyncio.sleep(process.schedule.dice.random() * LATENCY_SECONDS)
        await process.point("acknowledge")
        self._meet(process.schedule.faults.ack_lost, "acknowledgement lost")

    async def partitions(self, topic: str) -> int:
        await self._process.point("partitions")
        return PARTITIONS

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        process, schedule = self._process, self._process.schedule
        await process.point("read")
        self._meet(schedule.faults.broker, "broker does not answer")
        records = await self._broker.read(topic, after=after, limit=limit, wait=wait)
        if records and schedule.chance(schedule.faults.pause):
            process.note("stands still")
            await asyncio.sleep(schedule.dice.random() ** 2 * PAUSE_SECONDS)
            process.note("goes on")
        return records

    async def close(self) -> None:
        return

    def _meet(self, likely: float, what: str) -> None:
        if self._process.schedule.chance(likely):
            self._process.note(what)
            raise GatewayError("The broker did not answer.", retryable=True)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

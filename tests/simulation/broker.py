"""A broker that keeps no promise, and the stream that a process of a node has on it."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from portability.agreements.errors import GatewayError
from portability.services.exchange.model.receiving import StreamRecord
from tests.simulation.process import Process

__all__ = ["Broker", "SimulatedStream"]

LATE_SECONDS = 400.0
LATENCY_SECONDS = 0.02


class Broker:
    """Topics of one partition. Records are lost, repeated and late by the faults of the schedule."""

    def __init__(self, schedule) -> None:
        self._schedule = schedule
        self.topics: dict[str, list[StreamRecord]] = defaultdict(list)
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
        kept = self.topics[topic]
        kept.append(StreamRecord(topic, 0, len(kept), key, value))
        for future in self._waiting.pop(topic, ()):
            if not future.done():
                future.set_result(None)

    def lose(self, topic: str) -> None:
        """A topic is lost whole and made anew."""
        self.topics[topic].clear()

    async def read(self, topic: str, *, after: int, limit: int, wait: timedelta) -> Sequence[StreamRecord]:
        """What a topic holds after an offset; waits for a first record."""
        if not (found := self._after(topic, after, limit)) and wait:
            future = self._schedule.loop.create_future()
            self._waiting[topic].append(future)
            timer = self._schedule.loop.call_later(wait.total_seconds(), _wake, future)
            await future
            timer.cancel()
            found = self._after(topic, after, limit)
        return found

    def _after(self, topic: str, after: int, limit: int) -> Sequence[StreamRecord]:
        kept = self.topics[topic]
        start = after + 1 if after < len(kept) else 0
        return kept[start : start + limit]


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

    async def read(self, topic: str, *, after: int, limit: int, wait: timedelta) -> Sequence[StreamRecord]:
        await self._process.point("read")
        self._meet(self._process.schedule.faults.broker, "broker does not answer")
        return await self._broker.read(topic, after=after, limit=limit, wait=wait)

    async def close(self) -> None:
        return

    def _meet(self, likely: float, what: str) -> None:
        if self._process.schedule.chance(likely):
            self._process.note(what)
            raise GatewayError("The broker did not answer.", retryable=True)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

"""An event stream in memory, and one that loses, repeats and reorders on purpose."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from zlib import crc32

from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.ports.world import EventStream

__all__ = ["MemoryStream", "UnreliableStream"]


class MemoryStream:
    """Topics of a few partitions; the port `EventStream`."""

    def __init__(self, *, partitions: int = 1) -> None:
        self._partitions = partitions
        self._topics: dict[tuple[str, int], list[StreamRecord]] = defaultdict(list)
        self._changed = asyncio.Condition()

    async def partitions(self, topic: str) -> int:
        """Return how many there are."""
        return self._partitions

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Append records, each to the partition of its key."""
        async with self._changed:
            for key, value in records:
                partition = crc32(key) % self._partitions
                kept = self._topics[topic, partition]
                kept.append(StreamRecord(topic, partition, len(kept), key, value))
            self._changed.notify_all()

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        """Return records after the offsets, waiting for a first one."""
        try:
            async with asyncio.timeout(wait.total_seconds()), self._changed:
                await self._changed.wait_for(lambda: self._after(topic, after))
        except TimeoutError:
            pass
        return self._after(topic, after)[:limit]

    def _after(self, topic: str, after: Mapping[int, int]) -> Sequence[StreamRecord]:
        found: list[StreamRecord] = []
        for partition, offset in after.items():
            kept = self._topics[topic, partition]
            # A reader ahead of the end has outlived the topic: it begins with what the new one holds.
            found += kept[offset + 1 if offset < len(kept) else 0 :]
        return found

    async def close(self) -> None:
        """Nothing is held."""


class UnreliableStream:
    """Puts records on another stream, and now and then not, twice, or later than the ones after it.

    An acknowledgement means nothing here: that is what the sender must live with.
    """

    def __init__(self, inner: EventStream, *, seed: int, loss: float, repeat: float, delay: float) -> None:
        self._inner = inner
        self._random = Random(seed)  # noqa: S311 (faults on purpose need a seed, not secrecy)
        self._loss, self._repeat, self._delay = loss, repeat, delay
        self._held: dict[str, list[tuple[bytes, bytes]]] = defaultdict(list)

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Append what the dice allow; held records follow at a later call."""
        out: list[tuple[bytes, bytes]] = []
        for record in records:
            if self._random.random() < self._loss:
                continue
            if self._random.random() < self._delay:
                self._held[topic].append(record)
                continue
            out += [record] * (2 if self._random.random() < self._repeat else 1)
        if self._held[topic] and self._random.random() < 0.5:
            out += self._held.pop(topic)
        self._random.shuffle(out)
        await self._inner.append(topic, out)

    async def partitions(self, topic: str) -> int:
        """Return how many the inner stream has."""
        return await self._inner.partitions(topic)

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        """Read as from the inner stream."""
        return await self._inner.read(topic, after=after, limit=limit, wait=wait)

    async def close(self) -> None:
        """Close the inner stream; what is held is lost."""
        await self._inner.close()

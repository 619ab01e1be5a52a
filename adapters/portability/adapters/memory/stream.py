"""An event stream in memory, and one that loses, repeats and reorders on purpose."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.ports.world import EventStream

__all__ = ["MemoryStream", "UnreliableStream"]


class MemoryStream:
    """Topics of one partition; the port `EventStream`."""

    def __init__(self) -> None:
        self._topics: dict[str, list[StreamRecord]] = defaultdict(list)
        self._changed = asyncio.Condition()

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Append records."""
        async with self._changed:
            kept = self._topics[topic]
            for key, value in records:
                kept.append(StreamRecord(topic, 0, len(kept), key, value))
            self._changed.notify_all()

    async def read(self, topic: str, *, after: int, limit: int, wait: timedelta) -> Sequence[StreamRecord]:
        """Return records after an offset, waiting for a first one."""
        kept = self._topics[topic]

        def start() -> int:
            # A reader ahead of the end has outlived the topic: it begins with what the new one holds.
            return after + 1 if after < len(kept) else 0

        try:
            async with asyncio.timeout(wait.total_seconds()), self._changed:
                await self._changed.wait_for(lambda: len(kept) > start())
        except TimeoutError:
            pass
        return kept[start() : start() + limit]

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

    async def read(self, topic: str, *, after: int, limit: int, wait: timedelta) -> Sequence[StreamRecord]:
        """Read as from the inner stream."""
        return await self._inner.read(topic, after=after, limit=limit, wait=wait)

    async def close(self) -> None:
        """Close the inner stream; what is held is lost."""
        await self._inner.close()

"""Named points at which a node's process kills itself with SIGKILL: wrapped around its ports, so that production code
has no hook for it.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork, MessageEffects, UnitOfWork
from portability.services.exchange.ports.world import EventStream

__all__ = ["POINTS", "CrashPoint"]

POINTS = (
    "relay.begun",  # inside its first transaction: nothing sealed yet
    "relay.commit",  # sealed, not committed
    "relay.committed",  # sealed and durable, not sent; or sent and noted
    "relay.append",  # about to send
    "relay.acknowledged",  # the stream has it, this node does not know yet
    "door.begun",  # somebody submits: nothing numbered yet
    "door.commit",  # numbered, sealed, in the outbox, not committed
    "door.committed",  # durable, not answered and not sent; or sent and noted
    "door.append",  # about to send what has committed
    "door.acknowledged",  # the stream has it, nothing notes it yet
    "consumer.begun",
    "consumer.read",  # records read, nothing taken in
    "consumer.effect",  # an effect applied, nothing committed
    "consumer.commit",  # all done, not committed
    "consumer.committed",  # durable, and nobody knows
)


class CrashPoint:
    """Kills this process, or stops it, when the point `name` is passed for the `times`-th time; once, and never where
    the name is empty.
    """

    def __init__(self, name: str, times: int, what: int) -> None:
        self._name = name
        self._left = times
        self._signal = what

    def passed(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._signal)

    def around(self, node: ExchangeNode, part: str) -> ExchangeNode:
        """The same node, with points around its store and its stream."""
        return replace(node, unit_of_work=self._work(node.unit_of_work, part), stream=_Stream(node.stream, self, part))

    def around_effects(self, effects: MessageEffects) -> MessageEffects:
        return _Effects(effects, self)

    def _work(self, unit_of_work: UnitOfWork, part: str) -> Callable[[], AbstractAsyncContextManager[ExchangeWork]]:
        @asynccontextmanager
        async def work() -> AsyncIterator[ExchangeWork]:
            async with unit_of_work() as opened:
                self.passed(f"{part}.begun")
                yield opened
                self.passed(f"{part}.commit")
            self.passed(f"{part}.committed")

        return work


class _Stream:
    def __init__(self, inner: EventStream, point: CrashPoint, part: str) -> None:
        self._inner, self._point, self._part = inner, point, part

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        self._point.passed(f"{self._part}.append")
        await self._inner.append(topic, records)
        self._point.passed(f"{self._part}.acknowledged")

    async def partitions(self, topic: str) -> int:
        return await self._inner.partitions(topic)

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        records = await self._inner.read(topic, after=after, limit=limit, wait=wait)
        if records:
            self._point.passed(f"{self._part}.read")
        return records

    async def close(self) -> None:
        await self._inner.close()


class _Effects:
    def __init__(self, inner: MessageEffects, point: CrashPoint) -> None:
        self._inner, self._point = inner, point

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        await self._inner.apply(message, work)
        self._point.passed("consumer.effect")

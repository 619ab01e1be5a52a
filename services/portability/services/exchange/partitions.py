"""The partitions of a node's inbox that one of its processes reads, and how far they are consumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from portability.services.exchange.leases import Lease, claims
from portability.services.exchange.node import ExchangeNode, inbox_topic

__all__ = ["Held", "Share", "give_up", "partitions_of"]

CLAIM_EVERY: Final = timedelta(seconds=1)
"""Far below what a lease lasts, so that it is renewed in time and others that come get their part soon."""


@dataclass(frozen=True, slots=True)
class Held:
    """A partition that this process has a lease of; `after` is the offset of the last record consumed."""

    lease: Lease
    after: int


async def partitions_of(node: ExchangeNode) -> Mapping[int, Held]:
    """Claim this process' share of the inbox, and return what it has of it now."""
    names = await _names(node)
    held: dict[int, Held] = {}
    async with node.unit_of_work() as work:
        standing = {one.name: one for one in await work.leases.find(names)}
        for wanted in claims(names, standing, me=node.process, now=node.clock.now()):
            before = standing.get(wanted.name)
            if wanted == before or await work.leases.take(wanted, over=before):
                partition = names.index(wanted.name)
                held[partition] = Held(wanted, await work.offsets.load(inbox_topic(node.me), partition))
    return held


class Share:
    """What one process reads of its node's inbox, remembered from batch to batch and claimed anew each second.

    It may be out of date: whoever saves is told so by its lease and its offset, and calls `forget`.
    """

    def __init__(self) -> None:
        self._held: dict[int, Held] = {}
        self._claimed_at: datetime | None = None

    async def of(self, node: ExchangeNode) -> Mapping[int, Held]:
        """What this process has now, by partition."""
        now = node.clock.now()
        if self._claimed_at is None or not timedelta(0) <= now - self._claimed_at < CLAIM_EVERY:
            self._held = dict(await partitions_of(node))
            self._claimed_at = now
        return dict(self._held)

    def consumed(self, partition: int, *, to: int) -> None:
        """Note that the records of a partition up to an offset are consumed."""
        if held := self._held.get(partition):
            self._held[partition] = replace(held, after=to)

    def forget(self) -> None:
        """Have it read anew."""
        self._claimed_at = None


async def give_up(node: ExchangeNode) -> None:
    """Let go of this process' share, so that others need not wait until its leases end."""
    names = await _names(node)
    now = node.clock.now()
    async with node.unit_of_work() as work:
        for one in await work.leases.find(names):
            if one.holder == node.process:
                await work.leases.take(replace(one, until=now), over=one)


async def _names(node: ExchangeNode) -> Sequence[str]:
    topic = inbox_topic(node.me)
    return [f"{topic}/{partition}" for partition in range(await node.stream.partitions(topic))]

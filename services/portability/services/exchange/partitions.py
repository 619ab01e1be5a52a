"""The partitions of a node's inbox that one of its processes reads, and how far they are consumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from portability.services.exchange.leases import Lease, claims
from portability.services.exchange.node import ExchangeNode, inbox_topic

__all__ = ["Held", "give_up", "partitions_of"]


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

"""Reading the inbox: where much waits, the next batch is read and verified while the one before is taken in."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.bundle import open_bundle
from portability.services.exchange.envelope import OpenedBundle
from portability.services.exchange.leases import Lease
from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.partitions import Held, Share
from portability.services.values import value

__all__ = ["Part", "Reading", "Verified", "verify"]

NOT_READ: Final = "BUNDLE_NOT_READ"


@value
class Verified:
    """A record and the bundle in it; None where it does not verify, with the reason."""

    record: StreamRecord
    bundle: OpenedBundle | None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Records that follow each other in one partition from `after` on, and the lease by which they were read."""

    lease: Lease
    after: int
    verified: Sequence[Verified]

    @property
    def last(self) -> StreamRecord:
        return self.verified[-1].record


class Reading:
    """What one process reads of its node's inbox, batch after batch.

    `ahead`: where much waits, the next batch is made ready while the one given is being saved. Whoever cannot save a
    batch calls `forget`, and the next one begins where the store says. Where little waits it is not: what comes
    meanwhile shares a transaction.
    """

    def __init__(self, *, ahead: bool = False) -> None:
        self._share = Share()
        self._is_ahead = ahead
        self._next: asyncio.Task[Sequence[Part]] | None = None
        self._given: dict[int, int] = {}  # how far each partition was given out

    async def next(self, node: ExchangeNode, *, limit: int, wait: timedelta) -> Sequence[Part]:
        """Up to `limit` records, at least one of each part; none where none came in `wait`. Raises GatewayError."""
        held = await self._share.of(node)
        if not held:
            await asyncio.sleep(wait.total_seconds())  # others have it all; one of them may end
            return []
        begun, self._next = self._next, None
        parts = await begun if begun else []
        if not parts:
            parts = await self._read(node, held, limit=limit, wait=wait)
        self._given |= {part.last.partition: part.last.offset for part in parts}
        if self._is_ahead and sum(len(part.verified) for part in parts) >= limit:
            self._next = asyncio.create_task(self._read(node, held, limit=limit, wait=wait))
        return parts

    def saved(self, part: Part) -> None:
        """Note that a part is consumed."""
        self._share.consumed(part.last.partition, to=part.last.offset)

    def forget(self) -> None:
        """Begin anew with what the store says."""
        self._share.forget()
        self._given.clear()
        if self._next is not None:
            self._next.cancel()
            self._next.add_done_callback(_unheard)
            self._next = None

    async def _read(
        self, node: ExchangeNode, held: Mapping[int, Held], *, limit: int, wait: timedelta
    ) -> Sequence[Part]:
        after = {partition: self._given.get(partition, one.after) for partition, one in held.items()}
        records = await node.stream.read(inbox_topic(node.me), after=after, limit=limit, wait=wait)
        if not records:
            return []
        # In a thread: signatures and ciphers release the interpreter's lock, and the event loop stays free.
        verified = await asyncio.to_thread(verify, node, records, node.clock.now())
        by_partition: dict[int, list[Verified]] = defaultdict(list)
        for one in verified:
            by_partition[one.record.partition].append(one)
        return [Part(held[number].lease, after[number], some) for number, some in by_partition.items()]


def verify(node: ExchangeNode, records: Sequence[StreamRecord], at: datetime) -> Sequence[Verified]:
    """Open the bundles of records by the keys that count at `at`. Raises GatewayError where a key cannot be reached."""
    verified = []
    for record in records:
        try:
            bundle = open_bundle(record.value, me=node.me, keys=node.keys, trust=node.trust, at=at)
            verified.append(Verified(record, bundle))
        except VerificationError as error:
            verified.append(Verified(record, None, error.code, error.message))
        except Exception as error:
            if isinstance(error, GatewayError):
                raise  # a key device out of reach: all of it waits
            # A fault of ours must not stop the line. The text of an unknown error may hold anything: its type is told.
            verified.append(Verified(record, None, NOT_READ, f"It could not be read: {type(error).__name__}."))
    return verified


def _unheard(task: "asyncio.Task[Sequence[Part]]") -> None:
    """Nobody waits for it any more, nor for its error."""
    if not task.cancelled():
        task.exception()

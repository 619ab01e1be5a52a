"""The relay: seals what waits in the outbox into bundles, puts them on the stream, and again until receipted."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from portability.agreements.errors import GatewayError
from portability.services.exchange.bundle import still_opens
from portability.services.exchange.dispatch import (
    RECORD_BYTES,
    Ready,
    keep_bundle,
    next_attempt,
    note_sent,
    put_on_stream,
    seal_for,
)
from portability.services.exchange.envelope import ITEM_LIMIT, RECORD_LIMIT
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import IN_HAND, Consignment, Sealable, SealedBundle
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.ports.world import OutboxSignal

__all__ = ["relay_once", "run_relay"]

BUNDLES_AT_ONCE: Final = 8  # sealed in one transaction: about 2,000 messages a commit
IDLE: Final = timedelta(seconds=1)
LINGER: Final = timedelta(milliseconds=2)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)


async def relay_once(node: ExchangeNode, *, bundles_at_once: int = BUNDLES_AT_ONCE) -> int:
    """Seal and send what waits, resend what is due; return how many bundles the stream has acknowledged.

    A bundle is durable in the store before it is sent and marked after the stream has acknowledged it, so a
    crash anywhere leads to a repeat and never to a loss. Other relays leave alone what is in hand here. Raises
    GatewayError after everything that could be sent has been sent and marked.
    """
    ready = await _prepare(node, limit=bundles_at_once)
    if not ready:
        return 0
    acknowledged, fault = await put_on_stream(ready, node)
    await note_sent(node, ready, acknowledged={one.key for one in acknowledged})
    if fault:
        raise fault
    return len(acknowledged)


async def _prepare(node: ExchangeNode, *, limit: int) -> Sequence[Ready]:
    """What goes out now, durable and in hand."""
    async with node.unit_of_work() as work:
        due = await _due(node, work, limit=limit)
        fresh = await _seal_waiting(node, work, limit=limit)
    return [*due, *fresh]


async def _due(node: ExchangeNode, work: ExchangeWork, *, limit: int) -> Sequence[Ready]:
    """What has to go out again, sealed anew where its bytes were not kept or their keys have ended."""
    now = node.clock.now()
    ready: list[Ready] = []
    due = await work.resends.due(now=now, limit=limit)
    if due:
        await work.resends.put_off([one.key for one in due], until=now + IN_HAND)
    for one in due:
        if one.value is not None and still_opens(one.value, me=node.me, trust=node.trust, at=now):
            ready.append(Ready(one.key, one.attempts, one.value))
        elif messages := await _not_erased(await work.bundles.messages_of(one.key), one.recipient, work, now=now):
            if bundle := await _seal(node, work, one.recipient, messages, again=one):
                ready.append(Ready(one.key, one.attempts, bundle.value))
            else:
                await work.resends.put_off([one.key], until=now)
        else:
            # All of its content was erased meanwhile: there is nothing left that could be sent.
            await work.resends.mark_relayed({one.key: next_attempt(one.attempts + 1, now=now)}, now=now)
    return ready


async def _not_erased(
    messages: Sequence[Sealable], recipient: InstitutionId, work: ExchangeWork, *, now: datetime
) -> Sequence[Sealable]:
    """Those that can be sealed; the others have expired."""
    if erased := [one.stream_seq for one in messages if one.is_erased]:
        await work.receipts.expire(recipient, erased, at=now)
    return [one for one in messages if not one.is_erased]


async def _seal_waiting(node: ExchangeNode, work: ExchangeWork, *, limit: int) -> Sequence[Ready]:
    ready: list[Ready] = []
    for recipient in await work.bundles.waiting_recipients():
        for _ in range(limit - len(ready)):
            waiting = await work.bundles.take_unsent(recipient, limit=ITEM_LIMIT, max_bytes=RECORD_BYTES)
            # A consignment has no holes: it ends before a message that was erased, and the next begins after it.
            messages = list(takewhile(lambda one: not one.is_erased, waiting))
            if not messages and waiting:
                erased = [one.stream_seq for one in takewhile(lambda one: one.is_erased, waiting)]
                await work.receipts.expire(recipient, erased, at=node.clock.now())
                continue
            bundle = await _seal(node, work, recipient, messages) if messages else None
            if bundle is None:
                break
            ready.append(Ready((recipient, bundle.first_seq), 0, bundle.value))
            if len(messages) == len(waiting) and not _is_full(messages):
                break  # nothing waited beyond it; what has come since is for the next pass
    return ready


def _is_full(messages: Sequence[Sealable]) -> bool:
    """Whether a limit of the bundle may have kept out another message."""
    return len(messages) == ITEM_LIMIT or sum(len(one.record) for one in messages) + RECORD_LIMIT > RECORD_BYTES


async def _seal(
    node: ExchangeNode,
    work: ExchangeWork,
    recipient: InstitutionId,
    messages: Sequence[Sealable],
    *,
    again: Consignment | None = None,
) -> SealedBundle | None:
    """Seal messages, `again` where they are of a consignment, and keep the bundle; None where that cannot be now."""
    bundle = await seal_for(recipient, messages, node)
    if bundle is None:
        return None
    if again:
        left_out = set(range(again.first_seq, again.last_seq + 1)) - {one.stream_seq for one in messages}
        bundle = replace(bundle, first_seq=again.first_seq, last_seq=again.last_seq, left_out=tuple(sorted(left_out)))
    await keep_bundle(bundle, work, again=again is not None)
    return bundle


async def run_relay(node: ExchangeNode, signal: OutboxSignal, *, linger: timedelta = LINGER) -> None:
    """Relay until cancelled: at once while more waits, else when the signal wakes or a second has passed.

    After a wake-up it lingers `linger` for more to share the bundle. A fault of the stream or store that may pass is
    waited out; any other error ends the loop.
    """
    while True:
        try:
            if await relay_once(node) < BUNDLES_AT_ONCE:
                # All that waited has gone out. What is submitted meanwhile shares a bundle: to seal it at once would
                # cost two signatures for each message. It has woken the signal.
                await signal.wait(at_most=IDLE)
                await asyncio.sleep(linger.total_seconds())
        except GatewayError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())

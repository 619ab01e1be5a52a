"""The relay: seals what waits in the outbox into bundles, puts them on the stream, and again until receipted."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.bundle import seal_bundle, still_opens
from portability.services.exchange.envelope import ITEM_LIMIT, RECORD_LIMIT
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import (
    IN_HAND,
    LONGEST_WAIT,
    Consignment,
    ConsignmentKey,
    Sealable,
    SealedBundle,
)
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.ports.world import OutboxSignal
from portability.services.log_entry import LogEntryKind, entry_of

__all__ = ["RESEND_AFTER", "next_attempt", "relay_once", "run_relay"]

RESEND_AFTER: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    LONGEST_WAIT,
)
RESEND_LATER: Final = timedelta(hours=1)

RECORD_BYTES: Final = 768 * 1024  # records in one bundle: 256 headers and the signatures fit in what is left
BUNDLES_AT_ONCE: Final = 8  # sealed in one transaction: about 2,000 messages a commit
IDLE: Final = timedelta(seconds=1)
LINGER: Final = timedelta(milliseconds=2)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """When a bundle that the stream has acknowledged `attempts` times, this one included, is due again."""
    wait = RESEND_AFTER[attempts - 1] if attempts <= len(RESEND_AFTER) else RESEND_LATER
    return now + wait


@dataclass(frozen=True, slots=True)
class _Ready:
    """A consignment with its bytes."""

    key: ConsignmentKey
    attempts: int
    value: bytes


async def relay_once(node: ExchangeNode, *, bundles_at_once: int = BUNDLES_AT_ONCE) -> int:
    """Seal and send what waits, resend what is due; return how many bundles the stream has acknowledged.

    A bundle is durable in the store before it is sent and marked after the stream has acknowledged it, so a
    crash anywhere leads to a repeat and never to a loss. Other relays leave alone what is in hand here. Raises
    GatewayError after everything that could be sent has been sent and marked.
    """
    return await _send(node, await _prepare(node, limit=bundles_at_once))


async def _prepare(node: ExchangeNode, *, limit: int) -> Sequence[_Ready]:
    """What goes out now, durable and in hand."""
    async with node.unit_of_work() as work:
        due = await _due(node, work, limit=limit)
        fresh = await _seal_waiting(node, work, limit=limit)
    return [*due, *fresh]


async def _send(node: ExchangeNode, ready: Sequence[_Ready]) -> int:
    """Put bundles on the stream and mark them; return how many it has acknowledged. Raises GatewayError, the last."""
    if not ready:
        return 0
    acknowledged, fault = await _append(ready, node)
    await _note(node, ready, acknowledged={one.key for one in acknowledged})
    if acknowledged:
        node.observer.happened("bundles_relayed", count=len(acknowledged))
    if fault:
        raise fault
    return len(acknowledged)


async def _note(node: ExchangeNode, sent: Sequence[_Ready], *, acknowledged: Collection[ConsignmentKey]) -> None:
    now = node.clock.now()
    times = {one.key: next_attempt(one.attempts + 1, now=now) for one in sent if one.key in acknowledged}
    missed = [one.key for one in sent if one.key not in acknowledged]
    async with node.unit_of_work() as work:
        if times:
            await work.resends.mark_relayed(times, now=now)
        if missed:
            await work.resends.put_off(missed, until=now)


async def _due(node: ExchangeNode, work: ExchangeWork, *, limit: int) -> Sequence[_Ready]:
    """What has to go out again, sealed anew where its bytes were not kept or their keys have ended."""
    now = node.clock.now()
    ready: list[_Ready] = []
    due = await work.resends.due(now=now, limit=limit)
    if due:
        await work.resends.put_off([one.key for one in due], until=now + IN_HAND)
    for one in due:
        if one.value is not None and still_opens(one.value, me=node.me, trust=node.trust, at=now):
            ready.append(_Ready(one.key, one.attempts, one.value))
        elif messages := await _not_erased(await work.bundles.messages_of(one.key), one.recipient, work, now=now):
            if bundle := await _seal(node, work, one.recipient, messages, again=one):
                ready.append(_Ready(one.key, one.attempts, bundle.value))
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


async def _seal_waiting(node: ExchangeNode, work: ExchangeWork, *, limit: int) -> Sequence[_Ready]:
    ready: list[_Ready] = []
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
            ready.append(_Ready((recipient, bundle.first_seq), 0, bundle.value))
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
    try:
        # In a thread: signing and encrypting release the interpreter lock, and the event loop stays free.
        bundle = await asyncio.to_thread(
            seal_bundle,
            messages,
            bundle_id=node.new_id(),
            me=node.me,
            recipient=recipient,
            keys=node.keys,
            trust=node.trust,
            at=node.clock.now(),
        )
    except VerificationError as error:
        # No key for this recipient, or an expired directory: the messages wait, other recipients go on.
        node.observer.happened("bundle_not_sealed", recipient=recipient, code=error.code)
        return None
    if again:
        left_out = set(range(again.first_seq, again.last_seq + 1)) - {one.stream_seq for one in messages}
        bundle = replace(bundle, first_seq=again.first_seq, last_seq=again.last_seq, left_out=tuple(sorted(left_out)))
    await work.bundles.add([bundle])
    await work.log.append([entry_of(LogEntryKind.BUNDLE_SENT, bundle.signed_head, at=bundle.sealed_at)])
    return bundle


async def _append(bundles: Sequence[_Ready], node: ExchangeNode) -> tuple[Sequence[_Ready], GatewayError | None]:
    by_recipient: Mapping[InstitutionId, list[_Ready]] = defaultdict(list)
    for bundle in bundles:
        by_recipient[bundle.key[0]].append(bundle)
    acknowledged: list[_Ready] = []
    fault: GatewayError | None = None
    for recipient, group in by_recipient.items():
        try:
            await node.stream.append(inbox_topic(recipient), [(node.me.encode(), one.value) for one in group])
            acknowledged += group
        except GatewayError as error:
            fault = error
            node.observer.happened("stream_not_reached", recipient=recipient, code=error.code)
    return acknowledged, fault


async def run_relay(node: ExchangeNode, signal: OutboxSignal, *, linger: timedelta = LINGER) -> None:
    """Relay until cancelled: at once while more waits, else when the signal wakes or a second has passed.

    After a wake-up it lingers `linger` for more to share the bundle. Where much waits, the next bundles are sealed
    while those before are on their way to the stream; they leave in the order in which they were sealed. A fault of
    the stream or store that may pass is waited out; any other error ends the loop.
    """
    leaving: asyncio.Task[int] | None = None
    try:
        while True:
            try:
                ready = await _prepare(node, limit=BUNDLES_AT_ONCE)
                before, leaving = leaving, asyncio.create_task(_send_after(leaving, ready, node))
                if before is not None:
                    await before
                if len(ready) < BUNDLES_AT_ONCE:
                    # All that waited is sealed. What is submitted meanwhile shares a bundle: to seal it at once would
                    # cost a signature for each message. It has woken the signal.
                    await leaving
                    await signal.wait(at_most=IDLE)
                    await asyncio.sleep(linger.total_seconds())
            except GatewayError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())
    finally:
        if leaving is not None:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)


async def _send_after(before: asyncio.Task[int] | None, ready: Sequence[_Ready], node: ExchangeNode) -> int:
    """Send once those before have gone, or failed: then they are due again, and recipients put them in order."""
    if before is not None:
        await asyncio.wait([before])
    return await _send(node, ready)

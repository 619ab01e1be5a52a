"""The relay: seals what waits in the outbox into bundles, puts them on the stream, and again until receipted."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.envelope import ITEM_LIMIT
from portability.services.exchange.mapping import wire
from portability.services.exchange.model import InstitutionId, SealedBundle
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.ports import ExchangeWork, OutboxSignal
from portability.services.log_entry import LogEntry, LogEntryKind, entry_of

__all__ = ["RESEND_AFTER", "next_attempt", "relay_once", "run_relay"]

RESEND_AFTER: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
RESEND_LATER: Final = timedelta(hours=1)

RECORD_BYTES: Final = 768 * 1024  # records in one bundle: 256 headers and the signatures fit in what is left
BUNDLES_AT_ONCE: Final = 16  # sealed in one transaction: about 4,000 messages a commit
IDLE: Final = timedelta(seconds=1)
LINGER: Final = timedelta(milliseconds=2)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """When a bundle that the stream has acknowledged `attempts` times, this one included, is due again."""
    wait = RESEND_AFTER[attempts - 1] if attempts <= len(RESEND_AFTER) else RESEND_LATER
    return now + wait


async def relay_once(node: ExchangeNode, *, bundles_at_once: int = BUNDLES_AT_ONCE) -> int:
    """Seal and send what waits, resend what is due; return how many bundles the stream has acknowledged.

    A bundle is durable in the store before it is sent and marked after the stream has acknowledged it, so a
    crash anywhere leads to a repeat and never to a loss. Raises GatewayError after everything that could be
    sent has been sent and marked.
    """
    async with node.unit_of_work() as work:
        due = await work.resends.due(now=node.clock.now(), limit=bundles_at_once)
        fresh = await _seal_waiting(node, work, limit=bundles_at_once)
    sent = [*due, *fresh]
    acknowledged, fault = await _append(sent, node)
    if sent:
        await _note(node, sent, acknowledged={one.bundle_id for one in acknowledged})
    if acknowledged:
        node.observer.happened("bundles_relayed", count=len(acknowledged))
    if fault:
        raise fault
    return len(acknowledged)


async def _note(node: ExchangeNode, sent: Sequence[SealedBundle], *, acknowledged: Collection[UUID]) -> None:
    now = node.clock.now()
    times = {one.bundle_id: next_attempt(one.attempts + 1, now=now) for one in sent if one.bundle_id in acknowledged}
    missed = [one.bundle_id for one in sent if one.bundle_id not in acknowledged]
    async with node.unit_of_work() as work:
        if times:
            await work.resends.mark_relayed(times, now=now)
        if missed:
            await work.resends.put_back(missed, now=now)


async def _seal_waiting(node: ExchangeNode, work: ExchangeWork, *, limit: int) -> Sequence[SealedBundle]:
    sealed: list[SealedBundle] = []
    for recipient in await work.bundles.waiting_recipients():
        while len(sealed) < limit:
            bundle = await _seal_next(node, work, recipient)
            if bundle is None:
                break
            # Linked at once, so that the next take finds the next messages.
            await work.bundles.add([bundle])
            await work.log.append([_log_entry(bundle)])
            sealed.append(bundle)
    return sealed


async def _seal_next(node: ExchangeNode, work: ExchangeWork, recipient: InstitutionId) -> SealedBundle | None:
    messages = await work.bundles.take_unsent(recipient, limit=ITEM_LIMIT, max_bytes=RECORD_BYTES)
    if not messages:
        return None
    try:
        # In a thread: signing and encrypting release the interpreter lock, and the event loop stays free.
        return await asyncio.to_thread(
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


def _log_entry(bundle: SealedBundle) -> LogEntry:
    signed_head = wire.decode_sealed(bundle.value).signed_head
    return entry_of(LogEntryKind.BUNDLE_SENT, signed_head, at=bundle.sealed_at)


async def _append(
    bundles: Sequence[SealedBundle], node: ExchangeNode
) -> tuple[Sequence[SealedBundle], GatewayError | None]:
    by_recipient: Mapping[InstitutionId, list[SealedBundle]] = defaultdict(list)
    for bundle in bundles:
        by_recipient[bundle.recipient].append(bundle)
    acknowledged: list[SealedBundle] = []
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
    """Relay until cancelled: at once while there is work, else when the signal wakes or a second has passed.

    After a wake-up it lingers `linger` for more to share the bundle. A fault of the stream or store that may
    pass is waited out; any other error ends the loop.
    """
    while True:
        try:
            sent = await relay_once(node)
        except GatewayError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())
            continue
        if not sent:
            await signal.wait(at_most=IDLE)
            await asyncio.sleep(linger.total_seconds())

"""Sealing a consignment, putting it on the stream, and noting that it is there.

The relay does it with what waits in the outbox, and whoever submits with what need not wait (departures.py).
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.envelope import ITEM_LIMIT
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import LONGEST_WAIT, ConsignmentKey, Sealable, SealedBundle
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.log_entry import LogEntryKind, entry_of

__all__ = [
    "RECORD_BYTES",
    "RESEND_AFTER",
    "Ready",
    "fits_one_bundle",
    "keep_bundle",
    "next_attempt",
    "note_sent",
    "put_on_stream",
    "seal_for",
]

RECORD_BYTES: Final = 768 * 1024  # records in one bundle: 256 headers and the signatures fit in what is left
RESEND_AFTER: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    LONGEST_WAIT,
)
RESEND_LATER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ready:
    """A consignment with its bytes, durable and in hand here."""

    key: ConsignmentKey
    attempts: int
    value: bytes


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """When a bundle that the stream has acknowledged `attempts` times, this one included, is due again."""
    wait = RESEND_AFTER[attempts - 1] if attempts <= len(RESEND_AFTER) else RESEND_LATER
    return now + wait


def fits_one_bundle(messages: Sequence[Sealable]) -> bool:
    """Whether messages keep to the limits of one bundle."""
    return len(messages) <= ITEM_LIMIT and sum(len(one.record) for one in messages) <= RECORD_BYTES


async def seal_for(recipient: InstitutionId, messages: Sequence[Sealable], node: ExchangeNode) -> SealedBundle | None:
    """Seal messages; None where that cannot be now: no key for the recipient, or an expired directory.

    Raises GatewayError where a key of ours cannot be reached.
    """
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
        # The messages wait, other recipients go on.
        node.observer.happened("bundle_not_sealed", recipient=recipient, code=error.code)
        return None


async def keep_bundle(bundle: SealedBundle, work: ExchangeWork, *, again: bool = False) -> None:
    """Keep what proves a bundle, and its consignment in hand here; `again`: one that is there already."""
    async with work.together():
        await work.bundles.add([bundle], again=again)
        await work.log.append([entry_of(LogEntryKind.BUNDLE_SENT, bundle.signed_head, at=bundle.sealed_at)])


async def put_on_stream(bundles: Sequence[Ready], node: ExchangeNode) -> tuple[Sequence[Ready], GatewayError | None]:
    """Return what the stream has acknowledged, and the last error where that is not all."""
    by_recipient: Mapping[InstitutionId, list[Ready]] = defaultdict(list)
    for bundle in bundles:
        by_recipient[bundle.key[0]].append(bundle)
    acknowledged: list[Ready] = []
    fault: GatewayError | None = None
    for recipient, group in by_recipient.items():
        try:
            await node.stream.append(inbox_topic(recipient), [(node.me.encode(), one.value) for one in group])
            acknowledged += group
        except GatewayError as error:
            fault = error
            node.observer.happened("stream_not_reached", recipient=recipient, code=error.code)
    return acknowledged, fault


async def note_sent(node: ExchangeNode, sent: Sequence[Ready], *, acknowledged: Collection[ConsignmentKey]) -> None:
    """Note when what the stream has is due again; what it has not is due now."""
    now = node.clock.now()
    times = {one.key: next_attempt(one.attempts + 1, now=now) for one in sent if one.key in acknowledged}
    missed = [one.key for one in sent if one.key not in acknowledged]
    async with node.unit_of_work() as work:
        if times:
            await work.resends.mark_relayed(times, now=now)
        if missed:
            await work.resends.put_off(missed, until=now)
    if acknowledged:
        node.observer.happened("bundles_relayed", count=len(acknowledged))

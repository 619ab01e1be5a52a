"""The consumer: verifies what the stream brings and takes it in, once, in one transaction with its effects.

Offset, inbox rows, effects and receipts share the transaction, so a crash before the commit repeats all of it
and a crash after it repeats nothing. What does not verify is set aside with its reason, and the rest flows.
Several consumers of one node share its partitions; who has lost one meanwhile saves nothing of it.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import GatewayError, PortabilityError, VerificationError
from portability.services.exchange.bundle import open_bundle
from portability.services.exchange.envelope import OpenedBundle
from portability.services.exchange.intake import Intake
from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.partitions import Held, Share, give_up
from portability.services.exchange.ports.work import MessageEffects
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.trying_again import try_again
from portability.services.values import value

__all__ = ["consume_once", "run_consumer"]

RECORDS_AT_ONCE: Final = 8  # bundles in one transaction: about 2,000 messages a commit, and as much memory
WAIT: Final = timedelta(seconds=1)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)
GOODBYE: Final = timedelta(seconds=2)
NOT_READ: Final = "BUNDLE_NOT_READ"


@value
class _Verified:
    record: StreamRecord
    bundle: OpenedBundle | None
    code: str = ""
    reason: str = ""


async def consume_once(
    node: ExchangeNode,
    effects: MessageEffects,
    *,
    share: Share | None = None,
    limit: int = RECORDS_AT_ONCE,
    wait: timedelta = WAIT,
) -> int:
    """Take in up to `limit` records of the node's inbox topic; return how many, 0 where none came in `wait`,
    or where another consumer has taken their partition over meanwhile. `share` is remembered from call to call.

    Raises GatewayError where the stream or the store cannot be reached, and VerificationError while the directory
    has expired; nothing of the batch counts then.
    """
    # By an expired directory every bundle would be refused: they wait on the stream for a newer one instead.
    node.trust.version()
    share = share or Share()
    held = await share.of(node)
    if not held:
        await asyncio.sleep(wait.total_seconds())  # others have it all; one of them may end
        return 0
    after = {partition: one.after for partition, one in held.items()}
    records = await node.stream.read(inbox_topic(node.me), after=after, limit=limit, wait=wait)
    taken = 0
    for partition, some in _by_partition(records).items():
        count = await _take_in(node, effects, held[partition], some)
        if count:
            share.consumed(partition, to=some[-1].offset)
        else:
            share.forget()
        taken += count
    return taken


async def _take_in(node: ExchangeNode, effects: MessageEffects, held: Held, records: Sequence[StreamRecord]) -> int:
    """Take in records that follow each other in one partition; return how many."""
    at = node.clock.now()
    verified = await asyncio.to_thread(_verify, node, records, at)
    aside = SettingAside(node.new_id, at=at)
    intake = Intake(node, effects, aside, at=at)
    first, last = records[0], records[-1]
    async with node.unit_of_work() as work:
        # First, so that whoever takes the partition over waits for our commit and reads what we have saved.
        if not await work.leases.holds(held.lease):
            return 0
        # Somebody may have set the offset by hand meanwhile.
        if not await work.offsets.advance(first.topic, first.partition, after=held.after, to=last.offset):
            return 0
        await intake.take_in([(one.record, one.bundle) for one in verified if one.bundle is not None], work)
        for one in verified:
            if one.bundle is None:
                aside.record(one.record, code=one.code, reason=one.reason)
        await work.quarantine.add([*aside.records, *aside.messages])
    _tell(node, intake, aside)
    if intake.waiting_for_another:
        # What they wait for may have been taken in beside us, by a consumer that could not see these lanes yet.
        await try_again(node, effects, intake.waiting_for_another)
    return len(records)


def _by_partition(records: Sequence[StreamRecord]) -> Mapping[int, Sequence[StreamRecord]]:
    by_partition: dict[int, list[StreamRecord]] = defaultdict(list)
    for record in records:
        by_partition[record.partition].append(record)
    return by_partition


async def run_consumer(node: ExchangeNode, effects: MessageEffects) -> None:
    """Consume until cancelled. A fault that may pass and an expired directory are waited out; other errors end it."""
    share = Share()
    try:
        while True:
            try:
                await consume_once(node, effects, share=share)
            except GatewayError as error:
                if not error.retryable:
                    raise
                await _pause(node, error)
            except VerificationError as error:
                await _pause(node, error)
    finally:
        with contextlib.suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(GOODBYE.total_seconds()):
                await give_up(node)


async def _pause(node: ExchangeNode, error: PortabilityError) -> None:
    node.observer.happened("consumer_waits", code=error.code)
    await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())


def _verify(node: ExchangeNode, records: Sequence[StreamRecord], at: datetime) -> Sequence[_Verified]:
    verified = []
    for record in records:
        try:
            bundle = open_bundle(record.value, me=node.me, keys=node.keys, trust=node.trust, at=at)
            verified.append(_Verified(record, bundle))
        except VerificationError as error:
            verified.append(_Verified(record, None, error.code, error.message))
        except Exception as error:
            if isinstance(error, GatewayError):
                raise  # a key device out of reach: all of it waits
            # A fault of ours must not stop the line. The text of an unknown error may hold anything: its type is told.
            verified.append(_Verified(record, None, NOT_READ, f"It could not be read: {type(error).__name__}."))
    return verified


def _tell(node: ExchangeNode, intake: Intake, aside: SettingAside) -> None:
    # Only now, after the commit: before it none of this has happened.
    for arrival, count in sorted(intake.arrivals.items()):
        node.observer.happened(f"messages_{arrival}", count=count)
    if intake.came_late:
        node.observer.happened("receipts_came_late", count=intake.came_late)
    for sender, repair in intake.repairs:
        repair.tell(sender, node)
    for entry in aside.records:
        node.observer.happened("bundle_refused", offset=entry.offset, code=entry.reason_code)
    for entry in aside.messages:
        node.observer.happened(
            "message_set_aside", sender=entry.sender, message_id=str(entry.message_id), code=entry.reason_code
        )

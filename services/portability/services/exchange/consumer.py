"""The consumer: takes in what the stream brings, once, in one transaction with its effects.

Offset, inbox rows, effects and receipts share the transaction, so a crash before the commit repeats all of it
and a crash after it repeats nothing. What does not verify is set aside with its reason, and the rest flows.
Several consumers of one node share its partitions; who has lost one meanwhile saves nothing of it.
"""

import asyncio
import contextlib
from datetime import timedelta
from typing import Final

from portability.agreements.errors import GatewayError, PortabilityError, VerificationError
from portability.services.exchange.intake import Intake
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.partitions import give_up
from portability.services.exchange.ports.work import MessageEffects
from portability.services.exchange.reading import Part, Reading
from portability.services.exchange.setting_aside import SettingAside

__all__ = ["consume_once", "run_consumer"]

RECORDS_AT_ONCE: Final = 8  # bundles in one transaction: about 2,000 messages a commit, and as much memory
WAIT: Final = timedelta(seconds=1)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)
GOODBYE: Final = timedelta(seconds=2)


async def consume_once(
    node: ExchangeNode,
    effects: MessageEffects,
    *,
    reading: Reading | None = None,
    limit: int = RECORDS_AT_ONCE,
    wait: timedelta = WAIT,
) -> int:
    """Take in up to `limit` records of the node's inbox topic; return how many, 0 where none came in `wait`,
    or where another consumer has taken their partition over meanwhile. `reading` is remembered from call to call.

    Raises GatewayError where the stream or the store cannot be reached, and VerificationError while the directory
    has expired; nothing of the batch counts then.
    """
    # By an expired directory every bundle would be refused: they wait on the stream for a newer one instead.
    node.trust.version()
    reading = reading or Reading()
    taken = 0
    try:
        for part in await reading.next(node, limit=limit, wait=wait):
            if not await _take_in(node, effects, part):
                reading.forget()
                break
            reading.saved(part)
            taken += len(part.verified)
    except BaseException:
        reading.forget()
        raise
    return taken


async def _take_in(node: ExchangeNode, effects: MessageEffects, part: Part) -> bool:
    """Take in a part; False, and nothing of it, where its partition is another's or its offset another one now."""
    at = node.clock.now()
    aside = SettingAside(node.new_id, at=at)
    intake = Intake(node, effects, aside, at=at)
    last = part.last
    async with node.unit_of_work() as work:
        # First, so that whoever takes the partition over waits for our commit and reads what we have saved.
        if not await work.leases.holds(part.lease):
            return False
        # Somebody may have set the offset by hand meanwhile.
        if not await work.offsets.advance(last.topic, last.partition, after=part.after, to=last.offset):
            return False
        await intake.take_in([(one.record, one.bundle) for one in part.verified if one.bundle is not None], work)
        for one in part.verified:
            if one.bundle is None:
                aside.record(one.record, code=one.code, reason=one.reason)
        await work.quarantine.add([*aside.records, *aside.messages])
    _tell(node, intake, aside)
    return True


async def run_consumer(node: ExchangeNode, effects: MessageEffects) -> None:
    """Consume until cancelled. A fault that may pass and an expired directory are waited out; other errors end it."""
    reading = Reading(ahead=True)
    try:
        while True:
            try:
                await consume_once(node, effects, reading=reading)
            except GatewayError as error:
                if not error.retryable:
                    raise
                await _pause(node, error)
            except VerificationError as error:
                await _pause(node, error)
    finally:
        reading.forget()
        with contextlib.suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(GOODBYE.total_seconds()):
                await give_up(node)


async def _pause(node: ExchangeNode, error: PortabilityError) -> None:
    node.observer.happened("consumer_waits", code=error.code)
    await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())


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

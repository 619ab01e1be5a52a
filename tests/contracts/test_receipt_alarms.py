"""What every store must keep to about receipts that do not come in time, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.receipt_levels import Overdue, OverdueLevel
from tests.contracts.test_exchange_store import (
    LATER,
    NOON,
    OTTAWA,
    ROME,
    Store,
    bundle_of,
    message,
    put,
    receipt_for,
    receipt_message,
    send,
    store,
)

__all__ = ["store"]

LATE, MISSING = OverdueLevel.LATE, OverdueLevel.MISSING


async def test_each_message_comes_back_once_for_each_level(store: Store) -> None:
    async with store() as work:
        first = await put(work, message(), receipt_message(), message())
        await work.bundles.add([bundle_of(first)])
        await put(work, message(), message(OTTAWA))  # in no bundle yet
        await put(work, message(), at=LATER)
    async with store() as work:
        before = NOON - timedelta(seconds=1)
        assert await work.receipt_alarms.take(LATE, submitted_before=before) == []
        told = await work.receipt_alarms.take(LATE, submitted_before=NOON)
        assert told == [Overdue(OTTAWA, 1, 1), Overdue(ROME, 3, 1)]
    async with store() as work:
        assert await work.receipt_alarms.take(LATE, submitted_before=NOON) == []
        assert await work.receipt_alarms.take(MISSING, submitted_before=NOON) == told
        assert await work.receipt_alarms.take(LATE, submitted_before=LATER) == [Overdue(ROME, 1, 5)]
        assert await work.receipt_alarms.take(MISSING, submitted_before=LATER) == [Overdue(ROME, 1, 5)]


async def test_what_is_receipted_is_not_told_of(store: Store) -> None:
    bundle, entries = await send(store, message(), message(), message())
    whole, others = await send(store, message())
    async with store() as work:
        refused = receipt_for(bundle, entries[:1], ReceiptStatus.FAILED)
        await work.receipts.settle([refused, receipt_for(bundle, entries[2:]), receipt_for(whole, others)])
        assert await work.receipt_alarms.take(LATE, submitted_before=LATER) == [Overdue(ROME, 1, 2)]


async def test_receipts_for_what_was_taken_for_missing_are_counted_once(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    receipt = receipt_for(bundle, entries)
    async with store() as work:
        assert await work.receipt_alarms.late([receipt]) == 0
        await work.receipt_alarms.take(LATE, submitted_before=LATER)
        assert await work.receipt_alarms.late([receipt]) == 0
        await work.receipt_alarms.take(MISSING, submitted_before=LATER)
    later, more = await send(store, message())
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[:1])])
        lie = receipt_for(bundle, entries, signer=OTTAWA)
        assert await work.receipt_alarms.late([receipt, lie, receipt_for(later, more)]) == 1
        await work.receipts.settle([receipt])
        assert await work.receipt_alarms.late([receipt]) == 0


async def test_reading_comes_after_delivery_and_keeps_its_instant(store: Store) -> None:
    bundle, entries = await send(store, message(), message(), message())
    day = timedelta(days=1)
    opened = replace(
        receipt_for(bundle, entries, ReceiptStatus.OPENED), received_at=LATER + day, evidence=b"that it was read"
    )
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[:1])])
    async with store() as work:
        await work.receipts.settle([opened])
        found = [await work.timeline.of_message(one.sealable.message_id) for one in entries]
        proofs = [await work.receipts.evidence(one.sealable.message_id) for one in entries]
    # What proves the delivery goes on to be the evidence.
    assert [one.receipt for one in proofs if one] == [b"evidence", b"that it was read", b"that it was read"]
    assert [(one.status, one.settled_at, one.opened_at) for one in found if one] == [
        (ReceiptStatus.OPENED, LATER, LATER + day),
        (ReceiptStatus.OPENED, LATER + day, LATER + day),
        (ReceiptStatus.OPENED, LATER + day, LATER + day),
    ]

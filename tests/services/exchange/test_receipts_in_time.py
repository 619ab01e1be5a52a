"""A receipt that does not come: told once when late, shown as a failure when missing, and winning when it comes."""

from datetime import timedelta

import pytest
from exchange_world import CASE, NOON, TestNode, World, message_to

from portability.services.exchange.handlers import get_message_status, list_messages
from portability.services.exchange.model.messages import RECEIPT_TYPE, Direction, TimelineEntry
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.receipt_levels import ReceiptTimes, shown
from portability.services.exchange.receipt_watch import report_overdue

HOUR = timedelta(hours=1)
TIMES = ReceiptTimes(12 * HOUR, 24 * HOUR)


async def look(node: TestNode, number: int = 1) -> TimelineEntry:
    async with node.store.transaction() as work:
        message_id = message_to("it-inps", number).message_id
        return await get_message_status(message_id, timeline=work.timeline, now=node.world.clock.now(), times=TIMES)


def alarms(node: TestNode) -> list[tuple[str, int, int]]:
    return [
        (event, int(ids["sequence"]), int(ids["count"]))
        for event, ids in node.heard.events
        if event in ("receipt_late", "receipt_missing")
    ]


async def test_a_receipt_that_is_late_and_then_missing_is_told_once_each(world: World) -> None:
    berlin = world.node("de-drv")
    for number in (1, 2):
        await berlin.submit(message_to("it-inps", number))
    await berlin.relay()
    told = []
    for hours in (11, 1, 1, 10, 1, 1, 48):  # at 11, 12, 13, 23, 24, 25 and 73 hours
        world.clock.advance(hours * HOUR)
        told.append(await report_overdue(berlin.exchange, times=TIMES))
    assert told == [0, 2, 0, 0, 2, 0, 0]
    assert alarms(berlin) == [("receipt_late", 1, 2), ("receipt_missing", 1, 2)]
    assert berlin.heard.faults() == ["receipt_late", "receipt_missing"]


async def test_what_was_never_relayed_is_told_as_well_and_a_receipted_message_is_not(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps", 1))
    await berlin.relay()
    await rome.consume()
    await rome.relay()
    await berlin.consume()
    await berlin.submit(message_to("it-inps", 2))
    world.clock.advance(12 * HOUR)
    assert await report_overdue(berlin.exchange, times=TIMES) == 1
    assert alarms(berlin) == [("receipt_late", 2, 1)]
    assert (await look(berlin, 2)).status is ReceiptStatus.SUBMITTED
    world.clock.advance(12 * HOUR)
    entry = await look(berlin, 2)
    assert (entry.status, entry.reason, entry.settled_at) == (ReceiptStatus.RELAY_FAILED, "NOT_RELAYED", None)
    assert (await look(berlin, 1)).status is ReceiptStatus.DELIVERED


async def test_a_failure_by_time_is_not_final_and_a_late_receipt_wins_and_shows_as_late(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps", 1))
    await berlin.relay()
    assert (await look(berlin)).status is ReceiptStatus.RELAYED
    world.clock.advance(24 * HOUR)
    assert await report_overdue(berlin.exchange, times=TIMES) == 2  # late and missing at once
    entry = await look(berlin)
    assert (entry.status, entry.reason, entry.is_late) == (ReceiptStatus.DELIVERY_FAILED, "NO_RECEIPT", False)
    assert await berlin.relay() == 1  # it is sent again
    await rome.consume()
    await rome.relay()
    await berlin.consume()
    entry = await look(berlin)
    assert (entry.status, entry.reason, entry.is_late) == (ReceiptStatus.DELIVERED, "", True)
    assert berlin.heard.count("receipts_came_late") == 1
    async with berlin.store.transaction() as work:
        (listed,) = await list_messages(CASE, timeline=work.timeline, now=world.clock.now(), times=TIMES)
    assert listed == entry


async def test_a_receipt_in_time_is_not_late_whenever_one_looks(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps", 1))
    await berlin.relay()
    world.clock.advance(timedelta(hours=23, minutes=59))
    await rome.consume()
    await rome.relay()
    await berlin.consume()
    world.clock.advance(timedelta(days=900))
    entry = await look(berlin)
    assert (entry.status, entry.is_late) == (ReceiptStatus.DELIVERED, False)
    assert berlin.heard.count("receipts_came_late") == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"direction": Direction.RECEIVED, "status": ReceiptStatus.DELIVERED}, ReceiptStatus.DELIVERED),
        ({"type": RECEIPT_TYPE}, ReceiptStatus.RELAYED),  # wants no receipt, so none is missing
        ({"status": ReceiptStatus.FAILED, "settled_at": NOON}, ReceiptStatus.FAILED),
        ({"status": ReceiptStatus.EXPIRED, "settled_at": NOON}, ReceiptStatus.EXPIRED),
        ({"status": ReceiptStatus.OPENED, "settled_at": NOON}, ReceiptStatus.OPENED),
    ],
)
def test_time_fails_only_what_waits_for_a_receipt(changes: dict[str, object], status: ReceiptStatus) -> None:
    usual = {
        "message_id": CASE,
        "direction": Direction.SENT,
        "partner": "it-inps",
        "case_id": CASE,
        "type": "record.request",
        "status": ReceiptStatus.RELAYED,
        "at": NOON,
    }
    entry = TimelineEntry(**(usual | changes))
    assert shown(entry, now=NOON + timedelta(days=99), times=TIMES).status is status
    assert not shown(entry, now=NOON + timedelta(days=99), times=TIMES).is_late

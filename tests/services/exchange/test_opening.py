"""Who has sent a message learns, once and signed, that somebody at its recipient has read it."""

from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import CASE, NOON, TestNode, World, message_to

from portability.agreements.errors import CaseStateError
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.opening import tell_opened

HOUR = timedelta(hours=1)


@pytest.fixture
def berlin(world: World) -> TestNode:
    return world.node("de-drv")


@pytest.fixture
def rome(world: World) -> TestNode:
    return world.node("it-inps")


async def carry(*nodes: TestNode) -> None:
    for node in nodes:
        await node.relay()
    for node in nodes:
        await node.consume()


async def read(node: TestNode, case_id: UUID = CASE) -> int:
    exchange = node.exchange
    async with node.store.transaction() as work:
        return await tell_opened(case_id, work=work, me=node.name, new_id=exchange.new_id, at=exchange.clock.now())


async def statuses(node: TestNode) -> list[ReceiptStatus]:
    return [one.status for one in await node.timeline()]


async def test_the_sender_reads_when_its_messages_were_read_and_when_they_came(
    world: World, berlin: TestNode, rome: TestNode
) -> None:
    for number in (1, 2):
        await berlin.submit(message_to("it-inps", number))
    await carry(berlin)
    await carry(rome)  # nothing yet
    await rome.relay()
    await carry(berlin)
    assert await statuses(berlin) == [ReceiptStatus.DELIVERED] * 2
    world.clock.advance(HOUR)
    assert await read(rome) == 2
    await carry(rome, berlin)
    assert await statuses(berlin) == await statuses(rome) == [ReceiptStatus.OPENED] * 2
    entry = (await berlin.timeline())[0]
    assert (entry.settled_at, entry.opened_at) == (NOON, NOON + HOUR)
    assert [one.opened_at for one in await rome.timeline()] == [NOON + HOUR] * 2
    async with berlin.store.transaction() as work:
        evidence = await work.receipts.evidence(entry.message_id)
    assert evidence is not None
    assert evidence.receipt is not None


async def test_each_message_is_told_of_once_however_often_it_is_read(berlin: TestNode, rome: TestNode) -> None:
    await berlin.submit(message_to("it-inps", 1))
    await carry(berlin, rome)
    await rome.relay()
    assert [await read(rome), await read(rome)] == [1, 0]
    await berlin.submit(message_to("it-inps", 2))
    await carry(berlin, rome)
    await rome.relay()
    assert await read(rome) == 1
    assert await rome.relay() == 1
    assert await read(rome) == 0
    assert await rome.relay() == 0


async def test_messages_of_two_senders_and_other_cases_are_told_apart(world: World, rome: TestNode) -> None:
    berlin, ottawa = world.node("de-drv"), world.node("ca-sc")
    other = UUID("01936e00-0000-7000-8000-00000000cafe")
    await berlin.submit(message_to("it-inps", 1))
    await berlin.submit(message_to("it-inps", 2, case_id=other))
    await ottawa.submit(message_to("it-inps", 3))
    await carry(berlin, ottawa, rome)
    await carry(rome, berlin, ottawa)
    assert await read(rome) == 2
    await carry(rome, berlin, ottawa)
    assert await statuses(berlin) == [ReceiptStatus.OPENED]
    assert [one.status for one in await berlin.timeline(other)] == [ReceiptStatus.DELIVERED]
    assert await statuses(ottawa) == [ReceiptStatus.OPENED]


async def test_nobody_has_read_what_waits_or_could_not_take_effect(berlin: TestNode, rome: TestNode) -> None:
    rome.ledger.failing = lambda one: CaseStateError("No.", state="none") if b"2" in one.record else None
    for number in (1, 2, 3):
        await berlin.submit(message_to("it-inps", number))
    await carry(berlin)
    await rome.consume()
    assert await read(rome) == 1
    await carry(rome, berlin)
    assert await statuses(berlin) == [ReceiptStatus.OPENED, ReceiptStatus.DELIVERED, ReceiptStatus.DELIVERED]


async def test_what_was_read_before_its_receipt_has_come_is_delivered_by_that(berlin: TestNode, rome: TestNode) -> None:
    await berlin.submit(message_to("it-inps", 1))
    await berlin.relay()
    await rome.consume()
    assert await read(rome) == 1
    await rome.relay()
    await berlin.consume()
    assert await statuses(berlin) == [ReceiptStatus.OPENED]
    assert await berlin.relay() == 0  # nothing is sent again
    # A repeat is receipted as delivered, which changes nothing.
    async with berlin.store.transaction() as work:
        assert await work.resends.send_again("it-inps", [(1, 1)], now=NOON) == 1
    await carry(berlin, rome)
    await carry(rome, berlin)
    assert await statuses(berlin) == [ReceiptStatus.OPENED]

"""What waits for a person: shown, tried again, replaced by its sender, or refused with a reason for the sender."""

from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import CASE, TestNode, World, message_to

from portability.agreements.errors import CaseStateError, InputError, NotFoundError
from portability.services.exchange.lane_watch import report_waiting_lanes
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.quarantine import (
    Clerk,
    LaneView,
    Released,
    reject_quarantined,
    replay_quarantined,
    show_quarantined,
)

OTHER_CASE = UUID("01936e00-0000-7000-8000-00000000cafe")
BAD = b"periods of number 2"


@pytest.fixture
def berlin(world: World) -> TestNode:
    return world.node("de-drv")


@pytest.fixture
async def rome(world: World, berlin: TestNode) -> TestNode:
    """Four messages of one case have come, and the second could not take effect; another case has one."""
    node = world.node("it-inps")
    node.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.record == BAD else None
    for number in range(1, 5):
        await berlin.submit(message_to("it-inps", number))
    await berlin.submit(message_to("it-inps", 9, case_id=OTHER_CASE))
    await carry(berlin, node)
    return node


async def carry(*nodes: TestNode) -> None:
    for _ in range(3):
        for node in nodes:
            await node.relay()
        for node in nodes:
            await node.consume()


async def entry_of(node: TestNode) -> QuarantineEntry:
    (entry,) = await node.quarantined()
    return entry


def clerk(node: TestNode) -> Clerk:
    return Clerk("anna", node.name, node.ledger, node.world.new_id, node.world.clock.now())


async def show(node: TestNode, entry_id: UUID) -> LaneView:
    async with node.store.transaction() as work:
        return await show_quarantined(entry_id, work=work)


async def replay(node: TestNode, entry_id: UUID) -> Released:
    async with node.store.transaction() as work:
        return await replay_quarantined(entry_id, work=work, clerk=clerk(node))


async def reject(node: TestNode, entry_id: UUID, *reasons: str) -> Released:
    async with node.store.transaction() as work:
        return await reject_quarantined(entry_id, reasons=reasons, work=work, clerk=clerk(node))


def applied(node: TestNode, case_id: UUID = CASE) -> list[bytes]:
    # A batch in which one fails is tried again by halves: the ledger in memory saw some of it twice.
    return list(dict.fromkeys(one.record for one in node.ledger.applied if one.case_id == case_id))


async def business(node: TestNode) -> list[BusinessStatus | None]:
    return [one.business for one in await node.timeline()]


async def test_both_ends_see_what_waits_and_why(berlin: TestNode, rome: TestNode) -> None:
    view = await show(rome, (await entry_of(rome)).entry_id)
    assert (view.waiting, view.can_replay) == (2, True)
    seen = [BusinessStatus.ACCEPTED, BusinessStatus.PARKED, BusinessStatus.HELD, BusinessStatus.HELD]
    assert await business(rome) == seen
    assert await business(berlin) == seen
    assert (await berlin.timeline())[1].reasons == ("CASE_STATE", "No such case.")
    assert applied(rome) == [b"periods of number 1"]
    assert applied(rome, OTHER_CASE) == [b"periods of number 9"]


async def test_once_its_cause_is_mended_it_takes_effect_and_what_waits_follows(
    berlin: TestNode, rome: TestNode
) -> None:
    rome.ledger.failing = lambda _: None
    released = await replay(rome, (await entry_of(rome)).entry_id)
    assert (released.took_effect, released.still_waiting) == (3, 0)
    assert (released.entry.state, released.entry.closed_by) == (QuarantineState.APPLIED, "anna")
    assert applied(rome) == [b"periods of number %d" % number for number in range(1, 5)]
    await carry(berlin, rome)
    assert set(await business(berlin)) == {BusinessStatus.ACCEPTED}


async def test_what_fails_again_stays(rome: TestNode) -> None:
    entry = await entry_of(rome)
    released = await replay(rome, entry.entry_id)
    assert (released.took_effect, released.still_waiting) == (0, 3)
    assert (await entry_of(rome)).state is QuarantineState.OPEN


async def test_an_entry_says_why_it_failed_the_last_time(rome: TestNode) -> None:
    entry = await entry_of(rome)
    rome.ledger.failing = lambda one: InputError("It has no date.", field="date") if one.record == BAD else None
    await replay(rome, entry.entry_id)
    now = await entry_of(rome)
    assert (now.state, now.reason_code, now.reason) == (QuarantineState.OPEN, InputError.code, "It has no date.")


async def test_a_message_that_came_before_the_one_that_it_replaces_takes_its_place(
    berlin: TestNode, world: World
) -> None:
    rome = world.node("it-inps")
    rome.ledger.failing = lambda _: CaseStateError("Not yet.", state="none")
    await berlin.submit(message_to("it-inps", 1))
    second = message_to("it-inps", 2)
    await berlin.submit(second)
    await berlin.submit(message_to("it-inps", 3))
    await berlin.submit(message_to("it-inps", 4, replaces=second.message_id))
    await carry(berlin, rome)
    # The first one is parked, and the second, which nobody has tried yet, is replaced already by the fourth.
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.record == BAD else None
    first = next(one for one in await rome.quarantined() if one.state is QuarantineState.OPEN)
    released = await replay(rome, first.entry_id)
    assert (released.took_effect, released.still_waiting) == (3, 0)
    assert applied(rome) == [b"periods of number %d" % number for number in (1, 4, 3)]
    states = {one.message_id: one.state for one in await rome.quarantined()}
    assert states[second.message_id] is QuarantineState.REPLACED
    assert (await business(rome))[1] is BusinessStatus.REJECTED


async def test_a_bundle_that_no_case_waits_for_is_closed_with_a_reason(rome: TestNode) -> None:
    await rome.world.stream.append(inbox_topic("it-inps"), [(b"de-drv", b"not a bundle")])
    await rome.consume()
    (whole,) = [one for one in await rome.quarantined() if one.message_id is None]
    with pytest.raises(CaseStateError, match="No case waits"):
        await replay(rome, whole.entry_id)
    released = await reject(rome, whole.entry_id, "Looked into.")
    assert (released.entry.state, released.took_effect) == (QuarantineState.REJECTED, 0)
    with pytest.raises(CaseStateError, match="closed"):
        await reject(rome, whole.entry_id, "again")


async def test_what_waits_for_long_is_an_alarm_each_case_once(rome: TestNode) -> None:
    day = timedelta(hours=24)
    assert await report_waiting_lanes(rome.exchange, longest=day) == 0
    rome.world.clock.advance(day + timedelta(minutes=1))
    assert await report_waiting_lanes(rome.exchange, longest=day) == 1
    assert "lane_waits" in rome.heard.faults()
    await reject(rome, (await entry_of(rome)).entry_id, "The case is closed here.")
    assert await report_waiting_lanes(rome.exchange, longest=day) == 0


async def test_a_refusal_is_read_by_the_sender_and_what_waits_goes_on(berlin: TestNode, rome: TestNode) -> None:
    released = await reject(rome, (await entry_of(rome)).entry_id, "The case is\nclosed here.")  # as somebody typed it
    assert (released.took_effect, released.still_waiting) == (2, 0)
    assert applied(rome) == [b"periods of number %d" % number for number in (1, 3, 4)]
    await carry(berlin, rome)
    assert (await business(berlin))[1] is BusinessStatus.REJECTED
    assert (await berlin.timeline())[1].reasons == ("The case is closed here.",)
    assert (await business(rome))[1] is BusinessStatus.REJECTED


async def test_another_message_of_the_sender_takes_its_place(berlin: TestNode, rome: TestNode) -> None:
    parked = (await entry_of(rome)).message_id
    await berlin.submit(message_to("it-inps", 5, replaces=parked))
    await berlin.submit(message_to("it-inps", 6))
    await carry(berlin, rome)
    # In the place of the second, so before the third; its own place is passed.
    assert applied(rome) == [b"periods of number %d" % number for number in (1, 5, 3, 4, 6)]
    assert (await entry_of(rome)).state is QuarantineState.REPLACED


async def test_a_closed_entry_is_not_let_go_twice(rome: TestNode) -> None:
    entry = await entry_of(rome)
    await reject(rome, entry.entry_id, "The case is closed here.")
    with pytest.raises(CaseStateError, match="closed"):
        await replay(rome, entry.entry_id)
    with pytest.raises(CaseStateError, match="closed"):
        await reject(rome, entry.entry_id, "again")
    assert len(applied(rome)) == 3


async def test_a_refusal_needs_a_reason_and_an_entry_that_is_there(rome: TestNode) -> None:
    with pytest.raises(InputError, match="Say why"):
        await reject(rome, (await entry_of(rome)).entry_id)
    with pytest.raises(NotFoundError, match="quarantine list"):
        await replay(rome, UUID(int=7))


async def test_an_error_undoes_the_whole_act(rome: TestNode) -> None:
    entry = await entry_of(rome)
    rome.ledger.failing = lambda _: None
    with pytest.raises(RuntimeError):
        async with rome.store.transaction() as work:
            await replay_quarantined(entry.entry_id, work=work, clerk=clerk(rome))
            raise RuntimeError("the connection is lost")
    assert (await show(rome, entry.entry_id)).waiting == 2
    assert (await entry_of(rome)).state is QuarantineState.OPEN

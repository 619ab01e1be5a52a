"""A number of a case that never comes, and of which its sender says nothing: seen, asked for, given up for good."""

from dataclasses import replace
from uuid import UUID

import pytest
from exchange_world import CASE, NO_WAIT, NOON, TestNode, World, message_to

from portability.agreements.errors import CaseStateError, InputError, NotFoundError, VerificationError
from portability.services.exchange.giving_up import GIVEN_UP, ask_for_missing, give_up, refuse_what_came_late
from portability.services.exchange.mapping.wire import decode_statuses, encode_statuses
from portability.services.exchange.model.messages import GIVEN_UP_TYPE, NO_CASE, OutgoingMessage
from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, StatusEntry
from portability.services.exchange.model.waiting import WaitingLane
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.quarantine import Clerk, Released
from portability.services.exchange.streams import SequenceRange
from portability.services.exchange.voids import look_after_voids

OTHER = UUID("01936e00-0000-7000-8000-00000000cafe")
LANE = ("de-drv", CASE)
ACCEPTED, REJECTED, HELD = BusinessStatus.ACCEPTED, BusinessStatus.REJECTED, BusinessStatus.HELD
WHY = "We have waited for a month."


@pytest.fixture
def berlin(world: World) -> TestNode:
    return world.node("de-drv")


@pytest.fixture
def rome(world: World) -> TestNode:
    return world.node("it-inps")


async def send(berlin: TestNode, number: int, **changes: object) -> StreamRecord:
    """One message in a bundle of its own; the record of the stream that brings it."""
    message: OutgoingMessage = message_to("it-inps", number, **changes)
    await berlin.submit(message)
    await berlin.relay()
    topic = inbox_topic("it-inps")
    return (await berlin.world.stream.read(topic, after={0: -1}, limit=1000, wait=NO_WAIT))[-1]


async def holes(berlin: TestNode, rome: TestNode) -> list[StreamRecord]:
    """Rome has the first, fourth and fifth of the case, and one of another; the second and third are on no stream."""
    records = [await send(berlin, number) for number in range(1, 6)]
    records.append(await send(berlin, 6, case_id=OTHER))
    await skip_all(rome)
    await deliver(rome, *[records[place] for place in (0, 3, 4, 5)])
    return records


async def skip_all(node: TestNode) -> None:
    topic = inbox_topic(node.name)
    records = await node.world.stream.read(topic, after={0: -1}, limit=1000, wait=NO_WAIT)
    async with node.store.transaction() as work:
        await work.offsets.save(topic, 0, records[-1].offset)


async def deliver(node: TestNode, *records: StreamRecord) -> None:
    await node.world.stream.append(inbox_topic(node.name), [(one.key, one.value) for one in records])
    await node.consume()


async def settle(*nodes: TestNode) -> None:
    moved = 1
    while moved:
        moved = sum([await node.relay() for node in nodes]) + sum([await node.consume() for node in nodes])


async def waiting(node: TestNode) -> list[WaitingLane]:
    async with node.store.transaction() as work:
        return list(await work.lanes_waiting.page(after=None, limit=9))


def clerk(node: TestNode) -> Clerk:
    return Clerk("karl", node.name, node.ledger, node.world.new_id, node.world.clock.now())


async def giving_up(node: TestNode, first: int, last: int, *reasons: str, lane: tuple[str, UUID] = LANE) -> Released:
    async with node.store.transaction() as work:
        return await give_up(lane, SequenceRange(first, last), reasons=reasons, work=work, clerk=clerk(node))


async def made(node: TestNode) -> list[BusinessStatus | None]:
    return [one.business for one in await node.timeline() if one.type != GIVEN_UP_TYPE]


def applied(node: TestNode) -> list[int]:
    return [one.case_seq for one in node.ledger.applied if one.case_id == CASE]


async def test_a_person_sees_what_is_missing_since_when(berlin: TestNode, rome: TestNode) -> None:
    since = rome.world.clock.now()
    await holes(berlin, rome)
    assert await waiting(rome) == [WaitingLane(LANE, since, 2, SequenceRange(2, 3))]
    assert applied(rome) == [1]


async def test_what_is_missing_is_asked_for_at_once_and_comes(berlin: TestNode, rome: TestNode) -> None:
    await holes(berlin, rome)
    async with rome.store.transaction() as work:
        missing, asked = await ask_for_missing(LANE, work=work, clerk=clerk(rome))
    assert (missing, asked) == (SequenceRange(2, 3), 2)
    (act,) = rome.store._state.acts.values()
    assert (act.by, act.what, act.about, act.case_id) == ("karl", "lane.ask", "2-3", CASE)
    await settle(rome, berlin)
    assert applied(rome) == [1, 2, 3, 4, 5]
    assert await waiting(rome) == []
    async with rome.store.transaction() as work:
        with pytest.raises(NotFoundError, match="Nothing of this sender is missing"):
            await ask_for_missing(LANE, work=work, clerk=clerk(rome))


async def test_a_lane_goes_on_over_what_was_given_up_and_its_sender_is_told(berlin: TestNode, rome: TestNode) -> None:
    await holes(berlin, rome)
    released = await giving_up(rome, 2, 3, WHY)
    assert (released.took_effect, released.still_waiting) == (2, 0)
    assert applied(rome) == [1, 4, 5]
    assert await waiting(rome) == []
    # Who did it stands in quarantine, in the log, and on the timeline of the case.
    (entry,) = await rome.quarantined()
    assert (entry.state, entry.closed_by, entry.reason_code) == (QuarantineState.REJECTED, "karl", GIVEN_UP)
    assert (entry.case_id, entry.message_id, WHY in entry.reason) == (CASE, None, True)
    (act,) = rome.store._state.acts.values()
    assert (act.by, act.what, act.about, act.case_id) == ("karl", "lane.give_up", str(entry.entry_id), CASE)
    (line,) = [one for one in await rome.timeline() if one.type == GIVEN_UP_TYPE]
    assert (line.partner, line.business, line.message_id) == ("de-drv", REJECTED, entry.entry_id)
    assert line.reasons == (GIVEN_UP, "Numbers 2 to 3 of the case have not come and are waited for no more.", WHY)
    # Berlin reads it of the two messages, which it goes on sending.
    await rome.relay()
    await berlin.consume()
    assert await made(berlin) == [ACCEPTED, REJECTED, REJECTED, ACCEPTED, ACCEPTED]
    assert (await berlin.timeline())[1].reasons == line.reasons


async def test_what_comes_afterwards_has_no_effect_and_is_refused(berlin: TestNode, rome: TestNode) -> None:
    records = await holes(berlin, rome)
    await giving_up(rome, 2, 3, WHY)
    await deliver(rome, records[1], records[1])
    assert await look_after_voids(rome.exchange, rome.ledger) == 0
    assert applied(rome) == [1, 4, 5]
    late = message_to("it-inps", 2).message_id
    told = {"sender": "de-drv", "message_id": str(late), "code": GIVEN_UP}
    assert rome.heard.events.count(("came_too_late", told)) == 1
    assert await made(rome) == [ACCEPTED, REJECTED, ACCEPTED, ACCEPTED]
    assert {one.state for one in await rome.quarantined()} == {QuarantineState.REJECTED}
    await settle(rome, berlin)
    entry = (await berlin.timeline())[1]
    # It came and is receipted; what is made of it is said anew, by its number in the stream.
    assert (entry.status.value, entry.business) == ("delivered", REJECTED)
    assert entry.reasons == (GIVEN_UP, "It came after its number in the case had been given up.")
    assert await refuse_what_came_late(rome.exchange) == 0
    # What follows in the case goes on as ever.
    await send(berlin, 7)
    await rome.consume()
    assert applied(rome) == [1, 4, 5, 6]


async def test_what_has_come_meanwhile_is_not_given_up(berlin: TestNode, rome: TestNode) -> None:
    records = await holes(berlin, rome)
    await deliver(rome, records[2])
    with pytest.raises(CaseStateError, match="is 2 to 2 now, not 2 to 3"):
        await giving_up(rome, 2, 3, WHY)
    assert applied(rome) == [1]
    assert await rome.quarantined() == []
    with pytest.raises(InputError, match="Say why"):
        await giving_up(rome, 2, 2)
    for lane in (("ca-sc", CASE), ("de-drv", OTHER), ("de-drv", UUID(int=1))):
        with pytest.raises(NotFoundError):
            await giving_up(rome, 2, 2, WHY, lane=lane)
    await giving_up(rome, 2, 2, WHY)
    assert applied(rome) == [1, 3, 4, 5]
    with pytest.raises(NotFoundError):
        await giving_up(rome, 2, 2, WHY)


async def test_a_case_whose_first_message_never_came_can_go_on_too(berlin: TestNode, rome: TestNode) -> None:
    records = [await send(berlin, number) for number in (1, 2)]
    await skip_all(rome)
    await deliver(rome, records[1])
    assert [one.missing for one in await waiting(rome)] == [SequenceRange(1, 1)]
    await giving_up(rome, 1, 1, WHY)
    assert applied(rome) == [2]
    await deliver(rome, records[0])
    assert applied(rome) == [2]


async def test_numbers_that_a_sender_has_left_out_are_not_asked_for(berlin: TestNode, rome: TestNode) -> None:
    """Its stream lacks nothing: a sender that numbers a case wrongly can be asked for nothing."""
    await send(berlin, 1)
    berlin.store._state.case_seqs[("it-inps", CASE)] = 299
    await send(berlin, 2)
    await rome.consume()
    async with rome.store.transaction() as work:
        assert await ask_for_missing(LANE, work=work, clerk=clerk(rome)) == (SequenceRange(2, 299), 0)
    # Longer than the part of a lane that is read with it.
    released = await giving_up(rome, 2, 299, WHY)
    assert (released.took_effect, applied(rome)) == (1, [1, 300])


async def test_only_what_lies_between_in_the_stream_is_asked_for(berlin: TestNode, rome: TestNode) -> None:
    records = [await send(berlin, 1, case_id=OTHER)]
    records += [await send(berlin, number) for number in (2, 3, 4)]
    records += [await send(berlin, 5, case_id=OTHER), await send(berlin, 6)]
    await skip_all(rome)
    await deliver(rome, records[1], records[3], records[5])
    async with rome.store.transaction() as work:
        assert await ask_for_missing(LANE, work=work, clerk=clerk(rome)) == (SequenceRange(2, 2), 1)
    await settle(rome, berlin)
    assert applied(rome) == [1, 2, 3, 4]


async def test_what_is_parked_waits_for_a_person_and_is_not_given_up(berlin: TestNode, rome: TestNode) -> None:
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.case_id == OTHER else None
    await send(berlin, 1, case_id=OTHER)
    await send(berlin, 2, case_id=OTHER)
    await rome.consume()
    (one,) = await waiting(rome)
    assert (one.lane, one.waiting, one.missing) == (("de-drv", OTHER), 2, None)
    with pytest.raises(NotFoundError):
        await giving_up(rome, 1, 1, WHY, lane=("de-drv", OTHER))


def said(**changes: object) -> StatusEntry:
    return replace(StatusEntry(2, 2**50, REJECTED, (GIVEN_UP,), NOON, CASE), **changes)


def test_a_report_of_numbers_in_a_case_is_read_as_written() -> None:
    assert decode_statuses(encode_statuses([said()])) == (said(),)
    assert decode_statuses(encode_statuses([said(), said(first_seq=1)])) == (said(), said(first_seq=1))


@pytest.mark.parametrize(
    "entries",
    [
        [said(status=ACCEPTED)],
        [said(status=HELD)],
        [said(case_id=NO_CASE)],
        [said(), said(case_id=OTHER)],
        [said(), said(case_id=None, last_seq=3)],
        [said(case_id=None)],
        [said(first_seq=3, last_seq=2)],
        [said(last_seq=2**53)],
    ],
)
def test_a_report_that_tells_of_more_than_one_case_or_of_too_much_is_refused(entries: list[StatusEntry]) -> None:
    with pytest.raises(VerificationError):
        decode_statuses(encode_statuses(entries))

"""What a sender made wrongly and then rightly, what it replaces, and how much of that one lane takes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest
from exchange_world import CASE, TestNode, World, message_to, sealable

from portability.agreements.errors import CaseStateError
from portability.services.exchange import lanes
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.model.messages import NO_CASE, ReceivedMessage
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.node import inbox_topic
from portability.services.merkle import leaf_hash

BAD = b"periods of number 1"
OTHER_CASE = UUID("01936e00-0000-7000-8000-00000000cafe")


@pytest.fixture
def berlin(world: World) -> TestNode:
    return world.node("de-drv")


@pytest.fixture
def rome(world: World) -> TestNode:
    return world.node("it-inps")


async def arrive(node: TestNode, *items: Sealable) -> None:
    world = node.world
    parts = {"keys": world.keys["de-drv"], "trust": world.trust, "me": "de-drv", "recipient": node.name}
    sealed = seal_bundle(items, bundle_id=world.new_id(), at=world.clock.now(), **parts)
    await world.stream.append(inbox_topic(node.name), [(b"de-drv", sealed.value)])


async def carry(*nodes: TestNode) -> None:
    for _ in range(2):
        for node in nodes:
            await node.relay()
        for node in nodes:
            await node.consume()


def records(node: TestNode) -> Sequence[bytes]:
    return list(dict.fromkeys(one.record for one in node.ledger.applied))


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_message_that_did_not_verify_has_its_turn_when_it_comes_as_it_should_be(
    rome: TestNode, *, at_once: bool
) -> None:
    sound = [sealable(message_to("it-inps", number), number) for number in (1, 2)]
    await arrive(rome, replace(sound[0], record=b"something else"))
    if not at_once:
        await rome.consume()
        (entry,) = await rome.quarantined()
        assert (entry.reason_code, entry.state) == ("VERIFICATION_FAILED", QuarantineState.OPEN)
    await arrive(rome, *sound)
    await rome.consume()
    assert records(rome) == [b"periods of number 1", b"periods of number 2"]
    (entry,) = await rome.quarantined()
    assert (entry.reason_code, entry.state) == ("VERIFICATION_FAILED", QuarantineState.APPLIED)


async def test_what_comes_as_it_should_be_and_fails_is_parked_for_that(rome: TestNode) -> None:
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none")
    sound = sealable(message_to("it-inps", 1))
    await arrive(rome, replace(sound, record=b"something else"))
    await arrive(rome, sound)
    await rome.consume()
    entries = await rome.quarantined()
    assert [(one.reason_code, one.state) for one in entries] == [
        ("VERIFICATION_FAILED", QuarantineState.APPLIED),
        ("CASE_STATE", QuarantineState.OPEN),
    ]


async def test_the_sender_sees_that_what_it_replaced_is_done_with(berlin: TestNode, rome: TestNode) -> None:
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.record == BAD else None
    await berlin.submit(message_to("it-inps", 1))
    await carry(berlin, rome)
    assert [one.business for one in await berlin.timeline()] == [BusinessStatus.PARKED]
    await berlin.submit(message_to("it-inps", 2, replaces=message_to("it-inps", 1).message_id))
    await carry(berlin, rome)
    seen = [BusinessStatus.REJECTED, BusinessStatus.ACCEPTED]
    assert [one.business for one in await berlin.timeline()] == seen
    assert [one.business for one in await rome.timeline()] == seen
    assert (await berlin.timeline())[0].reasons == ("REPLACED", "Another message took its place.")


async def test_what_is_parked_and_replaced_at_once_is_told_of_once(berlin: TestNode, rome: TestNode) -> None:
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.record == BAD else None
    await berlin.submit(message_to("it-inps", 1))
    await berlin.submit(message_to("it-inps", 2, replaces=message_to("it-inps", 1).message_id))
    await carry(berlin, rome)
    assert [one.business for one in await berlin.timeline()] == [BusinessStatus.REJECTED, BusinessStatus.ACCEPTED]


@pytest.mark.parametrize("ring", [1, 2, 3])
async def test_messages_that_take_each_others_place_in_a_ring_are_parked_and_nobody_waits_for_them(
    rome: TestNode, ring: int
) -> None:
    tries = count(1)

    def failing(one: ReceivedMessage) -> Exception | None:
        if next(tries) > 100:
            pytest.fail("tried without end")
        return CaseStateError("No such case.", state="none") if one.case_id == CASE else None

    rome.ledger.failing = failing
    ids = [message_to("it-inps", number).message_id for number in range(1, ring + 1)]
    named = [
        message_to("it-inps", number, replaces=ids[number - 2], record=b"in a ring") for number in range(1, ring + 1)
    ]
    await arrive(rome, *(sealable(one, number) for number, one in enumerate(named, start=1)))
    await arrive(rome, sealable(message_to("it-inps", 9, case_id=OTHER_CASE)))
    await rome.consume()
    assert records(rome) == [b"periods of number 9"]
    open_ones = [one for one in await rome.quarantined() if one.state is QuarantineState.OPEN]
    async with rome.store.transaction() as work:
        (lane,) = (await work.lanes.load({("de-drv", CASE): ()})).values()
    parked = [one.message_id for one in lane.entries if one.state is lanes.LaneEntryState.PARKED]
    assert len(parked) == 1
    assert [one.message_id for one in open_ones] == parked


async def test_a_lane_takes_so_many_replacements_and_refuses_the_others_for_good(
    berlin: TestNode, rome: TestNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "OUT_OF_LINE", 3)
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.record == BAD else None
    await berlin.submit(message_to("it-inps", 1))
    for number in range(2, 7):
        await berlin.submit(message_to("it-inps", number, replaces=UUID(int=number)))
    await berlin.submit(message_to("it-inps", 7))
    await carry(berlin, rome)
    # All come in one batch: three take their places in line before the first is parked, and two find the lane full.
    assert [one.business for one in await berlin.timeline()] == [
        BusinessStatus.PARKED,
        *[BusinessStatus.HELD] * 3,
        *[BusinessStatus.REJECTED] * 2,
        BusinessStatus.HELD,
    ]
    refused = [one for one in await rome.quarantined() if one.reason_code == "LANE_FULL"]
    assert [one.state for one in refused] == [QuarantineState.REJECTED] * 2
    # The lane goes on to its end without them.
    await berlin.submit(message_to("it-inps", 8, replaces=message_to("it-inps", 1).message_id))
    await carry(berlin, rome)
    assert [one.business for one in await berlin.timeline()][-1] is BusinessStatus.REJECTED


async def test_unusable_messages_fill_a_lane_only_so_far(rome: TestNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "OUT_OF_LINE", 3)
    for number in range(1, 7):
        await arrive(rome, replace(sealable(message_to("it-inps", number), number), record=b"something else"))
    await rome.consume()
    async with rome.store.transaction() as work:
        assert await work.lanes.waiting(("de-drv", CASE)) == 3
    assert len(await rome.quarantined()) == 6


async def test_what_has_no_readable_header_is_sealed_by_itself(rome: TestNode) -> None:
    header = b"\x0a\x01x"
    broken = replace(sealable(message_to("it-inps", 1)), header=header, leaf_hash=leaf_hash(header))
    await arrive(rome, broken)
    await rome.world.stream.append(inbox_topic("it-inps"), [(b"de-drv", b"no bundle")])
    await arrive(rome, replace(sealable(message_to("it-inps", 2)), record=b"something else"))
    await rome.consume()
    scopes = {(one.scope, one.scope == one.entry_id) for one in await rome.quarantined()}
    assert len(scopes) == 3
    assert (NO_CASE, False) in scopes
    assert (CASE, False) in scopes
    assert sum(is_own for _, is_own in scopes) == 1

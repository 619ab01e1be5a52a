"""Numbers under which nothing will come: their sender says so, their recipient accounts for them, none is a message."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import CASE, NO_WAIT, TestNode, World, message_to

from portability.agreements.errors import VerificationError
from portability.api.exchange.v1 import repair_pb2 as pb
from portability.services.exchange.mapping.repair import decode_digest, encode_digest
from portability.services.exchange.model.messages import DIGEST_TYPE, NO_CASE, OutgoingMessage
from portability.services.exchange.model.voids import VoidNumber, VoidReason
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.repair import ask_for_gaps, reconcile
from portability.services.exchange.streams import SequenceRange, StreamDigest
from portability.services.exchange.voids import look_after_voids

KEPT = UUID("01936e00-0000-7000-8000-00000000cafe")
HOUR = timedelta(hours=1)
BEFORE_SENT, BEFORE_RECEIPT = VoidReason.ERASED_BEFORE_SENT, VoidReason.ERASED_BEFORE_RECEIPT


@pytest.fixture
def berlin(world: World) -> TestNode:
    return world.node("de-drv")


@pytest.fixture
def rome(world: World) -> TestNode:
    return world.node("it-inps")


async def submit(node: TestNode, *numbers: int, case_id: UUID = CASE) -> None:
    for number in numbers:
        await node.submit(message_to("it-inps", number, case_id=case_id))


async def settle(*nodes: TestNode) -> None:
    """Relay and consume until nothing moves."""
    moved = 1
    while moved:
        moved = sum([await node.relay() for node in nodes]) + sum([await node.consume() for node in nodes])


async def ask(rome: TestNode, berlin: TestNode) -> int:
    """Rome notices gaps, waits a quarter of an hour, asks, and hears the answer; how many it has asked."""
    asked = await ask_for_gaps(rome.exchange)
    rome.world.clock.advance(timedelta(minutes=16))
    asked += await ask_for_gaps(rome.exchange)
    await settle(rome, berlin)
    return asked


async def lose_what_waits(node: TestNode) -> None:
    """The node's topic loses everything that it has not read."""
    topic = inbox_topic(node.name)
    records = await node.world.stream.read(topic, after={0: -1}, limit=1000, wait=NO_WAIT)
    async with node.store.transaction() as work:
        await work.offsets.save(topic, 0, records[-1].offset)


async def missing(rome: TestNode) -> Sequence[SequenceRange]:
    async with rome.store.transaction() as work:
        return (await work.gaps.arrivals("de-drv", after=0, limit=9)).missing


async def voids_of(berlin: TestNode) -> Sequence[VoidNumber]:
    async with berlin.store.transaction() as work:
        return await work.voids_sent.among("it-inps", [SequenceRange(1, 2**53 - 1)], limit=1000)


async def say(sender: TestNode, digest: StreamDigest, *, to: TestNode) -> None:
    """A sender says something in a digest of its own, true or not."""
    async with sender.store.transaction() as work:
        message_id = sender.world.new_id()
        record = encode_digest(digest)
        message = OutgoingMessage(message_id, f"said:{message_id}", to.name, NO_CASE, DIGEST_TYPE, 1, record)
        await post([message], outbox=work.outbox, me=sender.name, at=sender.world.clock.now())
    await sender.relay()
    await to.consume()


def void(number: int, **changes: object) -> VoidNumber:
    return replace(VoidNumber(number, UUID(int=number), b"\x07" * 32, UUID(int=99), number, BEFORE_SENT), **changes)


async def test_what_was_erased_before_it_was_sent_is_asked_for_once_and_accounted_for(
    berlin: TestNode, rome: TestNode
) -> None:
    await submit(berlin, 1, case_id=KEPT)
    await submit(berlin, 2)
    await submit(berlin, 3, case_id=KEPT)
    berlin.erase(CASE)
    await settle(berlin, rome)
    assert await missing(rome) == (SequenceRange(2, 2),)
    assert await ask(rome, berlin) == 1
    assert await missing(rome) == ()
    assert await rome.timeline(CASE) == []
    assert ("numbers_void", {"sender": "de-drv", "count": 1}) in rome.heard.events
    rome.world.clock.advance(timedelta(days=2))
    assert await ask(rome, berlin) == 0
    assert "void_contradicted" not in rome.heard.faults()


async def test_a_void_number_is_said_with_the_digests_and_no_loss_is_reported(berlin: TestNode, rome: TestNode) -> None:
    await submit(berlin, 1, 2)
    await submit(berlin, 3, case_id=KEPT)
    berlin.erase(CASE)
    await settle(berlin, rome)
    berlin.world.clock.advance(HOUR)
    assert await reconcile(berlin.exchange) == 1
    await settle(berlin, rome)
    assert rome.heard.count("numbers_void") == 2
    assert rome.heard.count("messages_missing") == 0
    assert await missing(rome) == ()
    span = SequenceRange(1, 3)
    async with berlin.store.transaction() as ours, rome.store.transaction() as theirs:
        assert await ours.digests.sent("it-inps", span) == await theirs.digests.received("de-drv", span)


async def test_what_follows_in_the_case_has_its_turn_once_the_hole_is_void(berlin: TestNode, rome: TestNode) -> None:
    await submit(berlin, 1)
    await settle(berlin, rome)
    await submit(berlin, 2, 3)
    berlin.erase(CASE)
    await submit(berlin, 4)
    await submit(berlin, 5, case_id=KEPT)
    await settle(berlin, rome)
    assert [one.case_seq for one in rome.ledger.applied] == [1, 1]  # the case that is kept does not wait
    await ask(rome, berlin)
    assert await look_after_voids(rome.exchange, rome.ledger) == 2
    assert [one.case_seq for one in rome.ledger.applied if one.case_id == CASE] == [1, 4]
    assert await look_after_voids(rome.exchange, rome.ledger) == 0
    await settle(rome, berlin)
    assert [one.business for one in await berlin.timeline()][-1] == "accepted"
    await submit(berlin, 6)
    await settle(berlin, rome)
    assert [one.case_seq for one in rome.ledger.applied if one.case_id == CASE] == [1, 4, 5]


async def test_a_case_that_begins_with_void_numbers_begins_behind_them(berlin: TestNode, rome: TestNode) -> None:
    await submit(berlin, 1, 2)
    berlin.erase(CASE)
    await submit(berlin, 3)
    await settle(berlin, rome)
    berlin.world.clock.advance(HOUR)
    await reconcile(berlin.exchange)
    await settle(berlin, rome)
    assert await look_after_voids(rome.exchange, rome.ledger) == 2
    assert [one.case_seq for one in rome.ledger.applied] == [3]


async def test_what_was_sent_lost_and_erased_is_accounted_for_too(berlin: TestNode, rome: TestNode) -> None:
    await submit(berlin, 1)
    await berlin.relay()
    await lose_what_waits(rome)
    berlin.erase(CASE)
    berlin.world.clock.advance(timedelta(minutes=2))
    await submit(berlin, 2, case_id=KEPT)
    await settle(berlin, rome)
    assert [one.reason for one in await voids_of(berlin)] == [BEFORE_RECEIPT]
    await ask(rome, berlin)
    assert await missing(rome) == ()


async def test_what_came_though_its_receipt_was_lost_stays_and_is_no_contradiction(
    berlin: TestNode, rome: TestNode
) -> None:
    await submit(berlin, 1)
    await berlin.relay()
    await rome.consume()
    await rome.relay()
    await lose_what_waits(berlin)
    berlin.erase(CASE)
    berlin.world.clock.advance(timedelta(minutes=2))
    await berlin.relay()
    assert [one.reason for one in await voids_of(berlin)] == [BEFORE_RECEIPT]
    berlin.world.clock.advance(HOUR)
    await reconcile(berlin.exchange)
    await settle(berlin, rome)
    assert len(await rome.timeline()) == 1
    assert rome.store._state.voids == {}
    assert "void_contradicted" not in rome.heard.faults()


@pytest.mark.parametrize("what", ["number", "id", "place", "leaf"])
async def test_what_is_said_of_a_message_that_is_here_is_an_alarm_and_changes_nothing(
    berlin: TestNode, rome: TestNode, what: str
) -> None:
    await submit(berlin, 1)
    await settle(berlin, rome)
    (held,) = rome.store._state.inbox.values()
    said = {
        "number": void(1),
        "id": void(40, message_id=held.message.message_id),
        "place": void(40, case_id=CASE, case_seq=1),
        "leaf": void(1, reason=BEFORE_RECEIPT),
    }[what]
    await say(berlin, StreamDigest(void=(said,)), to=rome)
    heard = {"sender": "de-drv", "sequence": said.stream_seq, "code": "VOID_CONTRADICTED"}
    assert ("void_contradicted", heard) in rome.heard.events
    assert rome.store._state.voids == {}
    assert await look_after_voids(rome.exchange, rome.ledger) == 0
    assert len(rome.ledger.applied) == 1


async def test_one_number_void_with_two_leaf_hashes_is_an_alarm(berlin: TestNode, rome: TestNode) -> None:
    await say(berlin, StreamDigest(void=(void(7),)), to=rome)
    await say(berlin, StreamDigest(void=(void(7),)), to=rome)
    assert rome.heard.faults() == []
    await say(berlin, StreamDigest(void=(void(7, leaf_hash=bytes(32)),)), to=rome)
    assert rome.heard.faults() == ["void_contradicted"]


async def test_a_message_that_comes_under_a_number_that_was_never_to_be_sent_is_an_alarm_once(
    berlin: TestNode, rome: TestNode
) -> None:
    await say(berlin, StreamDigest(void=(void(2), void(3, reason=BEFORE_RECEIPT))), to=rome)
    await submit(berlin, 1, 2)
    await settle(berlin, rome)
    for _ in range(2):
        await look_after_voids(rome.exchange, rome.ledger)
    heard = {"sender": "de-drv", "sequence": 2, "code": "VOID_CONTRADICTED"}
    assert [one for one in rome.heard.events if one[0] == "void_contradicted"] == [("void_contradicted", heard)]
    assert len(rome.ledger.applied) == 2


async def test_nobody_speaks_for_another(world: World, berlin: TestNode, rome: TestNode) -> None:
    await submit(berlin, 1, case_id=KEPT)
    await submit(berlin, 2)
    await submit(berlin, 3, case_id=KEPT)
    berlin.erase(CASE)
    await settle(berlin, rome)
    ottawa = world.node("ca-sc")
    await say(ottawa, StreamDigest(void=tuple(await voids_of(berlin))), to=rome)
    assert await missing(rome) == (SequenceRange(2, 2),)


async def test_void_numbers_of_two_cases_are_said_in_two_messages(berlin: TestNode, rome: TestNode) -> None:
    await submit(berlin, 1, case_id=KEPT)
    await submit(berlin, 2)
    berlin.erase(CASE)
    berlin.erase(KEPT)
    await submit(berlin, 3, case_id=UUID(int=5))
    await settle(berlin, rome)
    await ask(rome, berlin)
    said = [one for one in rome.store._state.inbox.values() if one.message.type == DIGEST_TYPE]
    assert [len({void.case_id for void in decode_digest(one.message.record).void}) for one in said] == [1, 1]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (pb.VoidNumber(stream_seq=2**53), "void number is 9007199254740992"),
        (pb.VoidNumber(stream_seq=2**63), "void number is 9223372036854775808"),
        (pb.VoidNumber(case_seq=2**63), "number in the case"),
        (pb.VoidNumber(case_id=bytes(16)), "no case"),
        (pb.VoidNumber(leaf_hash=b"short"), "leaf hash"),
        (pb.VoidNumber(reason=7), "no reason"),
    ],
)
def test_a_void_number_that_cannot_be_is_refused(fault: pb.VoidNumber, says: str) -> None:
    good = pb.StreamDigest.FromString(encode_digest(StreamDigest(void=(void(3),)))).void[0]
    good.MergeFrom(fault)
    with pytest.raises(VerificationError, match=says):
        decode_digest(pb.StreamDigest(void=[good]).SerializeToString(deterministic=True))


def test_void_numbers_come_in_ascending_order_and_512_at_most() -> None:
    with pytest.raises(VerificationError, match="ascending"):
        decode_digest(encode_digest(StreamDigest(void=(void(3), void(3)))))
    most = StreamDigest(void=tuple(void(number) for number in range(1, 513)))
    assert decode_digest(encode_digest(most)) == most
    with pytest.raises(VerificationError, match="number of entries"):
        decode_digest(encode_digest(StreamDigest(void=(*most.void, void(600)))))

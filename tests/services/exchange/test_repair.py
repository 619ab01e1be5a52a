"""What is lost between two nodes is noticed, found to the message, and sent again; what is asked of us is bounded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_world import NO_WAIT, NOON, TestNode, World, message_to

from portability.adapters.memory.stream import MemoryStream
from portability.agreements.errors import InputError, VerificationError
from portability.services.exchange.asking import digest_message
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.mapping.repair import decode_digest, decode_resend, encode_digest, encode_resend
from portability.services.exchange.model.messages import DIGEST_TYPE, NO_CASE, RESEND_TYPE, Direction, OutgoingMessage
from portability.services.exchange.model.reconciliations import (
    Comparison,
    Difference,
    DifferenceKind,
    Settled,
    Wanted,
)
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.quarantine import Clerk, reject_quarantined
from portability.services.exchange.repair import ask_for_gaps, reconcile
from portability.services.exchange.streams import (
    DIGEST_ENTRIES,
    PARTS,
    PARTS_ASKED,
    Arrivals,
    RangeDigest,
    SequenceRange,
    StreamDigest,
    StreamWatch,
    digest_of,
    parts_of,
    watched,
)

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)


async def _send(node: TestNode, *numbers: int) -> None:
    for number in numbers:
        await node.submit(message_to("it-inps", number))
    await node.relay()


async def _lose_what_waits(node: TestNode) -> None:
    """The node's topic loses everything that it has not read."""
    topic = inbox_topic(node.name)
    records = await node.world.stream.read(topic, after={0: -1}, limit=1000, wait=NO_WAIT)
    async with node.store.transaction() as work:
        await work.offsets.save(topic, 0, records[-1].offset)


async def _exchange(*nodes: TestNode) -> None:
    """Relay and consume until nothing moves."""
    moved = 1
    while moved:
        moved = sum([await node.relay() for node in nodes]) + sum([await node.consume() for node in nodes])


async def test_a_digest_that_is_wrong_throughout_leads_to_no_more_than_its_own_size(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _send(berlin, *range(1, DIGEST_ENTRIES + 1))
    await _exchange(berlin, rome)
    # Of each range Berlin says that it has sent other messages than it has.
    ranges = [SequenceRange(number, number + PARTS - 1) for number in range(1, DIGEST_ENTRIES + 1)]
    wrong = StreamDigest(stated=tuple(RangeDigest(one, len(one), bytes(32)) for one in ranges))
    said = digest_message("it-inps", wrong, world.new_id)
    async with berlin.store.transaction() as work:
        await post([said], outbox=work.outbox, me="de-drv", at=world.clock.now())
    await berlin.relay()
    await rome.consume()
    async with rome.store.transaction() as work:
        answers = await work.bundles.take_unsent("de-drv", limit=200, max_bytes=10**9)
    asked = [decode_digest(one.record).asked for one in answers]
    assert 0 < sum(len(one) for one in asked) <= PARTS_ASKED
    assert sum(len(one.record) for one in answers) < len(said.record)


async def test_a_gap_is_asked_for_after_a_quarter_of_an_hour_and_filled(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _send(berlin, 1)
    await _exchange(berlin, rome)
    await rome.submit(message_to("de-drv", 90))  # carries nothing that berlin has to answer but a receipt
    await rome.relay()
    await berlin.consume()
    await berlin.relay()
    await _lose_what_waits(
        rome
    )  # the receipt, number 2 of berlin's stream, is gone and nobody sends it again by itself
    await _send(berlin, 3)
    await rome.consume()
    for minutes, asks in ((0, 0), (14, 0), (1, 1), (1, 0), (59, 1)):
        world.clock.advance(timedelta(minutes=minutes))
        assert await ask_for_gaps(rome.exchange) == asks
    assert rome.heard.faults().count("gap_asked_for") == 2
    await _exchange(rome, berlin)
    assert ("consignments_sent_again", {"recipient": "it-inps", "count": 1}) in berlin.heard.events
    async with rome.store.transaction() as work:
        came = await work.gaps.arrivals("de-drv", after=0, limit=9)
    assert came.missing == ()
    world.clock.advance(HOUR)
    assert await ask_for_gaps(rome.exchange) == 0


async def test_a_gap_that_fills_by_itself_is_never_asked_for(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _send(berlin, 1)
    await _lose_what_waits(rome)
    await _send(berlin, 2)
    await rome.consume()
    assert await ask_for_gaps(rome.exchange) == 0
    world.clock.advance(timedelta(minutes=2))  # message 1 is due again
    await _exchange(berlin, rome)
    world.clock.advance(HOUR)
    assert await ask_for_gaps(rome.exchange) == 0
    assert rome.heard.faults() == []


async def _many(berlin: TestNode, rome: TestNode, count: int) -> None:
    """Messages sent in one go and received."""
    clock = berlin.world.clock
    async with berlin.store.transaction() as work:
        await submit_many(
            [message_to("it-inps", number) for number in range(1, count + 1)],
            me=berlin.name,
            outbox=work.outbox,
            recipients=berlin.world.trust,
            clock=clock,
        )
    while await berlin.relay():
        pass
    await rome.consume()


@pytest.mark.parametrize("count", [1, 2, 33, 1500])
async def test_equal_streams_are_reconciled_by_one_message(world: World, count: int) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _many(berlin, rome, count)
    await _exchange(berlin, rome)
    world.clock.advance(HOUR)
    assert await reconcile(berlin.exchange) == 1
    assert await reconcile(berlin.exchange) == 0
    assert await berlin.relay() == 1
    assert await rome.consume() == 1
    assert await rome.relay() == 0
    assert rome.heard.faults() == []


async def test_among_ten_thousand_the_missing_and_the_differing_message_are_found_exactly(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _many(berlin, rome, 10_000)
    await _exchange(berlin, rome)
    async with rome.store.transaction() as work:
        inbox = work._state.inbox
        (missing,) = [key for key, one in inbox.items() if one.message.stream_seq == 7_001]
        (differing,) = [key for key, one in inbox.items() if one.message.stream_seq == 1_234]
        del inbox[missing]
        inbox[differing] = replace(inbox[differing], leaf_hash=bytes(32))
    world.clock.advance(HOUR)
    assert await reconcile(berlin.exchange) == 1
    rounds = 0
    while "consignments_sent_again" not in [event for event, _ in berlin.heard.events]:
        await berlin.relay()
        await rome.consume()
        await rome.relay()
        await berlin.consume()
        rounds += 1
    # 10,000 in parts of 313, of 10, of 1: told at once, asked twice, and then it is known.
    assert rounds == 3
    told = [(event, ids) for event, ids in rome.heard.events if ids.get("code") == "DIGEST_DIFFERS"]
    assert told == [
        ("messages_missing", {"sender": "de-drv", "count": 1, "code": "DIGEST_DIFFERS"}),
        ("message_differs", {"sender": "de-drv", "sequence": 1_234, "code": "DIGEST_DIFFERS"}),
    ]
    await _exchange(berlin, rome)
    async with rome.store.transaction() as work:
        assert len(await work.digests.received("de-drv", SequenceRange(7_001, 7_001))) == 1


async def test_each_message_is_told_of_in_two_rounds_and_what_is_young_in_none(world: World) -> None:
    berlin = world.node("de-drv")
    told = []
    await _send(berlin, 1, 2)
    for number in (3, 4, 5, 6):
        world.clock.advance(timedelta(days=1))
        await _send(berlin, number)  # too young for the round that follows at once
        async with berlin.store.transaction() as work:
            (one,) = await work.reconciliations.due(now=world.clock.now(), sent_before=world.clock.now() - QUARTER)
            await work.reconciliations.done(one, next_at=world.clock.now())
            told.append((one.first_seq, one.last_seq))
    assert told == [(1, 2), (1, 3), (3, 4), (4, 5)]


@pytest.mark.parametrize("kind", [RESEND_TYPE, DIGEST_TYPE, "exchange.status", "exchange.anything"])
async def test_types_of_the_exchange_cannot_be_submitted(world: World, kind: str) -> None:
    with pytest.raises(InputError, match="not a message type"):
        await world.node("de-drv").submit(message_to("it-inps", type=kind))


@pytest.mark.parametrize("kind", [RESEND_TYPE, DIGEST_TYPE])
async def test_a_message_of_repair_that_cannot_be_read_is_set_aside_and_moves_nothing(world: World, kind: str) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await rome.submit(message_to("de-drv", 7))
    await rome.relay()
    await _post(berlin, message_to("it-inps", 50, type=kind, case_id=NO_CASE, record=b"\x0a\x00nonsense"))
    await berlin.relay()
    await rome.consume()
    assert [one.reason_code for one in await rome.quarantined()] == ["VERIFICATION_FAILED"]
    assert rome.ledger.applied == []
    assert await rome.relay() == 0  # nothing is due again, and what belongs to the exchange is not receipted


async def _post(node: TestNode, *messages: OutgoingMessage) -> None:
    async with node.store.transaction() as work:
        await post(messages, outbox=work.outbox, me=node.name, at=node.world.clock.now())


def _range(first: int, last: int) -> SequenceRange:
    return SequenceRange(first, last)


@pytest.mark.parametrize(
    "make",
    [
        lambda: encode_resend([]),
        lambda: encode_resend([_range(1, 1)] * 257),
        lambda: encode_resend([_range(0, 1)]),
        lambda: encode_resend([_range(5, 4)]),
    ],
)
def test_a_request_outside_its_limits_is_refused(make: Callable[[], bytes]) -> None:
    with pytest.raises(VerificationError):
        decode_resend(make())


@pytest.mark.parametrize(
    "digest",
    [
        StreamDigest(),
        StreamDigest(asked=(_range(1, 1),) * 513),
        StreamDigest(asked=(_range(1, 65_537),)),
        StreamDigest(asked=(_range(1, 40_000), _range(1, 40_000))),
        StreamDigest(asked=(_range(1, 2**53 - 1),)),
        StreamDigest(stated=(RangeDigest(_range(1, 65_537), 1, bytes(32)),)),
        StreamDigest(stated=(RangeDigest(_range(1, 2), 1, bytes(31)),)),
    ],
)
def test_a_digest_outside_its_limits_is_refused(digest: StreamDigest) -> None:
    with pytest.raises(VerificationError):
        decode_digest(encode_digest(digest))


def test_requests_and_digests_come_back_as_they_were() -> None:
    ranges = (_range(1, 1), _range(3, 2**53 - 1))
    assert decode_resend(encode_resend(ranges)) == ranges
    digest = StreamDigest((digest_of(_range(1, 2), [bytes(32), bytes(32)]),), (_range(9, 65_500),))
    assert decode_digest(encode_digest(digest)) == digest


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 65_536])
def test_parts_cover_a_range_without_overlap(length: int) -> None:
    whole = _range(11, 10 + length)
    parts = parts_of(whole)
    assert len(parts) <= 32
    assert [number for part in parts for number in range(part.first, part.last + 1)] == list(range(11, 11 + length))


def test_a_gap_that_moves_is_a_new_gap() -> None:
    later = NOON + HOUR
    watch, asks = watched(StreamWatch("de-drv"), Arrivals(9, (_range(3, 4),)), now=NOON)
    assert (watch, asks) == (StreamWatch("de-drv", 2, NOON, NOON + QUARTER), False)
    assert watched(watch, Arrivals(9, (_range(3, 4),)), now=NOON + QUARTER)[1]
    watch, asks = watched(watch, Arrivals(9, (_range(4, 4),)), now=later)
    assert (watch, asks) == (StreamWatch("de-drv", 3, later, later + QUARTER), False)
    assert watched(watch, Arrivals(9, ()), now=later) == (StreamWatch("de-drv", 9), False)


async def _gap(world: World) -> tuple[TestNode, TestNode]:
    """Number 2 of berlin's stream is missing at rome, and berlin will never send it."""
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _send(berlin, 1, 2)
    await _send(berlin, 3)
    topic = inbox_topic("it-inps")
    first = await world.stream.read(topic, after={0: -1}, limit=9, wait=NO_WAIT)
    rome.exchange = replace(rome.exchange, stream=MemoryStream())
    berlin.exchange = replace(berlin.exchange, stream=MemoryStream())
    await rome.exchange.stream.append(topic, [(b"de-drv", first[-1].value)])
    await rome.consume()
    return berlin, rome


async def test_a_gap_that_cannot_be_filled_is_asked_for_ever_more_seldom_and_shown(world: World) -> None:
    _, rome = await _gap(world)
    asked = []
    for hour in range(24 * 8):
        if await ask_for_gaps(rome.exchange):
            asked.append(hour)
        world.clock.advance(HOUR)
    # Seen at 0; asked after a quarter of an hour, then 1, 2, 4, 8, 16 and 24 hours later, looked at hourly here.
    assert asked == [1, 2, 4, 8, 16, 32, 56, 80, 104, 128, 152, 176]
    assert rome.heard.faults().count("gap_stays") == 1
    (entry,) = await rome.quarantined()
    assert (entry.reason_code, entry.sender, entry.message_id) == ("STREAM_GAP", "de-drv", None)
    assert entry.reason == "Messages 1 to 2 of its stream have not come, though they were asked for."


async def test_a_gap_that_a_person_has_given_up_is_asked_for_no_more_and_settled(world: World) -> None:
    _, rome = await _gap(world)
    at = world.clock.now()
    missing = Difference(DifferenceKind.MISSING, SequenceRange(1, 2), 2, b"a root")
    comparison = Comparison("de-drv", Direction.RECEIVED, at, SequenceRange(1, 3), 1, differences=(missing,))
    async with rome.store.transaction() as work:
        await work.reconciliation_report.note(comparison)
    for _ in range(40):
        await ask_for_gaps(rome.exchange)
        world.clock.advance(HOUR)
    (entry,) = await rome.quarantined()
    given_up_at = world.clock.now()
    async with rome.store.transaction() as work:
        clerk = Clerk("karl", "it-inps", rome.ledger, world.new_id, given_up_at)
        await reject_quarantined(entry.entry_id, reasons=["It was never sent."], work=work, clerk=clerk)
    for _ in range(100):
        assert await ask_for_gaps(rome.exchange) == 0
        world.clock.advance(HOUR)
    async with rome.store.transaction() as work:
        assert await work.gaps.due(now=world.clock.now()) == [StreamWatch("de-drv", 3)]
        (report,) = await work.reconciliation_report.page(Wanted(), after=None, limit=9)
        assert await work.comparison_alarms.standing(found_before=world.clock.now()) == []
    # Who, when and why stands in the list, as in the log.
    assert [one.settled for one in report.findings] == [Settled("karl", given_up_at, "It was never sent.", is_gap=True)]
    assert (report.is_open, report.open_differences) == (False, 0)
    (act,) = rome.store._state.acts.values()
    assert (act.by, act.what, act.why) == ("karl", "quarantine.reject", "It was never sent.")


async def test_a_gap_that_is_filled_in_the_end_closes_its_entry(world: World) -> None:
    _, rome = await _gap(world)
    for _ in range(40):
        await ask_for_gaps(rome.exchange)
        world.clock.advance(HOUR)
    rome.exchange = replace(rome.exchange, stream=world.stream)
    async with rome.store.transaction() as work:
        await work.offsets.save(inbox_topic("it-inps"), 0, -1)
    await rome.consume()
    world.clock.advance(HOUR * 24)
    assert await ask_for_gaps(rome.exchange) == 0
    (entry,) = await rome.quarantined()
    assert (entry.state, entry.closed_by) == (QuarantineState.APPLIED, "")


async def test_a_peer_that_asks_too_often_is_told_apart_and_gets_it_once(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await _send(berlin, 1)
    await _exchange(berlin, rome)
    for number in range(5):
        ask = {"type": RESEND_TYPE, "case_id": NO_CASE, "record": encode_resend([_range(1, 2**53 - 1)])}
        await _post(rome, message_to("de-drv", 60 + number, purpose="", legal_basis="", **ask))
        await rome.relay()
        await berlin.consume()
        world.clock.advance(timedelta(minutes=1))
    assert berlin.heard.faults() == ["asked_too_often"] * 4
    assert berlin.heard.count("consignments_sent_again") >= 1

"""What daily comparisons came to is in the report of both ends, and what stays open is told."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from exchange_world import NO_WAIT, NOON, TestNode, World, message_to

from portability.agreements.errors import GatewayError, InputError
from portability.api.exchange.v1 import repair_service_pb2 as pb
from portability.services.access import Caller, Role, acting_as
from portability.services.exchange.comparison_watch import (
    forget_reconciliations,
    report_comparisons,
    run_comparison_watch,
)
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.missing.servicer import RepairServicer
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.reconciliations import (
    KEPT,
    DifferenceKind,
    Finding,
    Reconciliation,
    Wanted,
    joined,
    over_until,
)
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.repair import ask_for_gaps, reconcile
from portability.services.exchange.streams import RangeDigest, SequenceRange

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def span(first: int, last: int = 0) -> SequenceRange:
    return SequenceRange(first, last or first)


async def exchange(*nodes: TestNode) -> None:
    """Relay and consume until nothing moves."""
    moved = 1
    while moved:
        moved = sum([await node.relay() for node in nodes]) + sum([await node.consume() for node in nodes])


async def report(node: TestNode, *, only_open: bool = False) -> Sequence[Reconciliation]:
    async with node.store.transaction() as work:
        return await work.reconciliation_report.page(Wanted(only_open=only_open), after=None, limit=1000)


async def received(node: TestNode) -> Reconciliation:
    (one,) = [each for each in await report(node) if each.direction is Direction.RECEIVED]
    return one


async def sent_and_received(world: World, count: int) -> tuple[TestNode, TestNode]:
    """Berlin has sent Rome messages, and an hour has passed."""
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    async with berlin.store.transaction() as work:
        messages = [message_to("it-inps", number) for number in range(1, count + 1)]
        await submit_many(
            messages, me=berlin.name, outbox=work.outbox, recipients=berlin.world.trust, clock=world.clock
        )
    await exchange(berlin, rome)
    world.clock.advance(HOUR)
    return berlin, rome


def lose(node: TestNode, *numbers: int) -> None:
    """Rows of the inbox are gone."""
    inbox = node.store._state.inbox
    for key in [key for key, one in inbox.items() if one.message.stream_seq in numbers]:
        del inbox[key]


async def test_where_both_ends_hold_the_same_both_reports_say_so(world: World) -> None:
    berlin, rome = await sent_and_received(world, 40)
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    at = NOON + HOUR
    (one,) = await report(rome)
    assert one == Reconciliation("de-drv", Direction.RECEIVED, at.date(), span(1, 40), 1, 0, at, 0, 0, is_open=False)
    (other,) = await report(berlin)
    assert other == replace(one, partner="it-inps", direction=Direction.SENT)


async def test_the_report_names_what_was_missing_and_then_that_it_has_come(world: World) -> None:
    berlin, rome = await sent_and_received(world, 500)
    lose(rome, 70, 71, 300)
    await reconcile(berlin.exchange)
    await berlin.relay()
    await rome.consume()
    one = await received(rome)
    # 500 in 32 parts of 16: those that differ are asked about, and not known to the number yet.
    assert [(each.kind, each.numbers) for each in one.findings] == [
        (DifferenceKind.UNSETTLED, span(65, 80)),
        (DifferenceKind.UNSETTLED, span(289, 304)),
    ]
    await rome.relay()
    await berlin.consume()
    await berlin.relay()
    await rome.consume()  # and does not answer yet
    one = await received(rome)
    at = world.clock.now()
    assert one.findings == (
        Finding(DifferenceKind.MISSING, span(70, 71), 2, 0, at, at, is_open=True),
        Finding(DifferenceKind.MISSING, span(300), 1, 0, at, at, is_open=True),
    )
    assert (one.numbers, one.digests, one.is_open) == (span(1, 500), 2, True)
    await exchange(berlin, rome)
    one = await received(rome)
    assert [(each.held, each.is_open) for each in one.findings] == [(2, False), (1, False)]
    assert (one.differences, one.open_differences, one.is_open) == (2, 0, False)
    (other,) = await report(berlin)
    assert (other.questions, other.numbers, other.is_open) == (32, span(1, 500), False)


async def test_a_stream_that_is_gone_altogether_is_one_finding(world: World) -> None:
    berlin, rome = await sent_and_received(world, 300)
    lose(rome, *range(1, 302))
    await reconcile(berlin.exchange)
    await berlin.relay()
    await rome.consume()
    (finding,) = (await received(rome)).findings
    assert (finding.numbers, finding.stated, finding.held) == (span(1, 300), 300, 0)


def test_neighbouring_ranges_are_one_and_others_are_not() -> None:
    stated = [RangeDigest(span(1, 4), 4, b"a"), RangeDigest(span(5, 8), 3, b"b"), RangeDigest(span(10), 1, b"c")]
    assert [(one.numbers, one.stated) for one in joined(stated)] == [(span(1, 8), 7), (span(10), 1)]


async def test_a_gap_that_is_asked_for_and_filled_is_no_finding(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps", 1))
    await berlin.relay()
    topic = inbox_topic("it-inps")
    (lost,) = await world.stream.read(topic, after={0: -1}, limit=9, wait=NO_WAIT)
    async with rome.store.transaction() as work:
        await work.offsets.save(topic, 0, lost.offset)
    await berlin.submit(message_to("it-inps", 2))
    await berlin.relay()
    await rome.consume()
    await ask_for_gaps(rome.exchange)
    world.clock.advance(timedelta(minutes=16))
    assert await ask_for_gaps(rome.exchange) == 1
    await exchange(rome, berlin)
    assert len(rome.ledger.applied) == 2
    assert [*await report(rome), *await report(berlin)] == []


async def test_two_ids_under_one_number_are_found_and_stay_open(world: World) -> None:
    # T14: one institution, two mouths; each message is signed rightly, and only a digest shows that one is too many.
    rome, first, second = world.node("it-inps"), world.node("de-drv"), world.node("de-drv")
    await first.submit(message_to("it-inps", 1))
    await second.submit(message_to("it-inps", 1001))
    for node in (first, second):
        await node.relay()
    await exchange(rome)
    world.clock.advance(HOUR)
    await reconcile(first.exchange)
    await first.relay()
    await rome.consume()
    (finding,) = (await received(rome)).findings
    assert (finding.kind, finding.numbers, finding.stated, finding.held, finding.asked_at, finding.is_open) == (
        DifferenceKind.DIFFERING,
        span(1),
        1,
        2,
        None,
        True,
    )
    world.clock.advance(DAY)
    assert await report_comparisons(rome.exchange) == 1
    told = {"sender": "de-drv", "sequence": 1, "count": 1, "code": "DIGEST_DIFFERS"}
    assert [ids for event, ids in rome.heard.events if event == "difference_stays"] == [told]
    assert await report_comparisons(rome.exchange) == 0


async def test_another_message_under_a_number_differs_until_it_is_the_same(world: World) -> None:
    berlin, rome = await sent_and_received(world, 3)
    inbox = rome.store._state.inbox
    (key,) = [key for key, one in inbox.items() if one.message.stream_seq == 2]
    right = inbox[key]
    inbox[key] = replace(right, leaf_hash=bytes(32))
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    assert [(one.numbers, one.held) for one in (await received(rome)).findings] == [(span(2), 1)]
    assert (await received(rome)).is_open
    inbox[key] = right
    assert await report(rome, only_open=True) == []


async def test_a_difference_that_is_mended_within_a_day_is_told_of_no_second_time(world: World) -> None:
    berlin, rome = await sent_and_received(world, 40)
    lose(rome, 7)
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    world.clock.advance(DAY - HOUR)
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    world.clock.advance(DAY)
    assert await report_comparisons(rome.exchange) == 0
    assert "difference_stays" not in rome.heard.faults()


async def test_a_partner_from_which_no_digest_comes_is_told_once_a_day_and_stands_in_the_report(world: World) -> None:
    berlin, rome = await sent_and_received(world, 3)
    await ask_for_gaps(rome.exchange)
    assert await report_comparisons(rome.exchange) == 0  # today Berlin has written for the first time
    told = []
    for _ in range(3):
        world.clock.advance(DAY)
        told.append(await report_comparisons(rome.exchange))
        assert await report_comparisons(rome.exchange) == 0
    assert told == [0, 1, 1]
    silent = {"sender": "de-drv", "count": 1, "code": "NO_DIGEST"}
    assert [ids for event, ids in rome.heard.events if event == "partner_silent"] == [silent, silent]
    days = [NOON.date() + DAY * 2, NOON.date() + DAY]
    assert [(one.day, one.is_silent, one.is_open) for one in await report(rome)] == [(day, True, True) for day in days]
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    assert await report(rome, only_open=True) == []
    world.clock.advance(DAY)
    assert await report_comparisons(rome.exchange) == 0


async def test_days_on_which_this_node_stood_still_come_together(world: World) -> None:
    _, rome = await sent_and_received(world, 3)
    assert await report_comparisons(rome.exchange) == 0
    world.clock.advance(4 * DAY)
    assert await report_comparisons(rome.exchange) == 1
    assert rome.heard.count("partner_silent") == 3


async def test_of_a_partner_that_has_left_no_digest_is_expected(world: World) -> None:
    _, rome = await sent_and_received(world, 3)
    await report_comparisons(rome.exchange)
    left = [one for one in world.directory.institutions if one.institution_id != "de-drv"]
    world.directory = replace(world.directory, institutions=tuple(left))
    world.clock.advance(3 * DAY)
    assert await report_comparisons(rome.exchange) == 0
    assert await report(rome) == []


@pytest.mark.parametrize(
    ("hour", "minute", "last"),
    [(0, 0, 18), (0, 59, 18), (1, 0, 19), (23, 59, 19)],
)
def test_a_day_is_over_an_hour_after_midnight(hour: int, minute: int, last: int) -> None:
    now = datetime(2026, 11, 20, hour, minute, tzinfo=NOON.tzinfo)
    assert over_until(now) == now.date().replace(day=last)


@pytest.mark.parametrize(("retryable", "told"), [(True, 1), (False, 0)])
async def test_the_watch_waits_out_a_fault_that_may_pass_and_no_other(
    world: World, *, retryable: bool, told: int
) -> None:
    _, rome = await sent_and_received(world, 3)
    await report_comparisons(rome.exchange)
    world.clock.advance(2 * DAY)
    faults = [GatewayError("The database does not answer.", retryable=retryable)]

    def faulty() -> AbstractAsyncContextManager[ExchangeWork]:
        if faults:
            raise faults.pop()
        return rome.store.transaction()

    watch = run_comparison_watch(replace(rome.exchange, unit_of_work=faulty), every=timedelta(milliseconds=1))
    with pytest.raises(TimeoutError if retryable else GatewayError):
        async with asyncio.timeout(0.5):
            await watch
    assert rome.heard.faults().count("partner_silent") == told


async def test_reports_go_after_a_year(world: World) -> None:
    berlin, rome = await sent_and_received(world, 3)
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    world.clock.advance(KEPT - HOUR)
    assert await forget_reconciliations(rome.exchange) == 0
    world.clock.advance(DAY)
    assert await forget_reconciliations(rome.exchange) == 1
    assert await report(rome) == []


async def test_reports_are_listed_by_pages_and_chosen_by_partner_day_and_what_is_open(world: World) -> None:
    berlin, rome = await sent_and_received(world, 3)
    await reconcile(berlin.exchange)
    await exchange(berlin, rome)
    world.clock.advance(DAY)
    lose(rome, 2)
    await reconcile(rome.exchange)
    await reconcile(berlin.exchange)
    await berlin.relay()
    await rome.consume()
    servicer = RepairServicer(
        rome.store.transaction,
        me="it-inps",
        clock=world.clock,
        new_id=world.new_id,
        hidden=lambda cases: no_cases(),
        effects=rome.ledger,
    )

    async def listed(**wanted: object) -> list[pb.Reconciliation]:
        found: list[pb.Reconciliation] = []
        token = ""
        while True:
            request = pb.ListReconciliationsRequest(page_size=1, page_token=token, **wanted)
            page = await servicer.ListReconciliations(request, None)
            found += page.reconciliations
            token = page.next_page_token
            if not token:
                return found

    with acting_as(Caller("it-inps", Role.ADMINISTRATOR, "karl")):
        every = await listed()
        assert [(one.day.day, one.direction, one.result, one.is_open) for one in every] == [
            (21, pb.RECONCILIATION_DIRECTION_RECEIVED, pb.RECONCILIATION_RESULT_DIFFERED, True),
            (21, pb.RECONCILIATION_DIRECTION_SENT, pb.RECONCILIATION_RESULT_STATED, False),
            (20, pb.RECONCILIATION_DIRECTION_RECEIVED, pb.RECONCILIATION_RESULT_AGREED, False),
        ]
        (finding,) = every[0].findings
        assert (finding.kind, finding.numbers.first_seq, finding.numbers.last_seq) == (pb.DIFFERENCE_KIND_MISSING, 2, 2)
        assert (finding.stated, finding.held, finding.is_open) == (1, 0, True)
        assert finding.asked_at.ToDatetime(tzinfo=NOON.tzinfo) == world.clock.now()
        assert await listed(only_open=True) == every[:1]
        assert await listed(partner="ca-sc") == []
        assert await listed(since={"year": 2026, "month": 11, "day": 21}) == every[:2]
        for wrong in ("x", "2026-11-20", "2026-11-20/de-drv/up", "2026-11-20/\0/sent", "2026-13-20/de-drv/sent"):
            with pytest.raises(InputError):
                await servicer.ListReconciliations(pb.ListReconciliationsRequest(page_token=wrong), None)
        with pytest.raises(InputError):
            await listed(since={"year": 2026, "month": 2, "day": 30})


async def no_cases() -> frozenset[object]:
    return frozenset()

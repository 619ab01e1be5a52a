"""What every store must keep to about the report of reconciliations, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.reconciliations import (
    FINDINGS_SHOWN,
    Comparison,
    Difference,
    DifferenceKind,
    Finding,
    Reconciliation,
    StandingDifferences,
    Wanted,
)
from portability.services.exchange.model.voids import VoidNumber, VoidReason
from portability.services.exchange.ports.work import UnitOfWork
from portability.services.exchange.streams import SequenceRange
from tests.contracts.test_exchange_repair import BERLIN, HOUR, NOON, OTTAWA, _receive, store

__all__ = ["store"]

TODAY = NOON.date()
DAY = timedelta(days=1)
ROOT = bytes(range(32))
ALL = Wanted()
OPEN = Wanted(only_open=True)
MISSING, DIFFERING, UNSETTLED = DifferenceKind.MISSING, DifferenceKind.DIFFERING, DifferenceKind.UNSETTLED


def span(first: int, last: int = 0) -> SequenceRange:
    return SequenceRange(first, last or first)


WHOLE = span(1, 9)


def came(*differences: Difference, at: datetime = NOON, numbers: SequenceRange = WHOLE) -> Comparison:
    """A digest of Berlin's that was compared."""
    return Comparison(BERLIN, Direction.RECEIVED, at, numbers, 1, compared=(numbers,), differences=differences)


def sent(at: datetime = NOON, numbers: SequenceRange = WHOLE) -> Comparison:
    return Comparison(BERLIN, Direction.SENT, at, numbers, 1)


def missing(first: int, last: int = 0) -> Difference:
    numbers = span(first, last)
    return Difference(MISSING, numbers, len(numbers), ROOT)


async def noted(store: UnitOfWork, *comparisons: Comparison) -> None:
    for one in comparisons:
        async with store() as work:
            await work.reconciliation_report.note(one)


async def listed(store: UnitOfWork, wanted: Wanted = ALL) -> list[Reconciliation]:
    async with store() as work:
        return list(await work.reconciliation_report.page(wanted, after=None, limit=100))


async def test_what_comes_on_a_day_is_one_report_for_each_direction(store: UnitOfWork) -> None:
    later = NOON + HOUR
    await noted(store, came(), came(at=later, numbers=span(5, 12)), sent(), sent(later, span(10, 14)))
    received = Reconciliation(BERLIN, Direction.RECEIVED, TODAY, span(1, 12), 2, 0, later, 0, 0, is_open=False)
    out = Reconciliation(BERLIN, Direction.SENT, TODAY, span(1, 14), 2, 0, later, 0, 0, is_open=False)
    assert await listed(store) == [received, out]
    assert await listed(store, OPEN) == []


async def test_questions_of_a_partner_are_about_the_newest_round(store: UnitOfWork) -> None:
    asked = Comparison(BERLIN, Direction.SENT, NOON + DAY, questions=32)
    await noted(store, sent(NOON - DAY), sent(), asked)
    assert [(one.day, one.questions, one.last_at) for one in await listed(store)] == [
        (TODAY, 32, NOON),
        (TODAY - DAY, 0, NOON - DAY),
    ]


async def test_questions_about_no_round_stand_on_their_own_day(store: UnitOfWork) -> None:
    await noted(store, Comparison(BERLIN, Direction.SENT, NOON, questions=2))
    (one,) = await listed(store)
    assert (one.day, one.questions, one.digests, one.numbers) == (TODAY, 2, 0, None)


async def test_whether_what_was_missing_has_come_is_looked_up_now(store: UnitOfWork) -> None:
    await noted(store, came(missing(3, 4), missing(7)))
    (one,) = await listed(store)
    gap = Finding(MISSING, span(3, 4), 2, 0, NOON, NOON, is_open=True)
    last = Finding(MISSING, span(7), 1, 0, NOON, NOON, is_open=True)
    assert (one.findings, one.differences, one.open_differences, one.is_open) == ((gap, last), 2, 2, True)
    await _receive(store, 4)
    await _receive(store, 3, sender=OTTAWA)
    assert (await listed(store, OPEN))[0].findings == (replace(gap, held=1), last)
    await _receive(store, 7)
    (one,) = await listed(store)
    assert one.findings == (replace(gap, held=1), replace(last, held=1, is_open=False))
    await _receive(store, 3)
    (one,) = await listed(store)
    assert (one.differences, one.open_differences, one.is_open) == (2, 0, False)
    assert await listed(store, OPEN) == []


async def test_a_number_that_is_void_is_not_missing(store: UnitOfWork) -> None:
    await noted(store, came(missing(3)))
    void = VoidNumber(3, UUID(int=5), ROOT, UUID(int=7), 3, VoidReason.ERASED_BEFORE_SENT)
    async with store() as work:
        assert await work.voids_received.add(BERLIN, [void], at=NOON) == []
    assert await listed(store, OPEN) == []


async def test_a_number_differs_until_what_is_stated_is_here_and_nothing_else(store: UnitOfWork) -> None:
    ours, theirs = await _receive(store, 4), await _receive(store, 5)
    await noted(
        store,
        came(
            Difference(DIFFERING, span(4), 1, ROOT),  # another message
            Difference(DIFFERING, span(5), 1, theirs[0]),  # the same one now
        ),
    )
    (one,) = await listed(store)
    four = Finding(DIFFERING, span(4), 1, 1, NOON, None, is_open=True)
    assert one.findings == (four, Finding(DIFFERING, span(5), 1, 1, NOON, None, is_open=False))
    await noted(store, came(Difference(DIFFERING, span(4), 1, ours[0])))
    assert await listed(store, OPEN) == []
    await _receive(store, 4)  # two ids under one number
    assert (await listed(store, OPEN))[0].findings[0] == replace(four, held=2)
    nothing_sent = Difference(DIFFERING, span(5), 0, ROOT)
    await noted(store, came(nothing_sent, numbers=span(5)))
    assert (await listed(store))[0].open_differences == 2


async def test_a_range_is_unsettled_until_a_part_of_it_is_compared(store: UnitOfWork) -> None:
    await _receive(store, 1, 2, 9)
    whole = came(Difference(UNSETTLED, span(1, 9), 9, ROOT))
    await noted(store, whole)
    (one,) = await listed(store)
    assert one.findings == (Finding(UNSETTLED, span(1, 9), 9, 3, NOON, NOON, is_open=True),)
    other = Comparison(OTTAWA, Direction.RECEIVED, NOON, span(1, 9), 1, compared=(span(1, 9),))
    await noted(store, other, came(numbers=span(10, 12)))
    assert len(await listed(store, OPEN)) == 1
    await noted(store, came(missing(3), at=NOON + DAY, numbers=span(3)))
    assert [(one.day, one.partner, one.differences) for one in await listed(store)] == [
        (TODAY + DAY, BERLIN, 1),
        (TODAY, OTTAWA, 0),
        (TODAY, BERLIN, 0),
    ]


async def test_the_same_difference_twice_a_day_is_one_and_was_asked_for_again(store: UnitOfWork) -> None:
    again = came(missing(3), missing(3), at=NOON + HOUR)
    await noted(store, came(missing(3)), again)
    (one,) = await listed(store)
    assert one.findings == (Finding(MISSING, span(3), 1, 0, NOON, NOON + HOUR, is_open=True),)


async def test_many_differences_are_counted_and_the_first_are_listed_open_ones_before_all(store: UnitOfWork) -> None:
    count = FINDINGS_SHOWN + 20
    await noted(store, came(*[missing(2 * number) for number in range(1, count + 1)]))
    await _receive(store, 2, 4)
    (one,) = await listed(store)
    assert (one.differences, one.open_differences, len(one.findings)) == (count, count - 2, FINDINGS_SHOWN)
    assert one.findings[0].numbers == span(6)


async def test_reports_come_by_pages_the_newest_day_first(store: UnitOfWork) -> None:
    ottawa = Comparison(OTTAWA, Direction.SENT, NOON, span(1), 1)
    await noted(store, came(), sent(), ottawa, came(at=NOON - DAY), came(missing(2), at=NOON + DAY))
    whole = await listed(store)
    assert [one.place for one in whole] == [
        (TODAY + DAY, BERLIN, Direction.RECEIVED),
        (TODAY, OTTAWA, Direction.SENT),
        (TODAY, BERLIN, Direction.RECEIVED),
        (TODAY, BERLIN, Direction.SENT),
        (TODAY - DAY, BERLIN, Direction.RECEIVED),
    ]
    paged: list[Reconciliation] = []
    async with store() as work:
        while found := await work.reconciliation_report.page(ALL, after=paged[-1].place if paged else None, limit=2):
            paged += found
    assert paged == whole
    assert await listed(store, Wanted(partner=OTTAWA)) == [whole[1]]
    assert await listed(store, Wanted(since=TODAY + DAY)) == whole[:1]
    assert await listed(store, replace(OPEN, since=TODAY)) == whole[:1]


async def test_what_is_older_than_its_time_of_keeping_goes(store: UnitOfWork) -> None:
    await noted(store, came(missing(3), at=NOON - DAY), came(missing(4)), sent(NOON - DAY))
    async with store() as work:
        assert await work.reconciliation_report.forget(before=TODAY) == 2
        assert await work.reconciliation_report.forget(before=TODAY) == 0
    assert [one.findings[0].numbers for one in await listed(store)] == [span(4)]
    async with store() as work:
        standing = await work.comparison_alarms.standing(found_before=NOON)
    assert standing == [StandingDifferences(BERLIN, 1, 4)]


async def test_what_stands_is_told_once_and_what_has_come_never(store: UnitOfWork) -> None:
    await noted(store, came(missing(3), missing(5), missing(7)), came(missing(9), at=NOON + HOUR))
    await _receive(store, 3)
    for before, told in (
        (NOON - HOUR, []),
        (NOON, [StandingDifferences(BERLIN, 2, 5)]),
        (NOON, []),
        (NOON + HOUR, [StandingDifferences(BERLIN, 1, 9)]),
    ):
        async with store() as work:
            assert await work.comparison_alarms.standing(found_before=before) == told


async def heard_from(store: UnitOfWork, *senders: str) -> None:
    for one in senders:
        await _receive(store, 1, sender=one)
    async with store() as work:
        for watch in await work.gaps.due(now=NOON):
            await work.gaps.save(watch)
        assert await work.comparison_alarms.unheard(today=TODAY, until=TODAY - DAY) == []


async def test_a_day_without_a_digest_is_in_the_report_and_told_once(store: UnitOfWork) -> None:
    await heard_from(store, BERLIN, OTTAWA)
    await noted(store, came(at=NOON + DAY))
    until = TODAY + 3 * DAY
    async with store() as work:
        assert await work.comparison_alarms.unheard(today=until + DAY, until=until) == [OTTAWA, BERLIN]
        assert await work.comparison_alarms.silent([BERLIN], since=TODAY, until=until) == {BERLIN: 2}
    async with store() as work:  # Ottawa was not expected to, and is not judged
        assert await work.comparison_alarms.unheard(today=until + DAY, until=until) == [OTTAWA]
    silent = [one for one in await listed(store) if one.is_silent]
    assert [(one.day, one.is_open, one.numbers) for one in silent] == [
        (TODAY + 3 * DAY, True, None),
        (TODAY + 2 * DAY, True, None),
    ]
    assert await listed(store, OPEN) == silent
    # A digest afterwards is about what was said on those days too: each message is stated on two.
    await noted(store, came(at=NOON + 4 * DAY))
    assert await listed(store, OPEN) == []
    assert sum(one.is_silent for one in await listed(store)) == 2


async def test_a_digest_soon_after_midnight_counts_for_the_day_before(store: UnitOfWork) -> None:
    await heard_from(store, BERLIN)
    midnight = datetime.combine(TODAY + 2 * DAY, datetime.min.time(), UTC)
    await noted(store, came(at=midnight + timedelta(minutes=59)), came(at=midnight + DAY + HOUR + DAY))
    async with store() as work:
        until = TODAY + 4 * DAY
        await work.comparison_alarms.unheard(today=until, until=until)
        assert await work.comparison_alarms.silent([BERLIN], since=date.min, until=until) == {BERLIN: 1}
    assert [one.day for one in await listed(store) if one.is_silent] == [TODAY + 3 * DAY]


async def test_silence_is_judged_for_as_long_as_reports_are_kept(store: UnitOfWork) -> None:
    await heard_from(store, BERLIN)
    until = TODAY + 900 * DAY
    async with store() as work:
        await work.comparison_alarms.unheard(today=until, until=until)
        assert await work.comparison_alarms.silent([BERLIN], since=until - DAY, until=until) == {BERLIN: 2}

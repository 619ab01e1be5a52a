"""What every store must keep to about findings that people have settled, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.reconciliations import (
    Comparison,
    Difference,
    Finding,
    Settled,
    Settlement,
    StandingDifferences,
)
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.model.voids import VoidNumber, VoidReason
from portability.services.exchange.model.waiting import GapGivenUp, GivenUp
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.ports.work import UnitOfWork
from tests.contracts.test_exchange_reconciliations import (
    ALL,
    DIFFERING,
    MISSING,
    OPEN,
    ROOT,
    UNSETTLED,
    WHOLE,
    came,
    listed,
    missing,
    noted,
    span,
)
from tests.contracts.test_exchange_repair import BERLIN, HOUR, NOON, OTTAWA, _arrived, _message, _receive, store

__all__ = ["store"]

DAY = timedelta(days=1)
LATER = NOON + 2 * HOUR
OTHER_ROOT = bytes(32)
CASE, OTHER = UUID(int=7), UUID(int=8)


def settling(first: int, last: int = 0, **changes: object) -> Settlement:
    one = Settlement(time_ordered_id(), BERLIN, span(first, last), "karl", LATER, "Looked into.")
    return replace(one, **changes)


async def settled(store: UnitOfWork, one: Settlement) -> int:
    async with store() as work:
        return await work.settlements.add(one)


async def findings(store: UnitOfWork) -> list[Finding]:
    return [each for one in await listed(store) for each in one.findings]


async def told(store: UnitOfWork, *, after: timedelta = DAY) -> list[StandingDifferences]:
    async with store() as work:
        return list(await work.comparison_alarms.standing(found_before=NOON + after))


async def test_what_is_settled_is_not_open_and_says_who_when_and_why(store: UnitOfWork) -> None:
    await noted(store, came(missing(3), missing(5, 6)))
    one = settling(3)
    assert await settled(store, one) == 1
    (report,) = await listed(store, OPEN)
    assert (report.differences, report.open_differences) == (2, 1)
    said = Settled("karl", LATER, "Looked into.")
    assert report.findings == (
        Finding(MISSING, span(5, 6), 2, 0, NOON, NOON, is_open=True),
        Finding(MISSING, span(3), 1, 0, NOON, NOON, is_open=False, settled=said),
    )
    async with store() as work:
        assert await work.settlements.of_request(one.request_id) == (one, 1)
        assert await work.settlements.of_request(UUID(int=1)) is None
    assert await settled(store, settling(1, 9)) == 1
    assert await listed(store, OPEN) == []
    assert await settled(store, settling(1, 9)) == 0
    await _receive(store, 3)  # it has come after all: what was settled is no matter any more
    assert [one.settled is None for one in await findings(store)] == [True, False]


async def test_what_is_open_among_numbers_is_found_also_where_a_part_alone_is_among_them(store: UnitOfWork) -> None:
    await _receive(store, 7)
    await noted(store, came(missing(3, 5), missing(9), Difference(DIFFERING, span(7), 1, ROOT)))
    async with store() as work:
        for numbers, expected in (
            (span(1, 2), []),
            (span(5), [span(3, 5)]),
            (span(5, 8), [span(3, 5), span(7)]),
            (WHOLE, [span(3, 5), span(7), span(9)]),
        ):
            assert [one.numbers for one in await work.settlements.open_among(BERLIN, numbers)] == expected
        assert await work.settlements.open_among(OTTAWA, WHOLE) == []
    assert await settled(store, settling(5)) == 0
    assert await settled(store, settling(1, 9, partner=OTTAWA)) == 0
    assert (await listed(store))[0].open_differences == 3


async def test_the_same_difference_found_on_another_day_is_settled_too(store: UnitOfWork) -> None:
    await _receive(store, 4)
    same = [Difference(DIFFERING, span(4), 1, ROOT), missing(6)]
    await noted(store, came(*same))
    assert await settled(store, settling(4, 6)) == 2
    await noted(store, came(*same, at=NOON + DAY))
    assert await listed(store, OPEN) == []


@pytest.mark.parametrize("at", [NOON + HOUR, NOON + DAY])
async def test_another_difference_under_the_same_number_is_open(store: UnitOfWork, *, at: object) -> None:
    await _receive(store, 4)
    await noted(store, came(Difference(DIFFERING, span(4), 1, ROOT), missing(6), missing(8)))
    assert await settled(store, settling(4, 8)) == 3
    others = [Difference(DIFFERING, span(4), 1, OTHER_ROOT), Difference(MISSING, span(6), 1, OTHER_ROOT)]
    await noted(store, replace(came(*others), at=at))
    assert [one.numbers for one in await findings(store) if one.is_open] == [span(4), span(6)]


async def test_what_comes_under_a_number_that_differs_opens_it_again(store: UnitOfWork) -> None:
    await _receive(store, 4)
    await noted(store, came(Difference(DIFFERING, span(4), 1, ROOT)))
    assert await settled(store, settling(4)) == 1
    assert await told(store) == []
    assert await told(store) == []
    await _receive(store, 4)
    assert [(one.held, one.is_open) for one in await findings(store)] == [(2, True)]
    assert await told(store) == [StandingDifferences(BERLIN, 1, 4)]
    assert await told(store) == []
    # Settled anew, and again something else: it is told of again, though it was before.
    assert await settled(store, settling(4)) == 1
    assert await listed(store, OPEN) == []
    await _receive(store, 4)
    assert await told(store) == [StandingDifferences(BERLIN, 1, 4)]


async def test_a_range_of_which_nobody_knows_where_it_differs_can_be_settled(store: UnitOfWork) -> None:
    await _receive(store, 1, 2, 9)
    whole = came(Difference(UNSETTLED, WHOLE, 9, ROOT))
    await noted(store, whole)
    assert await settled(store, settling(1, 9)) == 1
    assert await listed(store, OPEN) == []
    await noted(store, came(missing(3), numbers=span(3)))
    assert [one.numbers for one in await findings(store) if one.is_open] == [span(3)]


async def test_what_is_settled_is_told_of_no_more_and_what_is_not_is(store: UnitOfWork) -> None:
    await noted(store, came(missing(3), missing(5)))
    await settled(store, settling(3))
    assert await told(store) == [StandingDifferences(BERLIN, 1, 5)]
    assert await told(store) == []


async def test_what_was_settled_goes_with_its_finding(store: UnitOfWork) -> None:
    one = settling(3, at=NOON)
    await noted(store, came(missing(3)), came(missing(3), at=NOON + DAY))
    await settled(store, one)
    for days, is_kept in ((1, True), (2, False)):
        async with store() as work:
            await work.reconciliation_report.forget(before=(NOON + days * DAY).date())
            assert (await work.settlements.of_request(one.request_id) is not None) is is_kept
        assert await listed(store, OPEN) == []


async def came_in_case(store: UnitOfWork, *places: tuple[int, int], case_id: UUID = CASE) -> None:
    """Messages of Berlin's by their number in the case and in the stream."""
    message = replace(_message(), case_id=case_id)
    async with store() as work:
        for case_seq, stream_seq in places:
            one = replace(message, message_id=(new := time_ordered_id()), idempotency_key=str(new))
            sent = outbox_message(one, me=BERLIN, at=NOON, stream_seq=stream_seq, case_seq=case_seq, salt=bytes(32))
            await work.inbox.add([], [_arrived(sent)])


async def give_up(store: UnitOfWork, first: int, last: int, case_id: UUID = CASE) -> None:
    """A person waits no more for numbers of a case."""
    entry_id = time_ordered_id()
    reasons = ("NUMBER_GIVEN_UP", f"Numbers {first} to {last}.", "We have waited.")
    entry = QuarantineEntry(
        entry_id,
        "NUMBER_GIVEN_UP",
        "We have waited.",
        f"to it-inps in {case_id}",
        0,
        first,
        b"",
        LATER,
        BERLIN,
        case_id=case_id,
        state=QuarantineState.REJECTED,
        closed_at=LATER,
        closed_by="vera",
        scope=case_id,
    )
    async with store() as work:
        await work.quarantine.add([entry])
        await work.given_up.add(GivenUp(BERLIN, case_id, span(first, last), entry_id, reasons, LATER))


async def test_a_gap_that_was_given_up_is_settled_by_that(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (4, 4), (5, 5))
    await noted(store, came(missing(2, 3)))
    assert len(await listed(store, OPEN)) == 1
    await give_up(store, 2, 3)
    (one,) = await findings(store)
    assert (one.is_open, one.settled) == (False, Settled("vera", LATER, "Numbers 2 to 3.; We have waited.", CASE))
    assert await listed(store, OPEN) == []
    assert await told(store) == []
    # What is found of the same gap afterwards, and what comes of it too late, opens nothing.
    await noted(store, came(missing(3), at=NOON + DAY))
    await came_in_case(store, (2, 2))
    assert await listed(store, OPEN) == []
    assert await settled(store, settling(1, 9)) == 0


async def test_where_more_is_missing_than_was_given_up_nobody_knows_which_it_is(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (3, 5))
    await noted(store, came(missing(2, 4)))
    await give_up(store, 2, 2)
    assert len(await listed(store, OPEN)) == 1
    # One of the three is void, one is of another case.
    await came_in_case(store, (1, 3), case_id=OTHER)
    assert len(await listed(store, OPEN)) == 1
    void = VoidNumber(4, UUID(int=5), ROOT, OTHER, 2, VoidReason.ERASED_BEFORE_SENT)
    async with store() as work:
        assert await work.voids_received.add(BERLIN, [void], at=NOON) == []
    assert await listed(store, OPEN) == []


async def test_gaps_of_two_cases_in_one_part_of_the_stream_count_together(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (3, 5))
    await came_in_case(store, (1, 2), (3, 6), case_id=OTHER)
    await noted(store, came(missing(3, 4)))
    await give_up(store, 2, 2)
    assert len(await listed(store, OPEN)) == 1
    await give_up(store, 2, 2, OTHER)
    assert await listed(store, OPEN) == []


async def test_what_came_between_two_gaps_counts_where_one_finding_reaches_over_both(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (4, 4))
    await came_in_case(store, (1, 6), (4, 9), case_id=OTHER)
    await noted(store, came(missing(2, 8)))
    await give_up(store, 2, 3)
    await give_up(store, 2, 3, OTHER)
    assert len(await listed(store, OPEN)) == 1  # 5 is missing as well, and of none of both
    await came_in_case(store, (1, 5), case_id=UUID(int=9))
    assert await listed(store, OPEN) == []


async def test_what_was_given_up_and_never_stood_in_the_stream_settles_nothing(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (300, 3), (301, 5))
    await noted(store, came(missing(2), missing(4)))
    await give_up(store, 2, 299)
    assert [one.is_open for one in await findings(store)] == [True, True]


async def test_giving_up_is_of_one_sender_and_of_what_is_missing(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (3, 3))
    ottawa = Comparison(OTTAWA, Direction.RECEIVED, NOON, WHOLE, 1, compared=(WHOLE,), differences=(missing(2),))
    await noted(store, ottawa, came(Difference(UNSETTLED, span(2), 1, ROOT)), came(missing(2), numbers=span(9)))
    await give_up(store, 2, 2)
    kinds = {(report.partner, one.kind): one.is_open for report in await listed(store, ALL) for one in report.findings}
    assert kinds == {(OTTAWA, MISSING): True, (BERLIN, UNSETTLED): True, (BERLIN, MISSING): False}


async def refuse_gap(store: UnitOfWork, first: int, last: int, sender: str = BERLIN) -> None:
    """A person has rejected the entry of a gap."""
    entry_id, state = time_ordered_id(), QuarantineState.REJECTED
    topic = f"inbox from {sender}"
    entry = QuarantineEntry(entry_id, "STREAM_GAP", "Not come.", topic, 0, first, b"", NOON, sender, state=state)
    async with store() as work:
        await work.quarantine.add([replace(entry, closed_at=LATER, closed_by="vera")])
        await work.given_up.add_gap(GapGivenUp(sender, span(first, last), entry_id, "We have waited."))


async def test_a_gap_of_the_stream_that_was_refused_is_settled_by_that(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (4, 4))
    await noted(store, came(missing(2, 3)))
    await refuse_gap(store, 2, 3, OTTAWA)
    assert len(await listed(store, OPEN)) == 1
    await refuse_gap(store, 2, 3)
    (one,) = await findings(store)
    assert (one.is_open, one.settled) == (False, Settled("vera", LATER, "We have waited.", is_gap=True))
    assert await told(store) == []
    # What is found of the same gap afterwards, and what comes of it too late, opens nothing.
    await noted(store, came(missing(3), at=NOON + DAY))
    await came_in_case(store, (2, 2))
    assert await listed(store, OPEN) == []
    assert await settled(store, settling(1, 9)) == 0


async def test_what_is_missing_beside_the_gap_stays_open_until_it_has_come_or_is_refused_too(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (9, 9))
    await noted(store, came(missing(2, 5)))
    await refuse_gap(store, 2, 3)
    assert len(await listed(store, OPEN)) == 1
    await came_in_case(store, (4, 4))
    assert len(await listed(store, OPEN)) == 1
    await refuse_gap(store, 5, 5)
    assert await listed(store, OPEN) == []


async def test_gaps_that_overlap_do_not_make_up_for_what_is_missing_beside_them(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (9, 9))
    await noted(store, came(missing(2, 6)))
    await refuse_gap(store, 2, 4)
    await refuse_gap(store, 3, 4)
    assert len(await listed(store, OPEN)) == 1
    await refuse_gap(store, 5, 6)
    assert await listed(store, OPEN) == []


async def test_a_number_that_differs_is_not_settled_by_a_gap_that_was_refused(store: UnitOfWork) -> None:
    await came_in_case(store, (1, 1), (2, 2))
    await noted(store, came(Difference(DIFFERING, span(2), 1, ROOT)), came(Difference(UNSETTLED, span(3), 1, ROOT)))
    await refuse_gap(store, 2, 3)
    assert [one.is_open for one in await findings(store)] == [True, True]

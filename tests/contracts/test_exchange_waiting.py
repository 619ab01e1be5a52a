"""What every store must keep to about lanes that wait and numbers that were given up, in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.services.exchange.lanes import LaneEntry
from portability.services.exchange.model.messages import GIVEN_UP_TYPE
from portability.services.exchange.model.set_aside import ID_CONFLICT, NUMBER_CONFLICT, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, StatusEntry
from portability.services.exchange.model.waiting import GivenUp, WaitingLane
from portability.services.exchange.streams import SequenceRange
from tests.contracts.test_exchange_store import (
    CASE,
    LATER,
    NOON,
    OTTAWA,
    ROME,
    Store,
    arriving,
    inbox_bundle,
    message,
    put,
    quarantined,
    store,
)
from tests.contracts.test_lanes import BERLIN, DONE, ELSEWHERE, PARKED, entry, keep
from tests.contracts.test_lanes import OTTAWA as FROM_OTTAWA

__all__ = ["store"]


def given_up(first: int, last: int, **changes: object) -> GivenUp:
    reasons = ("NUMBER_GIVEN_UP", "We have waited for a month.")
    return replace(GivenUp(*BERLIN, SequenceRange(first, last), time_ordered_id(), reasons, LATER), **changes)


def at(one: LaneEntry, minutes: int) -> LaneEntry:
    return replace(one, since=NOON + timedelta(minutes=minutes))


async def test_lanes_that_wait_are_listed_with_what_they_wait_for(store: Store) -> None:
    third = ("ca-sc", ELSEWHERE[1])
    async with store() as work:
        # It lacks 2 to 4: what is done out of its turn is no message that waits.
        await keep(work, BERLIN, 2, entry(5, DONE), at(entry(6), 9), at(entry(7), 3), entry(9, DONE))
        await keep(work, FROM_OTTAWA, 4, entry(4, PARKED), entry(6))
        await keep(work, ELSEWHERE, 1, entry(1, PARKED))
        await keep(work, third, 3, entry(5, DONE))
    async with store() as work:
        berlin = WaitingLane(BERLIN, NOON + timedelta(minutes=3), 2, SequenceRange(2, 4))
        ottawa = WaitingLane(FROM_OTTAWA, NOON, 2, None)
        elsewhere = WaitingLane(ELSEWHERE, NOON, 1, None)
        listed = sorted([berlin, ottawa, elsewhere], key=lambda one: one.lane)
        assert list(await work.lanes_waiting.page(after=None, limit=9)) == listed
        assert list(await work.lanes_waiting.page(after=None, limit=2)) == listed[:2]
        assert list(await work.lanes_waiting.page(after=listed[1].lane, limit=2)) == listed[2:]
        assert await work.lanes_waiting.find(BERLIN) == berlin
        assert await work.lanes_waiting.find(third) is None
        assert await work.lanes_waiting.find(("it-inps", CASE)) is None


async def test_what_is_missing_in_a_case_lies_between_its_neighbours_in_the_stream(store: Store) -> None:
    places = [(1, 10), (3, 14), (5, 15), (8, 20)]  # number in the case, number in the stream
    bundle = inbox_bundle()
    ours = [arriving(bundle.bundle_id, item=number, case_seq=place, stream_seq=number) for place, number in places]
    other = arriving(bundle.bundle_id, case_id=ELSEWHERE[1], case_seq=2, stream_seq=26)
    async with store() as work:
        await work.inbox.add([bundle], [*ours, other])
    async with store() as work:
        assert await work.lanes_waiting.among(BERLIN, SequenceRange(2, 2)) == SequenceRange(11, 13)
        assert await work.lanes_waiting.among(BERLIN, SequenceRange(4, 4)) is None
        assert await work.lanes_waiting.among(BERLIN, SequenceRange(6, 7)) == SequenceRange(16, 19)
        assert await work.lanes_waiting.among(BERLIN, SequenceRange(9, 9)) == SequenceRange(21, 26)
        assert await work.lanes_waiting.among(ELSEWHERE, SequenceRange(1, 1)) == SequenceRange(1, 25)
        assert await work.lanes_waiting.among(FROM_OTTAWA, SequenceRange(1, 1)) is None


async def test_what_came_under_a_number_given_up_is_found_while_its_entry_is_open(store: Store) -> None:
    bundle = inbox_bundle()
    came = [arriving(bundle.bundle_id, item=place, case_seq=place, stream_seq=place) for place in range(1, 7)]
    elsewhere = arriving(bundle.bundle_id, case_id=ELSEWHERE[1], case_seq=3, stream_seq=9)
    asides = [
        replace(quarantined(number, one.message.message_id), case_id=one.message.case_id, reason_code=NUMBER_CONFLICT)
        for number, one in enumerate([*came, elsewhere])
    ]
    asides[3] = replace(asides[3], reason_code=ID_CONFLICT)
    async with store() as work:
        await work.inbox.add([bundle], [*came, elsewhere])
        await work.quarantine.add(asides)
        assert await work.given_up.came(limit=9) == []
        await work.given_up.add(given_up(2, 4))
        await work.given_up.add(given_up(6, 6))
        await work.given_up.add(given_up(1, 9, sender="ca-sc"))
    async with store() as work:
        expected = [(asides[place].entry_id, came[place].message.key) for place in (1, 2, 5)]
        assert list(await work.given_up.came(limit=9)) == expected
        assert list(await work.given_up.came(limit=2)) == expected[:2]
        await work.desk.close_entry(asides[1].entry_id, QuarantineState.REJECTED, at=LATER, by="")
        assert list(await work.given_up.came(limit=9)) == expected[1:]


async def test_what_was_given_up_stands_on_the_timeline_of_its_case(store: Store) -> None:
    one = given_up(2, 4)
    async with store() as work:
        await work.given_up.add(one)
        await work.given_up.add(given_up(1, 1, case_id=ELSEWHERE[1]))
    async with store() as work:
        (line,) = await work.timeline.of_case(CASE, after=None, limit=9)
        assert (line.message_id, line.partner, line.type, line.at) == (one.entry_id, "de-drv", GIVEN_UP_TYPE, LATER)
        assert (line.business, line.reasons, line.reason) == (BusinessStatus.REJECTED, one.reasons, one.reasons[0])
        assert await work.timeline.of_message(one.entry_id) == line


async def test_a_report_about_numbers_of_a_case_is_kept_for_our_messages_of_it(store: Store) -> None:
    report = UUID(int=77)
    reasons = ("NUMBER_GIVEN_UP",)
    async with store() as work:
        ours = await put(work, message(), message(case_id=ELSEWHERE[1]), message(), message(), message(OTTAWA))
        said = StatusEntry(2, 2**50, BusinessStatus.REJECTED, reasons, LATER, CASE)
        await work.statuses.note(ROME, [said], report_id=report)
        await work.statuses.note(ROME, [said], report_id=report)
    async with store() as work:
        found = [await work.timeline.of_message(one.sealable.message_id) for one in ours]
        told = [(one.business, one.reasons) for one in found if one]
        nothing, refused = (None, ()), (BusinessStatus.REJECTED, reasons)
        assert told == [nothing, nothing, refused, refused, nothing]
        assert [list(await work.statuses.reports(ROME, number)) for number in (1, 2, 3, 4)] == [
            [],
            [],
            [report],
            [report],
        ]
        # What is decided later, by the number in the stream, counts as ever.
        later = StatusEntry(3, 3, BusinessStatus.ACCEPTED, (), LATER + timedelta(minutes=1))
        await work.statuses.note(ROME, [later], report_id=UUID(int=78))
        now = await work.timeline.of_message(ours[2].sealable.message_id)
        assert now is not None
        assert now.business is BusinessStatus.ACCEPTED

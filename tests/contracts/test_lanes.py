"""What every store must keep to about lanes and what was set aside, in memory and in PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.envelope import STATUS_ENTRIES
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneStanding
from portability.services.exchange.model.messages import Lane
from portability.services.exchange.model.set_aside import ID_CONFLICT, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, StatusEntry
from portability.services.exchange.ports.work import ExchangeWork
from tests.at_rest import at_rest_on
from tests.contracts.test_exchange_store import (
    CASE,
    LATER,
    NOON,
    ROME,
    Store,
    arriving,
    inbox_bundle,
    message,
    put,
    quarantined,
    store,
)

__all__ = ["store"]

OTHER = UUID("01936e00-0000-7000-8000-00000000cafe")
BERLIN, OTTAWA, ELSEWHERE = ("de-drv", CASE), ("ca-sc", CASE), ("de-drv", OTHER)
HELD, PARKED, DONE = LaneEntryState.HELD, LaneEntryState.PARKED, LaneEntryState.DONE


def entry(case_seq: int, state: LaneEntryState = HELD) -> LaneEntry:
    return LaneEntry(case_seq, time_ordered_id(), state, NOON)


async def keep(work: ExchangeWork, lane: Lane, next_seq: int, *entries: LaneEntry) -> None:
    await work.lanes.load({lane: [one.case_seq for one in entries]})
    await work.lanes.save({lane: LaneStanding(next_seq, entries)})


async def test_what_lies_ahead_is_read_from_a_number_on_lane_by_lane(store: Store) -> None:
    entries = [entry(number) for number in (2, 5, 6, 9)]
    elsewhere = entry(6, PARKED)
    async with store() as work:
        await keep(work, BERLIN, 1, *entries)
        await keep(work, OTTAWA, 1, elsewhere)
    async with store() as work:
        await work.lanes.load({BERLIN: (), OTTAWA: (), ELSEWHERE: ()})
        found = await work.lanes.ahead({BERLIN: 5, OTTAWA: 2}, limit=4)
        assert {lane: list(some) for lane, some in found.items() if some} == {BERLIN: entries[1:3]}
        found = await work.lanes.ahead({BERLIN: 5, OTTAWA: 2, ELSEWHERE: 1}, limit=5)
        assert {lane: list(some) for lane, some in found.items() if some} == {
            BERLIN: entries[1:],
            OTTAWA: [elsewhere],
        }


async def test_what_was_read_ahead_can_be_let_go_and_kept(store: Store) -> None:
    entries = [entry(number) for number in (2, 3, 4)]
    async with store() as work:
        await keep(work, BERLIN, 1, *entries)
    async with store() as work:
        await work.lanes.load({BERLIN: ()})
        await work.lanes.ahead({BERLIN: 2}, limit=9)
        await work.lanes.save({BERLIN: LaneStanding(4, tuple(entries[2:]))})
    async with store() as work:
        standing = (await work.lanes.load({BERLIN: ()}))[BERLIN]
        assert (standing.next_seq, standing.entries) == (4, tuple(entries[2:]))


async def test_what_waits_is_counted_without_what_is_done(store: Store) -> None:
    async with store() as work:
        await keep(work, BERLIN, 1, entry(1, PARKED), entry(2), entry(3, DONE), entry(5))
        await keep(work, OTTAWA, 1, entry(2))
    async with store() as work:
        assert [await work.lanes.waiting(lane) for lane in (BERLIN, OTTAWA, ELSEWHERE)] == [3, 1, 0]


async def test_lanes_can_be_taken_in_hand_one_after_the_other(store: Store) -> None:
    late, first = entry(3), entry(1, PARKED)
    bundle = inbox_bundle()
    async with store() as work:
        await keep(work, BERLIN, 2, late)
    async with store() as work:
        assert (await work.lanes.load({OTTAWA: ()}))[OTTAWA] == LaneStanding()
        assert (await work.lanes.load({BERLIN: ()}))[BERLIN].entries == (late,)
        await work.inbox.add([bundle], [arriving(bundle.bundle_id, sender="ca-sc", message_id=first.message_id)])
        await work.lanes.save({OTTAWA: LaneStanding(1, (first,)), BERLIN: LaneStanding(2, (late,))})
    async with store() as work:
        found = await work.lanes.load({OTTAWA: (), BERLIN: ()})
        assert {lane: (one.next_seq, one.entries) for lane, one in found.items()} == {
            OTTAWA: (1, (first,)),
            BERLIN: (2, (late,)),
        }


async def test_an_entry_is_closed_once_and_its_reason_changes_only_while_it_is_open(
    store: Store,
) -> None:
    one, other = quarantined(1, time_ordered_id()), quarantined(2)
    async with store() as work:
        await work.quarantine.add([one, other])
        await work.desk.note_reason(one.entry_id, code="CASE_STATE", reason="Not yet.")
        await work.desk.close_entry(one.entry_id, QuarantineState.REJECTED, at=LATER, by="karl")
    async with store() as work:
        await work.desk.note_reason(one.entry_id, code="OTHER", reason="Later.")
        await work.desk.close_entry(one.entry_id, QuarantineState.APPLIED, at=NOON, by="anna")
        found = await work.desk.find(one.entry_id)
        assert found is not None
        assert (found.state, found.closed_at, found.closed_by) == (QuarantineState.REJECTED, LATER, "karl")
        assert (found.reason_code, found.reason) == ("CASE_STATE", "Not yet.")
        assert await work.desk.find(other.entry_id) == other
        assert await work.desk.find(time_ordered_id()) is None


async def test_entries_of_a_message_are_closed_but_not_those_of_another_under_its_id(
    store: Store,
) -> None:
    message_id = time_ordered_id()
    parked, conflict = quarantined(1, message_id), quarantined(2, message_id)
    async with store() as work:
        await work.quarantine.add([parked, conflict])
        await work.desk.note_reason(conflict.entry_id, code=ID_CONFLICT, reason="Another.")
        await work.desk.close([("de-drv", message_id)], QuarantineState.REPLACED, at=LATER, by="")
        await work.desk.close([("ca-sc", message_id)], QuarantineState.REJECTED, at=LATER, by="")
    async with store() as work:
        found = [await work.desk.find(one.entry_id) for one in (parked, conflict)]
        assert [one.state for one in found if one] == [QuarantineState.REPLACED, QuarantineState.OPEN]


async def test_of_two_things_said_at_one_instant_the_later_said_counts(store: Store) -> None:
    sent = message()
    async with store() as work:
        await put(work, sent)
        for status in (BusinessStatus.PARKED, BusinessStatus.REJECTED):
            await work.statuses.note(ROME, [StatusEntry(1, 1, status, (status.value,), LATER)], report_id=UUID(int=9))
        found = await work.timeline.of_message(sent.message_id)
        assert found is not None
        assert (found.business, found.reasons) == (BusinessStatus.REJECTED, ("rejected",))


async def test_of_what_one_report_says_twice_of_the_same_numbers_the_latest_counts(store: Store) -> None:
    sent = message()
    said = [(BusinessStatus.REJECTED, LATER, None), (BusinessStatus.PARKED, NOON, None)]
    of_case = [(BusinessStatus.REJECTED, NOON, sent.case_id), (BusinessStatus.REJECTED, NOON, sent.case_id)]
    async with store() as work:
        await put(work, sent)
        for some in (said, of_case):
            entries = [
                StatusEntry(1, last, status, (f"{status}, 'said' at {at}",), at, case_id)
                for last in (1, 2)
                for status, at, case_id in some
            ]
            await work.statuses.note(ROME, entries, report_id=UUID(int=9))
        found = await work.timeline.of_message(sent.message_id)
        assert found is not None
        assert (found.business, found.reasons) == (BusinessStatus.REJECTED, (f"rejected, 'said' at {LATER}",))
        assert list(await work.statuses.reports(ROME, 1)) == [UUID(int=9)]


async def test_however_much_a_report_says_it_is_kept_in_one_go(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(new_database())
    units = exchange_unit_of_work(database, await at_rest_on(database))
    entries = [StatusEntry(one, one, BusinessStatus.ACCEPTED, (), LATER) for one in range(1, STATUS_ENTRIES + 1)]
    async with units() as work:
        asked: list[str] = []
        real = work.connection.execute

        async def execute(query: str, *args: object, **options: object) -> object:
            asked.append(query)
            return await real(query, *args, **options)

        monkeypatch.setattr(work.connection, "execute", execute)
        await work.statuses.note(ROME, entries, report_id=UUID(int=9))
        assert len(asked) == 1
        assert list(await work.statuses.reports(ROME, STATUS_ENTRIES)) == [UUID(int=9)]
    await database.close()


async def test_what_is_sealed_by_itself_goes_when_its_entry_is_closed(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database())
    units = exchange_unit_of_work(database, await at_rest_on(database))
    alone, of_case = quarantined(1), quarantined(2, time_ordered_id())
    alone = replace(alone, scope=alone.entry_id)
    async with units() as work:
        await work.quarantine.add([alone, of_case])
        assert await work.desk.find(alone.entry_id) == alone
    async with units() as work:
        for one in (alone, of_case):
            at = SystemClock().now() + timedelta(minutes=1)
            await work.desk.close_entry(one.entry_id, QuarantineState.REJECTED, at=at, by="karl")
        found = [await work.desk.find(one.entry_id) for one in (alone, of_case)]
        assert [one.value for one in found if one] == [b"", of_case.value]
    await database.close()

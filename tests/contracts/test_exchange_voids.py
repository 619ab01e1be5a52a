"""What the stores of void numbers must keep to, in memory and in PostgreSQL."""

from collections.abc import Callable
from uuid import UUID

import pytest

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import PostgresExchangeWork, exchange_unit_of_work
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneStanding
from portability.services.exchange.model.voids import VoidNumber, VoidReason
from portability.services.exchange.streams import Arrivals, SequenceRange
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
    receipt_for,
    receipt_message,
    send,
    store,
)

__all__ = ["store"]

BERLIN, OTTAWA = "de-drv", "ca-sc"
BEFORE_SENT, BEFORE_RECEIPT = VoidReason.ERASED_BEFORE_SENT, VoidReason.ERASED_BEFORE_RECEIPT
EVERYTHING = [SequenceRange(1, 2**53 - 1)]


def void(number: int, **changes: object) -> VoidNumber:
    values = {
        "stream_seq": number,
        "message_id": UUID(int=number),
        "leaf_hash": number.to_bytes(32, "big"),
        "case_id": CASE,
        "case_seq": number,
        "reason": BEFORE_SENT,
    }
    return VoidNumber(**{**values, **changes})


async def test_void_is_what_has_expired_in_the_order_of_its_numbers(store: Store) -> None:
    bundle, sent = await send(store, message(), message(), receipt_message())
    async with store() as work:
        waiting = await put(work, *[message() for _ in range(3)])
        await put(work, message(OTTAWA))
        await work.receipts.settle([receipt_for(bundle, sent[1:2])])
        await work.receipts.expire(ROME, [1, 2, 3], at=NOON)
        await work.receipts.expire(ROME, [4, 5], at=NOON)
        await work.receipts.expire(OTTAWA, [1], at=NOON)
    expected = [
        VoidNumber(
            one.sealable.stream_seq,
            one.sealable.message_id,
            one.sealable.leaf_hash,
            CASE,
            one.case_seq,
            BEFORE_RECEIPT if one is sent[0] else BEFORE_SENT,
        )
        for one in (sent[0], *waiting[:2])
    ]
    async with store() as work:
        assert await work.voids_sent.among(ROME, EVERYTHING, limit=9) == expected
        assert await work.voids_sent.among(ROME, EVERYTHING, limit=2) == expected[:2]
        overlapping = [SequenceRange(5, 5), SequenceRange(2, 4), SequenceRange(3, 4)]
        assert await work.voids_sent.among(ROME, overlapping, limit=9) == expected[1:]
        assert await work.voids_sent.among(BERLIN, EVERYTHING, limit=9) == []
        # A receipt that comes late counts: then it is void no more.
        await work.receipts.settle([receipt_for(bundle, sent[:1])])
        assert await work.voids_sent.among(ROME, EVERYTHING, limit=9) == expected[1:]


async def test_a_void_number_is_no_gap_and_stands_in_the_digest(store: Store) -> None:
    three, five = arriving(UUID(int=1), stream_seq=3, case_seq=3), arriving(UUID(int=1), stream_seq=5, case_seq=5)
    async with store() as work:
        await work.inbox.add([inbox_bundle()], [three, five])
        assert await work.voids_received.add(BERLIN, [void(1), void(2), void(4), void(9)], at=NOON) == []
        assert await work.voids_received.add(OTTAWA, [void(4)], at=NOON) == []
        assert await work.gaps.arrivals(BERLIN, after=0, limit=9) == Arrivals(5, ())
        leaves = [void(1).leaf_hash, void(2).leaf_hash, three.leaf_hash, void(4).leaf_hash, five.leaf_hash]
        assert await work.digests.received(BERLIN, SequenceRange(1, 8)) == leaves
        assert await work.digests.received(BERLIN, SequenceRange(2, 3)) == leaves[1:3]


@pytest.mark.parametrize(
    ("said", "is_wrong"),
    [
        ({"stream_seq": 3}, True),
        ({"stream_seq": 3, "reason": BEFORE_RECEIPT}, True),
        ({"message_id": UUID(int=33)}, True),
        ({"case_seq": 3}, True),
        ({"stream_seq": 3, "leaf_hash": UUID(int=33).bytes * 2, "reason": BEFORE_RECEIPT}, False),
        ({"stream_seq": 3, "leaf_hash": UUID(int=33).bytes * 2}, True),
    ],
)
async def test_what_is_here_is_never_void(store: Store, said: dict[str, object], *, is_wrong: bool) -> None:
    here = arriving(UUID(int=1), stream_seq=3, case_seq=3, message_id=UUID(int=33))
    other = void(7, **said)
    async with store() as work:
        await work.inbox.add([inbox_bundle()], [here])
        assert await work.voids_received.add(BERLIN, [void(1), other], at=NOON) == ([other] if is_wrong else [])
        assert await work.voids_received.add(OTTAWA, [other], at=NOON) == []
        leaves = [void(1).leaf_hash, here.leaf_hash]
        assert await work.digests.received(BERLIN, SequenceRange(1, 9)) == leaves


async def test_one_number_said_again_is_known_and_with_another_leaf_is_wrong(store: Store) -> None:
    other = void(7, leaf_hash=bytes(32))
    async with store() as work:
        assert await work.voids_received.add(BERLIN, [void(7)], at=NOON) == []
        assert await work.voids_received.add(BERLIN, [void(7, reason=BEFORE_RECEIPT)], at=LATER) == []
        assert await work.voids_received.add(BERLIN, [other, void(8)], at=LATER) == [other]
        assert await work.digests.received(BERLIN, SequenceRange(1, 9)) == [void(7).leaf_hash, void(8).leaf_hash]


@pytest.mark.parametrize(
    ("standing", "is_in_the_way"),
    [
        (LaneStanding(2, (LaneEntry(4, UUID(int=4), LaneEntryState.HELD, NOON),)), True),
        (LaneStanding(2, (LaneEntry(4, UUID(int=4), LaneEntryState.PARKED, NOON),)), True),
        (LaneStanding(2, (LaneEntry(4, UUID(int=4), LaneEntryState.DONE, NOON),)), False),
        (LaneStanding(2, (LaneEntry(2, UUID(int=2), LaneEntryState.HELD, NOON),)), False),
        (LaneStanding(1, (LaneEntry(4, UUID(int=4), LaneEntryState.HELD, NOON),)), False),
        (LaneStanding(3, (LaneEntry(4, UUID(int=4), LaneEntryState.HELD, NOON),)), False),
    ],
)
async def test_what_a_lane_waits_for_is_in_the_way(
    store: Store, standing: LaneStanding, *, is_in_the_way: bool
) -> None:
    async with store() as work:
        await work.voids_received.add(BERLIN, [void(2)], at=NOON)
        await work.voids_received.add(OTTAWA, [void(2)], at=NOON)
        await work.lanes.load({(BERLIN, CASE): (2, 4)})
        await work.lanes.save({(BERLIN, CASE): standing})
    async with store() as work:
        expected = [(BERLIN, void(2))] if is_in_the_way else []
        assert await work.voids_received.in_the_way(limit=9) == expected
        assert await work.voids_received.in_the_way(limit=0) == []


async def test_what_comes_under_a_number_that_was_never_to_be_sent_is_noticed_once(store: Store) -> None:
    async with store() as work:
        await work.voids_received.add(BERLIN, [void(3), void(4, reason=BEFORE_RECEIPT), void(5)], at=NOON)
        await work.voids_received.add(OTTAWA, [void(3)], at=NOON)
        assert await work.voids_received.belied(limit=9, at=NOON) == []
        came = [arriving(UUID(int=1), stream_seq=number, case_seq=number) for number in (3, 4)]
        await work.inbox.add([inbox_bundle()], came)
        assert await work.voids_received.belied(limit=9, at=LATER) == [(BERLIN, 3)]
        assert await work.voids_received.belied(limit=9, at=LATER) == []
        leaves = [came[0].leaf_hash, came[1].leaf_hash, void(5).leaf_hash]
        assert await work.digests.received(BERLIN, SequenceRange(1, 9)) == leaves


async def test_what_has_come_is_looked_for_a_part_at_a_time_and_then_anew(store: Store) -> None:
    async with store() as work:
        await work.voids_received.add(BERLIN, [void(number) for number in range(1, 6)], at=NOON)
        await work.voids_received.add(OTTAWA, [void(1)], at=NOON)
        came = [arriving(UUID(int=1), stream_seq=number, case_seq=number) for number in (2, 4, 5)]
        await work.inbox.add([inbox_bundle()], came)
    looks = []
    for _ in range(4):
        async with store() as work:
            looks.append(list(await work.voids_received.belied(limit=2, at=LATER)))
    # 1 of Ottawa and 1 of Berlin; 2 and 3; 4 and 5; nothing is left, and it begins anew.
    assert looks == [[], [(BERLIN, 2)], [(BERLIN, 4), (BERLIN, 5)], []]
    async with store() as work:
        await work.inbox.add([inbox_bundle()], [arriving(UUID(int=1), stream_seq=1, case_seq=1)])
        assert await work.voids_received.belied(limit=2, at=LATER) == [(BERLIN, 1)]


async def test_a_look_reads_no_more_rows_than_it_looks_at(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database())
    async with exchange_unit_of_work(database, await at_rest_on(database))() as work:
        for first in range(0, 5000, 500):
            await work.voids_received.add(BERLIN, [void(first + one) for one in range(1, 501)], at=NOON)
        await work.connection.execute("ANALYZE stream_voids")
    async with exchange_unit_of_work(database, await at_rest_on(database))() as work:
        before = await _rows_read(work)
        assert await work.voids_received.belied(limit=100, at=LATER) == []
        assert 100 <= await _rows_read(work) - before <= 300
    await database.close()


async def _rows_read(work: PostgresExchangeWork) -> int:
    found = await work.connection.execute(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'stream_voids'"
    )
    row = await found.fetchone()
    return int(row[0]) if row else 0

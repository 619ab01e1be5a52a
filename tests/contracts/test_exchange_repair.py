"""What the stores of repair must keep to, in memory and in PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.envelope import received_message
from portability.services.exchange.mapping.wire import decode_header
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.model.receiving import InboxMessage
from portability.services.exchange.model.sending import OutboxMessage
from portability.services.exchange.outgoing import outbox_message, post
from portability.services.exchange.ports.work import UnitOfWork
from portability.services.exchange.streams import Arrivals, DigestRound, SequenceRange, StreamWatch
from tests.at_rest import at_rest_on

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN, ROME, OTTAWA = "de-drv", "it-inps", "ca-sc"


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[UnitOfWork]:
    """Opens transactions on a store without rows."""
    if request.param == "memory":
        yield MemoryExchangeStore().transaction
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    yield exchange_unit_of_work(database, await at_rest_on(database))
    await database.close()


def _message(recipient: str = ROME) -> OutgoingMessage:
    message_id = time_ordered_id()
    return OutgoingMessage(message_id, str(message_id), recipient, UUID(int=7), "record.request", 1, b"periods")


def _sent(number: int, sender: str = BERLIN) -> OutboxMessage:
    return outbox_message(_message(), me=sender, at=NOON, stream_seq=number, case_seq=number, salt=bytes(32))


def _arrived(sent: OutboxMessage) -> InboxMessage:
    item = sent.sealable
    message = received_message(decode_header(item.header), item.record, at=NOON)
    return InboxMessage(message, item.header, item.salt, item.leaf_hash, UUID(int=9), 0)


async def _receive(store: UnitOfWork, *numbers: int, sender: str = BERLIN) -> list[bytes]:
    messages = [_sent(number, sender) for number in numbers]
    async with store() as work:
        await work.inbox.add([], [_arrived(one) for one in messages])
    return [one.sealable.leaf_hash for one in messages]


async def test_gaps_are_found_between_what_has_come(store: UnitOfWork) -> None:
    await _receive(store, 2, 3, 6, 9)
    await _receive(store, 1, sender=OTTAWA)
    async with store() as work:
        missing = (SequenceRange(1, 1), SequenceRange(4, 5), SequenceRange(7, 8))
        assert await work.gaps.arrivals(BERLIN, after=0, limit=9) == Arrivals(9, missing)
        assert await work.gaps.arrivals(BERLIN, after=0, limit=2) == Arrivals(9, missing[:2])
        assert await work.gaps.arrivals(BERLIN, after=3, limit=9) == Arrivals(9, missing[1:])
        assert await work.gaps.arrivals(BERLIN, after=9, limit=9) == Arrivals(9, ())
        assert await work.gaps.arrivals(ROME, after=0, limit=9) == Arrivals(0, ())


async def test_a_stream_is_looked_at_until_something_is_missing_and_then_in_its_time(store: UnitOfWork) -> None:
    async with store() as work:
        assert await work.gaps.due(now=NOON) == []
    await _receive(store, 1, 3)
    await _receive(store, 1, sender=OTTAWA)
    fresh = [StreamWatch(OTTAWA), StreamWatch(BERLIN)]
    waiting = StreamWatch(BERLIN, 1, NOON, NOON + HOUR)
    async with store() as work:
        assert await work.gaps.due(now=NOON) == fresh
        await work.gaps.save(waiting)
        await work.gaps.save(StreamWatch(OTTAWA, 1))
    async with store() as work:
        assert await work.gaps.due(now=NOON + HOUR - timedelta(seconds=1)) == [StreamWatch(OTTAWA, 1)]
        assert await work.gaps.due(now=NOON + HOUR) == [StreamWatch(OTTAWA, 1), waiting]


async def test_leaf_hashes_come_in_the_order_of_their_numbers(store: UnitOfWork) -> None:
    four, two, nine = await _receive(store, 4, 2, 9)
    await _receive(store, 4, sender=OTTAWA)
    async with store() as work:
        assert await work.digests.received(BERLIN, SequenceRange(1, 9)) == [two, four, nine]
        assert await work.digests.received(BERLIN, SequenceRange(4, 8)) == [four]
        assert await work.digests.received(BERLIN, SequenceRange(5, 2**62)) == [nine]
        assert await work.digests.received(ROME, SequenceRange(1, 9)) == []
        assert await work.digests.sent(BERLIN, SequenceRange(1, 9)) == []


async def test_two_messages_under_one_number_are_both_seen(store: UnitOfWork) -> None:
    hashes = [*await _receive(store, 4), *await _receive(store, 4)]
    async with store() as work:
        assert await work.digests.received(BERLIN, SequenceRange(4, 4)) == sorted(hashes)
        assert await work.gaps.arrivals(BERLIN, after=3, limit=9) == Arrivals(4, ())


async def test_a_round_is_of_what_was_sent_before_an_instant_and_since_the_round_before_the_last(
    store: UnitOfWork,
) -> None:
    async with store() as work:
        first = await post([_message(), _message()], outbox=work.outbox, me=BERLIN, at=NOON)
        await post([_message()], outbox=work.outbox, me=BERLIN, at=NOON + HOUR)
        await post([_message(OTTAWA)], outbox=work.outbox, me=BERLIN, at=NOON + HOUR)
        assert await work.digests.sent(ROME, SequenceRange(1, 2)) == [one.sealable.leaf_hash for one in first]
        to_rome = DigestRound(ROME, 1, 2)
        assert await work.reconciliations.due(now=NOON, sent_before=NOON) == [DigestRound(OTTAWA, 1, 0), to_rome]
        await work.reconciliations.done(to_rome, next_at=NOON + HOUR)
    async with store() as work:
        assert await work.reconciliations.due(now=NOON, sent_before=NOON) == [DigestRound(OTTAWA, 1, 0)]
        later = {"now": NOON + HOUR, "sent_before": NOON + HOUR}
        assert await work.reconciliations.due(**later) == [DigestRound(OTTAWA, 1, 1), replace(to_rome, last_seq=3)]
        await work.reconciliations.done(DigestRound(ROME, 1, 3), next_at=NOON)
        assert await work.reconciliations.due(**later) == [DigestRound(OTTAWA, 1, 1), DigestRound(ROME, 3, 3)]

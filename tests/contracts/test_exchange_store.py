"""What every store of the exchange must keep to, in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portability.adapters.clock.fake import FixedClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.memory import exchange_sending
from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.postgres import exchange_bundles
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.agreements.errors import GatewayError, IdempotencyConflictError
from portability.services.exchange.envelope import Header
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.leases import LEASE, Lease
from portability.services.exchange.mapping.wire import encode_header
from portability.services.exchange.model.messages import (
    NO_CASE,
    RECEIPT_TYPE,
    Direction,
    OutgoingMessage,
    ReceivedMessage,
)
from portability.services.exchange.model.receiving import Arrival, InboxBundle, InboxMessage
from portability.services.exchange.model.sending import (
    IN_HAND,
    Consignment,
    KnownSubmission,
    OutboxMessage,
    SealedBundle,
    StoredReceipt,
)
from portability.services.exchange.model.set_aside import QuarantineEntry
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus, confirmation_of
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.work import ExchangeWork, UnitOfWork
from portability.services.exchange.ports.world import OutboxSignal
from portability.services.hybrid import HybridSignature
from portability.services.merkle import leaf_hash
from portability.services.purposes import PENSION_CLAIM
from tests.at_rest import at_rest_on

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
CASE = UUID("01936e00-0000-7000-8000-00000000ca5e")
ROME, OTTAWA = "it-inps", "ca-sc"
NO_LIMIT = 10**9

Store = UnitOfWork


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Opens transactions on a store without rows."""
    if request.param == "memory":
        yield MemoryExchangeStore().transaction
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    yield exchange_unit_of_work(database, await at_rest_on(database))
    await database.close()


def message(recipient: str = ROME, key: str | None = None, **changes: object) -> OutgoingMessage:
    message_id = time_ordered_id()
    values: dict[str, object] = {
        "message_id": message_id,
        "idempotency_key": key or str(message_id),
        "recipient": recipient,
        "case_id": CASE,
        "type": "record.request",
        "schema_version": 1,
        "record": b"periods",
    }
    purpose = {"purpose": PENSION_CLAIM.code, "legal_basis": str(PENSION_CLAIM.citation)}
    return OutgoingMessage(**{**values, **purpose, **changes})


def receipt_message() -> OutgoingMessage:
    return message(type=RECEIPT_TYPE, case_id=NO_CASE)


async def put(work: ExchangeWork, *messages: OutgoingMessage, at: datetime = NOON) -> list[OutboxMessage]:
    """Number messages and put them into the outbox, as the exchange does with its own."""
    return list(await post(messages, outbox=work.outbox, me="de-drv", at=at))


class Everybody:
    def knows(self, institution: str) -> bool:
        return True


async def submit(work: ExchangeWork, *messages: OutgoingMessage) -> list[int]:
    """Submit messages as a use case does; the sequence of each."""
    made = await submit_many(messages, me="de-drv", outbox=work.outbox, recipients=Everybody(), clock=FixedClock(NOON))
    return [one.stream_seq for one in made]


async def open_messages(work: ExchangeWork, recipient: str = ROME) -> int:
    return (await work.outbox.turns({(recipient, CASE)})).open_messages[recipient]


def leaf(entry: OutboxMessage) -> bytes:
    return entry.sealable.leaf_hash


def bundle_of(entries: Sequence[OutboxMessage], **changes: object) -> SealedBundle:
    receiptable = [(one.sealable.message_id, leaf(one)) for one in entries if one.sealable.wants_receipt]
    values: dict[str, object] = {
        "bundle_id": time_ordered_id(),
        "recipient": entries[0].recipient,
        "first_seq": entries[0].sealable.stream_seq,
        "last_seq": entries[-1].sealable.stream_seq,
        "value": b"\x00sealed\xff",
        "signed_head": b"head",
        "signature": HybridSignature(b"e" * 64, b"m" * 3309),
        "sealed_at": NOON,
        "receiptable": len(receiptable),
        "receiptable_bytes": sum(one.sealable.size for one in entries if one.sealable.wants_receipt),
        "confirmation": confirmation_of(receiptable),
    }
    return SealedBundle(**{**values, **changes})


def key_of(bundle: SealedBundle) -> tuple[str, int]:
    return bundle.recipient, bundle.first_seq


def receipt_for(
    bundle: SealedBundle,
    entries: Iterable[OutboxMessage],
    status: ReceiptStatus = ReceiptStatus.DELIVERED,
    *,
    signer: str = ROME,
    reason: str = "",
) -> StoredReceipt:
    return StoredReceipt(
        receipt_id=time_ordered_id(),
        signer=signer,
        bundle_id=bundle.bundle_id,
        entries=tuple(ReceiptEntry(one.sealable.message_id, leaf(one), status, reason) for one in entries),
        evidence=b"evidence",
        received_at=LATER,
    )


def arriving(bundle_id: UUID, *, sender: str = "de-drv", item: int = 0, **changes: object) -> InboxMessage:
    values: dict[str, object] = {
        "message_id": time_ordered_id(),
        "sender": sender,
        "case_id": CASE,
        "type": "record.statement",
        "schema_version": 2,
        "record": b"\x00\x01",
        "stream_seq": 7,
        "sent_at": NOON.replace(microsecond=123000),  # a header counts milliseconds
        "received_at": LATER,
        "agreement_id": "ca-de",
        "agreement_sha256": "ab" * 32,
        "in_reply_to": CASE,
        "case_seq": 1,
    }
    received = ReceivedMessage(**{**values, **changes})
    return InboxMessage(received, header_of(received), b"s" * 32, received.message_id.bytes * 2, bundle_id, item)


def header_of(received: ReceivedMessage) -> bytes:
    return encode_header(
        Header(
            message_id=received.message_id,
            sender=received.sender,
            recipient=ROME,
            case_id=received.case_id,
            type=received.type,
            schema_version=received.schema_version,
            stream_seq=received.stream_seq,
            sent_at=received.sent_at,
            payload_commitment=bytes(32),
            record_length=len(received.record),
            agreement_id=received.agreement_id,
            agreement_sha256=bytes.fromhex(received.agreement_sha256),
            in_reply_to=received.in_reply_to,
            case_seq=received.case_seq,
            replaces=received.replaces,
        )
    )


def inbox_bundle(sender: str = "de-drv") -> InboxBundle:
    return InboxBundle(
        time_ordered_id(), sender, b"head", HybridSignature(b"e" * 64, b"m" * 3309), LATER, (b"l" * 32, b"m" * 32)
    )


def quarantined(offset: int = 3, message_id: UUID | None = None) -> QuarantineEntry:
    return QuarantineEntry(
        entry_id=time_ordered_id(),
        reason_code="VERIFICATION_FAILED",
        reason="A signature does not stand.",
        topic="portability.exchange.v1.it-inps",
        partition=0,
        offset=offset,
        value=b"\xff\x00",
        set_aside_at=LATER,
        sender="de-drv" if message_id else "",
        message_id=message_id,
        case_id=CASE if message_id else None,
        scope=CASE if message_id else NO_CASE,
    )


async def submitted(work: ExchangeWork, *keys: str) -> Mapping[str, KnownSubmission]:
    return (await work.outbox.turns(set(), keys=keys)).known


async def bundled(work: ExchangeWork, *recipients: str) -> Mapping[str, int]:
    """Up to where all is sealed, for whoever may seal."""
    return (await work.outbox.turns({(one, CASE) for one in recipients}, seals=True)).bundled_seqs


async def send(store: Store, *messages: OutgoingMessage) -> tuple[SealedBundle, list[OutboxMessage]]:
    """Submit, bundle and relay messages."""
    async with store() as work:
        entries = await put(work, *messages)
        bundle = bundle_of(entries)
        await work.bundles.add([bundle])
    async with store() as work:
        await work.resends.mark_relayed({key_of(bundle): LATER}, now=NOON)
    return bundle, entries


async def status_of(work: ExchangeWork, entry: OutboxMessage) -> ReceiptStatus:
    found = await work.timeline.of_message(entry.sealable.message_id)
    assert found is not None
    return found.status


# Transactions


async def test_an_error_undoes_the_whole_transaction(store: Store) -> None:
    entry = message()
    with pytest.raises(ZeroDivisionError):
        async with store() as work:
            await put(work, entry)
            await work.offsets.save("topic", 0, 5)
            raise ZeroDivisionError
    async with store() as work:
        assert await work.timeline.of_message(entry.message_id) is None
        assert await work.offsets.load("topic", 0) == -1


async def test_an_error_in_a_savepoint_undoes_only_what_is_inside(store: Store) -> None:
    outside, inside, after = message(), message(), message()
    async with store() as work:
        await put(work, outside)
        with pytest.raises(ZeroDivisionError):
            async with work.savepoint():
                await put(work, inside)
                raise ZeroDivisionError
        # The sequence has no gap where the inner message was.
        assert await submit(work, after) == [2]
    async with store() as work:
        assert await work.timeline.of_message(inside.message_id) is None
        assert await work.timeline.of_message(outside.message_id) is not None


async def test_a_lock_that_is_not_given_is_a_fault_that_passes_and_no_fault_of_a_message(
    new_database: Callable[[], str],
) -> None:
    database = await Database.open(new_database())
    async with database.transaction() as elsewhere:
        await elsewhere.execute("LOCK TABLE outbox")
        async with exchange_unit_of_work(database, await at_rest_on(database))() as work:
            with pytest.raises(GatewayError) as fault:
                async with work.savepoint():
                    await work.connection.execute("SET LOCAL lock_timeout = '20ms'")
                    await submitted(work, "key")
            assert fault.value.retryable
    await database.close()


# Outbox


async def test_sequences_are_gap_free_per_recipient_in_the_order_given(store: Store) -> None:
    async with store() as work:
        assert await submit(work, message(), message(OTTAWA), message(), message(OTTAWA), message()) == [1, 1, 2, 2, 3]
    async with store() as work:
        assert await submit(work, message()) == [4]


async def test_each_lane_counts_for_itself_and_no_case_has_none(store: Store) -> None:
    other = time_ordered_id()
    async with store() as work:
        first = await put(work, message(), message(case_id=other), message(OTTAWA), message(), receipt_message())
    async with store() as work:
        second = await put(work, message(case_id=other), message(), receipt_message())
    assert [one.case_seq for one in (*first, *second)] == [1, 1, 1, 2, 0, 2, 3, 0]


async def test_transactions_at_once_take_turns_at_one_recipient(store: Store) -> None:
    async def one() -> int:
        async with store() as work:
            (number,) = await submit(work, message())
            await asyncio.sleep(0.01)
            return number

    assert sorted(await asyncio.gather(*(one() for _ in range(7)))) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_key_known_already_gives_the_first_answer_and_leaves_no_gap(store: Store) -> None:
    first, again, following = message(key="k"), message(key="k"), message()
    async with store() as work:
        await submit(work, first)
    async with store() as work:
        assert await submit(work, again, following) == [1, 2]
        assert await work.timeline.of_message(again.message_id) is None


async def test_a_key_twice_in_one_call_counts_once(store: Store) -> None:
    async with store() as work:
        assert await submit(work, message(key="k"), message(key="k"), message()) == [1, 1, 2]


async def test_two_transactions_with_one_key_at_once_take_it_on_once(store: Store) -> None:
    async def one() -> list[int]:
        async with store() as work:
            return await submit(work, message(key="k"))

    assert await asyncio.gather(*(one() for _ in range(5))) == [[1]] * 5


async def test_one_key_for_two_recipients_at_once_is_a_fault_that_passes_or_a_conflict(
    new_database: Callable[[], str],
) -> None:
    database = await Database.open(new_database())
    store = exchange_unit_of_work(database, await at_rest_on(database))
    async with store() as work:
        await submit(work, message(key="k"))
        rival = asyncio.create_task(_submit_alone(store, message(OTTAWA, key="k")))
        await asyncio.sleep(0.2)
        assert not rival.done()  # the key's index entry is not committed yet
    with pytest.raises(GatewayError) as fault:
        await rival
    assert fault.value.retryable
    with pytest.raises(IdempotencyConflictError):
        await _submit_alone(store, message(OTTAWA, key="k"))
    await database.close()


async def _submit_alone(store: Store, one: OutgoingMessage) -> list[int]:
    async with store() as work:
        return await submit(work, one)


async def test_what_was_submitted_is_found_by_its_key(store: Store) -> None:
    async with store() as work:
        (entry,) = await put(work, message(key="k", record=bytes(range(256))))
        found = await submitted(work, "unknown", "k")
    assert list(found) == ["k"]
    known = found["k"]
    assert (known.submitted.message_id, known.submitted.stream_seq) == (entry.sealable.message_id, 1)
    assert (known.submitted.status, known.submitted.submitted_at) == (ReceiptStatus.SUBMITTED, NOON)
    assert (known.header, known.record) == (entry.sealable.header, entry.sealable.record)


async def test_open_messages_are_those_without_a_receipt_and_receipts_do_not_count(store: Store) -> None:
    async with store() as work:
        entries = await put(work, message(), message(), receipt_message(), message(OTTAWA))
        assert [await open_messages(work, one) for one in (ROME, OTTAWA, "fr-nobody")] == [2, 1, 0]
    bundle = bundle_of(entries[:2])
    async with store() as work:
        await work.bundles.add([bundle])
        await work.receipts.settle([receipt_for(bundle, entries[:1])])
        assert await open_messages(work) == 1


# Bundles


async def test_unsent_messages_come_back_whole_and_in_sequence(store: Store) -> None:
    plain = message(record=bytes(range(256)))
    full = message(agreement_id="eu-883-2004", agreement_sha256="cd" * 32, in_reply_to=CASE, schema_version=3)
    async with store() as work:
        entries = await put(work, plain, full, receipt_message(), message(OTTAWA))
    async with store() as work:
        taken = await work.bundles.take_unsent(ROME, limit=10, max_bytes=NO_LIMIT)
    assert list(taken) == [one.sealable for one in entries[:3]]
    assert [(one.stream_seq, one.wants_receipt) for one in taken] == [(1, True), (2, True), (3, False)]
    assert taken[0].leaf_hash == leaf_hash(taken[0].header)


async def test_taking_keeps_to_both_limits_but_takes_one_whatever_its_size(store: Store) -> None:
    async with store() as work:
        await put(work, *(message(record=b"x" * 100) for _ in range(5)))
        assert len(await work.bundles.take_unsent(ROME, limit=2, max_bytes=NO_LIMIT)) == 2
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=300)) == 3
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=299)) == 2
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=1)) == 1
        assert list(await work.bundles.take_unsent("fr-nobody", limit=9, max_bytes=1)) == []


async def test_recipients_wait_in_order_until_their_messages_are_bundled(store: Store) -> None:
    async with store() as work:
        await put(work, message(ROME), at=LATER)
        early = await put(work, message(OTTAWA))
        assert list(await work.bundles.waiting_recipients()) == [OTTAWA, ROME]
        await work.bundles.add([bundle_of(early)])
        assert list(await work.bundles.waiting_recipients()) == [ROME]
        assert list(await work.bundles.take_unsent(OTTAWA, limit=9, max_bytes=NO_LIMIT)) == []


async def test_whoever_may_seal_is_told_up_to_where_all_is_sealed(store: Store) -> None:
    async with store() as work:
        first, second = await put(work, message(), message())
        assert await bundled(work, ROME) == {ROME: 0}
        await work.bundles.add([bundle_of([first])])
        assert await bundled(work, ROME, OTTAWA) == {ROME: 1, OTTAWA: 0}
        await work.bundles.add([bundle_of([second])])
        assert await bundled(work, ROME) == {ROME: 2}
        assert not (await work.outbox.turns({(ROME, CASE)})).bundled_seqs


async def test_while_one_transaction_seals_for_a_recipient_another_takes_nothing(
    new_database: Callable[[], str],
) -> None:
    database = await Database.open(new_database())
    store = exchange_unit_of_work(database, await at_rest_on(database))
    async with store() as work:
        await put(work, message(), message(OTTAWA))
    async with store() as mine, store() as theirs:
        taken = [await one.bundles.take_unsent(ROME, limit=9, max_bytes=NO_LIMIT) for one in (mine, theirs)]
        assert await bundled(theirs, ROME, OTTAWA) == {OTTAWA: 0}
        elsewhere = await theirs.bundles.take_unsent(OTTAWA, limit=9, max_bytes=NO_LIMIT)
        assert ([len(one) for one in taken], len(elsewhere)) == ([1, 0], 1)
    await database.close()


# Resends


async def test_a_consignment_is_due_when_its_relay_has_let_go_and_can_be_sealed_again(store: Store) -> None:
    async with store() as work:
        entries = await put(work, message(), message(), message())
        bundle = bundle_of(entries[:2])
        await work.bundles.add([bundle])
        assert list(await work.resends.due(now=NOON + IN_HAND - timedelta(seconds=1), limit=9)) == []
        assert list(await work.resends.due(now=NOON + IN_HAND, limit=9)) == [Consignment(ROME, 1, 2, 0, None)]
        assert list(await work.bundles.messages_of((ROME, 1))) == [one.sealable for one in entries[:2]]


async def test_the_bytes_of_the_second_sealing_are_kept_until_all_is_settled(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    again = bundle_of(entries, value=b"sealed again")
    async with store() as work:
        await work.bundles.add([again], again=True)
        (due,) = await work.resends.due(now=LATER, limit=9)
        assert (due.value, due.attempts) == (b"sealed again", 1)
        # What answers the first sealing settles just as well.
        await work.receipts.settle([receipt_for(bundle, entries)])
        assert list(await work.resends.due(now=LATER + timedelta(days=9), limit=9)) == []
        assert await work.resends.send_again(ROME, [(1, 1)], now=LATER) == 1
        (due,) = await work.resends.due(now=LATER, limit=9)
        assert due.value is None


async def test_a_settled_consignment_that_is_sent_again_keeps_no_bytes(store: Store) -> None:
    bundle, entries = await send(store, message())
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries)])
        await work.resends.send_again(ROME, [(1, 1)], now=LATER)
        await work.bundles.add([bundle_of(entries, value=b"sealed for the one who asked")], again=True)
        await work.resends.mark_relayed({key_of(bundle): LATER}, now=LATER)
    async with store() as work:
        hour = LATER + timedelta(hours=1)
        assert await work.resends.send_again(ROME, [(1, 1)], now=hour) == 1
        (due,) = await work.resends.due(now=hour, limit=9)
        assert due.value is None


async def test_a_relayed_consignment_is_due_again_at_its_time_and_shows_as_relayed(store: Store) -> None:
    _, (entry,) = await send(store, message())
    async with store() as work:
        assert await status_of(work, entry) is ReceiptStatus.RELAYED
        assert list(await work.resends.due(now=LATER - timedelta(seconds=1), limit=9)) == []
        (again,) = await work.resends.due(now=LATER, limit=9)
    assert (again.key, again.attempts) == ((ROME, 1), 1)


async def test_what_a_clock_that_was_years_ahead_has_put_off_is_due_once_it_is_right_again(store: Store) -> None:
    bundle, _ = await send(store, message())
    async with store() as work:
        await work.resends.mark_relayed({key_of(bundle): LATER + timedelta(days=3650)}, now=LATER)
        (due,) = await work.resends.due(now=LATER, limit=9)
        assert due.key == key_of(bundle)
        await work.resends.mark_relayed({key_of(bundle): LATER + timedelta(hours=2)}, now=LATER)
        assert list(await work.resends.due(now=LATER, limit=9)) == []


async def test_due_consignments_come_oldest_first_up_to_the_limit(store: Store) -> None:
    async with store() as work:
        entries = await put(work, *(message() for _ in range(3)))
        await work.bundles.add(
            [bundle_of([one], sealed_at=NOON + timedelta(seconds=n)) for n, one in enumerate(entries)]
        )
        due = await work.resends.due(now=LATER, limit=2)
    assert [one.first_seq for one in due] == [1, 2]


async def test_a_consignment_put_off_is_due_behind_the_others_with_no_attempt_counted(store: Store) -> None:
    settled, done = await send(store, message())
    async with store() as work:
        await work.receipts.settle([receipt_for(settled, done)])
        entries = await put(work, *(message() for _ in range(3)))
        bundles = [bundle_of([one], sealed_at=NOON + timedelta(seconds=n)) for n, one in enumerate(entries)]
        await work.bundles.add(bundles)
        # What is settled meanwhile does not become due again.
        await work.resends.put_off([key_of(bundles[0]), key_of(settled)], until=LATER)
        due = await work.resends.due(now=LATER, limit=9)
        assert await status_of(work, entries[0]) is ReceiptStatus.SUBMITTED
    assert [one.first_seq for one in due] == [3, 4, 2]


async def test_a_consignment_of_receipts_goes_out_once(store: Store) -> None:
    await send(store, receipt_message())
    async with store() as work:
        assert list(await work.resends.due(now=LATER + timedelta(days=365), limit=9)) == []


async def test_stream_sequences_asked_for_are_due_again_once_with_their_neighbours(store: Store) -> None:
    kept = [await send(store, message(), message()) for _ in range(3)]
    await send(store, message(OTTAWA))
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries) for bundle, entries in kept])
        assert await work.resends.send_again(ROME, [(2, 2), (5, 99)], now=LATER) == 2
        due = await work.resends.due(now=LATER, limit=9)
        assert [(one.recipient, one.first_seq) for one in due if one.recipient == ROME] == [(ROME, 1), (ROME, 5)]
        await work.resends.mark_relayed({(ROME, 1): LATER, (ROME, 5): LATER}, now=LATER)
        assert [one.recipient for one in await work.resends.due(now=LATER + timedelta(days=9), limit=9)] == [OTTAWA]
        assert await status_of(work, kept[0][1][0]) is ReceiptStatus.DELIVERED


async def test_what_is_asked_for_again_and_again_is_sent_once_in_a_while(store: Store) -> None:
    for _ in range(2):
        await send(store, message())
    asked = [(1, 1)]
    async with store() as work:
        assert await work.resends.send_again(ROME, asked, now=LATER) == 1
        assert not await work.resends.left_out(ROME, asked, now=LATER)
        later = LATER + timedelta(minutes=9)
        assert await work.resends.send_again(ROME, [(1, 2)], now=later) == 1
        assert await work.resends.left_out(ROME, [(1, 2)], now=later)
        assert not await work.resends.left_out(ROME, [(2, 2), (7, 9)], now=later)
        later = LATER + timedelta(minutes=10)
        assert await work.resends.send_again(ROME, asked, now=later) == 1
        # An instant that lies ahead was noted by a clock that was wrong.
        assert await work.resends.send_again(ROME, asked, now=NOON) == 1


async def test_one_recipient_gets_so_much_on_request_in_an_hour_the_lowest_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (exchange_bundles, exchange_sending):
        monkeypatch.setattr(module, "AGAIN_AN_HOUR", 3)
    for _ in range(5):
        await send(store, message())
    await send(store, message(OTTAWA))
    half = timedelta(minutes=30)
    async with store() as work:
        assert await work.resends.send_again(ROME, [(2, 3)], now=LATER) == 2
        assert await work.resends.send_again(ROME, [(1, 99)], now=LATER + half) == 1
        assert await work.resends.left_out(ROME, [(1, 99)], now=LATER + half)
        assert not await work.resends.left_out(ROME, [(1, 1)], now=LATER + half)
        assert await work.resends.send_again(OTTAWA, [(1, 1)], now=LATER + half) == 1
        assert await work.resends.send_again(ROME, [(1, 99)], now=LATER + 2 * half) == 2


# Receipts


async def test_a_receipt_settles_its_messages_and_ends_the_resends_of_a_whole_consignment(store: Store) -> None:
    bundle, entries = await send(store, message(), message(), receipt_message())
    async with store() as work:
        assert await work.receipts.settle([receipt_for(bundle, entries[:1])]) == 1
        assert [await status_of(work, one) for one in entries] == [
            ReceiptStatus.DELIVERED,
            ReceiptStatus.RELAYED,
            ReceiptStatus.RELAYED,
        ]
        assert len(await work.resends.due(now=LATER, limit=9)) == 1
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[1:2])])
        assert list(await work.resends.due(now=LATER + timedelta(days=365), limit=9)) == []
        found = await work.timeline.of_message(entries[0].sealable.message_id)
    assert found is not None
    assert found.settled_at == LATER


async def test_a_receipt_for_all_at_once_settles_all_but_the_receipts_among_them(store: Store) -> None:
    bundle, entries = await send(store, message(), receipt_message(), message())
    receipt = receipt_for(bundle, [entries[0], entries[2]])
    async with store() as work:
        assert await work.receipts.settle([receipt]) == 2
        assert [await status_of(work, one) for one in entries] == [
            ReceiptStatus.DELIVERED,
            ReceiptStatus.RELAYED,
            ReceiptStatus.DELIVERED,
        ]
        assert list(await work.resends.due(now=LATER + timedelta(days=365), limit=9)) == []
        found = await work.timeline.of_message(entries[2].sealable.message_id)
        assert found is not None
        assert (found.settled_at, found.reason) == (LATER, "")
        assert await open_messages(work) == 0
    async with store() as work:
        assert await work.receipts.settle([receipt]) == 0
        assert await open_messages(work) == 0
        opened = receipt_for(bundle, entries[:1], ReceiptStatus.OPENED)
        assert await work.receipts.settle([opened]) == 1
        assert [await status_of(work, entries[0]), await status_of(work, entries[2])] == [
            ReceiptStatus.OPENED,
            ReceiptStatus.DELIVERED,
        ]
        assert await open_messages(work) == 0


async def test_the_same_receipt_again_changes_nothing(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    receipt = receipt_for(bundle, entries[:1])
    async with store() as work:
        await work.receipts.settle([receipt])
        assert await work.receipts.settle([receipt]) == 0
    async with store() as work:
        assert await work.receipts.settle([receipt]) == 0
        assert await open_messages(work) == 1
        assert len(await work.resends.due(now=LATER, limit=9)) == 1  # the other message still waits


async def test_two_receipts_for_one_message_in_one_call_settle_it_once(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[:1]), receipt_for(bundle, entries[:1])])
        assert await open_messages(work) == 1
        assert len(await work.resends.due(now=LATER, limit=9)) == 1


async def test_one_message_named_twice_in_a_receipt_counts_once(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    async with store() as work:
        assert await work.receipts.settle([receipt_for(bundle, [entries[0], entries[0]])]) == 1
        assert await open_messages(work) == 1


@pytest.mark.parametrize("fault", ["another signer", "another leaf", "unknown message"])
async def test_a_receipt_that_does_not_fit_is_ignored(store: Store, fault: str) -> None:
    bundle, (entry,) = await send(store, message())
    message_id = entry.sealable.message_id
    entry_of_receipt = {
        "another signer": ReceiptEntry(message_id, leaf(entry), ReceiptStatus.DELIVERED),
        "another leaf": ReceiptEntry(message_id, b"\x09" * 32, ReceiptStatus.DELIVERED),
        "unknown message": ReceiptEntry(time_ordered_id(), leaf(entry), ReceiptStatus.DELIVERED),
    }[fault]
    signer = OTTAWA if fault == "another signer" else ROME
    receipt = StoredReceipt(time_ordered_id(), signer, bundle.bundle_id, (entry_of_receipt,), b"evidence", LATER)
    async with store() as work:
        assert await work.receipts.settle([receipt]) == 0
        assert await status_of(work, entry) is ReceiptStatus.RELAYED
        assert len(await work.resends.due(now=LATER, limit=9)) == 1


async def test_a_receipt_for_a_message_that_was_never_sealed_is_ignored(store: Store) -> None:
    bundle, _ = await send(store, message())
    async with store() as work:
        waiting = await put(work, message())
        assert await work.receipts.settle([receipt_for(bundle, waiting)]) == 0
        assert await status_of(work, waiting[0]) is ReceiptStatus.SUBMITTED


async def test_delivered_never_goes_back_to_failed(store: Store) -> None:
    bundle, (entry,) = await send(store, message())
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, [entry])])
        assert await work.receipts.settle([receipt_for(bundle, [entry], ReceiptStatus.FAILED)]) == 0
        assert await status_of(work, entry) is ReceiptStatus.DELIVERED


async def test_failed_can_become_delivered_and_settles_only_once(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    failed = receipt_for(bundle, entries[:1], ReceiptStatus.FAILED, reason="MESSAGE_ID_CONFLICT")
    async with store() as work:
        await work.receipts.settle([failed])
        found = await work.timeline.of_message(entries[0].sealable.message_id)
        assert found is not None
        assert (found.status, found.reason) == (ReceiptStatus.FAILED, "MESSAGE_ID_CONFLICT")
        # Both at once now, of which one was failed before.
        await work.receipts.settle([receipt_for(bundle, entries)])
        assert [await status_of(work, one) for one in entries] == [ReceiptStatus.DELIVERED] * 2
        assert await open_messages(work) == 0
        assert list(await work.resends.due(now=LATER + timedelta(days=9), limit=9)) == []


async def test_what_expires_is_settled_once_and_a_receipt_that_comes_late_counts(store: Store) -> None:
    bundle, entries = await send(store, message(), receipt_message(), message())
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[2:])])
        assert await work.receipts.expire(ROME, [1, 2, 3], at=NOON) == 1
        assert await work.receipts.expire(ROME, [1], at=LATER) == 0
        found = await work.timeline.of_message(entries[0].sealable.message_id)
        assert found is not None
        assert (found.status, found.settled_at, found.reason) == (ReceiptStatus.EXPIRED, NOON, "CONTENT_ERASED")
        assert await open_messages(work) == 0
        assert list(await work.resends.due(now=LATER + timedelta(days=9), limit=9)) == []
        assert await work.receipts.settle([receipt_for(bundle, entries[:1], ReceiptStatus.FAILED)]) == 0
        assert await work.receipts.settle([receipt_for(bundle, entries[:1])]) == 1
        assert await status_of(work, entries[0]) is ReceiptStatus.DELIVERED
        assert await open_messages(work) == 0


async def test_what_expires_before_it_is_sent_is_passed(store: Store) -> None:
    async with store() as work:
        entries = await put(work, *(message() for _ in range(5)))
        assert await work.receipts.expire(ROME, [3], at=NOON) == 1  # not the next one
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=NO_LIMIT)) == 5
        assert await work.receipts.expire(ROME, [1, 2, 3], at=NOON) == 2
        assert [one.stream_seq for one in await work.bundles.take_unsent(ROME, limit=9, max_bytes=NO_LIMIT)] == [4, 5]
        assert [await status_of(work, one) for one in entries[:4]] == [ReceiptStatus.EXPIRED] * 3 + [
            ReceiptStatus.SUBMITTED
        ]
        assert await open_messages(work) == 2


async def test_evidence_goes_by_what_a_bundle_really_held(store: Store) -> None:
    _, entries = await send(store, message(), message(), message())
    again = bundle_of([entries[0], entries[2]], last_seq=3, left_out=(2,), sealed_at=LATER, signed_head=b"again")
    async with store() as work:
        await work.bundles.add([again], again=True)
        await work.receipts.settle([receipt_for(again, entries[2:])])
        found = [await work.receipts.evidence(one.sealable.message_id) for one in entries[1:]]
        assert [(one.signed_head, one.item, len(one.leaf_hashes)) for one in found if one] == [
            (b"head", 1, 3),
            (b"again", 1, 2),
        ]


async def test_the_evidence_of_a_message_is_its_bundle_and_its_receipt(store: Store) -> None:
    bundle, entries = await send(store, message(), message())
    again = bundle_of(entries, signed_head=b"another head", sealed_at=LATER)
    async with store() as work:
        await work.bundles.add([again], again=True)
        found = await work.receipts.evidence(entries[1].sealable.message_id)
        assert found is not None
        assert (found.bundle_id, found.item, found.receipt) == (bundle.bundle_id, 1, None)
        assert (found.signed_head, found.signature) == (bundle.signed_head, bundle.signature)
        assert found.leaf_hashes == tuple(leaf(one) for one in entries)
        assert found.message == entries[1].sealable
        await work.receipts.settle([receipt_for(again, entries)])
    async with store() as work:
        found = await work.receipts.evidence(entries[1].sealable.message_id)
        assert found is not None
        assert (found.bundle_id, found.signed_head, found.receipt) == (again.bundle_id, b"another head", b"evidence")
        waiting = await put(work, message())
        assert await work.receipts.evidence(waiting[0].sealable.message_id) is None
        assert await work.receipts.evidence(time_ordered_id()) is None


async def test_what_is_settled_is_kept(store: Store) -> None:
    bundle, (entry,) = await send(store, message())
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, [entry])])
        assert "k" not in await submitted(work, "k")
        assert entry.idempotency_key in await submitted(work, entry.idempotency_key)


async def test_what_is_sent_is_sealed_at_rest_and_what_was_erased_is_known(
    new_database: Callable[[], str],
) -> None:
    url = new_database()
    database = await Database.open(url)
    at_rest = await at_rest_on(database)
    store = exchange_unit_of_work(database, at_rest)
    secret, other = message(key="k", record=b"AVERYPLAINNAME"), message(case_id=time_ordered_id())
    _, entries = await send(store, secret, other)
    async with database.transaction() as connection:
        rows = await (await connection.execute("SELECT outbox::text FROM outbox", binary=True)).fetchall()
        assert not [row for row in rows if b"AVERYPLAINNAME".hex() in row[0]]
    await at_rest.destroy([CASE], made_before=SystemClock().now())
    async with store() as work:
        assert [one.is_erased for one in await work.bundles.messages_of((ROME, 1))] == [True, False]
        known = (await submitted(work, "k"))["k"]
        assert (known.header, known.record) == (entries[0].sealable.header, None)
        found = await work.receipts.evidence(secret.message_id)
        assert found is not None
        assert (found.message.header, found.message.salt, found.message.record) == (known.header, b"", b"")
    await database.close()


# Inbox


async def test_new_messages_are_new_once_and_come_back_whole(store: Store) -> None:
    bundle = inbox_bundle()
    entries = [arriving(bundle.bundle_id, item=n) for n in range(3)]
    async with store() as work:
        assert list(await work.inbox.add([bundle], entries)) == [Arrival.NEW] * 3
    async with store() as work:
        assert list(await work.inbox.add([bundle], entries)) == [Arrival.DUPLICATE] * 3
        found = await work.inbox.find("de-drv", entries[1].message.message_id)
        assert found == entries[1]
        assert await work.inbox.find("it-inps", entries[1].message.message_id) is None


async def test_a_message_twice_in_one_call_is_new_and_then_a_duplicate(store: Store) -> None:
    one, two = inbox_bundle(), inbox_bundle()
    entry, other = arriving(one.bundle_id), arriving(one.bundle_id, item=1)
    again = replace(entry, bundle_id=two.bundle_id)
    async with store() as work:
        found = await work.inbox.add([one, two], [entry, other, again])
    assert list(found) == [Arrival.NEW, Arrival.NEW, Arrival.DUPLICATE]


async def test_the_same_id_with_another_leaf_is_a_conflict_and_changes_nothing(store: Store) -> None:
    bundle = inbox_bundle()
    entry = arriving(bundle.bundle_id)
    forged = replace(entry, leaf_hash=b"\x01" * 32, item=1)
    async with store() as work:
        assert list(await work.inbox.add([bundle], [entry, forged])) == [Arrival.NEW, Arrival.CONFLICT]
    async with store() as work:
        assert list(await work.inbox.add([bundle], [forged])) == [Arrival.CONFLICT]
        assert await work.inbox.find("de-drv", entry.message.message_id) == entry


async def test_two_senders_may_use_the_same_id(store: Store) -> None:
    one, two = inbox_bundle(), inbox_bundle("ca-sc")
    entry = arriving(one.bundle_id)
    other = arriving(two.bundle_id, sender="ca-sc", message_id=entry.message.message_id)
    async with store() as work:
        assert list(await work.inbox.add([one, two], [entry, other])) == [Arrival.NEW, Arrival.NEW]


async def test_bundles_are_found_by_sender_and_id(store: Store) -> None:
    bundle = inbox_bundle()
    async with store() as work:
        await work.inbox.add([bundle], [arriving(bundle.bundle_id)])
    async with store() as work:
        asked = [("de-drv", bundle.bundle_id), ("ca-sc", bundle.bundle_id), ("de-drv", CASE)]
        assert await work.inbox.bundles(asked) == {("de-drv", bundle.bundle_id): bundle}
        assert await work.inbox.bundles([]) == {}


async def test_an_erased_message_keeps_its_header_and_its_proof(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database())
    at_rest = await at_rest_on(database)
    store, bundle = exchange_unit_of_work(database, at_rest), inbox_bundle()
    erased, kept = arriving(bundle.bundle_id), arriving(bundle.bundle_id, item=1, case_id=NO_CASE, case_seq=0)
    aside = replace(quarantined(message_id=erased.message.message_id), value=b"an item")
    async with store() as work:
        await work.inbox.add([bundle], [erased, kept])
        await work.quarantine.add([aside])
    await at_rest.destroy([CASE], made_before=SystemClock().now())
    async with store() as work:
        found = await work.inbox.find("de-drv", erased.message.message_id)
        assert found == replace(erased, message=replace(erased.message, record=b""), salt=b"")
        assert await work.inbox.find("de-drv", kept.message.message_id) == kept
        assert [one.value for one in await work.quarantine.list(after=None, limit=9)] == [b""]
        # A duplicate is still told from a conflict.
        assert list(await work.inbox.add([bundle], [erased])) == [Arrival.DUPLICATE]
    await database.close()


async def test_nothing_arriving_is_fine(store: Store) -> None:
    async with store() as work:
        assert list(await work.inbox.add([], [])) == []


# Offsets and quarantine


async def test_offsets_are_kept_by_topic_and_partition_and_may_go_back(store: Store) -> None:
    async with store() as work:
        await work.offsets.save("a", 0, 10)
        await work.offsets.save("b", 0, 3)
    async with store() as work:
        assert [await work.offsets.load(*one) for one in (("a", 0), ("b", 0), ("a", 1))] == [10, 3, -1]
        await work.offsets.save("a", 0, 2)
    async with store() as work:
        assert await work.offsets.load("a", 0) == 2


async def test_an_offset_advances_only_from_where_it_was_thought_to_be(store: Store) -> None:
    async with store() as work:
        assert not await work.offsets.advance("a", 0, after=4, to=9)  # nothing is consumed yet
        assert await work.offsets.advance("a", 0, after=-1, to=3)
    async with store() as work:
        assert not await work.offsets.advance("a", 0, after=-1, to=5)
        assert await work.offsets.advance("a", 0, after=3, to=7)
        assert not await work.offsets.advance("a", 1, after=7, to=8)
    async with store() as work:
        assert [await work.offsets.load("a", one) for one in (0, 1)] == [7, -1]


# Bytes in flight


async def open_bytes(work: ExchangeWork, recipient: str = ROME) -> int:
    return (await work.outbox.turns({(recipient, CASE)})).open_bytes[recipient]


async def test_bytes_are_in_flight_until_their_message_is_settled(store: Store) -> None:
    async with store() as work:
        assert await open_bytes(work) == 0
        entries = await put(work, message(), message(), message(), message(OTTAWA))
        sizes = [one.sealable.size for one in entries]
        assert (await open_bytes(work), await open_bytes(work, OTTAWA)) == (sum(sizes[:3]), sizes[3])
        bundle, other = bundle_of(entries[:2]), bundle_of(entries[2:3])
        await work.bundles.add([bundle, other])
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[:1])])
        assert await open_bytes(work) == sum(sizes[1:3])
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[1:2], ReceiptStatus.FAILED)])
        assert await open_bytes(work) == sizes[2]
        await work.receipts.settle([receipt_for(bundle, entries[:2], ReceiptStatus.OPENED)])  # settled before
        assert await open_bytes(work) == sizes[2]
    async with store() as work:
        await work.receipts.settle([receipt_for(other, entries[2:3])])  # a whole one
        assert (await open_bytes(work), await open_bytes(work, OTTAWA)) == (0, sizes[3])
        await work.receipts.expire(OTTAWA, [1], at=LATER)
        assert await open_bytes(work, OTTAWA) == 0


async def test_what_wants_no_receipt_is_not_in_flight(store: Store) -> None:
    async with store() as work:
        await post([message(type=RECEIPT_TYPE, case_id=NO_CASE)], outbox=work.outbox, me="de-drv", at=NOON)
        assert await open_bytes(work) == 0


# Leases

ONE_PROCESS, ANOTHER = UUID(int=1), UUID(int=2)
FREE = Lease("topic/0", ONE_PROCESS, 1, NOON + LEASE)


async def test_a_lease_is_taken_once(store: Store) -> None:
    async with store() as work:
        assert list(await work.leases.find(["topic/0"])) == []
        assert await work.leases.take(FREE, over=None)
    async with store() as work:
        assert not await work.leases.take(replace(FREE, holder=ANOTHER), over=None)
        assert list(await work.leases.find(["topic/0", "topic/1"])) == [FREE]
        assert await work.leases.holds(FREE)


async def test_a_lease_is_taken_over_only_from_what_it_was_thought_to_be(store: Store) -> None:
    renewed = replace(FREE, until=FREE.until + LEASE)
    theirs = Lease("topic/0", ANOTHER, 2, FREE.until + LEASE)
    async with store() as work:
        await work.leases.take(FREE, over=None)
    async with store() as work:
        assert await work.leases.take(renewed, over=FREE)
        assert not await work.leases.take(theirs, over=FREE)  # its holder was faster
        assert await work.leases.holds(FREE)  # renewed or not, it is the same
    async with store() as work:
        assert await work.leases.take(theirs, over=renewed)
    async with store() as work:
        assert list(await work.leases.find(["topic/0"])) == [theirs]
        assert not await work.leases.holds(renewed)
        assert await work.leases.holds(theirs)


async def test_an_earlier_epoch_of_the_same_process_does_not_hold(store: Store) -> None:
    later = replace(FREE, epoch=2)
    async with store() as work:
        await work.leases.take(FREE, over=None)
        await work.leases.take(later, over=FREE)
    async with store() as work:
        assert not await work.leases.holds(FREE)
        assert await work.leases.holds(later)
        assert not await work.leases.holds(replace(FREE, name="topic/1"))


async def test_who_takes_a_lease_over_waits_for_the_commit_of_who_has_it_in_hand(store: Store) -> None:
    async with store() as work:
        await work.leases.take(FREE, over=None)

    async def take_over() -> bool:
        async with store() as work:
            return await work.leases.take(Lease("topic/0", ANOTHER, 2, NOON + LEASE), over=FREE)

    async with store() as work:
        assert await work.leases.holds(FREE)
        waiting = asyncio.create_task(take_over())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        assert await work.leases.holds(FREE)
    assert await waiting


async def test_what_is_set_aside_is_kept_once_by_its_place(store: Store) -> None:
    whole, of_message = quarantined(), quarantined(message_id=time_ordered_id())
    async with store() as work:
        await work.quarantine.add([whole, of_message])
    async with store() as work:
        await work.quarantine.add([quarantined(), quarantined(message_id=of_message.message_id)])
        assert list(await work.quarantine.list(after=None, limit=9)) == [whole, of_message]


async def test_the_quarantine_is_read_in_pages(store: Store) -> None:
    entries = [quarantined(offset) for offset in range(5)]
    async with store() as work:
        await work.quarantine.add(entries)
        first = await work.quarantine.list(after=None, limit=2)
        assert [*first, *await work.quarantine.list(after=first[-1].entry_id, limit=9)] == entries


# Timeline


async def test_the_timeline_of_a_case_has_both_directions_and_no_receipts(store: Store) -> None:
    sent, receipt = message(), receipt_message()
    bundle = inbox_bundle()
    received = arriving(bundle.bundle_id)
    elsewhere = arriving(bundle.bundle_id, item=1, case_id=time_ordered_id())
    async with store() as work:
        await put(work, sent, receipt)
        await work.inbox.add([bundle], [received, elsewhere])
        found = await work.timeline.of_case(CASE, after=None, limit=9)
        assert [(one.message_id, one.direction, one.partner) for one in found] == [
            (sent.message_id, Direction.SENT, ROME),
            (received.message.message_id, Direction.RECEIVED, "de-drv"),
        ]
        assert [one.at for one in found] == [NOON, LATER]
        assert list(await work.timeline.of_case(CASE, after=found[0].message_id, limit=9)) == [found[1]]
        assert list(await work.timeline.of_case(CASE, after=None, limit=1)) == [found[0]]
        assert list(await work.timeline.of_case(NO_CASE, after=None, limit=9)) == []


async def test_a_message_is_found_by_its_id_whichever_way_it_went(store: Store) -> None:
    sent, bundle = message(), inbox_bundle()
    received = arriving(bundle.bundle_id)
    async with store() as work:
        await put(work, sent)
        await work.inbox.add([bundle], [received])
        ids = (sent.message_id, received.message.message_id)
        found = [await work.timeline.of_message(one) for one in ids]
        assert [one.direction if one else None for one in found] == [Direction.SENT, Direction.RECEIVED]
        assert await work.timeline.of_message(time_ordered_id()) is None


# The signal that wakes the relay


@pytest.fixture(params=["memory", "postgres"])
async def store_and_signal(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Callable[[], UnitOfWork], OutboxSignal]]:
    if request.param == "memory":
        memory = MemoryExchangeStore()
        yield memory.transaction, memory
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    signal = PostgresOutboxSignal(database)
    yield exchange_unit_of_work(database, await at_rest_on(database)), signal
    await signal.close()
    await database.close()


async def test_a_commit_wakes_the_relay_and_only_once(store_and_signal: tuple[Store, OutboxSignal]) -> None:
    store, signal = store_and_signal
    loop = asyncio.get_running_loop()
    await signal.wait(at_most=timedelta(seconds=1))  # listening begins here
    waiting = asyncio.create_task(signal.wait(at_most=timedelta(seconds=20)))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    async with store() as work:
        await put(work, message())
    committed = loop.time()
    await waiting
    assert loop.time() - committed < 5
    await signal.wait(at_most=timedelta(seconds=0.3))
    assert loop.time() - committed > 0.25


async def test_receipts_wake_the_relay_a_moment_later_together_with_what_came_meanwhile(
    store_and_signal: tuple[Store, OutboxSignal],
) -> None:
    store, signal = store_and_signal
    await signal.wait(at_most=timedelta(seconds=1))  # listening begins here
    waiting = asyncio.create_task(signal.wait(at_most=timedelta(seconds=20)))
    for _ in range(3):
        async with store() as work:
            await put(work, receipt_message())
    async with asyncio.timeout(5):
        await waiting
    await signal.wait(at_most=timedelta(seconds=0.3))
    async with store() as work:
        assert len(await work.bundles.take_unsent(ROME, limit=10, max_bytes=10_000)) == 3

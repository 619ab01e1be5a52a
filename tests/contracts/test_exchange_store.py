"""What every store of the exchange must keep to, in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_inbox import exchange_unit_of_work
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.agreements.errors import GatewayError
from portability.services.exchange.envelope import Header
from portability.services.exchange.mapping.wire import encode_header
from portability.services.exchange.model import (
    NO_CASE,
    RECEIPT_TYPE,
    Arrival,
    Direction,
    HybridSignature,
    InboxBundle,
    InboxMessage,
    OutboxMessage,
    OutgoingMessage,
    QuarantineEntry,
    ReceiptEntry,
    ReceiptStatus,
    ReceivedMessage,
    SealedBundle,
    StoredReceipt,
)
from portability.services.exchange.ports import ExchangeWork, OutboxSignal, UnitOfWork
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


def message(recipient: str = ROME, key: str | None = None, **changes: object) -> OutboxMessage:
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
    return OutboxMessage(OutgoingMessage(**{**values, **changes}), b"\x05" * 32, NOON)


def receipt_message() -> OutboxMessage:
    return message(type=RECEIPT_TYPE, case_id=NO_CASE)


def leaf(entry: OutboxMessage) -> bytes:
    return entry.message.message_id.bytes * 2


def bundle_of(entries: Iterable[OutboxMessage], **changes: object) -> SealedBundle:
    kept = list(entries)
    values: dict[str, object] = {
        "bundle_id": time_ordered_id(),
        "recipient": kept[0].message.recipient,
        "value": b"\x00sealed\xff",
        "opening": b"opening",
        "message_ids": tuple(one.message.message_id for one in kept),
        "leaf_hashes": tuple(leaf(one) for one in kept),
        "sealed_at": NOON,
        "expects_receipt": any(one.message.type != RECEIPT_TYPE for one in kept),
    }
    return SealedBundle(**{**values, **changes})


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
        entries=tuple(ReceiptEntry(one.message.message_id, leaf(one), status, reason) for one in entries),
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
        )
    )


def inbox_bundle(sender: str = "de-drv") -> InboxBundle:
    return InboxBundle(time_ordered_id(), sender, b"head", HybridSignature(b"e" * 64, b"m" * 3309), LATER)


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
    )


async def send(store: Store, *entries: OutboxMessage) -> SealedBundle:
    """Submit, bundle and relay messages."""
    bundle = bundle_of(entries)
    async with store() as work:
        await work.outbox.add(entries)
        await work.bundles.add([bundle])
    async with store() as work:
        await work.resends.mark_relayed({bundle.bundle_id: LATER}, now=NOON)
    return bundle


async def status_of(work: ExchangeWork, entry: OutboxMessage) -> ReceiptStatus:
    found = await work.timeline.of_message(entry.message.message_id)
    assert found is not None
    return found.status


# Transactions


async def test_an_error_undoes_the_whole_transaction(store: Store) -> None:
    entry = message()
    with pytest.raises(ZeroDivisionError):
        async with store() as work:
            await work.outbox.add([entry])
            await work.offsets.save("topic", 0, 5)
            raise ZeroDivisionError
    async with store() as work:
        assert await work.timeline.of_message(entry.message.message_id) is None
        assert await work.offsets.load("topic", 0) == -1


async def test_an_error_in_a_savepoint_undoes_only_what_is_inside(store: Store) -> None:
    outside, inside, after = message(), message(), message()
    async with store() as work:
        await work.outbox.add([outside])
        with pytest.raises(ZeroDivisionError):
            async with work.savepoint():
                await work.outbox.add([inside])
                raise ZeroDivisionError
        # The sequence has no gap where the inner message was.
        assert await work.outbox.add([after]) == {after.message.message_id: 2}
    async with store() as work:
        assert await work.timeline.of_message(inside.message.message_id) is None
        assert await work.timeline.of_message(outside.message.message_id) is not None


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
                    await work.outbox.find_submitted(["key"])
            assert fault.value.retryable
    await database.close()


# Outbox


async def test_sequences_are_gap_free_per_recipient_in_the_order_given(store: Store) -> None:
    entries = [message(), message(OTTAWA), message(), message(OTTAWA), message()]
    async with store() as work:
        first = await work.outbox.add(entries)
    assert [first[one.message.message_id] for one in entries] == [1, 1, 2, 2, 3]
    following = message()
    async with store() as work:
        assert await work.outbox.add([following]) == {following.message.message_id: 4}


async def test_a_key_known_already_is_left_out_and_leaves_no_gap(store: Store) -> None:
    first, again, following = message(key="k"), message(key="k"), message()
    async with store() as work:
        await work.outbox.add([first])
    async with store() as work:
        assert await work.outbox.add([again, following]) == {following.message.message_id: 2}


async def test_a_key_twice_in_one_call_counts_once(store: Store) -> None:
    first, again = message(key="k"), message(key="k")
    async with store() as work:
        assert await work.outbox.add([first, again]) == {first.message.message_id: 1}


async def test_two_transactions_with_one_key_at_once_take_it_on_once(store: Store) -> None:
    entries = [message(key="k") for _ in range(5)]

    async def submit(entry: OutboxMessage) -> int:
        async with store() as work:
            return len(await work.outbox.add([entry]))

    assert sorted(await asyncio.gather(*(submit(one) for one in entries))) == [0, 0, 0, 0, 1]


async def test_what_was_submitted_is_found_by_its_key(store: Store) -> None:
    entry = message(key="k")
    async with store() as work:
        await work.outbox.add([entry])
        found = await work.outbox.find_submitted(["unknown", "k"])
    assert list(found) == ["k"]
    known = found["k"]
    assert (known.submitted.message_id, known.submitted.stream_seq) == (entry.message.message_id, 1)
    assert (known.submitted.status, known.submitted.submitted_at) == (ReceiptStatus.SUBMITTED, NOON)
    assert known.content_sha256 == entry.content_sha256


async def test_the_backlog_counts_what_has_no_receipt_and_no_receipts(store: Store) -> None:
    entries = [message(), message(), receipt_message(), message(OTTAWA)]
    async with store() as work:
        await work.outbox.add(entries)
        assert [await work.outbox.backlog(one) for one in (ROME, OTTAWA, "fr-nobody")] == [2, 1, 0]
    bundle = bundle_of(entries[:2])
    async with store() as work:
        await work.bundles.add([bundle])
        await work.receipts.settle([receipt_for(bundle, entries[:1])])
        assert await work.outbox.backlog(ROME) == 1


# Bundles


async def test_unsent_messages_come_back_whole_and_in_sequence(store: Store) -> None:
    plain = message(record=bytes(range(256)))
    full = message(agreement_id="eu-883-2004", agreement_sha256="cd" * 32, in_reply_to=CASE, schema_version=3)
    async with store() as work:
        await work.outbox.add([plain, full, message(OTTAWA)])
    async with store() as work:
        taken = await work.bundles.take_unsent(ROME, limit=10, max_bytes=NO_LIMIT)
    assert [one.message for one in taken] == [plain.message, full.message]
    assert [one.stream_seq for one in taken] == [1, 2]
    assert [(one.content_sha256, one.submitted_at) for one in taken] == [(plain.content_sha256, NOON)] * 2


async def test_taking_keeps_to_both_limits_but_takes_one_whatever_its_size(store: Store) -> None:
    entries = [message(record=b"x" * 100) for _ in range(5)]
    async with store() as work:
        await work.outbox.add(entries)
        assert len(await work.bundles.take_unsent(ROME, limit=2, max_bytes=NO_LIMIT)) == 2
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=300)) == 3
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=299)) == 2
        assert len(await work.bundles.take_unsent(ROME, limit=9, max_bytes=1)) == 1
        assert list(await work.bundles.take_unsent("fr-nobody", limit=9, max_bytes=1)) == []


async def test_recipients_wait_in_order_until_their_messages_are_bundled(store: Store) -> None:
    early, late = message(OTTAWA), message(ROME)
    late = OutboxMessage(late.message, late.content_sha256, LATER)
    async with store() as work:
        await work.outbox.add([late, early])
        assert list(await work.bundles.waiting_recipients()) == [OTTAWA, ROME]
        await work.bundles.add([bundle_of([early])])
        assert list(await work.bundles.waiting_recipients()) == [ROME]
        assert list(await work.bundles.take_unsent(OTTAWA, limit=9, max_bytes=NO_LIMIT)) == []


# Resends


async def test_a_stored_bundle_is_due_at_once_with_its_bytes(store: Store) -> None:
    entries = [message(), message()]
    bundle = bundle_of(entries)
    async with store() as work:
        await work.outbox.add(entries)
        await work.bundles.add([bundle])
        assert list(await work.resends.due(now=NOON - timedelta(seconds=1), limit=9)) == []
        assert list(await work.resends.due(now=NOON, limit=9)) == [bundle]


async def test_a_relayed_bundle_is_due_again_at_its_time_and_shows_as_relayed(store: Store) -> None:
    entry = message()
    bundle = await send(store, entry)
    async with store() as work:
        assert await status_of(work, entry) is ReceiptStatus.RELAYED
        assert list(await work.resends.due(now=LATER - timedelta(seconds=1), limit=9)) == []
        (again,) = await work.resends.due(now=LATER, limit=9)
    assert (again.bundle_id, again.value, again.attempts) == (bundle.bundle_id, bundle.value, 1)


async def test_due_bundles_come_oldest_first_up_to_the_limit(store: Store) -> None:
    entries = [message() for _ in range(3)]
    bundles = [bundle_of([one], sealed_at=NOON + timedelta(seconds=n)) for n, one in enumerate(entries)]
    async with store() as work:
        await work.outbox.add(entries)
        await work.bundles.add(bundles)
        due = await work.resends.due(now=LATER, limit=2)
    assert [one.bundle_id for one in due] == [one.bundle_id for one in bundles[:2]]


async def test_a_bundle_put_back_is_due_behind_the_others_with_no_attempt_counted(store: Store) -> None:
    entries = [message() for _ in range(3)]
    bundles = [bundle_of([one], sealed_at=NOON + timedelta(seconds=n)) for n, one in enumerate(entries)]
    settled = await send(store, done := message())
    async with store() as work:
        await work.receipts.settle([receipt_for(settled, [done])])
        await work.outbox.add(entries)
        await work.bundles.add(bundles)
        # What is settled meanwhile does not become due again.
        await work.resends.put_back([bundles[0].bundle_id, settled.bundle_id], now=LATER)
        due = await work.resends.due(now=LATER, limit=9)
        assert await status_of(work, entries[0]) is ReceiptStatus.SUBMITTED
    assert list(due) == [bundles[1], bundles[2], bundles[0]]


async def test_a_bundle_of_receipts_goes_out_once(store: Store) -> None:
    bundle = await send(store, receipt_message())
    assert not bundle.expects_receipt
    async with store() as work:
        assert list(await work.resends.due(now=LATER + timedelta(days=365), limit=9)) == []


# Receipts


async def test_a_receipt_settles_its_messages_and_ends_the_resends_of_a_whole_bundle(store: Store) -> None:
    entries = [message(), message()]
    bundle = await send(store, *entries, receipt_message())
    async with store() as work:
        changed = await work.receipts.settle([receipt_for(bundle, entries[:1])])
        assert list(changed) == [entries[0].message.message_id]
        assert [await status_of(work, one) for one in entries] == [ReceiptStatus.DELIVERED, ReceiptStatus.RELAYED]
        assert len(await work.resends.due(now=LATER, limit=9)) == 1
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[1:])])
        assert list(await work.resends.due(now=LATER + timedelta(days=365), limit=9)) == []
        found = await work.timeline.of_message(entries[0].message.message_id)
    assert found is not None
    assert found.settled_at == LATER


async def test_the_same_receipt_again_changes_nothing(store: Store) -> None:
    entries = [message(), message()]
    bundle = await send(store, *entries)
    receipt = receipt_for(bundle, entries[:1])
    async with store() as work:
        await work.receipts.settle([receipt])
        assert list(await work.receipts.settle([receipt])) == []
    async with store() as work:
        assert list(await work.receipts.settle([receipt])) == []
        assert await work.outbox.backlog(ROME) == 1
        assert len(await work.resends.due(now=LATER, limit=9)) == 1  # the other message still waits


async def test_two_receipts_for_one_message_in_one_call_settle_it_once(store: Store) -> None:
    entries = [message(), message()]
    bundle = await send(store, *entries)
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, entries[:1]), receipt_for(bundle, entries[:1])])
        assert await work.outbox.backlog(ROME) == 1
        assert len(await work.resends.due(now=LATER, limit=9)) == 1


@pytest.mark.parametrize("fault", ["another signer", "another leaf", "unknown message"])
async def test_a_receipt_that_does_not_fit_is_ignored(store: Store, fault: str) -> None:
    entry = message()
    bundle = await send(store, entry)
    entry_of_receipt = {
        "another signer": ReceiptEntry(entry.message.message_id, leaf(entry), ReceiptStatus.DELIVERED),
        "another leaf": ReceiptEntry(entry.message.message_id, b"\x09" * 32, ReceiptStatus.DELIVERED),
        "unknown message": ReceiptEntry(time_ordered_id(), leaf(entry), ReceiptStatus.DELIVERED),
    }[fault]
    signer = OTTAWA if fault == "another signer" else ROME
    receipt = StoredReceipt(time_ordered_id(), signer, bundle.bundle_id, (entry_of_receipt,), b"evidence", LATER)
    async with store() as work:
        assert list(await work.receipts.settle([receipt])) == []
        assert await status_of(work, entry) is ReceiptStatus.RELAYED
        assert len(await work.resends.due(now=LATER, limit=9)) == 1


async def test_delivered_never_goes_back_to_failed(store: Store) -> None:
    entry = message()
    bundle = await send(store, entry)
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, [entry])])
        assert list(await work.receipts.settle([receipt_for(bundle, [entry], ReceiptStatus.FAILED)])) == []
        assert await status_of(work, entry) is ReceiptStatus.DELIVERED


async def test_failed_can_become_delivered_and_settles_only_once(store: Store) -> None:
    entries = [message(), message()]
    bundle = await send(store, *entries)
    failed = receipt_for(bundle, entries[:1], ReceiptStatus.FAILED, reason="MESSAGE_ID_CONFLICT")
    async with store() as work:
        await work.receipts.settle([failed])
        found = await work.timeline.of_message(entries[0].message.message_id)
        assert found is not None
        assert (found.status, found.reason) == (ReceiptStatus.FAILED, "MESSAGE_ID_CONFLICT")
        await work.receipts.settle([receipt_for(bundle, entries[:1])])
        assert await status_of(work, entries[0]) is ReceiptStatus.DELIVERED
        assert await work.outbox.backlog(ROME) == 1
        assert len(await work.resends.due(now=LATER, limit=9)) == 1


async def test_the_evidence_of_a_message_is_its_bundle_and_its_receipt(store: Store) -> None:
    entry = message()
    bundle = await send(store, entry)
    receipt = receipt_for(bundle, [entry])
    async with store() as work:
        found = await work.receipts.evidence(entry.message.message_id)
        assert found is not None
        assert (found[0].value, found[0].opening, found[1]) == (bundle.value, bundle.opening, None)
        await work.receipts.settle([receipt])
    async with store() as work:
        found = await work.receipts.evidence(entry.message.message_id)
        assert found is not None
        assert (found[0].leaf_hashes, found[1]) == (bundle.leaf_hashes, receipt)
        assert await work.receipts.evidence(time_ordered_id()) is None


async def test_what_is_settled_is_kept(store: Store) -> None:
    entry = message()
    bundle = await send(store, entry)
    async with store() as work:
        await work.receipts.settle([receipt_for(bundle, [entry])])
        assert "k" not in await work.outbox.find_submitted(["k"])
        assert entry.message.idempotency_key in await work.outbox.find_submitted([entry.message.idempotency_key])


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


async def test_heads_of_bundles_are_found_by_sender_and_id(store: Store) -> None:
    bundle = inbox_bundle()
    async with store() as work:
        await work.inbox.add([bundle], [arriving(bundle.bundle_id)])
    async with store() as work:
        asked = [("de-drv", bundle.bundle_id), ("ca-sc", bundle.bundle_id), ("de-drv", CASE)]
        assert await work.inbox.heads(asked) == {("de-drv", bundle.bundle_id): b"head"}
        assert await work.inbox.heads([]) == {}


async def test_an_erased_message_keeps_its_header_and_its_proof(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database())
    at_rest = await at_rest_on(database)
    store, bundle = exchange_unit_of_work(database, at_rest), inbox_bundle()
    erased, kept = arriving(bundle.bundle_id), arriving(bundle.bundle_id, item=1, case_id=NO_CASE)
    aside = replace(quarantined(message_id=erased.message.message_id), value=b"an item")
    async with store() as work:
        await work.inbox.add([bundle], [erased, kept])
        await work.quarantine.add([aside])
    await at_rest.destroy([CASE])
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
        await work.outbox.add([sent, receipt])
        await work.inbox.add([bundle], [received, elsewhere])
        found = await work.timeline.of_case(CASE, after=None, limit=9)
        assert [(one.message_id, one.direction, one.partner) for one in found] == [
            (sent.message.message_id, Direction.SENT, ROME),
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
        await work.outbox.add([sent])
        await work.inbox.add([bundle], [received])
        found = [await work.timeline.of_message(one.message.message_id) for one in (sent, received)]
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
        await work.outbox.add([message()])
    committed = loop.time()
    await waiting
    assert loop.time() - committed < 5
    await signal.wait(at_most=timedelta(seconds=0.3))
    assert loop.time() - committed > 0.25

"""Messages go from node to node over memory: delivered once, receipted, resent, and set aside where they are bad."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from exchange_world import CASE, NOON, World, message_to

from portability.agreements.errors import (
    CaseStateError,
    GatewayError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
    OverloadError,
    VerificationError,
)
from portability.api.exchange.v1 import bundle_pb2 as pb
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.handlers import get_message_status, list_messages, list_quarantined
from portability.services.exchange.limits import Limits
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.sending import SentEvidence
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.ports.world import KeyRing
from portability.services.exchange.receipt_levels import ReceiptTimes
from portability.services.exchange.suites import BUNDLE_CONTEXT, commitment
from portability.services.hybrid import HybridSignature, verify_hybrid
from portability.services.merkle import audit_path, leaf_hash, verify_inclusion


async def test_a_message_arrives_has_its_effect_once_and_its_receipt_comes_back(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    message = message_to("it-inps", agreement_id="eu-883-2004", agreement_sha256="ab" * 32)
    submitted = await berlin.submit(message)
    assert (submitted.stream_seq, submitted.status) == (1, ReceiptStatus.SUBMITTED)
    assert await berlin.relay() == 1
    (entry,) = await berlin.timeline()
    assert entry.status is ReceiptStatus.RELAYED
    assert await rome.consume() == 1
    (received,) = rome.ledger.applied
    assert (received.record, received.sender, received.case_id) == (message.record, "de-drv", CASE)
    assert (received.agreement_id, received.agreement_sha256) == ("eu-883-2004", "ab" * 32)
    assert await rome.relay() == 1
    assert await berlin.consume() == 1
    (entry,) = await berlin.timeline()
    assert (entry.status, entry.settled_at) == (ReceiptStatus.DELIVERED, NOON)
    # Nothing is left to send: a receipt is not receipted, and what is receipted is not resent.
    world.clock.advance(timedelta(days=1))
    assert (await berlin.relay(), await rome.relay()) == (0, 0)


@pytest.mark.parametrize(("messages", "size", "bundles"), [(256, 8, 1), (257, 8, 2), (4, 200 * 1024, 2)])
async def test_what_waits_goes_out_in_one_pass_whatever_fills_a_bundle(
    world: World, messages: int, size: int, bundles: int
) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in range(messages):
        await berlin.submit(message_to("it-inps", number + 1, record=bytes(size)))
    assert await berlin.relay() == bundles
    assert await rome.consume() == bundles
    assert len(rome.ledger.applied) == messages


async def test_the_same_key_and_content_give_the_first_answer_again(world: World) -> None:
    berlin = world.node("de-drv")
    first = await berlin.submit(message_to("it-inps", 1))
    world.clock.advance(timedelta(seconds=5))
    again = await berlin.submit(message_to("it-inps", 2, idempotency_key="key-1", record=b"periods of number 1"))
    assert again == first
    assert len(await berlin.timeline()) == 1


async def test_the_same_key_with_other_content_is_refused_and_changes_nothing(world: World) -> None:
    berlin = world.node("de-drv")
    await berlin.submit(message_to("it-inps", 1))
    with pytest.raises(IdempotencyConflictError, match="other content"):
        await berlin.submit(message_to("it-inps", 2, idempotency_key="key-1", record=b"something else"))
    assert len(await berlin.timeline()) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipient": "fr-nobody"}, "recipient"),
        ({"type": "receipt"}, "type"),
        ({"type": "Not A Type"}, "type"),
        ({"schema_version": 0}, "schema_version"),
        ({"idempotency_key": ""}, "request_id"),
        ({"record": b"x" * (256 * 1024 + 1)}, "record"),
        ({"agreement_id": "ca-de"}, "agreement_id"),
        ({"agreement_id": "ca-de", "agreement_sha256": "zz" * 32}, "agreement_sha256"),
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused_with_the_field_at_fault(
    world: World, changes: dict[str, object], field: str
) -> None:
    berlin = world.node("de-drv")
    with pytest.raises(InputError) as refused:
        await berlin.submit(replace(message_to("it-inps"), **changes))
    assert refused.value.field == field
    assert await berlin.timeline() == []


async def test_a_record_of_exactly_the_limit_passes_through(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in range(1, 6):
        await berlin.submit(message_to("it-inps", number, record=b"x" * (256 * 1024)))
    # 3 x 256 KiB fill the 768 KiB of one bundle: 3 and 2.
    assert await berlin.relay() == 2
    await rome.consume()
    assert [len(one.record) for one in rome.ledger.applied] == [262_144] * 5


async def test_over_its_limit_the_outbox_takes_no_more_until_receipts_come(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in (1, 2):
        await berlin.submit(message_to("it-inps", number), limits=Limits(backlog=2))
    with pytest.raises(OverloadError, match="2 messages to 'it-inps' wait"):
        await berlin.submit(message_to("it-inps", 3), limits=Limits(backlog=2))
    # A repeat of what was taken on is answered all the same, and so is another recipient.
    await berlin.submit(message_to("it-inps", 2), limits=Limits(backlog=2))
    await berlin.submit(message_to("ca-sc", 4), limits=Limits(backlog=2))
    await _settle(berlin, rome)
    await berlin.submit(message_to("it-inps", 3), limits=Limits(backlog=2))


async def test_many_messages_share_bundles_of_256_and_keep_their_order(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in range(1, 301):
        await berlin.submit(message_to("it-inps", number))
    assert await berlin.relay() == 2
    await rome.consume()
    assert [one.stream_seq for one in rome.ledger.applied] == list(range(1, 301))
    assert await rome.relay() == 1  # two receipts and a status in one bundle
    await berlin.consume()
    counted = [
        berlin.heard.count("bundles_relayed"),
        rome.heard.count("messages_new"),
        berlin.heard.count("messages_new"),
    ]
    assert counted == [2, 300, 3]
    assert {entry.status for entry in await berlin.timeline()} == {ReceiptStatus.DELIVERED}


async def test_without_a_receipt_the_same_messages_go_out_again_on_schedule(world: World) -> None:
    berlin = world.node("de-drv")
    await berlin.submit(message_to("it-inps"))
    sent_after = []
    await berlin.relay()
    for minute in range(1, 400):
        world.clock.set(NOON + timedelta(minutes=minute))
        if await berlin.relay():
            sent_after.append(minute)
    # 1, then 5, 30 and 120 minutes later, then every hour: 1, 6, 36, 156, 216, 276, 336, 396.
    assert sent_after == [1, 6, 36, 156, 216, 276, 336, 396]
    records = await world.stream.read(inbox_topic("it-inps"), after={0: -1}, limit=99, wait=timedelta(0))
    # Sealed once more for the second sending, whose bytes are kept; the leaves are the same in both.
    assert [record.value == records[1].value for record in records] == [False] + [True] * 8
    rome = world.node("it-inps")
    assert await rome.consume() == 9
    assert (rome.heard.count("messages_new"), rome.heard.count("messages_duplicate")) == (1, 8)
    assert len(rome.ledger.applied) == 1


async def test_a_repeat_has_no_effect_and_is_receipted_again(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    await berlin.relay()
    await rome.consume()
    await rome.relay()  # this receipt is lost: berlin never reads it
    lost = len(await world.stream.read(inbox_topic("de-drv"), after={0: -1}, limit=9, wait=timedelta(0)))
    async with berlin.store.transaction() as work:
        await work.offsets.save(inbox_topic("de-drv"), 0, lost - 1)
    world.clock.advance(timedelta(minutes=1))
    assert await berlin.relay() == 1
    await rome.consume()
    assert len(rome.ledger.applied) == 1
    await rome.relay()
    await berlin.consume()
    (entry,) = await berlin.timeline()
    assert entry.status is ReceiptStatus.DELIVERED


async def test_a_whole_topic_read_again_changes_nothing(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in range(1, 6):
        await berlin.submit(message_to("it-inps", number))
        await berlin.relay()
    await rome.consume()
    for _ in range(3):
        async with rome.store.transaction() as work:
            await work.offsets.save(inbox_topic("it-inps"), 0, -1)
        await rome.consume()
    assert len(rome.ledger.applied) == 5
    assert (rome.heard.count("messages_new"), rome.heard.count("messages_duplicate")) == (5, 15)
    assert await rome.quarantined() == []


async def test_an_id_that_comes_again_with_other_content_is_set_aside_and_raises_an_alarm(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    await _settle(berlin, rome)
    forger = world.node("de-drv")  # the same keys, another outbox
    await forger.submit(message_to("it-inps", record=b"other periods"))
    await forger.relay()
    await rome.consume()
    assert [one.record for one in rome.ledger.applied] == [b"periods of number 1"]
    (entry,) = await rome.quarantined()
    assert (entry.reason_code, entry.sender, entry.case_id) == ("MESSAGE_ID_CONFLICT", "de-drv", CASE)
    assert "message_set_aside" in rome.heard.faults()
    # The receipt says so to whoever sent the second content; the first stays delivered.
    await rome.relay()
    await berlin.consume()
    await forger.consume()
    assert [one.status for one in await berlin.timeline()] == [ReceiptStatus.DELIVERED]
    assert [(one.status, one.reason) for one in await forger.timeline()] == [
        (ReceiptStatus.FAILED, "MESSAGE_ID_CONFLICT")
    ]


async def test_a_bundle_id_that_comes_again_for_another_bundle_is_set_aside_whole(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps", 1))
    await berlin.relay()
    careless = world.node("de-drv")  # the same keys, another outbox
    for number, node in ((2, careless), (3, world.node("de-drv"))):
        await node.submit(message_to("it-inps", number))
        async with berlin.store.transaction() as mine, node.store.transaction() as work:
            kept = await mine.receipts.evidence(message_to("it-inps", 1).message_id)
            unsent = await work.bundles.take_unsent("it-inps", limit=1, max_bytes=1)
            parts = {"keys": world.keys["de-drv"], "trust": world.trust, "me": "de-drv", "recipient": "it-inps"}
            again = seal_bundle(unsent, bundle_id=kept.bundle_id, at=world.clock.now(), **parts)
            await work.bundles.add([again])
        await world.stream.append(inbox_topic("it-inps"), [(b"de-drv", again.value)])
        # Both ways that it can come: beside the first one in a batch, and after it was kept.
        if node is careless:
            await rome.consume()
    await rome.consume()
    assert [one.record for one in rome.ledger.applied] == [b"periods of number 1"]
    asides = await rome.quarantined()
    assert [(one.reason_code, one.sender, one.offset) for one in asides] == [
        ("BUNDLE_ID_CONFLICT", "de-drv", 1),
        ("BUNDLE_ID_CONFLICT", "de-drv", 2),
    ]
    await rome.relay()
    await careless.consume()
    assert [(one.status, one.reason) for one in await careless.timeline()] == [
        (ReceiptStatus.FAILED, "BUNDLE_ID_CONFLICT")
    ]


async def test_what_is_not_a_bundle_is_set_aside_and_the_rest_flows(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await world.stream.append(inbox_topic("it-inps"), [(b"de-drv", b"not a bundle"), (b"", b"")])
    await berlin.submit(message_to("it-inps"))
    await berlin.relay()
    assert await rome.consume() == 3
    assert len(rome.ledger.applied) == 1
    assert [(one.reason_code, one.offset, one.value) for one in await rome.quarantined()] == [
        ("VERIFICATION_FAILED", 0, b"not a bundle"),
        ("VERIFICATION_FAILED", 1, b""),
    ]
    assert rome.heard.faults() == ["bundle_refused", "bundle_refused"]


class FaultyOnce:
    """A key ring in which one bundle meets a fault that nobody thought of."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._is_whole = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ring, name)

    def decrypt(self, key_id: str, ciphertext: bytes, *, info: bytes) -> bytes:
        if not self._is_whole:
            self._is_whole = True
            raise ZeroDivisionError("Ada Rossi, 12 100358 R 501")
        return self._ring.decrypt(key_id, ciphertext, info=info)


async def test_a_fault_of_ours_in_reading_one_bundle_never_stops_the_line(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    rome.exchange = replace(rome.exchange, keys=FaultyOnce(rome.exchange.keys))
    for number in (1, 2):
        await berlin.submit(message_to("it-inps", number, case_id=UUID(int=number)))
        await berlin.relay()
    await rome.consume()
    (entry,) = await rome.quarantined()
    assert (entry.reason_code, entry.reason) == ("BUNDLE_NOT_READ", "It could not be read: ZeroDivisionError.")
    assert [one.message_id for one in rome.ledger.applied] == [message_to("it-inps", 2).message_id]


async def test_a_message_whose_effect_fails_is_set_aside_once_and_those_after_it_in_its_case_wait(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in range(1, 6):
        await berlin.submit(message_to("it-inps", number))
    bad = b"periods of number 3"
    rome.ledger.failing = lambda one: CaseStateError("No such case.", state="none") if one.record == bad else None
    await _settle(berlin, rome)
    entries = await rome.quarantined()
    assert [(one.reason_code, one.reason) for one in entries] == [("CASE_STATE", "No such case.")]
    assert bad in entries[0].value
    ids = [entry.message_id for entry in await berlin.timeline()]
    # Those after it in its case wait for it; another case goes on.
    assert [await rome.effects_of(one) for one in ids] == [1, 1, 0, 0, 0]
    # It is held durably, so it is delivered and not sent again; a repeat does not apply it either.
    assert {one.status for one in await berlin.timeline()} == {ReceiptStatus.DELIVERED}
    rome.ledger.failing = lambda _: None
    async with rome.store.transaction() as work:
        await work.offsets.save(inbox_topic("it-inps"), 0, -1)
    await rome.consume()
    assert [await rome.effects_of(one) for one in ids] == [1, 1, 0, 0, 0]
    assert len(await rome.quarantined()) == 1


async def test_the_text_of_an_unknown_error_stays_out_of_the_quarantine(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    rome.ledger.failing = lambda _: ValueError("Rossi, born 1961")
    await _settle(berlin, rome)
    assert [one.reason for one in await rome.quarantined()] == ["Its effect failed: ValueError."]


async def test_a_fault_that_may_pass_undoes_the_batch_and_it_is_taken_in_later(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    await berlin.relay()
    rome.ledger.failing = lambda _: GatewayError("The database is away.", retryable=True)
    with pytest.raises(GatewayError):
        await rome.consume()
    assert (await rome.timeline(), await rome.quarantined(), await rome.relay()) == ([], [], 0)
    rome.ledger.failing = lambda _: None
    assert await rome.consume() == 1
    assert len(rome.ledger.applied) == 1


async def test_a_stream_that_breaks_after_it_has_taken_the_record_leads_to_no_second_effect(world: World) -> None:
    world.stream = _BreaksAfter(world.stream)
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    with pytest.raises(GatewayError):
        await berlin.relay()
    (entry,) = await berlin.timeline()
    assert entry.status is ReceiptStatus.SUBMITTED  # not acknowledged, so not relayed
    assert await berlin.relay() == 1  # due at once
    await rome.consume()
    assert len(rome.ledger.applied) == 1


async def test_a_topic_out_of_reach_never_holds_up_the_bundles_of_others(world: World) -> None:
    world.stream = _Closed(world.stream, closed={inbox_topic("it-inps"), inbox_topic("ca-sc")})
    berlin, ottawa = world.node("de-drv"), world.node("ca-sc")
    # More bundles than one round sends wait for a topic that stays away, and a younger one for one that comes back.
    for number, recipient in enumerate(["it-inps"] * 20 + ["ca-sc"], start=1):
        await berlin.submit(message_to(recipient, number))
        with pytest.raises(GatewayError):
            await berlin.relay()
        world.clock.advance(timedelta(seconds=1))
    world.stream.closed.remove(inbox_topic("ca-sc"))
    for _ in range(2):
        with pytest.raises(GatewayError):
            await berlin.relay()
        world.clock.advance(timedelta(seconds=1))
    await ottawa.consume()
    assert [one.record for one in ottawa.ledger.applied] == [b"periods of number 21"]


async def test_while_the_directory_has_expired_bundles_wait_on_the_stream_and_are_not_set_aside(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    await berlin.submit(message_to("it-inps"))
    await berlin.relay()
    valid = world.directory
    world.directory = replace(valid, expires_at=world.clock.now())
    with pytest.raises(VerificationError, match="has expired"):
        await rome.consume()
    assert await rome.quarantined() == []
    world.directory = replace(valid, version=2)
    await rome.consume()
    assert len(rome.ledger.applied) == 1


async def test_a_recipient_without_a_key_waits_and_others_go_on(world: World) -> None:
    berlin = world.node("de-drv")
    rome, ottawa = world.directory.institution("it-inps"), world.directory.institution("ca-sc")
    world.directory = replace(world.directory, institutions=(replace(rome, keys=()), ottawa))
    await berlin.submit(message_to("it-inps", 1))
    await berlin.submit(message_to("ca-sc", 2))
    assert await berlin.relay() == 1
    assert [entry.status for entry in await berlin.timeline()] == [ReceiptStatus.SUBMITTED, ReceiptStatus.RELAYED]
    assert berlin.heard.faults() == ["bundle_not_sealed"]


async def test_the_evidence_kept_proves_what_was_sent_and_that_it_was_received(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    messages = [message_to("it-inps", number) for number in range(1, 4)]
    for message in messages:
        await berlin.submit(message)
    # A second receipt in the same bundle, so that the path to the root is not empty.
    await berlin.relay()
    await berlin.submit(message_to("it-inps", 4))
    await _settle(berlin, rome)
    async with berlin.store.transaction() as work:
        kept = await work.receipts.evidence(messages[1].message_id)
        assert await work.receipts.evidence(UUID(int=5)) is None
    assert kept is not None
    assert (kept.item, kept.message.record) == (1, messages[1].record)
    _verify_sent(kept, world)
    evidence = pb.ItemEvidence.FromString(kept.receipt)
    head = wire.decode_head(evidence.signed_head)
    signing = world.trust.signing_keys("it-inps", head.signature_key_id)
    verify_hybrid(
        evidence.signed_head,
        HybridSignature(evidence.signature_ed25519, evidence.signature_mldsa65),
        key_id=signing.key_id,
        ed25519=signing.ed25519,
        mldsa65=signing.mldsa65,
        context=BUNDLE_CONTEXT,
    )
    assert len(evidence.audit_path) == 2
    verify_inclusion(
        leaf_hash(evidence.content.header),
        index=evidence.item,
        size=head.item_count,
        path=evidence.audit_path,
        root=head.merkle_root,
    )
    payload = evidence.content.payload
    header = wire.decode_header(evidence.content.header)
    assert commitment(payload.salt, payload.record) == header.payload_commitment
    _, entries = wire.decode_receipt(payload.record)
    assert [entry.leaf_hash for entry in entries] == list(kept.leaf_hashes)


def _verify_sent(kept: SentEvidence, world: World) -> None:
    """The sender's own signature over its message, from what the sender keeps."""
    head = wire.decode_head(kept.signed_head)
    signing = world.trust.signing_keys("de-drv", head.signature_key_id)
    verify_hybrid(
        kept.signed_head,
        kept.signature,
        key_id=signing.key_id,
        ed25519=signing.ed25519,
        mldsa65=signing.mldsa65,
        context=BUNDLE_CONTEXT,
    )
    path = audit_path(kept.leaf_hashes, kept.item)
    leaf = leaf_hash(kept.message.header)
    verify_inclusion(leaf, index=kept.item, size=head.item_count, path=path, root=head.merkle_root)
    header = wire.decode_header(kept.message.header)
    assert commitment(kept.message.salt, kept.message.record) == header.payload_commitment


async def test_what_was_receipted_can_be_sent_again_and_is_known_there(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number in (1, 2, 3):
        await berlin.submit(message_to("it-inps", number))
        await _settle(berlin, rome)
    async with berlin.store.transaction() as work:
        assert await work.resends.send_again("it-inps", [(2, 2), (9, 12)], now=world.clock.now()) == 1
    assert await berlin.relay() == 1
    await rome.consume()
    assert (rome.heard.count("messages_new"), rome.heard.count("messages_duplicate")) == (3, 1)
    await rome.relay()
    await berlin.consume()
    assert {entry.status for entry in await berlin.timeline()} == {ReceiptStatus.DELIVERED}
    world.clock.advance(timedelta(days=2))
    assert await berlin.relay() == 0


async def test_a_receipt_of_somebody_else_settles_nothing(world: World) -> None:
    berlin, rome, ottawa = world.node("de-drv"), world.node("it-inps"), world.node("ca-sc")
    # Two messages with one content and id, to two recipients, from two outboxes of one sender: their leaves
    # differ by the recipient, so what Ottawa signs says nothing of what Rome got.
    await berlin.submit(message_to("it-inps"))
    await berlin.relay()
    other = world.node("de-drv")
    await other.submit(message_to("ca-sc"))
    await other.relay()
    await ottawa.consume()
    await ottawa.relay()
    await berlin.consume()
    assert [entry.status for entry in await berlin.timeline()] == [ReceiptStatus.RELAYED]
    await rome.consume()


async def test_the_timeline_and_the_quarantine_come_in_pages(world: World) -> None:
    berlin = world.node("de-drv")
    for number in range(1, 6):
        await berlin.submit(message_to("it-inps", number))
    await world.stream.append(inbox_topic("de-drv"), [(b"", b"1"), (b"", b"2"), (b"", b"3")])
    await berlin.consume()
    async with berlin.store.transaction() as work:
        reading = {"timeline": work.timeline, "now": NOON, "times": ReceiptTimes()}
        first = await list_messages(CASE, limit=3, **reading)
        rest = await list_messages(CASE, limit=3, after=first[-1].message_id, **reading)
        assert [len(first), len(rest)] == [3, 2]
        aside = await list_quarantined(quarantine=work.quarantine, limit=2)
        more = await list_quarantined(quarantine=work.quarantine, limit=2, after=aside[-1].entry_id)
        assert [one.value for one in (*aside, *more)] == [b"1", b"2", b"3"]
        status = await get_message_status(first[0].message_id, **reading)
        assert status.status is ReceiptStatus.SUBMITTED
        with pytest.raises(NotFoundError):
            await get_message_status(UUID(int=5), **reading)


class _BreaksAfter:
    """Takes the first records and then says that it could not be reached."""

    def __init__(self, inner: object) -> None:
        self._inner = inner
        self._broken = False

    async def append(self, topic: str, records: object) -> None:
        await self._inner.append(topic, records)
        if not self._broken:
            self._broken = True
            raise GatewayError("The connection was lost before the answer.", retryable=True)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


class _Closed:
    """Does not take records for the topics that are closed."""

    def __init__(self, inner: object, *, closed: set[str]) -> None:
        self._inner = inner
        self.closed = closed

    async def append(self, topic: str, records: object) -> None:
        if topic in self.closed:
            raise GatewayError("The topic is out of reach.", retryable=True)
        await self._inner.append(topic, records)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


async def _settle(sender: object, recipient: object) -> None:
    await sender.relay()
    await recipient.consume()
    await recipient.relay()
    await sender.consume()

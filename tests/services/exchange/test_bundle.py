"""A bundle opens only whole, only at its recipient, only with both signatures; every other way it is refused."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from exchange_world import NOON, World, draw_ring, message_to, sealable

from portability.agreements.errors import VerificationError
from portability.api.exchange.v1 import bundle_pb2 as pb
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.envelope import BUNDLE_LIMIT, Header, Item
from portability.services.exchange.mapping import wire
from portability.services.exchange.receipts import read_receipt
from portability.services.exchange.suites import (
    BUNDLE_CONTEXT,
    commitment,
    encrypt,
    hpke_info,
)
from portability.services.hybrid import domain_separated
from portability.services.merkle import leaf_hash, root_of

BERLIN, ROME, OTTAWA = "de-drv", "it-inps", "ca-sc"


def seal(world: World, *messages, sender: str = BERLIN, recipient: str = ROME, at=NOON, number: int = 1):
    outgoing = [
        sealable(message, seq, me=sender) for seq, message in enumerate(messages or (message_to(recipient),), start=1)
    ]
    return seal_bundle(
        outgoing,
        bundle_id=message_to(recipient, number).message_id,
        me=sender,
        recipient=recipient,
        keys=world.keys[sender],
        trust=world.trust,
        at=at,
    )


def open_at(world: World, value: bytes, *, me: str = ROME, at=NOON, **options):
    return open_bundle(value, me=me, keys=world.keys[me], trust=world.trust, at=at, **options)


def forged(world: World, *, items: list[Item] | None = None, plaintext: bytes | None = None, **head_changes) -> bytes:
    """A bundle that its sender signs although it is wrong: what a broken or hostile peer could make."""
    opened = open_at(world, seal(world).value)
    items = list(opened.contents) if items is None else items
    head = replace(
        opened.head,
        item_count=len(items),
        merkle_root=root_of([leaf_hash(one.header) for one in items]),
    )
    # Encrypted to Rome for the parties of the changed head, as its maker would.
    head = replace(head, **{name: value for name, value in head_changes.items() if name in HEAD_IN_INFO})
    to = world.trust.encryption_key(ROME, NOON)
    ciphertext = encrypt(
        wire.encode_items(items) if plaintext is None else plaintext, recipient=to, info=hpke_info(head)
    )
    head = replace(head, ciphertext_sha256=sha256(ciphertext).digest())
    head = replace(head, **head_changes)
    return signed(world, wire.encode_head(head), ciphertext)


HEAD_IN_INFO = {"suite", "sender", "recipient", "bundle_id", "kem_key_id"}


def signed(world: World, signed_head: bytes, ciphertext: bytes, *, by: str = BERLIN) -> bytes:
    ring = world.keys[by]
    signature = ring.sign(
        ring.signing_key_id(NOON), domain_separated(signed_head, context=BUNDLE_CONTEXT), context=BUNDLE_CONTEXT
    )
    return pb.Bundle(
        signed_head=signed_head,
        ciphertext=ciphertext,
        signature_ed25519=signature.ed25519,
        signature_mldsa65=signature.mldsa65,
    ).SerializeToString(deterministic=True)


def parts(value: bytes) -> pb.Bundle:
    return pb.Bundle.FromString(value)


def changed(value: bytes, **fields) -> bytes:
    bundle = parts(value)
    for name, content in fields.items():
        setattr(bundle, name, content)
    return bundle.SerializeToString(deterministic=True)


def test_what_is_sealed_opens_at_its_recipient(world: World) -> None:
    messages = [message_to(ROME, number, record=b"r" * number) for number in range(1, 6)]
    opened = open_at(world, seal(world, *messages).value)
    assert opened.refused == ()
    assert [one.message.record for one in opened.opened] == [message.record for message in messages]
    assert [one.message.message_id for one in opened.opened] == [message.message_id for message in messages]
    assert [one.message.stream_seq for one in opened.opened] == [1, 2, 3, 4, 5]
    assert (opened.head.sender, opened.head.recipient, opened.head.directory_version) == (BERLIN, ROME, 1)


def test_the_content_is_not_readable_on_the_stream(world: World) -> None:
    value = seal(world, message_to(ROME, record=b"AVERYPLAINNAME" * 10)).value
    assert b"AVERYPLAINNAME" not in value
    assert b"record.request" not in value


def test_two_seals_of_one_message_have_nothing_guessable_in_common(world: World) -> None:
    one, two = (open_at(world, seal(world).value) for _ in range(2))
    assert one.contents[0].salt != two.contents[0].salt
    assert one.leaves != two.leaves


def test_one_bit_flipped_at_any_byte_is_refused(world: World) -> None:
    value = seal(world, message_to(ROME, 1), message_to(ROME, 2)).value
    assert len(open_at(world, value).opened) == 2
    for position in range(len(value)):
        flipped = bytearray(value)
        flipped[position] ^= 1 << (position % 8)
        with pytest.raises(VerificationError):
            open_at(world, bytes(flipped))


def test_a_bundle_cut_anywhere_or_with_bytes_after_it_is_refused(world: World) -> None:
    value = seal(world).value
    for length in range(0, len(value), 7):
        with pytest.raises(VerificationError):
            open_at(world, value[:length])
    for tail in (b"\x00", b"\x2a\x00", value):
        with pytest.raises(VerificationError):
            open_at(world, value + tail)


@pytest.mark.parametrize("me", [OTTAWA, BERLIN])
def test_at_another_node_it_is_refused_also_at_its_senders(world: World, me: str) -> None:
    with pytest.raises(VerificationError, match=f"this is '{me}'"):
        open_at(world, seal(world).value, me=me)


def test_a_bundle_to_oneself_is_refused(world: World) -> None:
    value = seal(world, message_to(ROME), sender=ROME).value
    with pytest.raises(VerificationError, match="goes from 'it-inps' to 'it-inps'"):
        open_at(world, value)


def test_another_sender_cannot_take_the_content_over(world: World) -> None:
    # Ottawa signs a head in its own name over the ciphertext that Berlin made.
    original = parts(seal(world).value)
    head = wire.decode_head(original.signed_head)
    ring = world.keys[OTTAWA]
    stolen = replace(head, sender=OTTAWA, signature_key_id=ring.signing_key_id(NOON))
    with pytest.raises(VerificationError, match="does not open"):
        open_at(world, signed(world, wire.encode_head(stolen), original.ciphertext, by=OTTAWA))


def test_a_sender_cannot_sign_in_the_name_of_another(world: World) -> None:
    original = parts(seal(world).value)
    with pytest.raises(VerificationError, match="does not stand"):
        open_at(world, signed(world, original.signed_head, original.ciphertext, by=OTTAWA))


@pytest.mark.parametrize("name", ["signature_ed25519", "signature_mldsa65"])
def test_a_missing_signature_is_refused(world: World, name: str) -> None:
    with pytest.raises(VerificationError, match="lacks a signature"):
        open_at(world, changed(seal(world).value, **{name: b""}))


@pytest.mark.parametrize("name", ["signature_ed25519", "signature_mldsa65"])
@pytest.mark.parametrize("wrong", [b"x", bytes(64), bytes(3309), bytes(4000)])
def test_a_signature_that_is_not_one_is_refused(world: World, name: str, wrong: bytes) -> None:
    with pytest.raises(VerificationError, match=r"does not stand|wrong form"):
        open_at(world, changed(seal(world).value, **{name: wrong}))


@pytest.mark.parametrize("names", [["signature_ed25519"], ["signature_mldsa65"]])
def test_one_good_signature_does_not_carry_the_other(world: World, names: list[str]) -> None:
    value = seal(world, number=1).value
    other = parts(seal(world, number=2).value)
    with pytest.raises(VerificationError, match="does not stand"):
        open_at(world, changed(value, **{name: getattr(other, name) for name in names}))


def test_parts_of_two_bundles_do_not_go_together(world: World) -> None:
    value, other = seal(world, number=1).value, parts(seal(world, number=2).value)
    with pytest.raises(VerificationError):
        open_at(world, changed(value, ciphertext=other.ciphertext))
    with pytest.raises(VerificationError):
        open_at(world, changed(value, signed_head=other.signed_head))


def test_another_ciphertext_of_the_very_same_content_is_refused(world: World) -> None:
    # Whoever has opened the bundle can encrypt its content again: it opens, but it is not what was signed.
    value = seal(world).value
    opened = open_at(world, value)
    to = world.trust.encryption_key(ROME, NOON)
    again = encrypt(opened.items, recipient=to, info=hpke_info(opened.head))
    assert world.keys[ROME].decrypt(to.key_id, again, info=hpke_info(opened.head)) == opened.items
    with pytest.raises(VerificationError, match="not the one that was signed"):
        open_at(world, changed(value, ciphertext=again))


def test_the_context_separates_bundles_from_everything_else_that_is_signed(world: World) -> None:
    original = parts(seal(world).value)
    ring = world.keys[BERLIN]
    key_id = ring.signing_key_id(NOON)
    for message, context in (
        (original.signed_head, BUNDLE_CONTEXT),
        (domain_separated(original.signed_head, context=BUNDLE_CONTEXT), b"portability/v1/directory"),
        (domain_separated(original.signed_head, context=BUNDLE_CONTEXT), b""),
    ):
        signature = ring.sign(key_id, message, context=context)
        with pytest.raises(VerificationError, match="does not stand"):
            open_at(
                world,
                changed(
                    seal(world).value,
                    signed_head=original.signed_head,
                    ciphertext=original.ciphertext,
                    signature_ed25519=signature.ed25519,
                    signature_mldsa65=signature.mldsa65,
                ),
            )


def test_a_suite_that_is_not_accepted_is_refused_before_anything_else_of_it_is_used(world: World) -> None:
    for suite in (2, 4_294_967_295):
        with pytest.raises(VerificationError, match=f"Suite {suite} is not accepted"):
            open_at(world, forged(world, suite=suite))
    with pytest.raises(VerificationError, match="Suite 1 is not accepted"):
        open_at(world, seal(world).value, accepted_suites=frozenset({7}))


def test_an_unknown_or_revoked_key_and_an_unknown_institution_are_refused(world: World) -> None:
    value = seal(world).value
    berlin = world.directory.institution(BERLIN)
    revoked = replace(berlin, keys=tuple(replace(key, revoked=True) for key in berlin.keys))
    for institutions in ((revoked,), (replace(berlin, keys=()),), ()):
        world.directory = replace(world.directory, institutions=institutions)
        with pytest.raises(VerificationError, match="directory"):
            open_at(world, value)


def test_a_key_counts_within_its_window_only(world: World) -> None:
    ring = draw_ring(NOON - timedelta(days=2), days=3)
    world.keys = world.keys | {BERLIN: ring}
    berlin = replace(world.directory.institution(BERLIN), keys=ring.public_keys())
    world.directory = replace(world.directory, institutions=(berlin, *world.directory.institutions[1:]))
    start, end = NOON - timedelta(days=2), NOON + timedelta(days=1)
    tick = timedelta(milliseconds=1)
    assert open_at(world, seal(world, at=start).value)
    assert open_at(world, seal(world, at=end - tick).value, at=end)
    for at in (start - tick, end):
        with pytest.raises(VerificationError, match="No signing key is in its window"):
            seal(world, at=at)
        # A hostile sender does not ask its own key ring.
        with pytest.raises(VerificationError, match="was not in its window"):
            open_at(world, forged(world, sealed_at=at), at=end)
    # Sealed in time, but arriving 35 days after the end of the key: too late to believe.
    late = seal(world, at=end - tick).value
    assert open_at(world, late, at=end + timedelta(days=35) - tick)
    with pytest.raises(VerificationError, match="ended too long ago"):
        open_at(world, late, at=end + timedelta(days=35))


def test_a_bundle_from_the_future_is_refused(world: World) -> None:
    value = seal(world, at=NOON + timedelta(minutes=5)).value
    assert open_at(world, value)
    value = seal(world, at=NOON + timedelta(minutes=5, milliseconds=1)).value
    with pytest.raises(VerificationError, match="in the future"):
        open_at(world, value)


def test_an_expired_directory_opens_and_seals_nothing(world: World) -> None:
    value = seal(world).value
    world.clock.set(world.directory.expires_at)
    with pytest.raises(VerificationError, match="has expired"):
        open_at(world, value)
    with pytest.raises(VerificationError, match="has expired"):
        seal(world)


def test_a_key_that_the_recipient_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(VerificationError, match="no private encryption key"):
        open_at(world, forged(world, kem_key_id="kem-of-somebody-else"))


def items_of(world: World, count: int = 3) -> list[Item]:
    value = seal(world, *[message_to(ROME, number) for number in range(1, count + 1)]).value
    return list(open_at(world, value).contents)


def test_items_left_out_added_or_reordered_after_signing_are_refused(world: World) -> None:
    items = items_of(world)
    count, root = 3, root_of([leaf_hash(one.header) for one in items])
    for wrong in (items[:2], [], [*items, items[0]], [items[1], items[0], items[2]], [items[0]] * 3):
        with pytest.raises(VerificationError, match=r"were signed|was signed"):
            open_at(world, forged(world, items=wrong or items[:0], item_count=count, merkle_root=root))


@pytest.mark.parametrize("count", [1, 2, 4, 256])
def test_another_number_of_items_than_signed_is_refused_although_the_root_is_right(world: World, count: int) -> None:
    with pytest.raises(VerificationError, match=f"3 items; {count} were signed"):
        open_at(world, forged(world, items=items_of(world), item_count=count))


def test_a_plaintext_that_is_not_the_canonical_form_is_refused(world: World) -> None:
    items = items_of(world, 1)
    good = wire.encode_items(items)
    assert open_at(world, forged(world, items=items, plaintext=good))
    unknown_field = b"\x7a\x01x"  # field 15, one byte
    explicit_zero = b"\x10\x00"
    for wrong in (good + unknown_field, good + explicit_zero, good[:-1], unknown_field + good):
        with pytest.raises(VerificationError):
            open_at(world, forged(world, items=items, plaintext=wrong))


def test_a_head_that_is_not_the_canonical_form_is_refused_although_signed(world: World) -> None:
    original = parts(seal(world).value)
    head = original.signed_head
    suite_again = b"\x08\x01"
    for wrong in (head + suite_again, suite_again + head, head + b"\x7a\x01x", head + b"\x58\x00"):
        with pytest.raises(VerificationError, match="unknown or repeated"):
            open_at(world, signed(world, wrong, original.ciphertext))


@pytest.mark.parametrize(
    "field",
    ["suite", "bundle_id", "sender", "recipient", "signature_key_id", "kem_key_id", "directory_version",
     "item_count", "merkle_root", "ciphertext_sha256", "sealed_at_ms"],
)  # fmt: skip
def test_a_head_without_one_of_its_fields_is_refused(world: World, field: str) -> None:
    original = parts(seal(world).value)
    head = pb.SignedHead.FromString(original.signed_head)
    head.ClearField(field)
    with pytest.raises(VerificationError):
        open_at(world, signed(world, head.SerializeToString(deterministic=True), original.ciphertext))


def test_numbers_beyond_every_calendar_and_counter_are_refused_not_raised(world: World) -> None:
    original = parts(seal(world).value)
    for field, number in (("sealed_at_ms", 2**64 - 1), ("directory_version", 2**64 - 1), ("item_count", 257)):
        head = pb.SignedHead.FromString(original.signed_head)
        setattr(head, field, number)
        with pytest.raises(VerificationError, match="is allowed"):
            open_at(world, signed(world, head.SerializeToString(deterministic=True), original.ciphertext))


def rewritten(item: Item, **changes) -> Item:
    header = pb.Header.FromString(item.header)
    for name, value in changes.items():
        setattr(header, name, value)
    return replace(item, header=header.SerializeToString(deterministic=True))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda item: rewritten(item, sender=OTTAWA), "other parties"),
        (lambda item: rewritten(item, recipient=OTTAWA), "other parties"),
        (lambda item: rewritten(item, schema_version=0), "schema version"),
        (lambda item: rewritten(item, message_id=b"short"), "message id"),
        (lambda item: rewritten(item, type="t" * 65), "message type"),
        (lambda item: rewritten(item, agreement_id="ca-de"), "without its hash"),
        (lambda item: rewritten(item, sent_at_ms=2**63), "instant of sending"),
        (lambda item: rewritten(item, record_length=3), "bytes, which is wrong"),
        (lambda item: replace(item, record=item.record[::-1]), "commits to"),
        (lambda item: replace(item, salt=bytes(32)), "commits to"),
        (lambda item: replace(item, salt=b""), "salt has 0 bytes"),
        (lambda item: replace(item, header=item.header + b"\x9a\x06\x01x"), "unknown or repeated"),
        (lambda item: replace(item, header=b""), "case id"),
        (lambda item: replace(item, header=b"\xff" * 40), "cannot be read"),
        (lambda item: rewritten(item, type="t" * 4100), "4096 are allowed"),
        (lambda item: _with_record(item, b"x" * (256 * 1024 + 1)), "bytes, which is wrong"),
    ],
)  # fmt: skip
def test_a_wrong_message_in_a_signed_bundle_is_set_apart_and_the_rest_stands(world: World, wrong, reason) -> None:
    items = items_of(world)
    items[1] = wrong(items[1])
    opened = open_at(world, forged(world, items=items))
    assert [one.index for one in opened.opened] == [0, 2]
    (refused,) = opened.refused
    assert refused.index == 1
    assert reason in refused.reason


def test_a_message_twice_in_one_bundle_counts_once(world: World) -> None:
    items = items_of(world, 1)
    opened = open_at(world, forged(world, items=items * 2))
    assert ([one.index for one in opened.opened], [one.index for one in opened.refused]) == ([0], [1])


def _with_record(item: Item, record: bytes) -> Item:
    longer = rewritten(item, payload_commitment=commitment(item.salt, record), record_length=len(record))
    return replace(longer, record=record)


def test_more_than_a_bundle_holds_is_refused_on_both_sides(world: World) -> None:
    with pytest.raises(VerificationError, match="257 messages"):
        seal(world, *[message_to(ROME, number) for number in range(1, 258)])
    big = [message_to(ROME, number, record=b"x" * 262_144) for number in range(1, 5)]
    with pytest.raises(VerificationError, match="are allowed"):
        seal(world, *big)
    with pytest.raises(VerificationError, match="0 messages"):
        seal_bundle(
            [],
            bundle_id=message_to(ROME).message_id,
            me=BERLIN,
            recipient=ROME,
            keys=world.keys[BERLIN],
            trust=world.trust,
            at=NOON,
        )
    with pytest.raises(VerificationError, match="at most 1048576"):
        open_at(world, b"\x0a" * (BUNDLE_LIMIT + 1))


def test_a_receipt_that_is_not_one_is_refused(world: World) -> None:
    for record in (b"", b"periods", wire.encode_receipt(message_to(ROME).message_id, bytes(32), [])):
        opened = open_at(world, seal(world, message_to(ROME, type="receipt", record=record)).value)
        with pytest.raises(VerificationError):
            read_receipt(opened, opened.opened[0])


def test_a_header_survives_the_way_there_and_back(world: World) -> None:
    header = wire.decode_header(items_of(world, 1)[0].header)
    assert isinstance(header, Header)
    assert wire.decode_header(wire.encode_header(header)) == header

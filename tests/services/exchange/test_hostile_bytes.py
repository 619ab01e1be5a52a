"""Whatever a stranger or a signed-up peer sends, reading it ends in a message or in a VerificationError."""

from dataclasses import replace
from hashlib import sha256

import pytest
from exchange_world import NOON, World, make_keys, message_to, sealable
from hypothesis import given, settings
from hypothesis import strategies as st

from portability.agreements.errors import VerificationError
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.envelope import Item, OpenedBundle, Sealed
from portability.services.exchange.mapping import wire
from portability.services.exchange.suites import BUNDLE_CONTEXT, encrypt, hpke_info
from portability.services.hybrid import domain_separated
from portability.services.merkle import leaf_hash, root_of
from portability.services.registry.mapping.directory import decode_directory
from portability.services.registry.mapping.roots import decode_chain, decode_freshness, decode_root

BERLIN, ROME = "de-drv", "it-inps"
WORLD = World(make_keys())


def sealed_once() -> bytes:
    messages = [sealable(message_to(ROME, number), number) for number in (1, 2)]
    return seal_bundle(
        messages,
        bundle_id=message_to(ROME).message_id,
        me=BERLIN,
        recipient=ROME,
        keys=WORLD.keys[BERLIN],
        trust=WORLD.trust,
        at=NOON,
    ).value


def open_now(value: bytes) -> OpenedBundle:
    return open_bundle(value, me=ROME, keys=WORLD.keys[ROME], trust=WORLD.trust, at=NOON)


VALUE = sealed_once()
GOOD = open_now(VALUE)


def sign(head: bytes, ciphertext: bytes) -> bytes:
    ring = WORLD.keys[BERLIN]
    covered = domain_separated(head, context=BUNDLE_CONTEXT)
    return wire.encode_sealed(
        Sealed(head, ciphertext, ring.sign(ring.signing_key_id(NOON), covered, context=BUNDLE_CONTEXT))
    )


def mutations(of: bytes) -> st.SearchStrategy[bytes]:
    """Bytes near `of`: a stretch of it replaced by others."""

    def change(start: int, length: int, other: bytes) -> bytes:
        return of[:start] + other + of[start + length :]

    return st.builds(change, st.integers(0, len(of)), st.integers(0, 12), st.binary(max_size=12))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), mutations(VALUE)))
def test_bytes_of_a_stranger(value: bytes) -> None:
    if value == VALUE:
        return
    with pytest.raises(VerificationError):
        open_now(value)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), mutations(GOOD.sealed.signed_head)))
def test_a_head_of_a_peer_who_signs_anything(head: bytes) -> None:
    try:
        opened = open_now(sign(head, GOOD.sealed.ciphertext))
    except VerificationError:
        return
    # When and by which directory it has sealed is the peer's to say, within its key's window; all else has to fit.
    said = {"directory_version": GOOD.head.directory_version, "sealed_at": GOOD.head.sealed_at}
    assert replace(opened.head, **said) == GOOD.head


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=1200), mutations(GOOD.sealed.ciphertext)))
def test_a_ciphertext_of_a_peer_who_signs_anything(ciphertext: bytes) -> None:
    if ciphertext == GOOD.sealed.ciphertext:
        return
    head = wire.encode_head(replace(GOOD.head, ciphertext_sha256=sha256(ciphertext).digest()))
    with pytest.raises(VerificationError):
        open_now(sign(head, ciphertext))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), mutations(GOOD.contents[0].header)))
def test_a_header_of_a_peer_who_signs_anything(header: bytes) -> None:
    items = [Item(header, GOOD.contents[0].salt, GOOD.contents[0].record), GOOD.contents[1]]
    opened = open_now(_rightly_sealed(items))
    # The header is taken only as it was or with other words in its free fields; the neighbour always stands.
    assert [one.index for one in opened.opened][-1:] == [1]
    assert len(opened.opened) + len(opened.refused) == 2


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), mutations(GOOD.items)))
def test_a_plaintext_of_a_peer_who_signs_anything(plaintext: bytes) -> None:
    if plaintext == GOOD.items:
        return
    try:
        opened = open_now(_rightly_sealed(GOOD.contents, plaintext))
    except VerificationError:
        return
    # Headers are under the root, so what differs is a salt or a record, and its message is not taken.
    assert len(opened.refused) >= 1


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_receipts_and_directories_that_are_none(data: bytes) -> None:
    for read in (wire.decode_receipt, decode_directory, decode_chain, decode_root, decode_freshness):
        try:
            read(data)
        except VerificationError:
            continue


def _rightly_sealed(items: list[Item] | tuple[Item, ...], plaintext: bytes | None = None) -> bytes:
    head = replace(GOOD.head, item_count=len(items), merkle_root=root_of([leaf_hash(item.header) for item in items]))
    content = wire.encode_items(items) if plaintext is None else plaintext
    ciphertext = encrypt(content, recipient=WORLD.trust.encryption_key(ROME, NOON), info=hpke_info(head))
    return sign(wire.encode_head(replace(head, ciphertext_sha256=sha256(ciphertext).digest())), ciphertext)

"""Sealing messages into a bundle, and opening a received one: pure functions over bytes, keys and a directory.

What is on the stream is described in docs/spec/exchange.md. Everything that does not verify raises
VerificationError; a single wrong message inside a rightly signed bundle is set apart instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from portability.agreements.errors import VerificationError
from portability.services.exchange.envelope import (
    BUNDLE_LIMIT,
    HEADER_LIMIT,
    ITEM_LIMIT,
    RECORD_LIMIT,
    Head,
    Header,
    Item,
    OpenedBundle,
    OpenedItem,
    RefusedItem,
    Sealed,
    received_message,
)
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.keys import PublicKeys
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import Sealable, SealedBundle
from portability.services.exchange.model.statuses import confirmation_of
from portability.services.exchange.ports.world import KeyRing, TrustDirectory
from portability.services.exchange.suites import (
    ACCEPTED_SUITES,
    BUNDLE_CONTEXT,
    SUITE_1,
    commitment,
    encrypt,
    hpke_info,
)
from portability.services.hybrid import domain_separated, verify_hybrid
from portability.services.merkle import leaf_hash, root_of

__all__ = ["CLOCK_SKEW", "LATE_ARRIVAL", "open_bundle", "seal_bundle", "still_opens"]

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far another node's clock may be ahead of ours."""
RESEND_SEALED: Final = timedelta(days=30)
"""How long a bundle goes out again as it was sealed; later it is sealed anew."""
LATE_ARRIVAL: Final = timedelta(days=35)
"""How long after the window of its signing key a bundle may still arrive: a broker keeps it 30 days."""


def seal_bundle(
    messages: Sequence[Sealable],
    *,
    bundle_id: UUID,
    me: InstitutionId,
    recipient: InstitutionId,
    keys: KeyRing,
    trust: TrustDirectory,
    at: datetime,
) -> SealedBundle:
    """Seal 1 to 256 messages for one recipient: one HPKE, one hybrid signature over the Merkle root.

    Raises VerificationError where a limit is broken, the directory has expired or a key is missing.
    """
    if not 0 < len(messages) <= ITEM_LIMIT:
        raise VerificationError(f"A bundle of {len(messages)} messages: 1 to {ITEM_LIMIT} are allowed.")
    to = trust.encryption_key(recipient, at)
    head = Head(
        suite=SUITE_1,
        bundle_id=bundle_id,
        sender=me,
        recipient=recipient,
        signature_key_id=keys.signing_key_id(at),
        kem_key_id=to.key_id,
        directory_version=trust.version(),
        item_count=len(messages),
        merkle_root=root_of([message.leaf_hash for message in messages]),
        ciphertext_sha256=b"",
        sealed_at=at,
    )
    plaintext = wire.encode_items([Item(message.header, message.salt, message.record) for message in messages])
    sealed = _sealed(head, plaintext, to=to, keys=keys)
    receiptable = [(message.message_id, message.leaf_hash) for message in messages if message.wants_receipt]
    return SealedBundle(
        bundle_id=bundle_id,
        recipient=recipient,
        first_seq=messages[0].stream_seq,
        last_seq=messages[-1].stream_seq,
        value=_on_stream(head, sealed),
        signed_head=sealed.signed_head,
        signature=sealed.signature,
        sealed_at=at,
        receiptable=len(receiptable),
        receiptable_bytes=sum(message.size for message in messages if message.wants_receipt),
        confirmation=confirmation_of(receiptable),
    )


def still_opens(value: bytes, *, me: InstitutionId, trust: TrustDirectory, at: datetime) -> bool:
    """Whether a bundle of ours can still be taken in: neither its signing key nor its recipient's has ended since.

    A recipient destroys the private part of an encryption key 35 days after its window has ended, which is later than
    35 days after it was sealed to.
    """
    head = wire.decode_head(wire.decode_sealed(value).signed_head)
    try:
        signing = trust.signing_keys(me, head.signature_key_id)
    except VerificationError:
        return False
    in_window = signing.not_before <= head.sealed_at < signing.not_after
    return in_window and at < head.sealed_at + RESEND_SEALED


def _sealed(head: Head, plaintext: bytes, *, to: PublicKeys, keys: KeyRing) -> Sealed:
    ciphertext = encrypt(plaintext, recipient=to, info=hpke_info(head))
    signed_head = wire.encode_head(replace(head, ciphertext_sha256=sha256(ciphertext).digest()))
    signature = keys.sign(
        head.signature_key_id, domain_separated(signed_head, context=BUNDLE_CONTEXT), context=BUNDLE_CONTEXT
    )
    return Sealed(signed_head, ciphertext, signature)


def _on_stream(head: Head, sealed: Sealed) -> bytes:
    value = wire.encode_sealed(sealed)
    if len(value) > BUNDLE_LIMIT:
        raise VerificationError(f"Bundle {head.bundle_id} has {len(value)} bytes; {BUNDLE_LIMIT} are allowed.")
    return value


def open_bundle(
    received: bytes,
    *,
    me: InstitutionId,
    keys: KeyRing,
    trust: TrustDirectory,
    at: datetime,
    accepted_suites: frozenset[int] = ACCEPTED_SUITES,
) -> OpenedBundle:
    """Return the content of a record from the inbox topic of `me`, or raise VerificationError.

    `at` is the instant of reception. Checks that fail for one message only put it among `refused`.
    """
    # 1. The record is within its limit and its outer form is the canonical one.
    # 2. The head is canonical; its suite is one we accept, whatever the message says.
    # 3. It is addressed to us and does not come from us: no misrouting, no reflection.
    # 4. The signing key is in the directory, not revoked, and was in its window when the bundle was sealed.
    # 5. Both signatures stand over the bytes received.
    # 6. The ciphertext is the one signed; it opens with the key named, for exactly these parties.
    # 7. The items are as many as signed, and their headers hash to the root signed.
    # 8. Each message keeps to its limits, its addresses and its commitment.
    # (1) limit and form
    if len(received) > BUNDLE_LIMIT:
        raise VerificationError(f"A record of {len(received)} bytes; a bundle has at most {BUNDLE_LIMIT}.")
    sealed = wire.decode_sealed(received)
    # (2) head and suite
    head = wire.decode_head(sealed.signed_head)
    if head.suite not in accepted_suites:
        raise VerificationError(f"Suite {head.suite} is not accepted here.")
    # (3) addresses
    if head.recipient != me or head.sender == me:
        raise VerificationError(f"The bundle goes from '{head.sender}' to '{head.recipient}'; this is '{me}'.")
    # (4) signing key
    signing = trust.signing_keys(head.sender, head.signature_key_id)
    _verify_window(head, signing, at=at)
    # (5) signatures
    verify_hybrid(
        sealed.signed_head,
        sealed.signature,
        key_id=signing.key_id,
        ed25519=signing.ed25519,
        mldsa65=signing.mldsa65,
        context=BUNDLE_CONTEXT,
    )
    # (6) ciphertext
    if sha256(sealed.ciphertext).digest() != head.ciphertext_sha256:
        raise VerificationError("The ciphertext is not the one that was signed.")
    plaintext = keys.decrypt(head.kem_key_id, sealed.ciphertext, info=hpke_info(head))
    # (7) items and root
    contents = wire.decode_items(plaintext)
    if len(contents) != head.item_count:
        raise VerificationError(f"The bundle has {len(contents)} items; {head.item_count} were signed.")
    leaves = tuple(leaf_hash(item.header) for item in contents)
    if root_of(leaves) != head.merkle_root:
        raise VerificationError("The headers do not hash to the Merkle root that was signed.")
    # (8) each message
    opened, refused = _checked_items(contents, leaves, head=head, at=at)
    return OpenedBundle(head, sealed, plaintext, contents, leaves, opened, refused)


def _verify_window(head: Head, signing: PublicKeys, *, at: datetime) -> None:
    if not signing.not_before <= head.sealed_at < signing.not_after:
        raise VerificationError(f"Signing key '{signing.key_id}' was not in its window when the bundle was sealed.")
    if head.sealed_at > at + CLOCK_SKEW:
        raise VerificationError("The bundle says it was sealed in the future: one of the two clocks is wrong.")
    if at >= signing.not_after + LATE_ARRIVAL:
        raise VerificationError(f"Signing key '{signing.key_id}' ended too long ago for a bundle to arrive now.")


def _checked_items(
    contents: Sequence[Item], leaves: Sequence[bytes], *, head: Head, at: datetime
) -> tuple[tuple[OpenedItem, ...], tuple[RefusedItem, ...]]:
    opened, refused = [], []
    seen: set[UUID] = set()
    for index, (item, leaf) in enumerate(zip(contents, leaves, strict=True)):
        header: Header | None = None
        try:
            if len(item.header) > HEADER_LIMIT:
                raise VerificationError(f"A header of {len(item.header)} bytes; at most {HEADER_LIMIT} are allowed.")
            header = wire.decode_header(item.header)
            _verify_item(item, header, head=head)
            if header.message_id in seen:
                raise VerificationError(f"Message {header.message_id} is in its bundle twice.")
        except VerificationError as error:
            refused.append(RefusedItem(index, leaf, error.message, item, header))
            continue
        seen.add(header.message_id)
        opened.append(OpenedItem(index, leaf, header, received_message(header, item.record, at=at)))
    return tuple(opened), tuple(refused)


def _verify_item(item: Item, header: Header, *, head: Head) -> None:
    if header.sender != head.sender or header.recipient != head.recipient:
        raise VerificationError(f"Message {header.message_id} names other parties than its bundle.")
    if len(item.record) > RECORD_LIMIT or len(item.record) != header.record_length:
        raise VerificationError(f"The record of {header.message_id} has {len(item.record)} bytes, which is wrong.")
    if commitment(item.salt, item.record) != header.payload_commitment:
        raise VerificationError(f"The record of {header.message_id} is not the one that its header commits to.")

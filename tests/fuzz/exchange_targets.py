"""What other nodes send over the stream: bundles, their parts, receipts, and wrong parts under right signatures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.agreements.errors import InputError, VerificationError
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.envelope import Item, OpenedBundle, Sealed
from portability.services.exchange.mapping import repair, wire
from portability.services.exchange.mapping.api import parse_uuid
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptEntry, ReceiptStatus, StatusEntry
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.streams import RangeDigest, SequenceRange, StreamDigest
from portability.services.exchange.suites import BUNDLE_CONTEXT, encrypt, hpke_info
from portability.services.hybrid import domain_separated
from portability.services.merkle import audit_path, leaf_hash, root_of
from portability.services.purposes import PENSION_CLAIM
from portability.services.registry.model import Directory, Institution, KeyPurpose
from tests.fuzz.target import Target

__all__ = ["exchange_targets"]

BERLIN, ROME = "de-drv", "it-inps"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class _StandingClock:
    def now(self) -> datetime:
        return NOON


class _Pair:
    """Two institutions with real keys, and a bundle from the first to the second."""

    def __init__(self) -> None:
        window = {"not_before": NOON - timedelta(days=30), "not_after": NOON + timedelta(days=300)}
        self.keys = {
            name: FileKeyRing([draw_key(purpose, **window) for purpose in KeyPurpose]) for name in (BERLIN, ROME)
        }
        directory = Directory(
            version=1,
            issued_at=NOON - timedelta(days=1),
            expires_at=NOON + timedelta(days=90),
            institutions=tuple(
                Institution(name, name.upper(), name[:2].upper(), keys=ring.public_keys())
                for name, ring in self.keys.items()
            ),
        )
        self.trust = DirectoryTrust(lambda: directory, clock=_StandingClock())
        self.value = seal_bundle(
            [_message(number) for number in (1, 2, 3)],
            bundle_id=_uuid(99),
            me=BERLIN,
            recipient=ROME,
            keys=self.keys[BERLIN],
            trust=self.trust,
            at=NOON,
        ).value
        self.good = self.open(self.value)

    def open(self, value: bytes) -> OpenedBundle:
        return open_bundle(value, me=ROME, keys=self.keys[ROME], trust=self.trust, at=NOON)

    def sign(self, head: bytes, ciphertext: bytes) -> bytes:
        """A bundle of a peer who signs whatever there is."""
        ring = self.keys[BERLIN]
        covered = domain_separated(head, context=BUNDLE_CONTEXT)
        return wire.encode_sealed(
            Sealed(head, ciphertext, ring.sign(ring.signing_key_id(NOON), covered, context=BUNDLE_CONTEXT))
        )

    def seal(self, items: Sequence[Item]) -> bytes:
        """A bundle of any items, rightly rooted, encrypted and signed."""
        root = root_of([leaf_hash(item.header) for item in items])
        head = replace(self.good.head, item_count=len(items), merkle_root=root)
        ciphertext = encrypt(
            wire.encode_items(items), recipient=self.trust.encryption_key(ROME, NOON), info=hpke_info(head)
        )
        return self.sign(wire.encode_head(replace(head, ciphertext_sha256=sha256(ciphertext).digest())), ciphertext)


def exchange_targets() -> Sequence[Target]:
    """One target for each layer, so that no layer hides behind the one around it."""
    pair = _Pair()
    good, declared = pair.good, (VerificationError,)
    headers = [item.header for item in good.contents]
    entries = [ReceiptEntry(_uuid(1), leaf, ReceiptStatus.DELIVERED) for leaf in good.leaves]
    receipt = wire.encode_receipt(good.head.bundle_id, good.head.merkle_root, entries)
    return [
        Target("bundle", pair.open, declared, [pair.value], largest=16_384),
        Target("bundle-outside", wire.decode_sealed, declared, [pair.value], largest=16_384),
        Target("bundle-head", wire.decode_head, declared, [good.sealed.signed_head]),
        Target("bundle-items", wire.decode_items, declared, [good.items]),
        Target("message-header", wire.decode_header, declared, headers),
        Target("receipt", wire.decode_receipt, declared, [receipt]),
        Target("resend-request", repair.decode_resend, declared, [repair.encode_resend(_RANGES)]),
        Target("stream-digest", repair.decode_digest, declared, [repair.encode_digest(_DIGEST)], largest=16_384),
        Target("item-evidence", wire.decode_evidence, declared, [_evidence(good)], largest=16_384),
        Target(
            "message-id",
            lambda data: parse_uuid(data.decode(errors="replace"), field="message_id"),
            (InputError,),
            [str(_uuid(1)).encode()],
            largest=64,
        ),
        Target("status-report", wire.decode_statuses, declared, [wire.encode_statuses(_STATUSES)]),
        Target(
            "signed-head",
            lambda data: pair.open(pair.sign(data, good.sealed.ciphertext)),
            declared,
            [good.sealed.signed_head],
        ),
        Target("signed-items", _ResealedItems(pair), declared, [b"\x00", *headers]),
    ]


_RANGES = (SequenceRange(3, 3), SequenceRange(7, 40))
_DIGEST = StreamDigest(
    stated=(RangeDigest(SequenceRange(1, 256), 256, bytes(32)), RangeDigest(SequenceRange(257, 300), 44, b"\x01" * 32)),
    asked=(SequenceRange(301, 301),),
)
_STATUSES = (
    StatusEntry(1, 40, BusinessStatus.ACCEPTED, (), NOON),
    StatusEntry(41, 41, BusinessStatus.REJECTED, ("The case is closed here.",), NOON),
)


def _evidence(good: OpenedBundle) -> bytes:
    """One message with its proof, as a node keeps it at rest and takes it back from a copy."""
    return wire.encode_evidence(good.sealed, index=1, path=audit_path(good.leaves, 1), item=good.contents[1])


class _ResealedItems:
    """Fields of a rightly made bundle changed one way or another, then sealed and signed again by its own sender.

    The input says what to change: its first byte the item and the field, the rest the new bytes.
    """

    def __init__(self, pair: _Pair) -> None:
        self._pair = pair

    def __call__(self, data: bytes) -> OpenedBundle:
        items = list(self._pair.good.contents)
        where, rest = (data[0], data[1:]) if data else (0, b"")
        index = where % len(items)
        match where // len(items) % 5:
            case 0:
                items[index] = replace(items[index], header=rest)
            case 1:
                items[index] = replace(items[index], salt=rest)
            case 2:
                items[index] = replace(items[index], record=rest)
            case 3:
                Random(rest).shuffle(items)
            case _:
                items = items[: index + 1] * (len(rest) % 30 + 1)
        opened = self._pair.open(self._pair.seal(items))
        if len(opened.opened) + len(opened.refused) != len(items):
            raise AssertionError("a message was neither taken nor refused")
        return opened


def _message(number: int) -> Sealable:
    message = OutgoingMessage(
        message_id=_uuid(number),
        idempotency_key=f"key-{number}",
        recipient=ROME,
        case_id=_uuid(50),
        type="record.request",
        schema_version=1,
        record=b"periods of number %d" % number,
        purpose=PENSION_CLAIM.code,
        legal_basis=str(PENSION_CLAIM.citation),
        agreement_id="eu-883-2004",
        agreement_sha256="ab" * 32,
        in_reply_to=_uuid(49),
    )
    made = outbox_message(message, me=BERLIN, at=NOON, stream_seq=number, case_seq=number, salt=bytes([number]) * 32)
    return made.sealable


def _uuid(number: int) -> UUID:
    return UUID(int=(number << 80) | (0x7 << 76) | (0b10 << 62) | 0xABC)

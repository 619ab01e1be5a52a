"""Two institutions, a bundle from the first to the second, and the first as a peer that signs whatever there is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.services.exchange import suites
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.envelope import Item, OpenedBundle, Sealed
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.ports.world import KeyRing
from portability.services.hybrid import domain_separated
from portability.services.merkle import leaf_hash, root_of
from portability.services.purposes import PENSION_CLAIM
from portability.services.registry.model import Directory, Institution, KeyPurpose
from tests.simulation.crypto import SimulatedKeyRing, cheap_primitives, directory_of

__all__ = ["NOON", "Pair", "cheap_pair", "real_pair", "uuid_of"]

BERLIN, ROME = "de-drv", "it-inps"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class _StandingClock:
    def now(self) -> datetime:
        return NOON


class Pair:
    """Both with their keys in one directory; `value` is a good bundle, `good` what it opens to."""

    def __init__(self, keys: Mapping[str, KeyRing], directory: Directory) -> None:
        self._keys = keys
        self._trust = DirectoryTrust(lambda: directory, clock=_StandingClock())
        self.value = seal_bundle(
            [_message(number) for number in (1, 2, 3)],
            bundle_id=uuid_of(99),
            me=BERLIN,
            recipient=ROME,
            keys=keys[BERLIN],
            trust=self._trust,
            at=NOON,
        ).value
        self.good = self.open(self.value)

    def open(self, value: bytes) -> OpenedBundle:
        return open_bundle(value, me=ROME, keys=self._keys[ROME], trust=self._trust, at=NOON)

    def sign(self, head: bytes, ciphertext: bytes) -> bytes:
        """A bundle of any head, rightly signed."""
        ring, context = self._keys[BERLIN], suites.BUNDLE_CONTEXT
        signature = ring.sign(ring.signing_key_id(NOON), domain_separated(head, context=context), context=context)
        return wire.encode_sealed(Sealed(head, ciphertext, signature))

    def seal(self, items: Sequence[Item]) -> bytes:
        """A bundle of any items, rightly rooted, encrypted and signed."""
        root = root_of([leaf_hash(item.header) for item in items])
        head = replace(self.good.head, item_count=len(items), merkle_root=root)
        theirs, info = self._trust.encryption_key(ROME, NOON), suites.hpke_info(head)
        ciphertext = suites.encrypt(wire.encode_items(items), recipient=theirs, info=info)
        return self.sign(wire.encode_head(replace(head, ciphertext_sha256=sha256(ciphertext).digest())), ciphertext)


def real_pair() -> Pair:
    """With keys of Ed25519, ML-DSA-65 and X-Wing."""
    window = {"not_before": NOON - timedelta(days=30), "not_after": NOON + timedelta(days=300)}
    rings = {name: FileKeyRing([draw_key(purpose, **window) for purpose in KeyPurpose]) for name in (BERLIN, ROME)}
    institutions = tuple(
        Institution(name, name.upper(), name[:2].upper(), keys=ring.public_keys()) for name, ring in rings.items()
    )
    return Pair(rings, Directory(1, NOON - timedelta(days=1), NOON + timedelta(days=90), institutions))


def cheap_pair() -> Pair:
    """With keys whose mathematics costs nothing; what it makes opens while `cheap_primitives` are in force."""
    rings = {name: SimulatedKeyRing(name) for name in (BERLIN, ROME)}
    with cheap_primitives():
        return Pair(rings, directory_of(rings))


def _message(number: int) -> Sealable:
    message = OutgoingMessage(
        message_id=uuid_of(number),
        idempotency_key=f"key-{number}",
        recipient=ROME,
        case_id=uuid_of(50),
        type="record.request",
        schema_version=1,
        record=b"periods of number %d" % number,
        purpose=PENSION_CLAIM.code,
        legal_basis=str(PENSION_CLAIM.citation),
        agreement_id="eu-883-2004",
        agreement_sha256="ab" * 32,
        in_reply_to=uuid_of(49),
    )
    made = outbox_message(message, me=BERLIN, at=NOON, stream_seq=number, case_seq=number, salt=bytes([number]) * 32)
    return made.sealable


def uuid_of(number: int) -> UUID:
    """A UUID of version 7 that is easy to tell."""
    return UUID(int=(number << 80) | (0x7 << 76) | (0b10 << 62) | 0xABC)

"""A member of the directory that lies: bundles in the right form under right signatures, whose every field is drawn.

What is drawn keeps to the wire's own limits one time and passes them the next: numbers at the ends of their types,
texts that a database does not take, other types, records of the exchange itself that ask for anything. Signatures and
encryption are those of the simulation: they are not what is attacked here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from portability.api.exchange.v1 import bundle_pb2, repair_pb2
from portability.services.exchange import suites
from portability.services.exchange.envelope import Item, Sealed
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import DIGEST_TYPE, NO_CASE, RECEIPT_TYPE, RESEND_TYPE, STATUS_TYPE
from portability.services.hybrid import domain_separated
from portability.services.mapping import strict
from portability.services.merkle import leaf_hash, root_of
from portability.services.purposes import PENSION_CLAIM
from tests.simulation.crypto import SimulatedKeyRing

__all__ = ["LyingMember"]

TEXTS = ("a", "\x00", "a\x00b", "\ud7ff\U0010ffff", "\u202e\u0627", "'; DROP TABLE inbox", "x" * 64, "y" * 999, "")
NUMBERS = (1, 2, 3, 40, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**53 - 4096, 2**53 - 2, 2**53 - 1, 2**53, 2**63 - 1, 0)
INSTANTS = (1, 1_700_000_000_000, 253_402_300_799_999)
LENGTHS = {"message_id": 16, "case_id": 16, "bundle_id": 16, "leaf_hash": 32, "merkle_root": 32, "root": 32}
RECORDS: dict[str, type[Message]] = {
    RECEIPT_TYPE: bundle_pb2.Receipt,
    STATUS_TYPE: bundle_pb2.StatusReport,
    RESEND_TYPE: repair_pb2.ResendRequest,
    DIGEST_TYPE: repair_pb2.StreamDigest,
}
Known = Sequence[tuple[UUID, bytes]]
"""Messages of the recipient's: id and leaf hash."""


class LyingMember:
    """Makes bundles for `recipient`; the same dice make the same bundles."""

    def __init__(self, name: str, ring: SimulatedKeyRing, recipient: str, their_key: Any, dice: Random) -> None:
        self._name, self._ring = name, ring
        self._recipient, self._their_key = recipient, their_key
        self._dice = dice
        self.known: Known = ()

    def bundle(self, *, at: datetime) -> bytes:
        """A bundle of one to three messages."""
        return self._sealed([self._item() for _ in range(self._dice.randint(1, 3))], at=at)

    def saying(self, kind: str, record: bytes, *, at: datetime) -> bytes:
        """A bundle of one message of the exchange itself, with this record."""
        return self._sealed([self._item(kind, record)], at=at)

    def _sealed(self, items: Sequence[Item], *, at: datetime) -> bytes:
        head = bundle_pb2.SignedHead(
            suite=1,
            bundle_id=self._dice.randbytes(16),
            sender=self._name,
            recipient=self._recipient,
            signature_key_id=self._ring.signing_key_id(at),
            kem_key_id=self._their_key.key_id,
            directory_version=self._dice.choice(NUMBERS[:-1]),
            item_count=len(items),
            merkle_root=root_of([leaf_hash(item.header) for item in items]),
            sealed_at_ms=strict.milliseconds(at - timedelta(seconds=self._dice.randrange(100))),
        )
        head.ciphertext_sha256 = bytes(32)
        info = suites.hpke_info(wire.decode_head(head.SerializeToString(deterministic=True)))
        ciphertext = suites.encrypt(wire.encode_items(items), recipient=self._their_key, info=info)
        head.ciphertext_sha256 = sha256(ciphertext).digest()
        signed = head.SerializeToString(deterministic=True)
        context = suites.BUNDLE_CONTEXT
        signature = self._ring.sign(head.signature_key_id, domain_separated(signed, context=context), context=context)
        return wire.encode_sealed(Sealed(signed, ciphertext, signature))

    def _item(self, said: str = "", record: bytes = b"") -> Item:
        """A message whose header commits to its record; nothing else of it has to be so, unless it is given."""
        dice = self._dice
        kind = said or dice.choice((*RECORDS, *RECORDS, "record.request", *TEXTS[:-1]))
        if not said:
            record = self._drawn(RECORDS[kind]).SerializeToString(deterministic=True) if kind in RECORDS else b"any"
        salt = dice.randbytes(32)
        is_of_a_case = not said and (kind not in RECORDS or dice.random() < 0.1)
        header = bundle_pb2.Header(
            message_id=dice.randbytes(16),
            sender=self._name,
            recipient=self._recipient,
            case_id=dice.randint(1, 9).to_bytes(16, "big") if is_of_a_case else NO_CASE.bytes,
            type=kind,
            schema_version=1 if said else dice.choice([one for one in NUMBERS if 0 < one < 2**32]),
            stream_seq=1 if said else dice.choice(NUMBERS[:-1]),
            sent_at_ms=dice.choice(INSTANTS),
            payload_commitment=suites.commitment(salt, record),
            record_length=len(record),
            case_seq=dice.choice(NUMBERS[:-1]) if is_of_a_case else 0,
            in_reply_to=dice.choice((b"", dice.randbytes(16))),
            replaces=dice.choice((b"", b"", dice.randbytes(16))),
        )
        if not said and dice.random() < 0.5:
            header.agreement_id, header.agreement_sha256 = dice.choice(TEXTS[:-2]), dice.randbytes(32)
        if is_of_a_case:
            header.purpose = dice.choice((PENSION_CLAIM.code, PENSION_CLAIM.code, *TEXTS[:-2]))
            header.legal_basis = dice.choice((str(PENSION_CLAIM.citation), *TEXTS[:-2]))
        return Item(header.SerializeToString(deterministic=True), salt, record)

    def _drawn(self, kind: type[Message]) -> Message:
        message = kind()
        for one in message.DESCRIPTOR.fields:
            self._fill(message, one)
        if isinstance(message, bundle_pb2.ReceiptEntry) and self.known and self._dice.random() < 0.7:
            message_id, message.leaf_hash = self._dice.choice(self.known)
            message.message_id = message_id.bytes
        return message

    def _fill(self, message: Any, one: FieldDescriptor) -> None:
        """One field, most of the time with something that its reader lets through."""
        dice = self._dice
        if one.is_repeated:
            values = getattr(message, one.name)
            for _ in range(dice.randint(0, 3)):
                values.append(self._value(one))
        elif one.type == FieldDescriptor.TYPE_MESSAGE:
            getattr(message, one.name).CopyFrom(self._drawn(one.message_type._concrete_class))
        else:
            setattr(message, one.name, self._value(one))
        if one.name == "last_seq" and dice.random() < 0.8:
            message.last_seq = min(2**53 - 1, message.first_seq + dice.choice((0, 0, 1, 100, 4095)))

    def _value(self, one: FieldDescriptor) -> Any:
        dice = self._dice
        if one.type == FieldDescriptor.TYPE_MESSAGE:
            return self._drawn(one.message_type._concrete_class)
        if one.type == FieldDescriptor.TYPE_ENUM:
            return dice.choice([value.number for value in one.enum_type.values])
        if one.type == FieldDescriptor.TYPE_BYTES:
            return dice.randbytes(LENGTHS.get(one.name, 32) if dice.random() < 0.95 else 7)
        if one.type == FieldDescriptor.TYPE_STRING:
            return dice.choice(TEXTS)
        if one.name.endswith("_at_ms"):
            return dice.choice(INSTANTS)
        limit = 2**32 if one.type == FieldDescriptor.TYPE_UINT32 else 2**64
        return dice.choice([number for number in NUMBERS if number < limit])

"""Makes docs/spec/vectors/*.json and the worked example in docs/spec/exchange.md, from fixed test keys.

    python tests/vectors/generate.py

Encapsulation, ML-DSA and salts draw random bytes, so each run gives other files of the same meaning.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256, sha512
from pathlib import Path
from uuid import UUID

from portability.adapters.clock.fake import FixedClock
from portability.adapters.keys.material import KeySeeds
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.agreements.values import Branch
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.envelope import Head, Item, OpenedBundle, Sealed
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import NO_CASE, OutgoingMessage
from portability.services.exchange.model.sending import Sealable, SealedBundle
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.receipts import receipt_for
from portability.services.exchange.suites import BUNDLE_CONTEXT, SALT_BYTES, encrypt, hpke_info
from portability.services.hybrid import domain_separated
from portability.services.mapping.strict import milliseconds
from portability.services.merkle import leaf_hash, root_of
from portability.services.purposes import PENSION_CLAIM
from portability.services.registry.mapping.roots import encode_chain, encode_signed
from portability.services.registry.model import (
    AgreementVersion,
    Competence,
    Directory,
    Institution,
    KeyPurpose,
)
from portability.services.registry.roots import Freshness, RoleKeys, Root, Signed, TrustChain
from portability.services.registry.signing import sign_directory, sign_freshness, sign_root

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC)
BERLIN, ROME, OTTAWA = "de-drv", "it-inps", "ca-sc"
BEGIN, FINISH = "<!-- worked example: begin (made by tests/vectors/generate.py) -->", "<!-- worked example: end -->"


def seeds(name: str, purpose: KeyPurpose) -> KeySeeds:
    """A test key that everybody knows, from a text."""
    text = f"portability vectors {name} {purpose.value}".encode()
    classical = sha256(b"classical " + text).digest()
    long = sha512(b"post-quantum " + text).digest()
    return KeySeeds(purpose, START, END, classical, long if purpose is KeyPurpose.ENCRYPTION else long[:32])


RINGS = {name: FileKeyRing([seeds(name, one) for one in KeyPurpose]) for name in (BERLIN, ROME, OTTAWA)}
ROOTS = FileKeyRing([seeds(f"root {number}", KeyPurpose.SIGNING) for number in (1, 2, 3)])
KEEPERS, NEW_KEEPERS, FRESH = (
    FileKeyRing([seeds(name, KeyPurpose.SIGNING)]) for name in ("keeper", "new keeper", "freshness")
)
DIRECTORY = Directory(
    version=3,
    issued_at=START,
    expires_at=START + timedelta(days=90),
    institutions=tuple(
        Institution(
            name, name.upper(), name[:2].upper(), (Competence(Branch.OLD_AGE, date(2010, 5, 1)),), ring.public_keys()
        )
        for name, ring in RINGS.items()
    ),
    agreements=(AgreementVersion("eu-883-2004", sha256(b"a treaty file").digest(), ("DE", "IT"), START),),
)
TRUST = DirectoryTrust(lambda: DIRECTORY, clock=FixedClock(NOON))


def message(number: int, record: bytes, **changes: object) -> Sealable:
    made = OutgoingMessage(
        message_id=UUID(f"019aa0c4-0000-7000-8000-{number:012x}"),
        idempotency_key=f"request-{number}",
        recipient=ROME,
        case_id=UUID("019aa0c3-0000-7000-8000-00000000ca5e"),
        type="record.request",
        schema_version=1,
        record=record,
        purpose=PENSION_CLAIM.code,
        legal_basis=str(PENSION_CLAIM.citation),
    )
    return sealable(replace(made, **changes), number, me=BERLIN, at=NOON - timedelta(seconds=2))  # type: ignore[arg-type]


def sealable(made: OutgoingMessage, stream_seq: int, *, me: str, at: datetime) -> Sealable:
    """A message with the header that its submission makes."""
    salt = secrets.token_bytes(SALT_BYTES)
    case_seq = 0 if made.case_id == NO_CASE else stream_seq
    return outbox_message(made, me=me, at=at, stream_seq=stream_seq, case_seq=case_seq, salt=salt).sealable


def seal(*messages: Sealable, sender: str = BERLIN, recipient: str = ROME, number: int = 1) -> SealedBundle:
    return seal_bundle(
        messages,
        bundle_id=UUID(f"019aa0c5-0000-7000-8000-{number:012x}"),
        me=sender,
        recipient=recipient,
        keys=RINGS[sender],
        trust=TRUST,
        at=NOON,
    )


def opened(bundle: SealedBundle) -> OpenedBundle:
    me = bundle.recipient
    return open_bundle(bundle.value, me=me, keys=RINGS[me], trust=TRUST, at=NOON)


def keys_file() -> dict[str, object]:
    """Public keys by "institution key-id", with the seeds of these test keys."""
    known = {}
    for name, ring in RINGS.items():
        for key in ring.public_keys():
            seed = seeds(name, key.purpose)
            known[f"{name} {key.key_id}"] = {
                "purpose": key.purpose.value,
                "not_before_ms": milliseconds(key.not_before),
                "not_after_ms": milliseconds(key.not_after),
                "classical": key.classical.hex(),
                "post_quantum": key.post_quantum.hex(),
                "classical_seed": seed.classical.hex(),
                "post_quantum_seed": seed.post_quantum.hex(),
            }
    return known


def bundle_file(kind: str, about: str, bundle: SealedBundle) -> dict[str, object]:
    content = opened(bundle)
    return {
        "kind": kind,
        "about": about,
        "recipient": bundle.recipient,
        "at_ms": milliseconds(NOON),
        "bundle": bundle.value.hex(),
        "messages": [
            {
                "message_id": one.message.message_id.hex,
                "sender": one.message.sender,
                "case_id": one.message.case_id.hex,
                "type": one.message.type,
                "schema_version": one.message.schema_version,
                "stream_seq": one.message.stream_seq,
                "case_seq": one.message.case_seq,
                "sent_at_ms": milliseconds(one.message.sent_at),
                "agreement_id": one.message.agreement_id,
                "agreement_sha256": one.message.agreement_sha256,
                "record": one.message.record.hex(),
                "leaf_hash": one.leaf_hash.hex(),
            }
            for one in content.opened
        ],
        "keys": keys_file(),
    }


def resigned(head: Head, plaintext: bytes) -> str:
    """A bundle with a changed head or plaintext, rightly signed and encrypted."""
    ciphertext = encrypt(plaintext, recipient=TRUST.encryption_key(ROME, NOON), info=hpke_info(head))
    return signed(wire.encode_head(replace(head, ciphertext_sha256=sha256(ciphertext).digest())), ciphertext)


def signed(signed_head: bytes, ciphertext: bytes, *, by: str = BERLIN, context: bytes = BUNDLE_CONTEXT) -> str:
    ring = RINGS[by]
    covered = domain_separated(signed_head, context=context)
    signature = ring.sign(ring.signing_key_id(NOON), covered, context=context)
    return wire.encode_sealed(Sealed(signed_head, ciphertext, signature)).hex()


def refused_file(bundle: SealedBundle) -> dict[str, object]:
    content = opened(bundle)
    head, sealed = content.head, content.sealed
    size = len(bundle.value)
    other = opened(seal(message(9, b"another bundle"), number=2))
    unsigned = replace(head, ciphertext_sha256=b"")
    fewer: list[Item] = list(content.contents[:1])
    half = wire.encode_sealed(replace(sealed, signature=replace(sealed.signature, mldsa65=b""))).hex()
    mixed = wire.encode_sealed(
        replace(sealed, signature=replace(sealed.signature, mldsa65=other.sealed.signature.mldsa65))
    ).hex()
    cases: list[Mapping[str, object]] = [
        *({"name": f"bit flipped at byte {at}", "xor_at": at, "xor": 1 << (at % 8)} for at in range(0, size, 97)),
        *({"name": f"cut to {length} bytes", "cut_to": length} for length in (0, 1, 100, size - 1)),
        {"name": "an unknown field after it", "append": "7a0178"},
        {"name": "a field repeated after it", "append": "0a00"},
        {"name": "at another node", "recipient": OTTAWA},
        {"name": "at its own sender", "recipient": BERLIN},
        {"name": "from the future", "at_ms": milliseconds(NOON - timedelta(minutes=6))},
        {"name": "long after its key has ended", "at_ms": milliseconds(END + timedelta(days=36))},
        {"name": "without ML-DSA-65", "bundle": half},
        {"name": "with the ML-DSA-65 signature of another bundle", "bundle": mixed},
        {"name": "signed by another institution", "bundle": signed(sealed.signed_head, sealed.ciphertext, by=OTTAWA)},
        {"name": "signed for another purpose", "bundle": signed(
            sealed.signed_head, sealed.ciphertext, context=b"portability/v1/directory")},
        {"name": "the ciphertext of another bundle", "bundle": signed(sealed.signed_head, other.sealed.ciphertext)},
        {"name": "an unknown suite", "bundle": resigned(replace(unsigned, suite=2), content.items)},
        {"name": "an item left out", "bundle": resigned(unsigned, wire.encode_items(fewer))},
        {"name": "items exchanged", "bundle": resigned(unsigned, wire.encode_items(content.contents[::-1]))},
        {"name": "a head with an unknown field", "bundle": signed(
            sealed.signed_head + b"\x7a\x01x", sealed.ciphertext)},
        {"name": "a head with a repeated field", "bundle": signed(sealed.signed_head + b"\x08\x01", sealed.ciphertext)},
        {"name": "a record other than the one committed to", "bundle": resigned(unsigned, wire.encode_items(
            [replace(one, record=one.record[::-1]) for one in content.contents]))},
    ]  # fmt: skip
    return bundle_file("refused", "what must be refused", bundle) | {"cases": cases}


def receipt_file(bundle: SealedBundle) -> dict[str, object]:
    content = opened(bundle)
    entries = [ReceiptEntry(one.message.message_id, one.leaf_hash, ReceiptStatus.DELIVERED) for one in content.opened]
    receipt_id = UUID("019aa0c6-0000-7000-8000-000000000001")
    receipt = sealable(receipt_for(content, entries, receipt_id=receipt_id), 1, me=ROME, at=NOON)
    back = seal(receipt, sender=ROME, recipient=BERLIN, number=3)
    return bundle_file("receipt", "the signed receipt of bundle.json", back) | {
        "receipt": {
            "bundle_id": bundle.bundle_id.hex,
            "merkle_root": content.head.merkle_root.hex(),
            "entries": [[one.message_id.hex, one.leaf_hash.hex(), 1, ""] for one in entries],
        }
    }


def merkle_file() -> dict[str, object]:
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(one)) for one in entries]
    return {
        "kind": "merkle",
        "about": "RFC 6962 tree hashes over the first 0 to 8 entries",
        "entries": entries,
        "roots": [root_of(leaves[:size]).hex() for size in range(9)],
    }


def directory_file() -> dict[str, object]:
    first = Root(1, NOON, NOON + timedelta(days=365), _role(ROOTS, 2), _role(KEEPERS, 1), _role(FRESH, 1))
    second = replace(first, version=2, directory=_role(NEW_KEEPERS, 1))
    roots = (_root(first), _root(second))
    directory = sign_directory(DIRECTORY, key_ids=_ids(NEW_KEEPERS), signer=NEW_KEEPERS)
    digest = sha256(directory.content).digest()
    statement = Freshness(DIRECTORY.version, digest, NOON, NOON + timedelta(hours=24))
    freshness = sign_freshness(statement, key_ids=_ids(FRESH), signer=FRESH)
    retired = sign_directory(DIRECTORY, key_ids=_ids(KEEPERS), signer=KEEPERS)
    chain = TrustChain(roots, directory, freshness)
    return {
        "kind": "directory",
        "about": "a directory under the second root, which has new keys for the directory role; two of three root keys",
        "version": DIRECTORY.version,
        "root_version": 2,
        "at_ms": milliseconds(NOON),
        "anchor": encode_signed(roots[0]).hex(),
        "chain": encode_chain(chain).hex(),
        "refused": [
            {"name": "signed by the directory role of the first root", "chain": encode_chain(
                replace(chain, directory=retired)).hex()},
            {"name": "without the second root", "chain": encode_chain(replace(chain, roots=roots[:1])).hex()},
            {"name": "second root signed under itself alone", "chain": encode_chain(
                replace(chain, roots=(roots[0], sign_root(
                    replace(second, root=_role(FRESH, 1), freshness=None), key_ids=_ids(FRESH), signer=FRESH)),
                    freshness=None)).hex()},
            {"name": "freshness of another directory", "chain": encode_chain(replace(chain, freshness=sign_freshness(
                replace(statement, directory_sha256=bytes(32)), key_ids=_ids(FRESH), signer=FRESH))).hex()},
            {"name": "no freshness statement", "chain": encode_chain(replace(chain, freshness=None)).hex()},
        ],
    }  # fmt: skip


def _role(ring: FileKeyRing, threshold: int) -> RoleKeys:
    return RoleKeys(threshold, ring.role_keys())


def _ids(ring: FileKeyRing) -> list[str]:
    return [key.key_id for key in ring.role_keys()]


def _root(root: Root) -> Signed:
    return sign_root(root, key_ids=_ids(ROOTS)[:2], signer=ROOTS)


def worked_example(bundle: SealedBundle) -> str:
    """The bundle of bundle.json taken apart."""
    content = opened(bundle)
    head, item = content.head, content.contents[0]
    rows = [
        ("record of message 0", item.record.hex()),
        ("salt of message 0", item.salt.hex()),
        ("payload_commitment", wire.decode_header(item.header).payload_commitment.hex()),
        ("header 0", item.header.hex()),
        ("leaf 0 = SHA-256(00 || header 0)", content.leaves[0].hex()),
        ("leaf 1", content.leaves[1].hex()),
        ("merkle_root = SHA-256(01 || leaf 0 || leaf 1)", head.merkle_root.hex()),
        ("HPKE info", hpke_info(head).hex()),
        ("ciphertext_sha256", head.ciphertext_sha256.hex()),
        ("signed_head", content.sealed.signed_head.hex()),
        ("signature input", domain_separated(content.sealed.signed_head, context=BUNDLE_CONTEXT).hex()),
        ("signature_ed25519", content.sealed.signature.ed25519.hex()),
        ("SHA-256 of signature_mldsa65", sha256(content.sealed.signature.mldsa65).hexdigest()),
        (f"SHA-256 of the bundle ({len(bundle.value)} bytes)", sha256(bundle.value).hexdigest()),
    ]
    blocks = [f"{name}:\n\n```\n{_wrapped(text)}\n```\n" for name, text in rows]
    return "\n".join(blocks)


def _wrapped(text: str) -> str:
    return "\n".join(text[at : at + 96] for at in range(0, len(text), 96))


def main() -> None:
    agreement = {"agreement_id": "eu-883-2004", "agreement_sha256": sha256(b"a treaty file").hexdigest()}
    reply = {"in_reply_to": UUID("019aa0c2-0000-7000-8000-000000000007"), "type": "record.statement"}
    bundle = seal(
        message(1, b"a record of one kind", **agreement),
        message(2, b"a record of another kind", **reply),
    )
    files = {
        "merkle": merkle_file(),
        "bundle": bundle_file("bundle", "two messages from de-drv to it-inps", bundle),
        "receipt": receipt_file(bundle),
        "refused": refused_file(bundle),
        "directory": directory_file(),
    }
    (SPEC / "vectors").mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        (SPEC / "vectors" / f"{name}.json").write_text(json.dumps(file, indent=1) + "\n")
    document = SPEC / "exchange.md"
    before, rest = document.read_text().split(BEGIN)
    after = rest.split(FINISH)[1]
    document.write_text(f"{before}{BEGIN}\n\n{worked_example(bundle)}\n{FINISH}{after}")


if __name__ == "__main__":
    main()

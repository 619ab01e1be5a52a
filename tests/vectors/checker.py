"""An independent reading of docs/spec: checks the vectors with no code of this project.

    python tests/vectors/checker.py docs/spec/vectors

It has its own protobuf reader, its own Merkle tree and its own HPKE (RFC 9180 base mode over the X-Wing KEM);
only primitives come from a library. Exit status 0: every vector is as its file says.
"""

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

INSTITUTION = re.compile(r"[a-z]{2}-[a-z0-9-]{1,40}")
DAY_MS = 86_400_000


class RefusedError(Exception):
    """What is checked does not hold."""


def need(condition: bool, reason: str) -> None:  # noqa: FBT001 (an assertion that -O keeps)
    if not condition:
        raise RefusedError(reason)


# --- protobuf: only the form that the specification calls canonical -----------------------------------------


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        need(at < len(data) and shift < 70, "a varint is cut off or too long")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            need(byte != 0 or shift == 7, "a varint has a needless zero byte")
            need(value < 2**64, "a varint is over 64 bits")
            return value, at


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        need(kind in {0, 2}, "a field has a wire type that is not used")
        value, at = read_varint(data, at)
        if kind == 0:
            yield number, value
            continue
        need(at + value <= len(data), "a field is cut off")
        yield number, data[at : at + value]
        at += value


def read_message(data: bytes, shape: dict[int, tuple[str, str]]) -> dict[str, Any]:
    """`shape`: field number -> (name, kind); kinds are number, bytes, text, and many (repeated bytes)."""
    empty = {"number": 0, "bytes": b"", "text": ""}
    result: dict[str, Any] = {name: [] if kind == "many" else empty[kind] for name, kind in shape.values()}
    last = 0
    for number, value in read_fields(data):
        need(number in shape, f"field {number} is unknown")
        name, kind = shape[number]
        need(isinstance(value, int) == (kind == "number"), f"{name} has the wrong wire type")
        if kind == "many":
            need(number >= last, "fields are out of order")
            result[name].append(value)
        else:
            need(number > last, "fields are out of order or repeated")
            need(value not in (0, b""), f"{name} is written although it is empty")
            result[name] = as_text(value) if kind == "text" else value
        last = number
    return result


def as_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as exc:
        raise RefusedError("a text is not UTF-8") from exc


def of(kind: str, *names: str) -> list[tuple[str, str]]:
    return [(name, kind) for name in names]


def shape(*fields: tuple[str, str]) -> dict[int, tuple[str, str]]:
    return dict(enumerate(fields, start=1))


BUNDLE = shape(*of("bytes", "signed_head", "ciphertext", "ed25519", "mldsa65"))
HEAD = shape(
    ("suite", "number"), ("bundle_id", "bytes"), ("sender", "text"), ("recipient", "text"),
    ("signature_key_id", "text"), ("kem_key_id", "text"), ("directory_version", "number"),
    ("item_count", "number"), ("merkle_root", "bytes"), ("ciphertext_sha256", "bytes"), ("sealed_at_ms", "number"),
)  # fmt: skip
ITEMS = shape(("items", "many"))
ITEM = shape(("header", "bytes"), ("payload", "bytes"))
PAYLOAD = shape(("salt", "bytes"), ("record", "bytes"))
HEADER = shape(
    ("message_id", "bytes"), ("sender", "text"), ("recipient", "text"), ("case_id", "bytes"), ("type", "text"),
    ("schema_version", "number"), ("stream_seq", "number"), ("sent_at_ms", "number"),
    ("payload_commitment", "bytes"), ("record_length", "number"), ("agreement_id", "text"),
    ("agreement_sha256", "bytes"), ("in_reply_to", "bytes"), ("case_seq", "number"), ("replaces", "bytes"),
    ("purpose", "text"), ("legal_basis", "text"),
)  # fmt: skip
RECEIPT = shape(("bundle_id", "bytes"), ("merkle_root", "bytes"), ("entries", "many"))
STATEMENT = shape(
    ("kind", "number"), ("party", "text"), ("agreement_id", "text"), ("sha256", "bytes"),
    ("incorporated_sha256", "bytes"), ("first_day", "bytes"), ("towards", "many"),
)  # fmt: skip
STATEMENT_SIGNATURE = shape(
    ("signer_id", "text"), ("key_id", "text"), ("signed_at_ms", "number"), ("ed25519", "bytes"), ("mldsa65", "bytes"),
)  # fmt: skip
SIGNED_STATEMENT = shape(("statement", "bytes"), ("signatures", "many"))
CHAIN = shape(("roots", "many"), ("directory", "bytes"), ("freshness", "bytes"))
SIGNED = shape(("content", "bytes"), ("signatures", "many"))
ROLE_SIGNATURE = ROLE_KEY = shape(("key_id", "text"), ("ed25519", "bytes"), ("mldsa65", "bytes"))
ROOT = shape(
    ("version", "number"), ("issued_at_ms", "number"), ("expires_at_ms", "number"), ("root_role", "bytes"),
    ("directory_role", "bytes"), ("freshness_role", "bytes"),
)  # fmt: skip
ROLE = shape(("threshold", "number"), ("keys", "many"))
FRESHNESS = shape(
    ("directory_version", "number"), ("directory_sha256", "bytes"), ("issued_at_ms", "number"),
    ("expires_at_ms", "number"),
)  # fmt: skip
DAY = shape(("year", "number"), ("month", "number"), ("day", "number"))
ENTRY = shape(("message_id", "bytes"), ("leaf_hash", "bytes"), ("status", "number"), ("reason", "text"))


# --- hashes, signatures, encryption -------------------------------------------------------------------------


def prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, by its recursive definition."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


def verify_both(context: bytes, message: bytes, *, ed25519: bytes, mldsa65: bytes, key: dict[str, str]) -> None:
    covered = prefixed(context, message)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["classical"])).verify(ed25519, covered)
        post_quantum = MLDSA65PublicKey.from_public_bytes(bytes.fromhex(key["post_quantum"]))
        post_quantum.verify(mldsa65, covered, context=context)
    except (InvalidSignature, ValueError) as exc:
        raise RefusedError("a signature does not stand") from exc


HPKE_SUITE_ID = b"HPKE" + bytes.fromhex("647a00010002")
XWING_LABEL = bytes.fromhex("5c2e2f2f5e5c")


def extract(salt: bytes, label: bytes, material: bytes) -> bytes:
    labeled = b"HPKE-v1" + HPKE_SUITE_ID + label + material
    return hmac.new(salt or bytes(32), labeled, hashlib.sha256).digest()


def expand(secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + HPKE_SUITE_ID + label + info
    return hmac.new(secret, labeled + b"\x01", hashlib.sha256).digest()[:length]


def hpke_open(data: bytes, *, classical_seed: bytes, post_quantum_seed: bytes, info: bytes) -> bytes:
    need(len(data) >= 1120 + 16, "the ciphertext is too short")
    encapsulated_m, encapsulated_x, sealed = data[:1088], data[1088:1120], data[1120:]
    x25519 = X25519PrivateKey.from_private_bytes(classical_seed)
    try:
        shared_m = MLKEM768PrivateKey.from_seed_bytes(post_quantum_seed).decapsulate(encapsulated_m)
        shared_x = x25519.exchange(X25519PublicKey.from_public_bytes(encapsulated_x))
        own = x25519.public_key().public_bytes_raw()
        shared = hashlib.sha3_256(shared_m + shared_x + encapsulated_x + own + XWING_LABEL).digest()
        context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
        secret = extract(shared, b"secret", b"")
        key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
        return AESGCM(key).decrypt(nonce, sealed, b"")
    except (InvalidTag, ValueError) as exc:
        raise RefusedError("the ciphertext does not open") from exc


# --- a bundle, as section 5 of the specification says -------------------------------------------------------


def open_bundle(received: bytes, world: dict[str, Any], *, me: str, at_ms: int) -> list[dict[str, Any]]:
    need(len(received) <= 1024 * 1024, "the bundle is too long")
    bundle = read_message(received, BUNDLE)
    head = read_message(bundle["signed_head"], HEAD)
    need(head["suite"] == 1, "the suite is not accepted")
    need(head["recipient"] == me and head["sender"] != me, "the bundle is not for this node")
    for name, length in (("bundle_id", 16), ("merkle_root", 32), ("ciphertext_sha256", 32)):
        need(len(head[name]) == length, f"{name} has the wrong length")
    need(bool(INSTITUTION.fullmatch(head["sender"])), "the sender is not an institution id")
    need(head["directory_version"] > 0 and 0 < head["item_count"] <= 256, "a number of the head is wrong")
    key = world["keys"].get(f"{head['sender']} {head['signature_key_id']}")
    need(key is not None and key["purpose"] == "signing", "the signing key is unknown")
    need(key["not_before_ms"] <= head["sealed_at_ms"] < key["not_after_ms"], "the key was not in its window")
    need(head["sealed_at_ms"] <= at_ms + 300_000, "the bundle is from the future")
    need(at_ms < key["not_after_ms"] + 35 * DAY_MS, "the bundle comes too late")
    verify_both(
        b"portability/v1/bundle", bundle["signed_head"], ed25519=bundle["ed25519"], mldsa65=bundle["mldsa65"], key=key
    )  # fmt: skip
    need(hashlib.sha256(bundle["ciphertext"]).digest() == head["ciphertext_sha256"], "another ciphertext was signed")
    mine = world["keys"].get(f"{me} {head['kem_key_id']}")
    need(mine is not None and mine["purpose"] == "encryption", "the encryption key is not ours")
    info = prefixed(
        b"portability/v1/kem", head["suite"].to_bytes(4, "big"), head["sender"].encode(), me.encode(),
        head["bundle_id"], head["kem_key_id"].encode(),
    )  # fmt: skip
    plaintext = hpke_open(
        bundle["ciphertext"],
        classical_seed=bytes.fromhex(mine["classical_seed"]),
        post_quantum_seed=bytes.fromhex(mine["post_quantum_seed"]),
        info=info,
    )
    items = [read_message(one, ITEM) for one in read_message(plaintext, ITEMS)["items"]]
    need(len(items) == head["item_count"], "another number of items was signed")
    need(tree_root([leaf(one["header"]) for one in items]) == head["merkle_root"], "another root was signed")
    return [open_item(one, head) for one in items]


def open_item(item: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    need(len(item["header"]) <= 4096, "a header is too long")
    header, payload = read_message(item["header"], HEADER), read_message(item["payload"], PAYLOAD)
    need((header["sender"], header["recipient"]) == (head["sender"], head["recipient"]), "a header names others")
    need(len(header["message_id"]) == 16 and len(header["case_id"]) == 16, "an id has the wrong length")
    need(min(header["schema_version"], header["stream_seq"], header["sent_at_ms"]) > 0, "a number is zero")
    need((header["case_seq"] > 0) == any(header["case_id"]), "a message of a case is not numbered, or one of none is")
    need(len(header["replaces"]) in (0, 16), "an id has the wrong length")
    need(bool(header["agreement_id"]) == bool(header["agreement_sha256"]), "half an agreement is named")
    need(len(payload["salt"]) == 32 and len(payload["record"]) <= 256 * 1024, "a payload has the wrong size")
    need(len(payload["record"]) == header["record_length"], "a record has another length")
    committed = hashlib.sha256(prefixed(b"portability/v1/commit", payload["salt"], payload["record"])).digest()
    need(committed == header["payload_commitment"], "a record is not the one committed to")
    return {**header, **payload, "leaf_hash": leaf(item["header"])}


# --- the files ----------------------------------------------------------------------------------------------


def check_merkle(file: dict[str, Any]) -> None:
    leaves = [leaf(bytes.fromhex(one)) for one in file["entries"]]
    for size, root in enumerate(file["roots"]):
        need(tree_root(leaves[:size]).hex() == root, f"root of {size}")


def check_bundle(file: dict[str, Any]) -> None:
    messages = open_bundle(bytes.fromhex(file["bundle"]), file, me=file["recipient"], at_ms=file["at_ms"])
    need(len(messages) == len(file["messages"]), "number of messages")
    for message, expected in zip(messages, file["messages"], strict=True):
        for name, value in expected.items():
            got = message[name].hex() if isinstance(message[name], bytes) else message[name]
            need(got == value, f"{name} is {got}")


def check_receipt(file: dict[str, Any]) -> None:
    check_bundle(file)
    (message,) = open_bundle(bytes.fromhex(file["bundle"]), file, me=file["recipient"], at_ms=file["at_ms"])
    receipt = read_message(message["record"], RECEIPT)
    need(receipt["bundle_id"].hex() == file["receipt"]["bundle_id"], "bundle id in the receipt")
    need(receipt["merkle_root"].hex() == file["receipt"]["merkle_root"], "root in the receipt")
    entries = [read_message(one, ENTRY) for one in receipt["entries"]]
    said = [[one["message_id"].hex(), one["leaf_hash"].hex(), one["status"], one["reason"]] for one in entries]
    need(said == file["receipt"]["entries"], "entries of the receipt")


def check_refused(file: dict[str, Any]) -> None:
    good = bytes.fromhex(file["bundle"])
    open_bundle(good, file, me=file["recipient"], at_ms=file["at_ms"])
    for case in file["cases"]:
        data = bytearray(bytes.fromhex(case["bundle"]) if "bundle" in case else good)
        if "xor_at" in case:
            data[case["xor_at"]] ^= case["xor"]
        del data[case.get("cut_to", len(data)) :]
        data += bytes.fromhex(case.get("append", ""))
        me, at_ms = case.get("recipient", file["recipient"]), case.get("at_ms", file["at_ms"])
        try:
            open_bundle(bytes(data), file, me=me, at_ms=at_ms)
        except RefusedError:
            continue
        raise RefusedError(f"'{case['name']}' was taken")


def check_directory(file: dict[str, Any]) -> None:
    anchor, at = bytes.fromhex(file["anchor"]), file["at_ms"]
    found = open_chain(bytes.fromhex(file["chain"]), anchor, at)
    need(found == (file["root_version"], file["version"]), "versions of root and directory")
    for case in file["refused"]:
        try:
            open_chain(bytes.fromhex(case["chain"]), anchor, at)
        except RefusedError:
            continue
        raise RefusedError(f"'{case['name']}' was taken")


def open_chain(data: bytes, anchor: bytes, at: int) -> tuple[int, int]:
    """Section 8: the versions of the last root and of the directory in a chain that holds."""
    chain = read_message(data, CHAIN)
    first = read_message(anchor, SIGNED)["content"]
    contents = [read_message(one, SIGNED)["content"] for one in chain["roots"]]
    need(first in contents, "the anchor is not in the chain")
    start = contents.index(first)
    before: dict[str, Any] = {}
    for place, raw in enumerate(chain["roots"][start:]):
        signed = read_message(raw, SIGNED)
        root = read_message(signed["content"], ROOT)
        if place:
            need(root["version"] == before["version"] + 1, "a root is missing")
            enough(signed, before["root_role"], b"portability/v1/root")
        enough(signed, root["root_role"], b"portability/v1/root")
        before = root
    need(before["issued_at_ms"] <= at + 300_000 and at < before["expires_at_ms"], "the root is not in its time")
    signed = read_message(chain["directory"], SIGNED)
    enough(signed, before["directory_role"], b"portability/v1/directory")
    head = dict(list(read_fields(signed["content"]))[:3])
    need(head[2] <= at + 300_000 and at < head[3], "the directory is not in its time")
    need(bool(before["freshness_role"]) == bool(chain["freshness"]), "freshness where the root has the role, only")
    if chain["freshness"]:
        statement = read_message(chain["freshness"], SIGNED)
        enough(statement, before["freshness_role"], b"portability/v1/freshness")
        said = read_message(statement["content"], FRESHNESS)
        need(said["directory_sha256"] == hashlib.sha256(signed["content"]).digest(), "freshness of another directory")
        need(
            said["directory_version"] == head[1] and at < said["expires_at_ms"], "freshness of another version or time"
        )
    return before["version"], head[1]


def enough(signed: dict[str, Any], role: bytes, context: bytes) -> None:
    """Threshold keys of the role have signed, each once, and none of them wrongly."""
    content = read_message(role, ROLE)
    keys = {one["key_id"]: one for one in (read_message(raw, ROLE_KEY) for raw in content["keys"])}
    counted = set()
    for signature in (read_message(raw, ROLE_SIGNATURE) for raw in signed["signatures"]):
        key = keys.get(signature["key_id"])
        if key is None:
            continue
        need(signature["key_id"] not in counted, "a key has signed twice")
        verify_both(
            context,
            signed["content"],
            ed25519=signature["ed25519"],
            mldsa65=signature["mldsa65"],
            key={"classical": key["ed25519"].hex(), "post_quantum": key["mldsa65"].hex()},
        )
        counted.add(signature["key_id"])
    need(0 < content["threshold"] <= len(counted), "too few signatures")


def read_day(data: bytes) -> str:
    day = read_message(data, DAY)
    return f"{day['year']:04d}-{day['month']:02d}-{day['day']:02d}"


def check_statement(data: bytes, officials: dict[str, Any]) -> dict[str, Any]:
    """docs/spec/statements.md, section 3."""
    signed = read_message(data, SIGNED_STATEMENT)
    statement = read_message(signed["statement"], STATEMENT)
    need(statement["kind"] in {1, 2}, "the kind is not known")
    need(re.fullmatch("[A-Z]{2}", statement["party"]) is not None, "the party is no state")
    need(len(statement["sha256"]) == 32, "the hash has the wrong length")
    need(len(statement["incorporated_sha256"]) in {0, 32}, "the incorporated hash has the wrong length")
    towards = [as_text(one) for one in statement["towards"]]
    need(towards == sorted(set(towards)), "states are out of order")
    need(not towards or statement["kind"] == 2, "a ratification names states")
    signatures = [read_message(one, STATEMENT_SIGNATURE) for one in signed["signatures"]]
    need(2 <= len(signatures) <= 8, "too few or too many signatures")
    need(len({one["signer_id"] for one in signatures}) == len(signatures), "one official twice")
    keys = []
    for one in signatures:
        key = officials.get(f"{statement['party']} {one['signer_id']} {one['key_id']}")
        need(key is not None, "no official of this state")
        keys.append(key)
        need(key["not_before_ms"] <= one["signed_at_ms"] < key["not_after_ms"], "a key is outside its window")
        instant = one["signed_at_ms"].to_bytes(8, "big")
        verify_both(
            b"portability/v1/statement",
            prefixed(signed["statement"], one["signer_id"].encode(), one["key_id"].encode(), instant),
            ed25519=one["ed25519"],
            mldsa65=one["mldsa65"],
            key=key,
        )
    for part in ("classical", "post_quantum", "name"):
        need(len({key[part] for key in keys}) == len(keys), f"two officials share one {part}")
    last = max(one["signed_at_ms"] for one in signatures)
    signed_on = datetime.fromtimestamp(last / 1000, UTC).date().isoformat()
    need(read_day(statement["first_day"]) >= signed_on, "it is dated back")
    return {**statement, "first_day": read_day(statement["first_day"]), "towards": towards}


def check_statements(file: dict[str, Any]) -> None:
    for case in file["taken"]:
        data = bytes.fromhex(case["signed"])
        found = check_statement(data, file["officials"])
        for name, value in found.items():
            need(case[name] == (value.hex() if isinstance(value, bytes) else value), f"{case['name']}: {name}")
        need(hashlib.sha256(data).hexdigest() == case["digest"], f"{case['name']}: digest")
    for case in file["refused"]:
        try:
            check_statement(bytes.fromhex(case["signed"]), file["officials"])
        except RefusedError:
            continue
        raise RefusedError(f"'{case['name']}' was taken")


CHECKS = {
    "statements": check_statements,
    "merkle": check_merkle,
    "bundle": check_bundle,
    "receipt": check_receipt,
    "refused": check_refused,
    "directory": check_directory,
}


ELSEWHERE = {"evidence.json", "log.json"}
"""Read by the second verifier, in another language (verifier/)."""


def main(folder: Path) -> int:
    paths = sorted(path for path in folder.glob("*.json") if path.name not in ELSEWHERE)
    failed = 0 if paths else 1
    for path in paths:
        file = json.loads(path.read_text())
        try:
            CHECKS[file["kind"]](file)
            print(f"ok      {path.name}: {file['about']}")
        except RefusedError as refused:
            failed += 1
            print(f"FAILED  {path.name}: {refused}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

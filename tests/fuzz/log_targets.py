"""What travels of logs and of evidence: notes, checkpoints, names of tiles, proofs, and whole evidence files."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from portability.adapters.keys.material import LogKey, draw_key
from portability.agreements.errors import InputError, VerificationError
from portability.app.evidence.file import FIRST_LINE, decode_evidence
from portability.app.evidence.verifying import Proven, verify_evidence
from portability.services.log.checkpoint import (
    cosign,
    parse_checkpoint,
    sign_checkpoint,
    verify_cosignature,
    verify_log_signature,
)
from portability.services.log.model import Checkpoint, origin_of, witness_of
from portability.services.log.note import parse_note, parse_signatures
from portability.services.log.tiles import TilePath
from portability.services.merkle import HASH_BYTES, verify_consistency, verify_inclusion
from portability.services.registry.mapping.roots import decode_signed
from portability.services.registry.model import KeyPurpose
from tests.fuzz.target import Target

__all__ = ["log_targets"]

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "vectors"
BODY_AT = len(FIRST_LINE) + 32
SIZE_BYTES = 8
BERLIN, ROME = "de-drv", "it-inps"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


def log_targets() -> Sequence[Target]:
    """The published vectors are the good inputs."""
    log, evidence = (json.loads((VECTORS / name).read_text()) for name in ("log.json", "evidence.json"))
    declared = (VerificationError,)
    files = [bytes.fromhex(one["file"]) for one in evidence["accepted"]]
    note = decode_evidence(files[0]).checkpoint
    text, signatures = note.split(b"\n\n", 1)
    anchor = decode_signed(bytes.fromhex(evidence["root_bin"]))

    def verify_body(body: bytes) -> Proven:
        return verify_evidence(FIRST_LINE + sha256(body).digest() + body, anchor=anchor)

    pair = _LogAndWitness()
    return [
        Target("log-note", parse_note, declared, [note], largest=16_384),
        Target("log-checkpoint", lambda data: parse_checkpoint(_text(data)), declared, [text + b"\n"]),
        Target("log-signatures", lambda data: parse_signatures(_text(data)), declared, [signatures], largest=16_384),
        Target("log-signed", pair.signed, declared, [pair.note], largest=16_384),
        Target("log-cosigned", pair.cosigned, declared, [pair.note], largest=16_384),
        Target("log-tile-name", _tile_name, (InputError,), [name.encode() for name in log["tiles"]], largest=256),
        Target("log-inclusion", _inclusion, declared, [_proof(one, "index") for one in log["inclusion"]]),
        Target("log-consistency", _consistency, declared, [_proof(one, "first") for one in log["consistency"]]),
        Target("evidence-file", decode_evidence, declared, files, largest=65_536, inputs=200_000),
        # With the digest made right, so that what is inside is reached.
        Target("evidence", verify_body, declared, [one[BODY_AT:] for one in files], largest=65_536, inputs=200_000),
    ]


class _LogAndWitness:
    """A checkpoint that its log has signed and a witness has cosigned, and how a node verifies each."""

    def __init__(self) -> None:
        log, witness = (LogKey(draw_key(KeyPurpose.LOG, not_before=NOON, not_after=NOON + YEAR)) for _ in range(2))
        self._keys = ([log.public], [witness.public])
        checkpoint = Checkpoint(origin_of(BERLIN), 20_852_163, bytes(range(HASH_BYTES)))
        cosignature = cosign(checkpoint, name=witness_of(ROME), key=witness, at=NOON)
        self.note = sign_checkpoint(checkpoint, key=log, at=NOON) + cosignature.encode()

    def signed(self, note: bytes) -> object:
        return verify_log_signature(note, origin=origin_of(BERLIN), keys=self._keys[0])

    def cosigned(self, note: bytes) -> object:
        return verify_cosignature(note, name=witness_of(ROME), keys=self._keys[1])


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _tile_name(data: bytes) -> TilePath:
    return TilePath.parse(_text(data))


def _proof(one: dict, place: str) -> bytes:
    numbers = (number.to_bytes(SIZE_BYTES, "big") for number in (one[place], one["size"]))
    return b"".join([*numbers, *(bytes.fromhex(node) for node in one["path"])])


def _read(data: bytes) -> tuple[int, int, list[bytes]]:
    """Two sizes and the hashes of a path; the last hash may be too short, as it may on the wire."""
    first, size = (int.from_bytes(data[at : at + SIZE_BYTES], "big") for at in (0, SIZE_BYTES))
    return first, size, [data[at : at + HASH_BYTES] for at in range(2 * SIZE_BYTES, len(data), HASH_BYTES)]


def _inclusion(data: bytes) -> bytes:
    index, size, path = _read(data)
    return verify_inclusion(bytes(HASH_BYTES), index=index, size=size, path=path, root=bytes(HASH_BYTES))


def _consistency(data: bytes) -> bytes:
    first, size, path = _read(data)
    zero = bytes(HASH_BYTES)
    return verify_consistency(first_size=first, first_root=zero, size=size, root=zero, path=path)

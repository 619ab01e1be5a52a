"""Checkpoints: a log's word for its size and root, signed by the log and cosigned by witnesses.

The log signs twice: Ed25519 over the text (signed-note type 0x01) and ML-DSA-44 as the cosigner of its own tree
(type 0x06). A witness cosigns twice: Ed25519 (type 0x04) and ML-DSA-44 (type 0x06), C2SP tlog-cosignature 1.1. Both
of the two must stand, and the time in the ML-DSA-44 half must be in the window of the key.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from portability.agreements.errors import VerificationError
from portability.services.log.model import Checkpoint, KeyHalves
from portability.services.log.note import Note, SignatureType, key_id, parse_note, signature_line
from portability.services.log.ports import LogSigner
from portability.services.merkle import HASH_BYTES

__all__ = [
    "checkpoint_text",
    "cosign",
    "parse_checkpoint",
    "sign_checkpoint",
    "verify_cosignature",
    "verify_log_signature",
]

LABEL: Final = b"subtree/v1\n\x00"
TIME_BYTES: Final = 8
LAST_SECOND: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """Origin, size and root, a line each."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint; VerificationError where it has another form or extension lines."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise VerificationError("A checkpoint has three lines: its origin, its size and its root.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as exc:
        raise VerificationError("The root in the checkpoint is not base64.") from exc
    checkpoint = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != HASH_BYTES or checkpoint_text(checkpoint) != text:
        raise VerificationError("The root in the checkpoint is not 32 bytes in their canonical writing.")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, *, key: LogSigner, at: datetime) -> bytes:
    """The checkpoint as a note signed by its log."""
    text = checkpoint_text(checkpoint)
    name = checkpoint.origin
    classical = signature_line(name, SignatureType.ED25519, key.public.classical, key.sign_ed25519(text.encode()))
    return f"{text}\n{classical}{_post_quantum_line(checkpoint, name=name, key=key, at=at)}".encode()


def cosign(checkpoint: Checkpoint, *, name: str, key: LogSigner, at: datetime) -> str:
    """A witness's two signature lines; `name` is the witness's."""
    seconds = _seconds(at)
    message = _classical_message(checkpoint, seconds)
    stamped = seconds.to_bytes(TIME_BYTES, "big") + key.sign_ed25519(message)
    classical = signature_line(name, SignatureType.ED25519_COSIGNATURE, key.public.classical, stamped)
    return classical + _post_quantum_line(checkpoint, name=name, key=key, at=at)


def verify_log_signature(note: bytes, *, origin: str, keys: Iterable[KeyHalves]) -> tuple[Checkpoint, datetime]:
    """Return the checkpoint of a note that the log `origin` has signed, and when; VerificationError elsewhere."""
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    if checkpoint.origin != origin:
        raise VerificationError(f"The checkpoint is of '{checkpoint.origin[:100]}', not of '{origin}'.")
    for key in keys:
        found = parsed.by(origin, key_id(origin, SignatureType.ED25519, key.classical))
        if found is not None:
            _verify_ed25519(found.signature, parsed.text.encode(), key=key, name=origin)
            return checkpoint, _verify_post_quantum(parsed, checkpoint, name=origin, key=key)
    raise VerificationError(f"No key of '{origin}' that the directory names has signed the checkpoint.")


def verify_cosignature(note: bytes, *, name: str, keys: Iterable[KeyHalves]) -> datetime:
    """Return when the witness `name` cosigned the checkpoint of a note; VerificationError where it did not."""
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    for key in keys:
        found = parsed.by(name, key_id(name, SignatureType.ED25519_COSIGNATURE, key.classical))
        if found is not None:
            seconds = int.from_bytes(found.signature[:TIME_BYTES], "big")
            at = _verify_post_quantum(parsed, checkpoint, name=name, key=key)
            if seconds != _seconds(at):
                raise VerificationError(f"The two cosignatures of '{name}' are of different times.")
            message = _classical_message(checkpoint, seconds)
            _verify_ed25519(found.signature[TIME_BYTES:], message, key=key, name=name)
            return at
    raise VerificationError(f"No key of '{name}' that the directory names has cosigned the checkpoint.")


def _post_quantum_line(checkpoint: Checkpoint, *, name: str, key: LogSigner, at: datetime) -> str:
    seconds = _seconds(at)
    signature = key.sign_mldsa44(_post_quantum_message(checkpoint, name=name, seconds=seconds))
    stamped = seconds.to_bytes(TIME_BYTES, "big") + signature
    return signature_line(name, SignatureType.MLDSA44_COSIGNATURE, key.public.post_quantum, stamped)


def _classical_message(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{checkpoint_text(checkpoint)}".encode()


def _post_quantum_message(checkpoint: Checkpoint, *, name: str, seconds: int) -> bytes:
    """The structure `cosigned_message` of C2SP tlog-cosignature, for a whole tree."""
    return (
        LABEL
        + _short(name.encode())
        + seconds.to_bytes(TIME_BYTES, "big")
        + _short(checkpoint.origin.encode())
        + bytes(TIME_BYTES)
        + checkpoint.size.to_bytes(TIME_BYTES, "big")
        + checkpoint.root
    )


def _short(text: bytes) -> bytes:
    if not 0 < len(text) < 256:
        raise VerificationError(f"A name or origin of {len(text)} bytes; 1 to 255 are allowed.")
    return bytes([len(text)]) + text


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _verify_ed25519(signature: bytes, message: bytes, *, key: KeyHalves, name: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.classical).verify(signature, message)
    except (InvalidSignature, ValueError) as exc:
        raise VerificationError(f"The Ed25519 signature of '{name}' on the checkpoint does not stand.") from exc


def _verify_post_quantum(note: Note, checkpoint: Checkpoint, *, name: str, key: KeyHalves) -> datetime:
    found = note.by(name, key_id(name, SignatureType.MLDSA44_COSIGNATURE, key.post_quantum))
    if found is None:
        raise VerificationError(f"The ML-DSA-44 signature of '{name}' on the checkpoint is missing.")
    seconds = int.from_bytes(found.signature[:TIME_BYTES], "big")
    try:
        message = _post_quantum_message(checkpoint, name=name, seconds=seconds)
        MLDSA44PublicKey.from_public_bytes(key.post_quantum).verify(found.signature[TIME_BYTES:], message)
    except (InvalidSignature, ValueError) as exc:
        raise VerificationError(f"The ML-DSA-44 signature of '{name}' on the checkpoint does not stand.") from exc
    at = datetime.fromtimestamp(min(seconds, LAST_SECOND), UTC)
    if not key.not_before <= at < key.not_after:
        raise VerificationError(f"The key of '{name}' was not in its window when it signed the checkpoint.")
    return at

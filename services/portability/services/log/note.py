"""Signed notes (C2SP signed-note 1.0.0): a text, an empty line, and one line a signature. Reading is strict."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from portability.agreements.errors import VerificationError

__all__ = ["NOTE_LIMIT", "Note", "NoteSignature", "SignatureType", "key_id", "parse_note", "signature_line", "vkey"]

NOTE_LIMIT: Final = 256 * 1024
"""Bytes of a note: room for the signatures of thirty witnesses, each by two algorithms."""
SIGNATURE_LIMIT: Final = 128
DASH: Final = "— "
KEY_ID_BYTES: Final = 4


class SignatureType(IntEnum):
    """What a signature is, as its key id says it."""

    ED25519 = 0x01  # over the text of the note
    ED25519_COSIGNATURE = 0x04  # C2SP tlog-cosignature, with its time
    MLDSA44_COSIGNATURE = 0x06  # the same, with the cosigner's name


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. It says nothing before a key of that name and id has verified it."""

    name: str
    key_id: bytes  # 4 bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending with a newline, and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def by(self, name: str, key: bytes) -> NoteSignature | None:
        """The signature by a key of that name and id; None where there is none."""
        return next((one for one in self.signatures if one.name == name and one.key_id == key), None)


def key_id(name: str, kind: SignatureType, public: bytes) -> bytes:
    """SHA-256(name || newline || type || public key), the first four bytes."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def vkey(name: str, kind: SignatureType, public: bytes) -> str:
    """A verifier key as text, for readers of other makes."""
    encoded = base64.b64encode(bytes([kind]) + public).decode()
    return f"{name}+{key_id(name, kind, public).hex()}+{encoded}"


def signature_line(name: str, kind: SignatureType, public: bytes, signature: bytes) -> str:
    """One signature line, with its newline."""
    return f"{DASH}{name} {base64.b64encode(key_id(name, kind, public) + signature).decode()}\n"


def parse_note(data: bytes) -> Note:
    """Read a note; VerificationError where it has not this form. No signature is verified here."""
    if len(data) > NOTE_LIMIT:
        raise VerificationError(f"A note of {len(data)} bytes; at most {NOTE_LIMIT} are allowed.")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise VerificationError("The note is not UTF-8.") from exc
    if any(one < " " and one != "\n" for one in whole):
        raise VerificationError("The note holds a control character.")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not text or not lines.endswith("\n"):
        raise VerificationError("The note has no signatures after an empty line.")
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Read signature lines; VerificationError where one has another form or two are of one key."""
    parsed = tuple(_signature(one) for one in lines.removesuffix("\n").split("\n"))
    if len(parsed) > SIGNATURE_LIMIT:
        raise VerificationError(f"The note has {len(parsed)} signatures; at most {SIGNATURE_LIMIT} are allowed.")
    _refuse_twice((one.name, one.key_id) for one in parsed)
    return parsed


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not name or not space or "+" in name or any(one.isspace() for one in name):
        raise VerificationError("A signature line of the note is not such as '— name base64'.")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise VerificationError("A signature of the note is not base64.") from exc
    # Base64 has several writings of one value where bits are left over; only the one of our encoder is taken.
    if base64.b64encode(decoded).decode() != encoded or len(decoded) <= KEY_ID_BYTES:
        raise VerificationError("A signature of the note is too short or not in its canonical writing.")
    return NoteSignature(name, decoded[:KEY_ID_BYTES], decoded[KEY_ID_BYTES:])


def _refuse_twice(keys: Iterable[tuple[str, bytes]]) -> None:
    seen: set[tuple[str, bytes]] = set()
    for one in keys:
        if one in seen:
            raise VerificationError(f"The note has two signatures by one key of '{one[0]}'.")
        seen.add(one)

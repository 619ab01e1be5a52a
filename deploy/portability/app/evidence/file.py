"""The evidence file as bytes, and back: a first line, a digest of what follows, and one strict protobuf message.

The digest says that a file was damaged on its way; what it proves rests on signatures alone (docs/spec/evidence.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from portability.agreements.errors import VerificationError
from portability.api.evidence.v1 import evidence_pb2 as pb
from portability.services.hybrid import HybridSignature
from portability.services.mapping import strict

__all__ = ["FILE_LIMIT", "FIRST_LINE", "BundleProof", "Evidence", "MessageProof", "decode_evidence", "encode_evidence"]

FIRST_LINE: Final = b"portability evidence v1\n"
DIGEST_BYTES: Final = 32
HASH_BYTES: Final = 32
SALT_BYTES: Final = 32
PATH_LIMIT: Final = 64
FILE_LIMIT: Final = 256 * 1024 * 1024
U32: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class MessageProof:
    """One message with its path to the root of its bundle."""

    item: int
    header: bytes
    path: tuple[bytes, ...]
    salt: bytes = b""  # empty where the record is not here
    record: bytes = b""


@dataclass(frozen=True, slots=True)
class BundleProof:
    """A bundle's signed head with its path to the root of the log, and its messages."""

    signed_head: bytes
    signature: HybridSignature
    position: int
    logged_at_ms: int
    path: tuple[bytes, ...]
    messages: tuple[MessageProof, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a file holds; nothing of it is verified."""

    institution: str
    case_id: UUID
    directory: bytes
    checkpoint: bytes
    bundles: tuple[BundleProof, ...]


def encode_evidence(evidence: Evidence) -> bytes:
    """The whole file."""
    body = pb.Evidence(
        institution=evidence.institution,
        case_id=evidence.case_id.bytes,
        directory=evidence.directory,
        checkpoint=evidence.checkpoint,
        bundles=[_bundle_message(one) for one in evidence.bundles],
    ).SerializeToString(deterministic=True)
    return FIRST_LINE + sha256(body).digest() + body


def decode_evidence(data: bytes) -> Evidence:
    """Read a file. Raises VerificationError where it was damaged or is not of this form."""
    if len(data) > FILE_LIMIT:
        raise VerificationError(f"A file of {len(data)} bytes; evidence has at most {FILE_LIMIT}.")
    start = len(FIRST_LINE) + DIGEST_BYTES
    if not data.startswith(FIRST_LINE) or len(data) <= start:
        raise VerificationError("This is no evidence file: its first line is not 'portability evidence v1'.")
    body = data[start:]
    if sha256(body).digest() != data[len(FIRST_LINE) : start]:
        raise VerificationError("The file was changed or damaged after it was made: ask for it again.")
    message = strict.parse(pb.Evidence, body, what="evidence")
    return Evidence(
        institution=strict.institution(message.institution, what="institution of the evidence"),
        case_id=strict.uuid(message.case_id, what="case id of the evidence"),
        directory=message.directory,
        checkpoint=message.checkpoint,
        bundles=tuple(_bundle(one) for one in message.bundles),
    )


def _bundle_message(bundle: BundleProof) -> pb.BundleProof:
    return pb.BundleProof(
        signed_head=bundle.signed_head,
        signature_ed25519=bundle.signature.ed25519,
        signature_mldsa65=bundle.signature.mldsa65,
        position=bundle.position,
        logged_at_ms=bundle.logged_at_ms,
        log_path=bundle.path,
        messages=[
            pb.MessageProof(item=one.item, header=one.header, audit_path=one.path, salt=one.salt, record=one.record)
            for one in bundle.messages
        ],
    )


def _bundle(message: pb.BundleProof) -> BundleProof:
    return BundleProof(
        signed_head=message.signed_head,
        signature=HybridSignature(message.signature_ed25519, message.signature_mldsa65),
        position=message.position,
        logged_at_ms=strict.milliseconds(strict.instant(message.logged_at_ms, what="instant of a log entry")),
        path=_path(message.log_path),
        messages=tuple(_message(one) for one in message.messages),
    )


def _message(message: pb.MessageProof) -> MessageProof:
    if message.salt:
        strict.exact(message.salt, SALT_BYTES, what="salt of a record")
    elif message.record:
        raise VerificationError("The file holds a record without its salt: nothing ties it to its message.")
    return MessageProof(message.item, message.header, _path(message.audit_path), message.salt, message.record)


def _path(hashes: Iterable[bytes]) -> tuple[bytes, ...]:
    path = tuple(hashes)
    if len(path) > PATH_LIMIT:
        raise VerificationError(f"A path of {len(path)} hashes; {PATH_LIMIT} are enough for every tree.")
    return tuple(strict.exact(one, HASH_BYTES, what="hash of a path") for one in path)

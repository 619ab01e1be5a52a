"""Suite 1: Ed25519 with ML-DSA-65, and HPKE (ML-KEM-768 with X25519, HKDF-SHA256, AES-256-GCM).

Pure functions over bytes. Identities are bound as length-prefixed texts, so that no two lists of identities
give the same bytes. Private keys are not touched here; see the key ring.
"""

from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from portability.agreements.errors import VerificationError
from portability.services.exchange.envelope import Head
from portability.services.exchange.model import HybridSignature, PublicKeys

__all__ = [
    "ACCEPTED_SUITES",
    "BUNDLE_CONTEXT",
    "HPKE_SUITE",
    "SALT_BYTES",
    "SUITE_1",
    "commitment",
    "encrypt",
    "hpke_info",
    "length_prefixed",
    "signature_input",
    "verify_signature",
]

SUITE_1: Final = 1
ACCEPTED_SUITES: Final = frozenset({SUITE_1})
"""Suites that a node of this version takes in; a message never widens it."""

BUNDLE_CONTEXT: Final = b"portability/v1/bundle"
KEM_CONTEXT: Final = b"portability/v1/kem"
COMMIT_CONTEXT: Final = b"portability/v1/commit"
SALT_BYTES: Final = 32
MLKEM_KEY_BYTES: Final = 1184
HPKE_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def length_prefixed(*parts: bytes) -> bytes:
    """Each part after its length as four bytes, big-endian."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def signature_input(signed_head: bytes) -> bytes:
    """What both signatures of a bundle cover."""
    return length_prefixed(BUNDLE_CONTEXT, signed_head)


def hpke_info(head: Head) -> bytes:
    """HPKE `info` of a bundle: who to whom, which bundle, which key."""
    return length_prefixed(
        KEM_CONTEXT,
        head.suite.to_bytes(4, "big"),
        head.sender.encode(),
        head.recipient.encode(),
        head.bundle_id.bytes,
        head.kem_key_id.encode(),
    )


def commitment(salt: bytes, record: bytes) -> bytes:
    """Salted SHA-256 commitment to a record."""
    return sha256(length_prefixed(COMMIT_CONTEXT, salt, record)).digest()


def encrypt(plaintext: bytes, *, recipient: PublicKeys, info: bytes) -> bytes:
    """Seal to the recipient's key: encapsulated key (1120 bytes), ciphertext, tag (16 bytes)."""
    try:
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(recipient.kem[:MLKEM_KEY_BYTES]),
            X25519PublicKey.from_public_bytes(recipient.kem[MLKEM_KEY_BYTES:]),
        )
        return HPKE_SUITE.encrypt(plaintext, key, info=info)
    except ValueError as exc:
        raise VerificationError(f"Encryption key '{recipient.key_id}' of the directory is not a key.") from exc


def verify_signature(message: bytes, signature: HybridSignature, *, keys: PublicKeys, context: bytes) -> bytes:
    """Return `message` where both signatures stand; raise VerificationError where either does not."""
    try:
        Ed25519PublicKey.from_public_bytes(keys.ed25519).verify(signature.ed25519, message)
        MLDSA65PublicKey.from_public_bytes(keys.mldsa65).verify(signature.mldsa65, message, context=context)
    except InvalidSignature as exc:
        raise VerificationError(f"A signature by key '{keys.key_id}' does not stand.") from exc
    except ValueError as exc:
        raise VerificationError(f"Signing key '{keys.key_id}' or its signature has a wrong form.") from exc
    return message

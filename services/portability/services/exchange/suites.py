"""Suite 1: Ed25519 with ML-DSA-65, and HPKE (ML-KEM-768 with X25519, HKDF-SHA256, AES-256-GCM).

Pure functions over bytes. Identities are bound as length-prefixed texts. The signatures are in hybrid.py;
private keys are not touched here, see the key ring.
"""

from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from portability.agreements.errors import VerificationError
from portability.services.exchange.envelope import Head
from portability.services.exchange.model.keys import PublicKeys
from portability.services.hybrid import length_prefixed

__all__ = [
    "ACCEPTED_SUITES",
    "BUNDLE_CONTEXT",
    "HPKE_SUITE",
    "SALT_BYTES",
    "SUITE_1",
    "commitment",
    "encrypt",
    "hpke_info",
]

SUITE_1: Final = 1
ACCEPTED_SUITES: Final = frozenset({SUITE_1})
"""Suites that a node of this version takes in; a message never widens it."""

BUNDLE_CONTEXT: Final = b"portability/v1/bundle"
KEM_CONTEXT: Final = b"portability/v1/kem"
COMMIT_CONTEXT: Final = b"portability/v1/commit"
SALT_BYTES: Final = 32
_COMMIT_PREFIX: Final = length_prefixed(COMMIT_CONTEXT) + SALT_BYTES.to_bytes(4, "big")
MLKEM_KEY_BYTES: Final = 1184
HPKE_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


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
    # By far the most frequent hash, so its constant prefix is made once.
    if len(salt) != SALT_BYTES:
        raise VerificationError(f"A salt has {len(salt)} bytes, not {SALT_BYTES}.")
    return sha256(b"".join((_COMMIT_PREFIX, salt, len(record).to_bytes(4, "big"), record))).digest()


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

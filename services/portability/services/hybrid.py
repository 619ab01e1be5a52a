"""Signing twice, with Ed25519 and ML-DSA-65, over domain-separated bytes; a leaf that several services share.

Both signatures must verify, so the weaker of the two algorithms may fall without a forgery. Pure functions;
private keys are the business of a key ring.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from portability.agreements.errors import VerificationError
from portability.services.values import value

__all__ = ["HybridSignature", "domain_separated", "length_prefixed", "verify_hybrid"]


@value
class HybridSignature:
    """One message signed twice."""

    ed25519: bytes  # 64 bytes
    mldsa65: bytes  # 3309 bytes


def length_prefixed(*parts: bytes) -> bytes:
    """Each part after its length as four bytes, big-endian, so that no two lists of parts give the same bytes."""
    return b"".join([len(part).to_bytes(4, "big") + part for part in parts])


def domain_separated(message: bytes, *, context: bytes) -> bytes:
    """What both signatures cover: the context and the message, length-prefixed."""
    return length_prefixed(context, message)


def verify_hybrid(
    message: bytes, signature: HybridSignature, *, key_id: str, ed25519: bytes, mldsa65: bytes, context: bytes
) -> bytes:
    """Return `message` where both signatures stand over it in `context`; else raise VerificationError.

    `ed25519` (32 bytes) and `mldsa65` (1952 bytes) are the public keys that `key_id` names.
    """
    covered = domain_separated(message, context=context)
    try:
        Ed25519PublicKey.from_public_bytes(ed25519).verify(signature.ed25519, covered)
        MLDSA65PublicKey.from_public_bytes(mldsa65).verify(signature.mldsa65, covered, context=context)
    except InvalidSignature as exc:
        raise VerificationError(f"A signature by key '{key_id}' does not stand.") from exc
    except ValueError as exc:
        raise VerificationError(f"Signing key '{key_id}' or its signature has a wrong form.") from exc
    return message

"""Keys whose mathematics costs nothing, so that thousands of schedules fit in a minute: for the simulation alone.

The production code of bundles runs as it is: heads, trees, commitments, limits and windows. Only the two primitives
below it are replaced, which are tested with their real keys everywhere else. A signature is a hash under the key's own
bytes and a ciphertext is the plaintext under a hash, so anything changed or misdirected is still refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from portability.agreements.errors import VerificationError
from portability.services import hybrid
from portability.services.exchange import suites
from portability.services.exchange.model.keys import PublicKeys
from portability.services.hybrid import HybridSignature
from portability.services.registry.model import Directory, Institution, KeyPurpose, PublicKey
from tests.simulation.patching import everywhere

__all__ = ["START", "SimulatedKeyRing", "cheap_primitives", "directory_of"]

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HASH_BYTES = 32
WINDOW = {"not_before": START - timedelta(days=30), "not_after": START + timedelta(days=335)}


class SimulatedKeyRing:
    """One signing and one encryption key; the port `KeyRing`."""

    def __init__(self, institution: str) -> None:
        self._secret = sha256(institution.encode()).digest()
        self.public = (
            PublicKey(f"sig-{institution}", KeyPurpose.SIGNING, **WINDOW, classical=self._secret, post_quantum=b"p"),
            PublicKey(f"kem-{institution}", KeyPurpose.ENCRYPTION, **WINDOW, classical=self._secret, post_quantum=b"k"),
        )

    def signing_key_id(self, at: datetime) -> str:
        signing = self.public[0]
        if not signing.not_before <= at < signing.not_after:
            raise VerificationError("No signing key is in its window.")
        return signing.key_id

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        mark = _mark(self._secret, message, context)
        return HybridSignature(mark, mark)

    def decrypt(self, key_id: str, ciphertext: bytes, *, info: bytes) -> bytes:
        plaintext = ciphertext[HASH_BYTES:]
        if key_id != self.public[1].key_id or ciphertext[:HASH_BYTES] != _mark(self._secret, plaintext, info):
            raise VerificationError("The ciphertext does not open.")
        return plaintext


def directory_of(rings: dict[str, SimulatedKeyRing]) -> Directory:
    """One directory, in force for ninety days."""
    return Directory(
        version=1,
        issued_at=START - timedelta(days=1),
        expires_at=START + timedelta(days=90),
        institutions=tuple(
            Institution(name, name.upper(), name[:2].upper(), keys=ring.public) for name, ring in rings.items()
        ),
    )


@contextmanager
def cheap_primitives() -> Iterator[None]:
    """Replace the verification of hybrid signatures and the encryption to a public key, and nothing else."""
    with everywhere(hybrid.verify_hybrid, _verify), everywhere(suites.encrypt, _encrypt):
        yield


def _mark(secret: bytes, message: bytes, context: bytes) -> bytes:
    return sha256(secret + len(context).to_bytes(4, "big") + context + message).digest()


def _verify(
    message: bytes, signature: HybridSignature, *, key_id: str, ed25519: bytes, mldsa65: bytes, context: bytes
) -> bytes:
    mark = _mark(ed25519, hybrid.domain_separated(message, context=context), context)
    if (signature.ed25519, signature.mldsa65) != (mark, mark):
        raise VerificationError(f"A signature by key '{key_id}' does not stand.")
    return message


def _encrypt(plaintext: bytes, *, recipient: PublicKeys, info: bytes) -> bytes:
    return _mark(recipient.kem[len(b"k") :], plaintext, info) + plaintext

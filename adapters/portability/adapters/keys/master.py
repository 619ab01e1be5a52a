"""The node's master key: wraps the keys of persons and cases, and hides what has to be searched for.

One secret of 32 bytes; a key for each use is derived from it (HKDF-SHA256, RFC 5869). It never stands in a database:
whoever has only the tables, or a backup of them, can open nothing and can guess nothing. After a rotation there are two
secrets: the one that wraps, and after it the first one, which hides, since what is hidden must still be found.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portability.agreements.errors import GatewayError
from portability.services.hybrid import length_prefixed

__all__ = ["NONCE_BYTES", "MasterKey", "RandomBytes", "next_secret"]

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12
RandomBytes = Callable[[int], bytes]
"""Draws so many bytes from the system's random source."""


class MasterKey:
    """Wraps and unwraps keys, and gives keyed hashes."""

    def __init__(self, secret: bytes, *, random_bytes: RandomBytes) -> None:
        if len(secret) not in {SECRET_BYTES, 2 * SECRET_BYTES}:
            raise GatewayError(f"The master key has {len(secret)} bytes, not {SECRET_BYTES} or twice.", retryable=False)
        self._wrapping = AESGCM(_derived(secret[:SECRET_BYTES], use=b"portability/v1/at-rest/wrap"))
        self._hiding = _derived(secret[-SECRET_BYTES:], use=b"portability/v1/at-rest/hide")
        self._random = random_bytes

    def wrap(self, key: bytes, *, name: bytes) -> bytes:
        """Seal a key under the master; it opens for the same `name` only."""
        (wrapped,) = self.wrap_all([(key, name)])
        return wrapped

    def wrap_all(self, keys: Sequence[tuple[bytes, bytes]]) -> Sequence[bytes]:
        """Seal each of (key, name) under the master."""
        nonces = self._random(NONCE_BYTES * len(keys))
        wrapped = []
        for place, (key, name) in enumerate(keys):
            nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
            wrapped.append(nonce + self._wrapping.encrypt(nonce, key, name))
        return wrapped

    def unwrap(self, wrapped: bytes, *, name: bytes) -> bytes:
        """The key that `wrap` sealed. Raises GatewayError where it was wrapped by another master or is damaged."""
        try:
            return self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], name)
        except (InvalidTag, ValueError) as exc:
            raise GatewayError(
                "A key at rest does not open with this node's master key: restore the master key that belongs to this "
                "key table.",
                retryable=False,
            ) from exc

    def hidden(self, *parts: str) -> bytes:
        """HMAC-SHA256 of texts, each with its length: equal for equal texts, and no guess can be tried without us."""
        return self.hidden_bytes(*(part.encode() for part in parts))

    def hidden_bytes(self, *parts: bytes) -> bytes:
        """The same of bytes."""
        return hmac.digest(self._hiding, length_prefixed(*parts), "sha256")


def next_secret(secret: bytes, *, random_bytes: RandomBytes) -> bytes:
    """The secret of a new master that wraps by a key of its own and hides as the one before."""
    return random_bytes(SECRET_BYTES) + secret[-SECRET_BYTES:]


def _derived(secret: bytes, *, use: bytes) -> bytes:
    return HKDF(SHA256(), length=SECRET_BYTES, salt=None, info=use).derive(secret)

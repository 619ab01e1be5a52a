"""A P-256 key for wallets, which the directory does not name: a signing key that it names vouches for it.

What wallets of the high-assurance profile (HAIP) take is ES256; what the directory holds is Ed25519 with ML-DSA. Each
credential signed with ES256 carries, in its header, the word of a signing key for the P-256 key: so it verifies
offline, with the directory alone, and falls with the signing key.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from portability.agreements.errors import VerificationError
from portability.services.certificates.jose import Jws, decode_jws, instant_of, sign_jws, verify_ed25519, verify_es256

__all__ = ["ES256", "VOUCHED", "WalletKey", "verify_vouched", "vouch", "vouching_of"]

ES256: Final = "ES256"
VOUCHED: Final = "vouched_by"  # name of the header
KIND: Final = "portability-key+jwt"


class WalletKey(Protocol):
    """The institution's P-256 key."""

    @property
    def key_id(self) -> str: ...
    @property
    def jwk(self) -> Mapping[str, str]:
        """The public key (RFC 7517): kty, crv, x, y."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r and s (RFC 7518, section 3.4)."""
        ...


def vouch(
    key: WalletKey,
    *,
    institution: str,
    issued_at: datetime,
    expires_at: datetime,
    key_id: str,
    sign: Callable[[bytes], bytes],
) -> str:
    """The word of a signing key for a P-256 key, for as long as one credential counts."""
    said = {
        "iss": institution,
        "iat": int(issued_at.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jwk": dict(key.jwk),
    }
    return sign_jws(said, kind=KIND, key_id=key_id, sign=sign)


def vouching_of(token: Jws) -> Jws:
    """The word that a credential carries; nothing in it is verified. Raises VerificationError."""
    said = decode_jws(token.text_of(VOUCHED))
    if said.header.get("typ") != KIND:
        raise VerificationError("The header does not hold the word of a signing key for another key.")
    return said


def verify_vouched(token: Jws, said: Jws, signing_key: bytes, *, institution: str, issued_at: datetime) -> Jws:
    """Return the credential where the signing key vouched for the key that signed it. Raises VerificationError."""
    verify_ed25519(said, signing_key)
    begins, ends = (instant_of(said.payload.get(name)) for name in ("iat", "exp"))
    if said.payload.get("iss") != institution or not begins <= issued_at < ends:
        raise VerificationError("The word for the key is of another institution, or of another time.")
    key: Any = said.payload.get("jwk")
    return verify_es256(token, key)

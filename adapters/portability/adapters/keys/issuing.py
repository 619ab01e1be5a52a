"""The institution's signing keys as those of certificates, and those of every institution as the directory has them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from portability.adapters.keys.node_keys import NodeKeys
from portability.agreements.errors import InputError, VerificationError
from portability.services.certificates.jose import b64url
from portability.services.certificates.model import Issuer
from portability.services.certificates.verifying import IssuingKey
from portability.services.registry.model import Directory, KeyPurpose

__all__ = ["DirectoryIssuers", "NodeSigner", "P256WalletKey"]

CONTEXT: Final = b"portability/v1/certificate"
# The order of P-256 (FIPS 186-5 and SP 800-186, 3.2.1.3).
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class DirectoryIssuers:
    """The port `Issuers`: `current` gives a verified directory."""

    def __init__(self, current: Callable[[], Directory]) -> None:
        self._current = current

    def signing_key(self, institution_id: str, key_id: str) -> IssuingKey:
        """A key that is listed and not revoked. Raises NotFoundError or VerificationError."""
        institution = self._current().institution(institution_id)
        for key in institution.keys:
            if key.key_id == key_id and key.purpose is KeyPurpose.SIGNING and not key.revoked:
                issuer = Issuer(institution_id, institution.name, institution.country)
                return IssuingKey(issuer, key.classical, key.not_before, key.not_after)
        raise VerificationError(f"Key '{key_id}' is not a signing key of '{institution_id}', or is revoked.")


class NodeSigner:
    """The port `Signer`: the Ed25519 half of the node's signing key, in a file or in a device."""

    def __init__(self, keys: NodeKeys) -> None:
        self._keys = keys

    def key_id(self, at: datetime) -> str:
        """The newest signing key that the directory names for `at`."""
        return self._keys.signing_key_id(at)

    def sign(self, key_id: str, message: bytes) -> bytes:
        """64 bytes.

        What the exchange signs begins with the length of its context, a token with "ey" and a code with the sign of a
        CBOR array: no signature of one kind stands for another.
        """
        return self._keys.sign(key_id, message, context=CONTEXT).ed25519


class P256WalletKey:
    """The port `WalletKey`: made of a secret that the node keeps, the same after a restart."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise InputError("The secret of the key for wallets needs at least 32 bytes.", field="secret")
        # 512 bits modulo the order of the curve: the bias is under 2^-256 (FIPS 186-5, appendix A.2.1).
        drawn = int.from_bytes(hashlib.sha512(b"portability/v1/wallet-key" + secret).digest(), "big")
        self._private = ec.derive_private_key(drawn % (ORDER - 1) + 1, ec.SECP256R1())

    @property
    def jwk(self) -> Mapping[str, str]:
        """The public key (RFC 7517)."""
        numbers = self._private.public_key().public_numbers()
        x, y = (b64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    @property
    def key_id(self) -> str:
        """Its thumbprint (RFC 7638)."""
        canonical = json.dumps(dict(sorted(self.jwk.items())), separators=(",", ":"))
        return b64url(hashlib.sha256(canonical.encode()).digest())

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r and s."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

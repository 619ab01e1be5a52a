"""The institution's signing keys as those of certificates, and those of every institution as the directory has them."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from portability.adapters.keys.node_keys import NodeKeys
from portability.agreements.errors import VerificationError
from portability.services.certificates.model import Issuer
from portability.services.certificates.verifying import IssuingKey
from portability.services.registry.model import Directory, KeyPurpose

__all__ = ["DirectoryIssuers", "NodeSigner"]

CONTEXT: Final = b"portability/v1/certificate"


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

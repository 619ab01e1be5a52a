"""A certificate in its signed forms."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from portability.services.certificates.claims import HIDDEN, claims_of, paper_claims_of
from portability.services.certificates.code import sign_code
from portability.services.certificates.jose import sign_jws
from portability.services.certificates.model import Certificate
from portability.services.certificates.sd_jwt import hide_claims
from portability.services.certificates.verifying import CREDENTIAL
from portability.services.certificates.vouching import ES256, VOUCHED, WalletKey, vouch

__all__ = ["Signer", "make_code", "make_credential"]


class Signer(Protocol):
    """The institution's signing key of the signed directory."""

    def key_id(self, at: datetime) -> str:
        """The key in force at an instant. Raises VerificationError where there is none."""
        ...

    def sign(self, key_id: str, message: bytes) -> bytes:
        """64 bytes by Ed25519."""
        ...


def make_credential(
    certificate: Certificate,
    *,
    signer: Signer,
    issuer_url: str,
    random_bytes: Callable[[int], bytes],
    holder_key: Mapping[str, Any] | None = None,
    wallet_key: WalletKey | None = None,
) -> str:
    """As SD-JWT VC with all its disclosures; bound to a wallet's public key (JWK) where one is given.

    Signed with ES256 where a key for that is given, for which the signing key vouches; else with EdDSA.
    """
    key_id = signer.key_id(certificate.issued_at)
    shown, disclosures = hide_claims(claims_of(certificate), hidden=HIDDEN, random_bytes=random_bytes)
    payload = {
        **shown,
        "iss": issuer_url,
        "jti": certificate.certificate_id.urn,
        "sub": certificate.certificate_id.urn,  # nobody learns from it whom another certificate is about
        "iat": int(certificate.issued_at.timestamp()),
        "nbf": int(certificate.issued_at.timestamp()),
        "exp": int(certificate.expires_at.timestamp()),
        "status": {"status_list": {"idx": certificate.status.index, "uri": certificate.status.uri}},
        **({"cnf": {"jwk": dict(holder_key)}} if holder_key else {}),
    }

    def sign(message: bytes) -> bytes:
        return signer.sign(key_id, message)

    if wallet_key is None:
        token = sign_jws(payload, kind=CREDENTIAL, key_id=key_id, sign=sign)
    else:
        said = vouch(
            wallet_key,
            institution=certificate.issuer.institution_id,
            issued_at=certificate.issued_at,
            expires_at=certificate.expires_at,
            key_id=key_id,
            sign=sign,
        )
        vouched = {VOUCHED: said}
        token = sign_jws(
            payload, kind=CREDENTIAL, key_id=wallet_key.key_id, sign=wallet_key.sign, algorithm=ES256, **vouched
        )
    return "".join(f"{one}~" for one in (token, *disclosures))


def make_code(certificate: Certificate, *, signer: Signer) -> str:
    """As the text of a QR code."""
    key_id = signer.key_id(certificate.issued_at)
    return sign_code(
        paper_claims_of(certificate),
        institution=certificate.issuer.institution_id,
        certificate_id=certificate.certificate_id,
        issued_at=certificate.issued_at,
        expires_at=certificate.expires_at,
        status=certificate.status,
        key_id=key_id,
        sign=lambda message: signer.sign(key_id, message),
    )

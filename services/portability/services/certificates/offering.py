"""A certificate on its way into a wallet: OpenID for Verifiable Credential Issuance 1.0, pre-authorised code.

She makes an offer in her session, her wallet scans it, exchanges its code for a token, asks for a nonce, signs it with
a key of its own, and gets the credential bound to that key. Code, token and nonce count once each, and for minutes.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from portability.agreements.errors import InputError, VerificationError
from portability.services.certificates.claims import CAREER, COVERAGE, EHIC, ENTITLEMENT, PDA1, type_of
from portability.services.certificates.jose import b64url, decode_jws, verify_jwk
from portability.services.certificates.making import make_credential
from portability.services.certificates.ports import Offer
from portability.services.certificates.use_cases import CertificateUseCases
from portability.services.certificates.verifying import CREDENTIAL
from portability.services.certificates.vouching import ES256

__all__ = ["GRANT", "CredentialOffer", "OfferUseCases", "Token"]

GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
CODE_LIFE: Final = timedelta(minutes=10)
TOKEN_LIFE: Final = timedelta(minutes=5)
NONCE_LIFE: Final = timedelta(minutes=5)
PROOF_AGE: Final = timedelta(minutes=5)
PROOF: Final = "openid4vci-proof+jwt"
TYPES: Final = (PDA1, EHIC, COVERAGE, CAREER, ENTITLEMENT)
_NO_CERTIFICATE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class CredentialOffer:
    """What the QR code or the link of an offer holds (section 4.1.1), by value."""

    document: Mapping[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    access_token: str
    seconds: int


@dataclass(frozen=True, slots=True)
class OfferUseCases:
    """One transaction each; `certificates` gives the ports that they share."""

    certificates: CertificateUseCases
    signing_keys: Callable[[], Mapping[str, bytes]]  # by id, 32 bytes each: those of the directory

    def key_metadata(self) -> dict[str, Any]:
        """SD-JWT VC (draft 09), section 5: the keys for who has no directory."""
        keys = [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id, "x": b64url(public)}
            for key_id, public in sorted(self.signing_keys().items())
        ]
        wallets = self.certificates.wallet_key
        if wallets is not None:
            keys.append({**wallets.jwk, "alg": ES256, "use": "sig", "kid": wallets.key_id})
        return {"issuer": self.certificates.address, "jwks": {"keys": keys}}

    def issuer_metadata(self) -> dict[str, Any]:
        """Section 12.2: where a wallet asks for what."""
        address = self.certificates.address
        return {
            "credential_issuer": address,
            "credential_endpoint": f"{address}/wallet/credential",
            "nonce_endpoint": f"{address}/wallet/nonce",
            "display": [{"name": self.certificates.issuer().name}],
            "credential_configurations_supported": {
                name: _configuration(name, kind, algorithm)
                for name, (kind, algorithm) in self._configurations().items()
            },
        }

    def server_metadata(self) -> dict[str, Any]:
        """RFC 8414: the institution is its own authorisation server."""
        address = self.certificates.address
        return {
            "issuer": address,
            "token_endpoint": f"{address}/wallet/token",
            "grant_types_supported": [GRANT],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "pre-authorized_grant_anonymous_access_supported": True,
        }

    async def offer(self, worker_id: UUID, certificate_id: UUID) -> CredentialOffer:
        """An offer of one of her certificates. Raises NotFoundError, as for one that is revoked or over."""
        kept = await self.certificates.one_of_mine(worker_id, certificate_id)
        now = self.certificates.clock.now()
        one = kept.issued.certificate
        if kept.revoked_at is not None or now >= one.expires_at:
            raise InputError("This certificate counts no more: ask for a new one.", field="certificate_id")
        code = await self._put("code", certificate_id, now + CODE_LIFE)
        document = {
            "credential_issuer": self.certificates.address,
            "credential_configuration_ids": [
                name for name, (kind, _) in self._configurations().items() if kind == type_of(one)
            ],
            "grants": {GRANT: {"pre-authorized_code": code}},
        }
        return CredentialOffer(document, now + CODE_LIFE)

    async def token(self, *, grant_type: str, code: str) -> Token:
        """A token for a code, once (section 6). Raises InputError; `field` is the error code."""
        if grant_type != GRANT:
            raise InputError("Only a pre-authorised code is taken.", field="unsupported_grant_type")
        offer = await self._use_up("code", code)
        if offer is None:
            raise InputError("The code is unknown, used or over: make a new offer.", field="invalid_grant")
        now = self.certificates.clock.now()
        token = await self._put("token", offer.certificate_id, now + TOKEN_LIFE)
        return Token(token, int(TOKEN_LIFE.total_seconds()))

    async def nonce(self) -> str:
        """What a wallet's key must sign (section 7)."""
        return await self._put("nonce", _NO_CERTIFICATE, self.certificates.clock.now() + NONCE_LIFE)

    async def credential(self, token: str, request: Any) -> str:
        """The certificate bound to the wallet's key (section 8). Raises InputError; `field` is the error code."""
        # 1. The request asks for one credential with one proof.  2. The key signed our nonce, now, for us; the nonce
        # counts once.  3. The token counts once, and for the type that is asked for.  4. It still counts.
        # (1) What is asked for.
        name, proof = _read_request(request, self._configurations())
        wanted, algorithm = self._configurations()[name]
        # (2) Whose key: before the token is used up, so that a wallet may try again with a fresh nonce.
        key = await self._proved(proof)
        # (3) Which certificate.
        offer = await self._use_up("token", token)
        if offer is None:
            raise InputError("The token is unknown, used or over.", field="invalid_token")
        async with self.certificates.unit_of_work(None) as work:
            kept = await work.certificates.get(offer.certificate_id)
        if kept is None or type_of(kept.issued.certificate) != wanted:
            raise InputError("The token is for another credential.", field="unknown_credential_configuration")
        # (4) Whether it still counts.
        certificate, now = kept.issued.certificate, self.certificates.clock.now().replace(microsecond=0)
        if kept.revoked_at is not None or now >= certificate.expires_at:
            raise InputError("The certificate counts no more.", field="credential_request_denied")
        return make_credential(
            # Signed now: the key in force then may have gone since.
            replace(certificate, issued_at=now),
            signer=self.certificates.signer,
            issuer_url=self.certificates.address,
            random_bytes=self.certificates.random_bytes,
            holder_key=key,
            wallet_key=self.certificates.wallet_key if algorithm == ES256 else None,
        )

    def _configurations(self) -> dict[str, tuple[str, str]]:
        """Type and algorithm of each credential configuration, by its name."""
        found = {name: (name, "EdDSA") for name in TYPES}
        if self.certificates.wallet_key is not None:
            found |= {f"{name}.es256": (name, ES256) for name in TYPES}
        return found

    async def _proved(self, proof: str) -> Mapping[str, Any]:
        """The public key of a proof of type jwt (appendix F.1). Raises InputError; `field` is the error code."""
        now = self.certificates.clock.now()
        try:
            said = decode_jws(proof)
            key = said.header.get("jwk")
            verify_jwk(said, key)
            issued = said.payload.get("iat")
            if said.header.get("typ") != PROOF or said.payload.get("aud") != self.certificates.address:
                raise VerificationError("The proof is of another kind, or for another issuer.")
            if not isinstance(issued, int) or abs(now.timestamp() - issued) > PROOF_AGE.total_seconds():
                raise VerificationError("The proof is not of now.")
        except VerificationError as exc:
            raise InputError(exc.message, field="invalid_proof") from exc
        nonce = said.payload.get("nonce")
        if not isinstance(nonce, str) or await self._use_up("nonce", nonce) is None:
            raise InputError("The proof has no nonce of ours, or a used one.", field="invalid_nonce")
        return {name: value for name, value in dict(key or {}).items() if name in {"kty", "crv", "x", "y"}}

    async def _put(self, kind: str, certificate_id: UUID, expires_at: datetime) -> str:
        secret = b64url(self.certificates.random_bytes(32))
        async with self.certificates.unit_of_work(None) as work:
            await work.offers.forget_over(at=self.certificates.clock.now())
            await work.offers.put(kind, _hashed(secret), Offer(certificate_id, expires_at))
        return secret

    async def _use_up(self, kind: str, secret: str) -> Offer | None:
        async with self.certificates.unit_of_work(None) as work:
            return await work.offers.use_up(kind, _hashed(secret), at=self.certificates.clock.now())


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", errors="replace")).digest()


def _read_request(request: Any, known: Collection[str]) -> tuple[str, str]:
    wanted = request.get("credential_configuration_id") if isinstance(request, dict) else None
    if not isinstance(wanted, str) or wanted not in known:
        raise InputError("No such credential is issued here.", field="unknown_credential_configuration")
    proofs = request.get("proofs")
    given = proofs.get("jwt") if isinstance(proofs, dict) else None
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], str):
        raise InputError("Send one proof of type jwt.", field="invalid_proof")
    return wanted, given[0]


def _configuration(name: str, kind: str, algorithm: str) -> dict[str, Any]:
    return {
        "format": CREDENTIAL,
        "vct": kind,
        "scope": name,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": [algorithm],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256", "EdDSA"]}},
    }

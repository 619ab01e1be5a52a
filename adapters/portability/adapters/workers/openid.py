"""Sign-in by OpenID Connect Core 1.0: the code flow with PKCE (RFC 7636), at a national e-ID or another provider.

State, nonce and verifier of an attempt are made from one secret that only the reader's browser holds, so nothing is
kept here: an answer that comes back to another browser fits none of the three.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from portability.agreements.errors import DeniedError, GatewayError, InputError
from portability.services.workers.model import Contact, VouchedFor, insurance_number, parse_contact, text_token
from portability.services.workers.ports import Clock

__all__ = ["OpenIdProvider", "OpenIdSettings"]

TIMEOUT_SECONDS = 10.0
LEEWAY_SECONDS = 60  # between the provider's clock and ours
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "Ed25519"]  # never "none", and nothing keyed by the client's secret
METADATA = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdSettings:
    """`number_claim`: where the provider tells the person's number, for example "personal_number".

    `redirect_uri`: the address of our page that the provider leads back to, registered there.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    number_claim: str
    scope: str = "openid email phone"


class OpenIdProvider:
    """The port IdentityProvider at one issuer."""

    def __init__(self, settings: OpenIdSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._found: Mapping[str, Any] | None = None

    async def begin(self, secret: str) -> str:
        """The address at the provider to which the reader goes."""
        metadata = await self._metadata()
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=_made_from(secret, b"state"),
                nonce=_made_from(secret, b"nonce"),
                code_verifier=_made_from(secret, b"verifier"),
            )
        return str(address)

    async def finish(self, secret: str, answer: str) -> VouchedFor:
        """Whom the provider vouches for, by the query that its reader brought back.

        Raises DeniedError where the answer is not for this attempt or the person did not agree, GatewayError where the
        provider cannot be asked.
        """
        fields = {name: values[-1] for name, values in parse_qs(answer).items()}
        if not hmac.compare_digest(fields.get("state", "").encode(), _made_from(secret, b"state").encode()):
            raise DeniedError("The answer belongs to another attempt to sign in.", authenticated=False)
        if "code" not in fields:
            raise DeniedError("The provider has not vouched for anybody.", authenticated=False)
        metadata = await self._metadata()
        if fields.get("iss", metadata["issuer"]) != metadata["issuer"]:  # RFC 9207
            raise DeniedError("The answer comes from another provider.", authenticated=False)
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=fields["code"], code_verifier=_made_from(secret, b"verifier")
                )
                keys = KeySet.import_key_set(cast(KeySetSerialization, await _json(client, metadata["jwks_uri"])))
                claims = self._checked(token.get("id_token", ""), keys, nonce=_made_from(secret, b"nonce"))
                if self._settings.number_claim not in claims and "userinfo_endpoint" in metadata:
                    told = await _json(client, metadata["userinfo_endpoint"])
                    if told.get("sub") == claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
                        claims = {**told, **claims}
        except OAuthError as error:
            raise DeniedError("The provider does not know this answer, or no longer.", authenticated=False) from error
        except (JoseError, ValueError, KeyError) as error:
            raise DeniedError("What the provider says of the person is not valid.", authenticated=False) from error
        except httpx2.HTTPError as error:
            raise _out_of_reach() from error
        return VouchedFor(_contacts(claims), insurance_number(str(claims.get(self._settings.number_claim, ""))))

    def _client(self) -> Any:
        return AsyncOAuth2Client(
            self._settings.client_id,
            self._settings.client_secret,
            scope=self._settings.scope,
            redirect_uri=self._settings.redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
        )

    async def _metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0), asked for once."""
        if self._found is None:
            try:
                async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                    found = await _json(client, self._settings.issuer.rstrip("/") + METADATA)
            except (httpx2.HTTPError, ValueError) as error:
                raise _out_of_reach() from error
            if found.get("issuer") != self._settings.issuer:
                raise GatewayError(
                    "The provider of sign-in names another issuer than the one that was set.", retryable=False
                )
            self._found = found
        return self._found

    def _checked(self, id_token: str, keys: KeySet, *, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        if claims.get("azp", self._settings.client_id) != self._settings.client_id:
            raise ValueError("the token was made out to another client")
        return claims


def _contacts(claims: Mapping[str, Any]) -> tuple[Contact, ...]:
    """Those that the provider has verified itself; what a person only typed there proves nothing."""
    found = []
    for name in ("phone_number", "email"):
        if claims.get(f"{name}_verified") is True:
            try:
                found.append(parse_contact(str(claims.get(name, ""))))
            except InputError:
                continue
    return tuple(found)


async def _json(client: Any, address: str, **how: Any) -> dict[str, Any]:
    answer = await client.get(address, **how)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _made_from(secret: str, purpose: bytes) -> str:
    return text_token(hmac.new(secret.encode(), b"openid " + purpose, hashlib.sha256).digest())


def _out_of_reach() -> GatewayError:
    return GatewayError("The provider of sign-in cannot be asked now: use a one-time code.", retryable=True)

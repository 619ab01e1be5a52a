"""Compact JSON Web Signatures (RFC 7515) that a key ring signs, with Ed25519 (RFC 8037) or ES256, and their reading.

Keys of institutions come from the signed directory, or are vouched for by one that does (vouching.py), and keys of
wallets from a certificate or a proof; no key is ever believed because it stands in what it verifies.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from portability.agreements.errors import VerificationError

__all__ = [
    "LARGEST",
    "Jws",
    "b64url",
    "decode_b64url",
    "decode_json",
    "decode_jws",
    "instant_of",
    "sign_jws",
    "verify_ed25519",
    "verify_es256",
    "verify_jwk",
]

LARGEST: Final = 65_536  # characters of one token: a certificate has some 3,000


@dataclass(frozen=True, slots=True)
class Jws:
    """A signed token as it was read; nothing in it is verified."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signed: bytes  # what the signature covers
    signature: bytes
    text: str

    def text_of(self, name: str) -> str:
        """A header that is text; empty where it is not there or is something else."""
        value = self.header.get(name)
        return value if isinstance(value, str) else ""


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_b64url(text: str) -> bytes:
    """Read what `b64url` wrote, in its one form. Raises VerificationError."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as exc:
        raise VerificationError("A part is not base64url.") from exc
    if b64url(data) != text:
        raise VerificationError("A part is base64url with bits or padding that are not needed.")
    return data


def decode_json(text: bytes) -> Any:
    """Read JSON whose objects name each member once (RFC 7515, section 4). Raises VerificationError."""
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise VerificationError("A part is not JSON, or names a member twice.") from exc


def sign_jws(
    payload: Mapping[str, Any],
    *,
    kind: str,
    key_id: str,
    sign: Callable[[bytes], bytes],
    algorithm: str = "EdDSA",
    **header: Any,
) -> str:
    """Sign `payload` as a token of type `kind` ("dc+sd-jwt") with the key that `sign` stands for, Ed25519 or P-256."""
    protected = {"alg": algorithm, "typ": kind, "kid": key_id, **header}
    signed = f"{b64url(_json(protected))}.{b64url(_json(payload))}"
    return f"{signed}.{b64url(sign(signed.encode()))}"


def decode_jws(text: str) -> Jws:
    """Take a compact token apart. Raises VerificationError for what is none, or asks for extensions."""
    if len(text) > LARGEST:
        raise VerificationError(f"A token of more than {LARGEST} characters.")
    parts = text.split(".")
    if len(parts) != 3:
        raise VerificationError("A token has three parts.")
    header, payload = (decode_json(decode_b64url(part)) for part in parts[:2])
    if not isinstance(header, dict) or not isinstance(payload, dict) or "crit" in header:
        raise VerificationError("The header or content of a token is no object, or has an extension unknown here.")
    return Jws(header, payload, f"{parts[0]}.{parts[1]}".encode(), decode_b64url(parts[2]), text)


def verify_ed25519(token: Jws, public_key: bytes) -> Jws:
    """Return the token where it is signed by this key with alg EdDSA. Raises VerificationError."""
    if token.header.get("alg") != "EdDSA":
        raise VerificationError("Institutions sign with EdDSA and nothing else.")
    return _verify_ed25519(token, public_key)


def verify_es256(token: Jws, key: Any) -> Jws:
    """Return the token where this public JWK signed it with alg ES256 (RFC 7518, 3.4). Raises VerificationError."""
    if token.header.get("alg") != "ES256" or len(token.signature) != 64:
        raise VerificationError("The token is not signed with ES256.")
    if not isinstance(key, dict) or (key.get("kty"), key.get("crv")) != ("EC", "P-256"):
        raise VerificationError("The key is not one of P-256.")
    x, y = (decode_b64url(key[name]) if isinstance(key.get(name), str) else b"" for name in ("x", "y"))
    r, s = (int.from_bytes(half, "big") for half in (token.signature[:32], token.signature[32:]))
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
        numbers.public_key().verify(encode_dss_signature(r, s), token.signed, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as exc:
        raise VerificationError("The signature does not stand.") from exc
    return token


def verify_jwk(token: Jws, key: Any) -> Jws:
    """Return the token where the wallet's key (a public JWK, P-256 or Ed25519) signed it. Raises VerificationError."""
    if not isinstance(key, dict) or "d" in key:
        raise VerificationError("A public key of a wallet is a JWK without its private part.")
    kind, curve, algorithm = key.get("kty"), key.get("crv"), token.header.get("alg")
    if (kind, curve) == ("OKP", "Ed25519") and algorithm in {"EdDSA", "Ed25519"} and isinstance(key.get("x"), str):
        return _verify_ed25519(token, decode_b64url(key["x"]))
    try:
        known = ECKey.import_key({name: value for name, value in key.items() if name in {"kty", "crv", "x", "y"}})
        jws.deserialize_compact(token.text, known, algorithms=["ES256"])
    except (JoseError, ValueError, KeyError, TypeError) as exc:
        raise VerificationError("The wallet's signature does not stand, or its key is of no kind known here.") from exc
    return token


def _verify_ed25519(token: Jws, public_key: bytes) -> Jws:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(token.signature, token.signed)
    except (InvalidSignature, ValueError) as exc:
        raise VerificationError("The signature does not stand.") from exc
    return token


def instant_of(seconds: Any) -> datetime:
    """A NumericDate (RFC 7519, section 2) of this millennium, in whole seconds. Raises VerificationError."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds < 32_503_680_000:
        raise VerificationError("A time is given as whole seconds since 1970.")
    return datetime.fromtimestamp(seconds, UTC)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")

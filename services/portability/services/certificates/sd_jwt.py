"""Selective disclosure for JSON Web Tokens (RFC 9901): single claims stand as digests and are shown by choice.

Only what is needed of it: SHA-256, claims of objects and elements of arrays, and a key binding token.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from portability.agreements.errors import VerificationError
from portability.services.certificates.jose import (
    LARGEST,
    Jws,
    b64url,
    decode_b64url,
    decode_json,
    decode_jws,
    verify_jwk,
)

__all__ = ["SdJwt", "decode_sd_jwt", "digest_of", "disclosed", "disclosure_of", "hide_claims", "verify_key_binding"]

HASH: Final = "sha-256"
SALT_BYTES: Final = 16  # RFC 9901, section 9.3
MOST_DISCLOSURES: Final = 100
DEEPEST: Final = 20
SHOWN_WITHIN: Final = timedelta(minutes=5)
HIDDEN, PLACE, ALGORITHM = "_sd", "...", "_sd_alg"


@dataclass(frozen=True, slots=True)
class SdJwt:
    """An SD-JWT taken apart; nothing in it is verified."""

    token: Jws
    disclosures: tuple[str, ...]
    key_binding: Jws | None
    presented: str  # what the key binding token hashes: all before it


def disclosure_of(salt: str, name: str, value: Any) -> str:
    """A disclosure of a claim (section 4.2.1)."""
    return b64url(json.dumps([salt, name, value], ensure_ascii=False, separators=(",", ":")).encode())


def digest_of(disclosure: str) -> str:
    """The digest that stands for a disclosure (section 4.2.3): of its text, not of what it encodes."""
    return b64url(sha256(disclosure.encode()).digest())


def hide_claims(
    claims: Mapping[str, Any], *, hidden: Collection[str], random_bytes: Callable[[int], bytes]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Put digests in place of the top-level claims named; return the content to sign and the disclosures."""
    names = [name for name in claims if name in hidden]
    disclosures = tuple(disclosure_of(b64url(random_bytes(SALT_BYTES)), name, claims[name]) for name in names)
    shown = {name: value for name, value in claims.items() if name not in hidden}
    if not disclosures:
        return shown, ()
    # Sorted by digest, so that their order tells nothing of the claims (section 4.2.4.1).
    return {**shown, HIDDEN: sorted(digest_of(one) for one in disclosures), ALGORITHM: HASH}, disclosures


def decode_sd_jwt(text: str) -> SdJwt:
    """Take `<token>~<disclosure>~...~[<key binding>]` apart. Raises VerificationError."""
    if len(text) > LARGEST:
        raise VerificationError(f"A certificate of more than {LARGEST} characters.")
    first, *rest = text.split("~")
    if not rest or len(rest) > MOST_DISCLOSURES + 1:
        raise VerificationError("This is no SD-JWT: it ends with ~ or with a key binding token.")
    *disclosures, last = rest
    presented = "".join(f"{one}~" for one in (first, *disclosures))
    return SdJwt(decode_jws(first), tuple(disclosures), decode_jws(last) if last else None, presented)


def disclosed(one: SdJwt) -> dict[str, Any]:
    """The claims with what is disclosed in its place (section 7.1); to be called once the signature is verified.

    Raises VerificationError where a digest or a name stands twice, or a disclosure belongs nowhere.
    """
    if one.token.payload.get(ALGORITHM, HASH) != HASH:
        raise VerificationError(f"Digests are made by {HASH} and nothing else.")
    found = {digest_of(text): _opened(text) for text in one.disclosures}
    if len(found) != len(one.disclosures):
        raise VerificationError("A disclosure stands twice.")
    opening = _Opening(found)
    claims = opening.of_object(one.token.payload, 0)
    if opening.used != found.keys():
        raise VerificationError("A disclosure belongs to nothing that was signed.")
    claims.pop(ALGORITHM, None)
    return claims


def verify_key_binding(one: SdJwt, *, audience: str, nonce: str, at: datetime) -> None:
    """Return where the holder's key shows this certificate to this verifier now (section 7.3).

    Raises VerificationError.
    """
    # 1. A key is bound to it, and a token by that key is there.  2. It is for this verifier, and this once.
    # 3. It is of now.  4. It covers what is shown.
    # (1) The key that the issuer has bound.
    shown, bound = one.key_binding, one.token.payload.get("cnf")
    if shown is None or not isinstance(bound, dict) or shown.header.get("typ") != "kb+jwt":
        raise VerificationError("Its holder has not proved that it is hers.")
    verify_jwk(shown, bound.get("jwk"))
    # (2) For whom.
    if shown.payload.get("aud") != audience or shown.payload.get("nonce") != nonce:
        raise VerificationError("The holder's proof was made for another verifier or another time.")
    # (3) When.
    issued = shown.payload.get("iat")
    if not isinstance(issued, int) or abs(at.timestamp() - issued) > SHOWN_WITHIN.total_seconds():
        raise VerificationError("The holder's proof is not of now.")
    # (4) What.
    if shown.payload.get("sd_hash") != digest_of(one.presented):
        raise VerificationError("The holder's proof is of another certificate.")


def _opened(text: str) -> Sequence[Any]:
    parts = decode_json(decode_b64url(text))
    if not isinstance(parts, list) or len(parts) not in {2, 3} or not isinstance(parts[0], str):
        raise VerificationError("A disclosure is not of its form.")
    if len(parts) == 3 and (not isinstance(parts[1], str) or parts[1] in {HIDDEN, PLACE}):
        raise VerificationError("A disclosure has no name, or one that is reserved.")
    return parts


class _Opening:
    """Puts disclosures in their places, each once."""

    def __init__(self, found: Mapping[str, Sequence[Any]]) -> None:
        self._found = found
        self._seen: set[str] = set()
        self.used: set[str] = set()

    def of_object(self, value: Mapping[str, Any], depth: int) -> dict[str, Any]:
        shown = {name: self._of(inner, depth) for name, inner in value.items() if name != HIDDEN}
        digests = value.get(HIDDEN, [])
        if not isinstance(digests, list):
            raise VerificationError("Digests stand in a list.")
        for digest in digests:
            parts = self._take(digest, length=3)
            if parts is None:
                continue
            if parts[1] in shown:
                raise VerificationError("A claim is disclosed that stands there already.")
            shown[parts[1]] = self._of(parts[2], depth)
        return shown

    def _of(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise VerificationError(f"Claims stand deeper than {DEEPEST}.")
        if isinstance(value, dict):
            return self.of_object(value, depth + 1)
        return self._of_array(value, depth + 1) if isinstance(value, list) else value

    def _of_array(self, values: list[Any], depth: int) -> list[Any]:
        shown = []
        for value in values:
            if isinstance(value, dict) and value.keys() == {PLACE}:
                parts = self._take(value[PLACE], length=2)
                if parts is not None:
                    shown.append(self._of(parts[1], depth))
            else:
                shown.append(self._of(value, depth))
        return shown

    def _take(self, digest: Any, *, length: int) -> Sequence[Any] | None:
        if not isinstance(digest, str) or digest in self._seen:
            raise VerificationError("A digest is no text, or stands twice.")
        self._seen.add(digest)
        parts = self._found.get(digest)
        if parts is None:
            return None
        if len(parts) != length:
            raise VerificationError("A disclosure stands where another kind belongs.")
        self.used.add(digest)
        return parts

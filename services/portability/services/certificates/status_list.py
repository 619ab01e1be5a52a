"""Token Status List (draft-ietf-oauth-status-list-21): one bit a certificate, published as one signed token.

A list has places for many certificates of one institution, drawn at random, so that a place tells nothing of whose
it is.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from portability.agreements.errors import VerificationError
from portability.services.certificates.jose import Jws, b64url, decode_b64url, decode_jws, instant_of, sign_jws

__all__ = ["PLACES", "PUBLISHED_WITHIN", "StatusList", "StatusToken", "decode_status_token", "sign_status_list"]

PLACES: Final = 1 << 17
"""Certificates of one list; 16 KiB that compress to some hundred bytes."""
PUBLISHED_WITHIN: Final = timedelta(hours=1)
"""How old a list may be: what is revoked is known everywhere after this time."""
LARGEST: Final = 1 << 20  # bytes of an unpacked list
KIND: Final = "statuslist+jwt"
_WIDTHS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class StatusList:
    """Statuses of 1, 2, 4 or 8 bits, packed from the low end of each byte (section 4.1)."""

    bits: int
    packed: bytes

    @classmethod
    def of_revoked(cls, revoked: Iterable[int], *, places: int = PLACES) -> "StatusList":
        """One bit a place, set where it is revoked."""
        packed = bytearray(places // 8)
        for index in revoked:
            packed[index // 8] |= 1 << index % 8
        return cls(1, bytes(packed))

    def at(self, index: int) -> int:
        """The status at a place: 0 valid, 1 revoked, 2 suspended. Raises VerificationError beyond the end."""
        byte, place = divmod(index, 8 // self.bits)
        if index < 0 or byte >= len(self.packed):
            raise VerificationError(f"The status list has no place {index}.")
        return self.packed[byte] >> place * self.bits & (1 << self.bits) - 1

    def compressed(self) -> str:
        """As `lst` (section 4.2): ZLIB, base64url."""
        return b64url(zlib.compress(self.packed, 9))

    @classmethod
    def read(cls, claim: Any) -> "StatusList":
        """Read the claim `status_list`. Raises VerificationError."""
        bits, text = (claim.get("bits"), claim.get("lst")) if isinstance(claim, dict) else (None, None)
        if bits not in _WIDTHS or isinstance(bits, bool) or not isinstance(text, str):
            raise VerificationError("A status list has a width of 1, 2, 4 or 8 bits, and its content.")
        unpacking = zlib.decompressobj()
        try:
            packed = unpacking.decompress(decode_b64url(text), LARGEST)
        except zlib.error as exc:
            raise VerificationError("The status list cannot be unpacked.") from exc
        if not unpacking.eof or unpacking.unused_data:
            raise VerificationError(f"The status list is longer than {LARGEST} bytes, or cut off.")
        return cls(bits, packed)


@dataclass(frozen=True, slots=True)
class StatusToken:
    """A published list as it was read; its signature is not verified."""

    token: Jws
    uri: str
    issued_at: datetime
    expires_at: datetime
    statuses: StatusList


def sign_status_list(
    statuses: StatusList, *, uri: str, issuer: str, at: datetime, key_id: str, sign: Callable[[bytes], bytes]
) -> str:
    """The token of a list (section 5.1), to be relied on for `PUBLISHED_WITHIN`."""
    issued = int(at.timestamp())
    life = int(PUBLISHED_WITHIN.total_seconds())
    payload = {
        "sub": uri,
        "iss": issuer,
        "iat": issued,
        "exp": issued + life,
        "ttl": life,
        "status_list": {"bits": statuses.bits, "lst": statuses.compressed()},
    }
    return sign_jws(payload, kind=KIND, key_id=key_id, sign=sign)


def decode_status_token(text: str) -> StatusToken:
    """Take a published list apart. Raises VerificationError."""
    token = decode_jws(text.strip())
    uri, issued, expires = (token.payload.get(name) for name in ("sub", "iat", "exp"))
    if token.header.get("typ") != KIND or not isinstance(uri, str):
        raise VerificationError("This is no status list.")
    statuses = StatusList.read(token.payload.get("status_list"))
    return StatusToken(token, uri, instant_of(issued), instant_of(expires), statuses)

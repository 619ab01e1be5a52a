"""Whether a certificate is to be relied on: with nothing but the signed directory and, of revocation, a status list."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

from portability.agreements.errors import CertificateRefusedError, NotFoundError, VerificationError
from portability.services.certificates.code import PREFIX, decode_code, verify_code
from portability.services.certificates.jose import Jws, instant_of, verify_ed25519
from portability.services.certificates.model import Issuer, Shown, StatusPlace
from portability.services.certificates.reading import Fields, read_shown
from portability.services.certificates.refusals import RefusedBecause
from portability.services.certificates.sd_jwt import decode_sd_jwt, disclosed, verify_key_binding
from portability.services.certificates.status_list import PUBLISHED_WITHIN, StatusToken, decode_status_token
from portability.services.certificates.vouching import ES256, verify_vouched, vouching_of

__all__ = ["CREDENTIAL", "Form", "Issuers", "IssuingKey", "Showing", "Verified", "verify_certificate", "verify_status"]

CREDENTIAL: Final = "dc+sd-jwt"
SKEW: Final = timedelta(minutes=5)


class Form(StrEnum):
    CREDENTIAL = "credential"  # SD-JWT VC
    CODE = "code"  # on paper


@dataclass(frozen=True, slots=True)
class IssuingKey:
    """A signing key of an institution as the directory has it."""

    issuer: Issuer
    ed25519: bytes
    not_before: datetime
    not_after: datetime


class Issuers(Protocol):
    def signing_key(self, institution_id: str, key_id: str) -> IssuingKey:
        """A key that is listed and not revoked.

        Raises NotFoundError where the institution is not listed, VerificationError where the key is not its.
        """
        ...


@dataclass(frozen=True, slots=True)
class Showing:
    """What a verifier asked the holder's wallet to sign."""

    audience: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate that stands. `status_at`: when its issuer last said that it is not revoked; None: not looked at."""

    shown: Shown
    form: Form
    status_at: datetime | None
    bound: bool  # to a wallet; the code on paper and a file are for whoever has them, so the person is compared
    by_holder: bool  # and that wallet has proved it


def verify_certificate(
    text: str,
    *,
    issuers: Issuers,
    at: datetime,
    status: str = "",
    showing: Showing | None = None,
) -> Verified:
    """Return what a certificate says where it is to be relied on; `status` is a published status list, empty for none.

    Raises CertificateRefusedError.
    """
    # 1. It can be read.  2. A key of the institution that it names signed it, while that key was in force.
    # 3. It is in its time.  4. Its holder shows it, where that is asked.  5. Its issuer has not revoked it.
    text = text.strip()
    # (1) and (2) Reading, and who signed.
    verified = _of_code(text, issuers) if text.startswith(PREFIX) else _of_credential(text, issuers, showing, at)
    shown = verified.shown
    # (3) Its time.
    if shown.issued_at > at + SKEW:
        raise CertificateRefusedError(RefusedBecause.NOT_YET, "The certificate is dated in the future.")
    if at >= shown.expires_at:
        raise CertificateRefusedError(RefusedBecause.EXPIRED, f"The certificate ended on {shown.expires_at:%Y-%m-%d}.")
    # (4) Who shows it: a code on paper can prove nothing of its holder.
    if showing is not None and not verified.by_holder:
        raise CertificateRefusedError(RefusedBecause.NOT_BY_HOLDER, "Nothing proves that its holder shows it.")
    # (5) Revocation.
    if not status:
        return verified
    said_at = verify_status(status, shown.status, issuer=shown.issuer, issuers=issuers, at=at)
    return Verified(shown, verified.form, said_at, verified.bound, verified.by_holder)


def verify_status(text: str, place: StatusPlace, *, issuer: Issuer, issuers: Issuers, at: datetime) -> datetime:
    """When the issuer said that the place is not revoked. Raises CertificateRefusedError."""
    try:
        listed = decode_status_token(text)
        verify_ed25519(listed.token, _key_of(listed.token, issuer, issuers, listed.issued_at).ed25519)
        if listed.uri != place.uri:
            raise VerificationError("The status list is another one than the certificate names.")
        _in_time(listed, at)
        value = listed.statuses.at(place.index)
    except CertificateRefusedError:
        raise
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.STATUS_UNKNOWN, exc.message) from exc
    if value:
        raise CertificateRefusedError(RefusedBecause.REVOKED, "Its issuer has revoked the certificate.")
    return listed.issued_at


def _in_time(listed: StatusToken, at: datetime) -> None:
    if not listed.issued_at - SKEW <= at < listed.expires_at or listed.expires_at - listed.issued_at > PUBLISHED_WITHIN:
        raise VerificationError("The status list is not of this hour: fetch a newer one.")


def _key_of(token: Jws, issuer: Issuer, issuers: Issuers, signed_at: datetime) -> IssuingKey:
    return _key(issuer.institution_id, token.text_of("kid"), issuers, signed_at)


def _key(institution_id: str, key_id: str, issuers: Issuers, signed_at: datetime) -> IssuingKey:
    try:
        key = issuers.signing_key(institution_id, key_id)
    except NotFoundError as exc:
        raise CertificateRefusedError(RefusedBecause.UNKNOWN_ISSUER, exc.message) from exc
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.OTHER_ISSUER, exc.message) from exc
    if not key.not_before <= signed_at < key.not_after:
        raise CertificateRefusedError(RefusedBecause.OTHER_ISSUER, f"Key '{key_id}' was not in force on that day.")
    return key


def _of_code(text: str, issuers: Issuers) -> Verified:
    try:
        code = decode_code(text)
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.UNREADABLE, exc.message) from exc
    key = _key(code.institution, code.key_id, issuers, code.issued_at)
    try:
        verify_code(code, key.ed25519)
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.FORGED, exc.message) from exc
    times = {"issued_at": code.issued_at, "expires_at": code.expires_at}
    shown = _shown(code.claims, issuer=key.issuer, status=code.status, **times)
    return Verified(shown, Form.CODE, None, bound=False, by_holder=False)


def _of_credential(text: str, issuers: Issuers, showing: Showing | None, at: datetime) -> Verified:
    try:
        one = decode_sd_jwt(text)
        if one.token.header.get("typ") != CREDENTIAL:
            raise VerificationError("This is a token of another kind.")
        authority = Fields(one.token.payload.get("issuing_authority"), what="issuing_authority").text("id")
        issued_at, expires_at = (instant_of(one.token.payload.get(name)) for name in ("iat", "exp"))
        place = _place(one.token.payload.get("status"))
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.UNREADABLE, exc.message) from exc
    try:
        key = _signed_by(one.token, authority, issuers, issued_at)
        claims = disclosed(one)
    except CertificateRefusedError:
        raise
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.FORGED, exc.message) from exc
    shown = _shown(claims, issuer=key.issuer, issued_at=issued_at, expires_at=expires_at, status=place)
    by_holder = False
    if showing is not None:
        try:
            verify_key_binding(one, audience=showing.audience, nonce=showing.nonce, at=at)
        except VerificationError as exc:
            raise CertificateRefusedError(RefusedBecause.NOT_BY_HOLDER, exc.message) from exc
        by_holder = True
    return Verified(shown, Form.CREDENTIAL, None, bound="cnf" in one.token.payload, by_holder=by_holder)


def _signed_by(token: Jws, institution: str, issuers: Issuers, issued_at: datetime) -> IssuingKey:
    """The key of the directory that signed a credential, or vouched for the P-256 key that did (vouching.py)."""
    if token.header.get("alg") != ES256:
        key = _key(institution, token.text_of("kid"), issuers, issued_at)
        verify_ed25519(token, key.ed25519)
        return key
    said = vouching_of(token)
    key = _key(institution, said.text_of("kid"), issuers, issued_at)
    verify_vouched(token, said, key.ed25519, institution=institution, issued_at=issued_at)
    return key


def _shown(claims: Any, *, issuer: Issuer, status: StatusPlace, issued_at: datetime, expires_at: datetime) -> Shown:
    try:
        return read_shown(claims, issuer=issuer, issued_at=issued_at, expires_at=expires_at, status=status)
    except VerificationError as exc:
        raise CertificateRefusedError(RefusedBecause.UNREADABLE, exc.message) from exc


def _place(claim: Any) -> StatusPlace:
    """The claim `status` (draft-ietf-oauth-status-list-21, section 6.2): every certificate can be revoked."""
    listed = claim.get("status_list") if isinstance(claim, dict) else None
    index = listed.get("idx") if isinstance(listed, dict) else None
    if type(index) is not int:
        raise VerificationError("The certificate names no place in a status list.")
    return StatusPlace(Fields(listed, what="status_list").text("uri"), index)

"""An institution that issues certificates with keys of its own, another one, and a directory that lists both."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portability.agreements.careers import AnswerStatus
from portability.agreements.errors import NotFoundError, VerificationError
from portability.agreements.periods import Duration, PeriodUnit
from portability.agreements.values import Branch
from portability.services.certificates.making import make_code, make_credential
from portability.services.certificates.model import (
    Award,
    Career,
    CareerCountry,
    Certificate,
    Coverage,
    CoverageStatus,
    Employer,
    Entitlement,
    Holder,
    Issuer,
    StatusPlace,
    Workplace,
)
from portability.services.certificates.status_list import StatusList, sign_status_list
from portability.services.certificates.verifying import IssuingKey


def months(count: int) -> Duration:
    return Duration(Fraction(count), PeriodUnit.MONTHS)


NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
URL = "https://certificates.inps.example"
LIST = f"{URL}/certificates/status/1"
INPS = Issuer("it-inps", "Istituto nazionale della previdenza sociale", "IT")
DRV = Issuer("de-drv", "Deutsche Rentenversicherung", "DE")
ROSA = Holder("Conti", "Rosa Maria", date(1961, 4, 2), "CNTRSM61D42H501X")

POSTED = Coverage(
    agreement_id="eu-883-2004",
    legislation="IT",
    status=CoverageStatus.POSTED_EMPLOYED,
    start=date(2026, 10, 1),
    end=date(2027, 10, 1),
    employers=(Employer("IT-01234567890", "Trasporti Conti S.r.l.", "IT"),),
    workplaces=(
        Workplace("DE", "Hamburg", street="Frachthafen 5", postal_code="20457", company="Hafen Logistik GmbH"),
    ),
)
LIVED = Career(
    as_of=date(2026, 11, 20),
    countries=(
        CareerCountry("IT", "INPS", AnswerStatus.KNOWN, (months(118),), date(1981, 3, 1), date(1992, 6, 1)),
        CareerCountry("DE", "DRV", AnswerStatus.KNOWN, (months(252),), date(1992, 7, 1), None),
        CareerCountry("AR", "", AnswerStatus.ASKED_NO_ANSWER),
    ),
)
PENSION = Entitlement(Branch.OLD_AGE, date(2026, 5, 1), awards=(Award("480.00", "EUR", "month"),))
IN_KIND = Entitlement(Branch.SICKNESS, date(2026, 1, 1), date(2028, 1, 1))


def certificate(**content: object) -> Certificate:
    """One of the contents above under its name: coverage=POSTED."""
    return Certificate(
        certificate_id=UUID("018f4e6a-0000-7000-8000-000000000001"),
        case_id=UUID("018f4e6a-0000-7000-8000-0000000000aa"),
        number="IT-INPS-2026-7F3K9Q2X",
        holder=ROSA,
        issuer=INPS,
        issued_at=NOW,
        expires_at=datetime(2027, 10, 1, tzinfo=UTC),
        status=StatusPlace(LIST, 77_123),
        **content,  # type: ignore[arg-type]
    )


@dataclass
class Institution:
    """Signs as `making.Signer` with a key of its own."""

    issuer: Issuer
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    name: str = "sig-0123456789abcdef"

    def key_id(self, at: datetime) -> str:
        return self.name

    def sign(self, key_id: str, message: bytes) -> bytes:
        assert key_id == self.name
        return self.private.sign(message)

    def credential(self, one: Certificate, **changes: object) -> str:
        return make_credential(one, signer=self, issuer_url=URL, random_bytes=secrets.token_bytes, **changes)  # type: ignore[arg-type]

    def code(self, one: Certificate) -> str:
        return make_code(one, signer=self)

    def status_list(self, *revoked: int, at: datetime = NOW, uri: str = LIST) -> str:
        return sign_status_list(
            StatusList.of_revoked(revoked), uri=uri, issuer=URL, at=at, key_id=self.name, sign=self.private.sign
        )


@dataclass
class Directory:
    """The port `Issuers`: each institution with its one key."""

    institutions: list[Institution]

    def signing_key(self, institution_id: str, key_id: str) -> IssuingKey:
        for one in self.institutions:
            if one.issuer.institution_id == institution_id:
                if one.name != key_id:
                    raise VerificationError(f"Key '{key_id}' is not of '{institution_id}'.")
                public = one.private.public_key().public_bytes_raw()
                return IssuingKey(one.issuer, public, NOW - timedelta(days=300), NOW + timedelta(days=60))
        raise NotFoundError(f"'{institution_id}' is not in the directory.")


def as_of(one: Certificate, at: datetime) -> Certificate:
    return replace(one, issued_at=at)

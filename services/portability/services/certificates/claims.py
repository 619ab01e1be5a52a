"""Certificates as claims, by the names of the published rulebooks.

Coverage under Regulation 883/2004 is a portable document A1 and a right to sickness benefits is a European Health
Insurance Card: claims, their forms and what is disclosed selectively are those of the DC4EU attestation rulebooks
"PDA1" 1.1 and "EHIC" of July 2025 (urn:eudi:pda1:1, urn:eudi:ehic:1). Careers, other rights and coverage under other
agreements have types of our own that begin with the same common block. docs/spec/certificates.md lists every name.
"""

from datetime import UTC, date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from portability.agreements.values import Branch
from portability.services.certificates.model import Career, CareerCountry, Certificate, Coverage, Entitlement

__all__ = [
    "CAREER",
    "COVERAGE",
    "EHIC",
    "ENTITLEMENT",
    "EU_COORDINATION",
    "HIDDEN",
    "PDA1",
    "claims_of",
    "paper_claims_of",
    "type_of",
]

PDA1: Final = "urn:eudi:pda1:1"
EHIC: Final = "urn:eudi:ehic:1"
COVERAGE: Final = "urn:portability:coverage-certificate:1"
CAREER: Final = "urn:portability:career-statement:1"
ENTITLEMENT: Final = "urn:portability:entitlement-statement:1"

EU_COORDINATION: Final = "eu-883-2004"
HIDDEN: Final = frozenset(
    {"personal_administrative_number", "document_number", "family_name", "given_name", "birthdate"}
)
"""Claims that their holder discloses by choice (rulebook "PDA1", section 3.2; of the person, likewise)."""


def type_of(certificate: Certificate) -> str:
    """The `vct` of a certificate."""
    if certificate.coverage is not None:
        return PDA1 if certificate.coverage.agreement_id == EU_COORDINATION else COVERAGE
    if certificate.career is not None:
        return CAREER
    right = certificate.entitlement
    # The card says nothing of amounts, so it stands for a right in kind alone.
    return EHIC if right is not None and right.branch is Branch.SICKNESS and not right.awards else ENTITLEMENT


def claims_of(certificate: Certificate) -> dict[str, Any]:
    """All claims of the verifiable credential but those of the token itself (iss, iat, cnf, status)."""
    kind, issuer = type_of(certificate), certificate.issuer
    claims: dict[str, Any] = {
        "vct": kind,
        "personal_administrative_number": certificate.holder.number,
        "issuing_authority": {"id": issuer.institution_id, "name": issuer.name, "country": issuer.country},
        "authentic_source": {"id": eessi_id(issuer.institution_id), "name": issuer.name},
        "date_of_issuance": _day(certificate.issued_at.astimezone(UTC).date()),
        "date_of_expiry": _day(certificate.expires_at.astimezone(UTC).date() - timedelta(days=1)),
        "document_number": certificate.number,
    }
    if kind not in {PDA1, EHIC}:  # these two are shown beside the holder's identification, which has them
        claims |= _person(certificate)
    return claims | _content(certificate)


def paper_claims_of(certificate: Certificate) -> dict[str, Any]:
    """The claims on paper: what somebody needs who holds the paper in one hand and an identity card in the other.

    The person is named, her number is not; of employers and places only what tells them apart.
    """
    claims = {
        "vct": type_of(certificate),
        "document_number": certificate.number,
        **_person(certificate),
        **_content(certificate),
    }
    if certificate.coverage is not None:
        claims["employer"] = [{"name": one.name, "country": one.country} for one in certificate.coverage.employers]
        if certificate.coverage.workplaces:
            places = [{"locality": one.locality, "country": one.country} for one in certificate.coverage.workplaces]
            claims["work_information"] = {"work_address": places}
    return claims


def eessi_id(institution_id: str) -> str:
    """The id in the form of the European exchange: "de-drv" is "DE:DRV"."""
    country, _, name = institution_id.partition("-")
    return f"{country}:{name}".upper()


def _person(certificate: Certificate) -> dict[str, str]:
    holder = certificate.holder
    return {
        "family_name": holder.family_name,
        "given_name": holder.given_names,
        "birthdate": _day(holder.birth_date),
    }


def _content(certificate: Certificate) -> dict[str, Any]:
    if certificate.coverage is not None:
        return _coverage(certificate.coverage)
    if certificate.career is not None:
        return _career(certificate.career)
    return _entitlement(certificate.entitlement) if certificate.entitlement is not None else {}


def _coverage(coverage: Coverage) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "starting_date": _day(coverage.start),
        "ending_date": _last(coverage.end),
        "employer": [
            {
                "type": "02" if one.self_employed else "01",
                "id": one.employer_id,
                "name": one.name,
                "country": one.country,
            }
            for one in coverage.employers
        ],
        "work_information": _work(coverage),
        "legislation_country": coverage.legislation,
        "status_confirmation": coverage.status.value,
    }
    return claims if coverage.agreement_id == EU_COORDINATION else {**claims, "agreement": coverage.agreement_id}


def _work(coverage: Coverage) -> dict[str, Any]:
    work: dict[str, Any] = {}
    if coverage.no_fixed_place_in:
        work["no_fixed_place_of_work"] = coverage.no_fixed_place_in
    if coverage.workplaces:
        work["work_address"] = [
            _given(
                street_address=one.street,
                postal_code=one.postal_code,
                locality=one.locality,
                country=one.country,
                company_name=one.company,
            )
            for one in coverage.workplaces
        ]
    return work


def _career(career: Career) -> dict[str, Any]:
    return {"as_of": _day(career.as_of), "career": [_country(one) for one in career.countries]}


def _country(one: CareerCountry) -> dict[str, Any]:
    return _given(
        country=one.state,
        institution=one.institution,
        status=one.status.value,
        starting_date=_day(one.start) if one.start else "",
        ending_date=_last(one.end) if one.end else "",
        totals=[{"amount": _amount(each.amount), "unit": each.unit.value} for each in one.totals],
    )


def _entitlement(right: Entitlement) -> dict[str, Any]:
    claims = _given(starting_date=_day(right.start), ending_date=_last(right.end) if right.end else "")
    if right.branch is Branch.SICKNESS and not right.awards:
        return claims
    awards = [{"amount": one.amount, "currency": one.currency, "frequency": one.frequency} for one in right.awards]
    return {**claims, "branch": right.branch.value, "awards": awards}


def _given(**claims: Any) -> dict[str, Any]:
    """Without those that are empty: the published schemas know no empty text."""
    return {name: value for name, value in claims.items() if value not in ("", [])}


def _amount(amount: Fraction) -> str:
    """With the four decimal places that records are exchanged with, where it has them."""
    text = f"{Decimal(amount.numerator) / Decimal(amount.denominator):.4f}"
    return text.rstrip("0").rstrip(".")


def _day(day: date) -> str:
    return day.isoformat()


def _last(end: date) -> str:
    """The last day before an exclusive end, as documents write it."""
    return (end - timedelta(days=1)).isoformat()

"""Credentials keep to the published schemas, and a schema of ours never changes under its version."""

import json
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from joserfc.jwk import ECKey

from portability.services.certificates.claims import CAREER, COVERAGE, EHIC, ENTITLEMENT, HIDDEN, PDA1, type_of
from portability.services.certificates.model import Certificate, hidden_coverage
from portability.services.certificates.sd_jwt import decode_sd_jwt, disclosed
from tests.services.certificates.certificate_world import (
    IN_KIND,
    INPS,
    LIVED,
    PENSION,
    POSTED,
    Institution,
    certificate,
    replace,
)

PUBLISHED = Path(__file__).parents[2] / "vectors" / "certificates"
OWN = files("portability.services.certificates") / "schemas"
ABROAD = replace(POSTED, agreement_id="ca-it")
TYPES = {
    PDA1: (certificate(coverage=POSTED), PUBLISHED / "published_pda1.schema.json"),
    EHIC: (certificate(entitlement=IN_KIND), PUBLISHED / "published_ehic.schema.json"),
    COVERAGE: (certificate(coverage=ABROAD), OWN / "coverage-certificate-1.schema.json"),
    CAREER: (certificate(career=LIVED), OWN / "career-statement-1.schema.json"),
    ENTITLEMENT: (certificate(entitlement=PENSION), OWN / "entitlement-statement-1.schema.json"),
}
# A version that is out in wallets stays what it is: a change is a new file with the next number.
DIGESTS = {
    "coverage-certificate-1": "df78ba2177c85c0e08d1c8125bec4b3be929d704c3bacda20abbd2e7158f9fe7",
    "career-statement-1": "532303d82f06b46d21bae9524c61bf38b0fdc195afb5337199590525d05a715f",
    "entitlement-statement-1": "eba8347ef8ccd9ce6ff04603fd02deccd739b3a5980056e2c4ef4577d804fcc9",
}


def claims(one: Certificate) -> dict[str, Any]:
    wallet = ECKey.generate_key("P-256").as_dict(private=False)
    return disclosed(decode_sd_jwt(Institution(INPS).credential(one, holder_key=wallet)))


@pytest.mark.parametrize("kind", TYPES)
def test_a_credential_keeps_to_the_schema_of_its_type(kind: str) -> None:
    one, schema = TYPES[kind]
    assert type_of(one) == kind
    issued = claims(one)
    # The claim of revocation stands in every credential and in no schema of the rulebooks, which leave it to their
    # common part (draft-ietf-oauth-status-list-21, section 6.2).
    if kind in {PDA1, EHIC}:
        assert issued.pop("status")["status_list"]["idx"] == 77_123
    checker = jsonschema.Draft202012Validator(json.loads(schema.read_text()), format_checker=jsonschema.FormatChecker())
    assert [error.message for error in checker.iter_errors(issued)] == []


@pytest.mark.parametrize("kind", [PDA1, COVERAGE])
def test_what_is_left_out_for_a_protected_person_keeps_to_the_schema_too(kind: str) -> None:
    one, schema = TYPES[kind]
    assert one.coverage is not None
    issued = claims(replace(one, coverage=hidden_coverage(one.coverage)))
    assert {each["name"] for each in issued["employer"]} == {"-"}
    issued.pop("status") if kind == PDA1 else None
    checker = jsonschema.Draft202012Validator(json.loads(schema.read_text()), format_checker=jsonschema.FormatChecker())
    assert [error.message for error in checker.iter_errors(issued)] == []


def test_the_number_of_the_person_and_of_the_document_are_disclosed_by_choice() -> None:
    one = decode_sd_jwt(Institution(INPS).credential(certificate(coverage=POSTED)))
    # Rulebook "PDA1" 1.1, section 3.2: always disclosed selectively; all else never.
    assert disclosed(one).keys() - one.token.payload.keys() == {"personal_administrative_number", "document_number"}
    assert {"personal_administrative_number", "document_number"} <= HIDDEN
    assert "transitional_rules" not in one.token.payload


@pytest.mark.parametrize("name", DIGESTS)
def test_a_schema_does_not_change_under_its_version(name: str) -> None:
    content = (OWN / f"{name}.schema.json").read_bytes()
    assert sha256(content).hexdigest() == DIGESTS[name]


def test_every_schema_of_ours_has_a_type_that_is_issued() -> None:
    named = {
        f"{name.removeprefix('urn:portability:').replace(':', '-')}.schema.json"
        for name in (COVERAGE, CAREER, ENTITLEMENT)
    }
    assert {path.name for path in OWN.iterdir()} == named

"""Certificates verified with nothing but the directory: what stands, and each way in which one does not."""

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey

from portability.agreements.errors import CertificateRefusedError
from portability.services.certificates.code import PREFIX, base45, decode_base45
from portability.services.certificates.jose import b64url, sign_jws
from portability.services.certificates.model import Certificate
from portability.services.certificates.refusals import RefusedBecause
from portability.services.certificates.sd_jwt import digest_of
from portability.services.certificates.verifying import Form, Showing, Verified, verify_certificate
from tests.services.certificates.certificate_world import (
    DRV,
    IN_KIND,
    INPS,
    LIVED,
    NOW,
    PENSION,
    POSTED,
    ROSA,
    Directory,
    Institution,
    as_of,
    certificate,
)

KINDS = [
    pytest.param(certificate(coverage=POSTED), id="portable document A1"),
    pytest.param(certificate(coverage=replace(POSTED, agreement_id="ca-it")), id="coverage"),
    pytest.param(certificate(career=LIVED), id="career"),
    pytest.param(certificate(entitlement=PENSION), id="pension"),
    pytest.param(certificate(entitlement=IN_KIND), id="health card"),
]
SHOWING = Showing("https://inspector.example", "n-0S6_WzA2Mj")


@pytest.fixture(autouse=True)
def _network_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the network is off")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)


@pytest.fixture
def inps() -> Institution:
    return Institution(INPS)


@pytest.fixture
def drv() -> Institution:
    return Institution(DRV, name="sig-fedcba9876543210")


def checked(text: str, *listed: Institution, at: datetime = NOW, **more: Any) -> Verified:
    return verify_certificate(text, issuers=Directory(list(listed)), at=at, **more)


def refused(text: str, *listed: Institution, at: datetime = NOW, **more: Any) -> RefusedBecause:
    with pytest.raises(CertificateRefusedError) as error:
        checked(text, *listed, at=at, **more)
    return error.value.reason


@pytest.mark.parametrize("one", KINDS)
def test_the_credential_says_what_was_issued(inps: Institution, one: Certificate) -> None:
    verified = checked(inps.credential(one), inps)
    assert verified.form is Form.CREDENTIAL and verified.status_at is None and not verified.bound
    shown, whole = verified.shown, one.shown()
    published = "urn:eudi" in str(one) or (shown.family_name == "" and shown.birth_date is None)
    # The two published types name no person: they are shown beside her identification.
    person = {} if not published else {"family_name": "", "given_names": "", "birth_date": None}
    assert shown == replace(whole, **person)


@pytest.mark.parametrize("one", KINDS)
def test_the_code_on_paper_names_the_person_and_keeps_her_number_back(inps: Institution, one: Certificate) -> None:
    shown = checked(inps.code(one), inps).shown
    assert (shown.family_name, shown.birth_date, shown.number) == (ROSA.family_name, ROSA.birth_date, one.number)
    assert shown.person_number == ""
    assert (shown.career, shown.entitlement) == (one.career, one.entitlement)
    if one.coverage is not None and shown.coverage is not None:
        assert [each.name for each in shown.coverage.employers] == ["Trasporti Conti S.r.l."]
        kept = replace(shown.coverage, employers=one.coverage.employers, workplaces=one.coverage.workplaces)
        assert kept == one.coverage


def test_what_the_holder_keeps_back_is_not_shown(inps: Institution) -> None:
    token, *disclosures, end = inps.credential(certificate(career=LIVED)).split("~")
    for number, left_out in enumerate(disclosures):
        rest = [one for one in disclosures if one is not left_out]
        shown = checked("~".join([token, *rest, end]), inps).shown
        given = [shown.person_number, shown.number, shown.family_name, shown.given_names, shown.birth_date]
        assert [bool(one) for one in given].count(False) == 1, number
        assert shown.career == LIVED
    nothing = checked(f"{token}~", inps).shown
    assert nothing.family_name == nothing.person_number == nothing.number == ""


@pytest.mark.parametrize("form", ["credential", "code"])
def test_revoked_is_refused_and_the_next_one_is_not(inps: Institution, form: str) -> None:
    text = getattr(inps, form)(certificate(coverage=POSTED))
    assert checked(text, inps, status=inps.status_list()).status_at == NOW
    assert checked(text, inps, status=inps.status_list(77_122, 77_124)).status_at == NOW
    assert refused(text, inps, status=inps.status_list(77_123)) is RefusedBecause.REVOKED


def test_a_status_list_counts_for_an_hour_and_of_its_issuer(inps: Institution, drv: Institution) -> None:
    text = inps.code(certificate(coverage=POSTED))
    hour = timedelta(hours=1)
    assert checked(text, inps, at=NOW + hour - timedelta(seconds=1), status=inps.status_list())
    unknown = RefusedBecause.STATUS_UNKNOWN
    assert refused(text, inps, at=NOW + hour, status=inps.status_list()) is unknown
    assert refused(text, inps, status=inps.status_list(at=NOW + hour)) is unknown
    assert refused(text, inps, status=inps.status_list(uri="https://other.example/1")) is unknown
    assert refused(text, inps, drv, status=drv.status_list()) is RefusedBecause.OTHER_ISSUER
    assert refused(text, inps, status="e30.e30.AAAA") is unknown
    forged = inps.status_list(77_123).rsplit(".", 1)[0] + "." + inps.status_list().rsplit(".", 1)[1]
    assert refused(text, inps, status=forged) is unknown


@pytest.mark.parametrize("form", ["credential", "code"])
def test_a_certificate_has_a_beginning_and_an_end(inps: Institution, form: str) -> None:
    text = getattr(inps, form)(certificate(coverage=POSTED))
    # The last day of the coverage is 30 September 2027.
    assert checked(text, inps, at=datetime(2027, 9, 30, 23, 59, tzinfo=UTC))
    assert refused(text, inps, at=datetime(2027, 10, 1, tzinfo=UTC)) is RefusedBecause.EXPIRED
    assert refused(text, inps, at=NOW - timedelta(minutes=6)) is RefusedBecause.NOT_YET


@pytest.mark.parametrize("form", ["credential", "code"])
def test_another_institution_cannot_issue_in_its_name(inps: Institution, drv: Institution, form: str) -> None:
    one = certificate(coverage=POSTED)
    assert refused(getattr(drv, form)(one), inps, drv) is RefusedBecause.OTHER_ISSUER
    thief = Institution(INPS)  # the right name of a key, and another key
    assert refused(getattr(thief, form)(one), inps) is RefusedBecause.FORGED
    assert refused(getattr(inps, form)(one), drv) is RefusedBecause.UNKNOWN_ISSUER
    before = as_of(one, NOW - timedelta(days=301))
    assert refused(getattr(inps, form)(before), inps) is RefusedBecause.OTHER_ISSUER


def test_a_changed_credential_is_forged(inps: Institution) -> None:
    other = inps.credential(certificate(coverage=replace(POSTED, legislation="DE")))
    token, *disclosures = inps.credential(certificate(coverage=POSTED)).split("~")
    head, _, signature = token.split(".")
    content = other.split("~")[0].split(".")[1]
    assert refused("~".join([f"{head}.{content}.{signature}", *disclosures]), inps) is RefusedBecause.FORGED
    stranger = other.split("~")[1]
    assert refused("~".join([token, stranger, ""]), inps) is RefusedBecause.FORGED
    assert refused("~".join([token, disclosures[0], disclosures[0], ""]), inps) is RefusedBecause.FORGED


def test_a_code_with_any_one_bit_changed_is_refused(inps: Institution) -> None:
    code = inps.code(certificate(coverage=POSTED))
    data = decode_base45(code.removeprefix(PREFIX))
    reasons = set()
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        reasons.add(refused(PREFIX + base45(bytes(changed)), inps))
    assert RefusedBecause.UNREADABLE in reasons


@pytest.mark.parametrize(
    "text", ["", "PBC1:", "HC1:6BF", "~", "a.b.c~", "{}", "PBC1:" + "A" * 4_292, "\x00" * 40, "é~"]
)
def test_what_is_no_certificate_is_said_to_be_none(inps: Institution, text: str) -> None:
    assert refused(text, inps) is RefusedBecause.UNREADABLE


def shown_by(wallet: ECKey, credential: str, *, nonce: str = SHOWING.nonce, at: datetime = NOW, **payload: Any) -> str:
    import json

    said = {
        "aud": SHOWING.audience,
        "nonce": nonce,
        "iat": int(at.timestamp()),
        "sd_hash": digest_of(credential),
        **payload,
    }
    return credential + jws.serialize_compact({"alg": "ES256", "typ": "kb+jwt"}, json.dumps(said).encode(), wallet)


def test_a_credential_of_a_wallet_is_shown_by_that_wallet_alone(inps: Institution) -> None:
    wallet, thief = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    credential = inps.credential(certificate(coverage=POSTED), holder_key=wallet.as_dict(private=False))
    verified = checked(shown_by(wallet, credential), inps, showing=SHOWING)
    assert verified.bound and verified.by_holder
    not_hers = RefusedBecause.NOT_BY_HOLDER
    assert refused(shown_by(thief, credential), inps, showing=SHOWING) is not_hers
    assert refused(credential, inps, showing=SHOWING) is not_hers
    assert refused(shown_by(wallet, credential, nonce="of yesterday"), inps, showing=SHOWING) is not_hers
    replayed = shown_by(wallet, credential, at=NOW - timedelta(minutes=6))
    assert refused(replayed, inps, showing=SHOWING) is not_hers
    assert refused(shown_by(wallet, credential, aud="https://other.example"), inps, showing=SHOWING) is not_hers
    assert refused(inps.code(certificate(coverage=POSTED)), inps, showing=SHOWING) is not_hers


def test_a_wallet_with_an_ed25519_key_shows_it_too(inps: Institution) -> None:
    wallet = Ed25519PrivateKey.generate()
    key = {"kty": "OKP", "crv": "Ed25519", "x": b64url(wallet.public_key().public_bytes_raw())}
    credential = inps.credential(certificate(coverage=POSTED), holder_key=key)
    said = {
        "aud": SHOWING.audience,
        "nonce": SHOWING.nonce,
        "iat": int(NOW.timestamp()),
        "sd_hash": digest_of(credential),
    }
    shown = credential + sign_jws(said, kind="kb+jwt", key_id="wallet", sign=wallet.sign)
    assert checked(shown, inps, showing=SHOWING).by_holder
    thief = credential + sign_jws(said, kind="kb+jwt", key_id="wallet", sign=Ed25519PrivateKey.generate().sign)
    assert refused(thief, inps, showing=SHOWING) is RefusedBecause.NOT_BY_HOLDER


def test_codes_are_small_enough_for_a_cheap_phone(inps: Institution) -> None:
    import segno

    for one in (certificate(coverage=POSTED), certificate(entitlement=PENSION), certificate(entitlement=IN_KIND)):
        drawn = segno.make(inps.code(one), error="m", boost_error=False)
        # 77 modules of 0.5 mm are 39 mm: what a camera of 2 megapixels resolves at 20 cm with room to spare.
        assert drawn.mode == "alphanumeric" and int(drawn.version) <= 15, drawn.designator
    assert int(segno.make(inps.code(certificate(career=LIVED)), error="m", boost_error=False).version) <= 17

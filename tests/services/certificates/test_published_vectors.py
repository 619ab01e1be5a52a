"""What others have published: RFC 9901, RFC 9285, the COSE working group and the draft of token status lists."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from portability.agreements.errors import VerificationError
from portability.services.certificates.code import base45, decode_base45, decode_sign1
from portability.services.certificates.jose import verify_jwk
from portability.services.certificates.sd_jwt import decode_sd_jwt, digest_of, disclosed, verify_key_binding
from portability.services.certificates.status_list import StatusList

VECTORS = Path(__file__).parents[2] / "vectors" / "certificates"
RFC9901 = json.loads((VECTORS / "rfc9901_a3.json").read_text())
PRESENTATION = "".join(RFC9901["presentation"])
# draft-ietf-oauth-status-list-21, appendix C.1
C1 = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADje"
    "lAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb"
)


def test_a_digest_is_of_the_text_of_a_disclosure() -> None:
    # RFC 9901, section 4.2.3
    disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert digest_of(disclosure) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_the_credential_of_rfc_9901_verifies_and_discloses_what_its_holder_chose() -> None:
    one = decode_sd_jwt(PRESENTATION)
    verify_jwk(one.token, RFC9901["issuer_key"])
    shown_at = datetime.fromtimestamp(RFC9901["shown_at"], UTC)
    verify_key_binding(one, audience=RFC9901["audience"], nonce=RFC9901["nonce"], at=shown_at)
    claims = disclosed(one)
    assert claims["vct"] == "https://bmi.bund.example/credential/pid/1.0"
    assert claims["nationalities"] == ["DE"]
    assert claims["age_equal_or_over"] == {"18": True}
    assert "family_name" not in claims and "_sd" not in claims and "_sd_alg" not in claims


@pytest.mark.parametrize(
    ("audience", "nonce", "later"),
    [("https://another.example", "1234567890", 0), ("https://verifier.example.org", "1", 0),
     ("https://verifier.example.org", "1234567890", 301)],
)  # fmt: skip
def test_its_showing_counts_for_one_verifier_once_and_now(audience: str, nonce: str, later: int) -> None:
    shown_at = datetime.fromtimestamp(RFC9901["shown_at"] + later, UTC)
    with pytest.raises(VerificationError):
        verify_key_binding(decode_sd_jwt(PRESENTATION), audience=audience, nonce=nonce, at=shown_at)


def test_a_showing_does_not_cover_one_disclosure_less() -> None:
    first, _, *rest = PRESENTATION.split("~")
    shown_at = datetime.fromtimestamp(RFC9901["shown_at"], UTC)
    with pytest.raises(VerificationError, match="another certificate"):
        verify_key_binding(
            decode_sd_jwt("~".join([first, *rest])), audience=RFC9901["audience"], nonce=RFC9901["nonce"], at=shown_at
        )


@pytest.mark.parametrize(
    ("data", "text"),
    # RFC 9285, sections 4.3 and 4.4
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_base45_is_that_of_rfc_9285(data: bytes, text: str) -> None:
    assert base45(data) == text
    assert decode_base45(text) == data


@pytest.mark.parametrize("text", ["GGX", ":::", "A", "ab8", "BB8B"])
def test_base45_refuses_what_is_no_text_of_it(text: str) -> None:
    with pytest.raises(VerificationError):  # ":::" is 91124 and "GGX" 65536: more than two bytes hold (section 4.4)
        decode_base45(text)


def test_a_sign1_is_read_as_the_cose_working_group_writes_it() -> None:
    # github.com/cose-wg/Examples, eddsa-examples/eddsa-sig-01.json
    signed = bytes.fromhex(
        "D28445A201270300A10442313154546869732069732074686520636F6E74656E742E58407142FD2FF96D56DB85BEE905A76BA1D0B7321A95"
        "C8C4D3607C5781932B7AFB8711497DFA751BF40B58B3BCC32300B1487F3DB34085EEF013BF08F4A44D6FEF0D"
    )
    to_be_signed = bytes.fromhex("846A5369676E61747572653145A2012703004054546869732069732074686520636F6E74656E742E")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    protected, payload, signature = decode_sign1(signed)
    assert cbor2.dumps(["Signature1", protected, b"", payload]) == to_be_signed
    Ed25519PublicKey.from_public_bytes(public).verify(signature, to_be_signed)
    assert payload == b"This is the content."


def test_a_sign1_under_another_tag_is_none() -> None:
    # github.com/cose-wg/Examples, sign1-tests/sign-fail-01.json: the tag is 998
    with pytest.raises(VerificationError):
        decode_sign1(bytes.fromhex("D903E68443A10126A10442313154546869732069732074686520636F6E74656E742E4100"))


def test_status_lists_are_those_of_the_draft() -> None:
    # draft-ietf-oauth-status-list-21, sections 4.1 and 4.2
    one = StatusList.read({"bits": 1, "lst": "eNrbuRgAAhcBXQ"})
    assert [one.at(index) for index in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    assert StatusList.of_revoked([0, 3, 4, 5, 7, 8, 9, 13, 15], places=16).compressed() == "eNrbuRgAAhcBXQ"
    two = StatusList.read({"bits": 2, "lst": "eNo76fITAAPfAgc"})
    assert [two.at(index) for index in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


def test_the_long_status_list_of_the_draft_is_read_to_its_end() -> None:
    revoked = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
    read = StatusList.read({"bits": 1, "lst": C1})
    assert [index for index in range(1 << 20) if read.at(index)] == revoked
    assert StatusList.of_revoked(revoked, places=1 << 20).packed == read.packed
    with pytest.raises(VerificationError):
        read.at(1 << 20)

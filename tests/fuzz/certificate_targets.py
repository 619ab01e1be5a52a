"""What anybody may show as a certificate: codes, credentials, status lists, and what stands inside them."""

from collections.abc import Coroutine, Sequence
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jws
from joserfc.jwk import ECKey
from starlette.requests import Request

from portability.adapters.paper.claim_code import claim_code, decode_claim_code
from portability.adapters.workers.web.certificate_pages import read_shown_text
from portability.adapters.workers.web.claim_form_fields import read_claim_form
from portability.adapters.workers.web.claim_form_pages import claim_of
from portability.adapters.workers.web.security import FormRefusedError
from portability.adapters.workers.web.wallet_pages import read_wallet_request
from portability.agreements.errors import CertificateRefusedError, InputError, VerificationError
from portability.services.certificates.code import decode_base45, decode_code, decode_sign1
from portability.services.certificates.jose import decode_b64url, decode_json, decode_jws, verify_jwk
from portability.services.certificates.offering import TYPES, _read_request
from portability.services.certificates.sd_jwt import decode_sd_jwt, disclosed
from portability.services.certificates.status_list import decode_status_token
from portability.services.certificates.verifying import verify_certificate
from tests.fuzz.target import Target
from tests.services.certificates.certificate_world import (
    INPS,
    LIVED,
    NOW,
    POSTED,
    Directory,
    Institution,
    certificate,
)

__all__ = ["certificate_targets"]

ISSUER = Institution(INPS)
WALLET = ECKey.generate_key("P-256")
PROOF = jws.serialize_compact({"alg": "ES256", "jwk": WALLET.as_dict(private=False)}, b'{"nonce":"n"}', WALLET)
ASKED = b'{"credential_configuration_id":"%s","proofs":{"jwt":["a"]}}' % TYPES[0].encode()
FORM = (
    b"family_name=Conti&birth_date=1961-04-02&residence=IT&award_on=2026-12-01&state1=IT&number1=A1&"
    b"from1=1981-03-01&until1=1992-05-31"
)
CLAIM = claim_code(claim_of(dict(parse_qsl(FORM.decode())), today=NOW.date(), language="en"))
HERS = Directory([ISSUER])


def certificate_targets() -> Sequence[Target]:
    """Each is refused by the one error that says why."""
    declared = (VerificationError,)
    credential = ISSUER.credential(certificate(career=LIVED))
    code = ISSUER.code(certificate(coverage=POSTED))
    shown = [text.encode() for text in (credential, code)]
    token = credential.split("~")[0].encode()
    return [
        Target("certificate", _certificate, (CertificateRefusedError,), shown, largest=8_192),
        Target("certificate-content", _content, (CertificateRefusedError,), [decode_base45(code[5:])], largest=2_048),
        Target("certificate-code", lambda data: decode_code(_text(data)), declared, [shown[1]], largest=4_400),
        Target("certificate-sign1", decode_sign1, declared, [decode_base45(code[5:])], largest=2_048),
        Target("certificate-credential", _credential, declared, [shown[0]], largest=8_192),
        Target("certificate-token", _token, declared, [token, b"e30", b'{"a":1}'], largest=4_096),
        Target("web-certificate", _form, (FormRefusedError,), [b"certificate=PBC1%3AABC", b"a=1&b"], largest=8_192),
        Target("wallet-request", _wallet, (InputError,), [ASKED], largest=8_192),
        Target(
            "claim-code", lambda data: decode_claim_code(_text(data)), (InputError,), [CLAIM.encode()], largest=2_048
        ),
        Target("web-claim-form", _claim_form, (InputError, FormRefusedError), [FORM], largest=4_096),
        Target("wallet-proof", _proof, declared, [PROOF.encode()], largest=2_048),
        Target("status-list", _status, declared, [ISSUER.status_list(1, 5).encode()], largest=4_096),
    ]


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _certificate(data: bytes) -> object:
    return verify_certificate(_text(data), issuers=HERS, at=NOW, status=ISSUER.status_list(3))


def _content(data: bytes) -> object:
    """A code whose content is anything, and whose signature stands: what a careless institution could issue."""
    import cbor2

    from portability.services.certificates.code import base45

    try:
        protected, payload, _ = decode_sign1(data)
    except VerificationError:
        protected, payload = cbor2.dumps({1: -8, 4: ISSUER.name.encode()}), data
    signature = ISSUER.private.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    whole = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
    return verify_certificate("PBC1:" + base45(whole), issuers=HERS, at=NOW)


def _credential(data: bytes) -> object:
    return disclosed(decode_sd_jwt(_text(data)))


def _token(data: bytes) -> object:
    text = _text(data)
    with_fallback = (decode_jws, lambda one: decode_json(one.encode()), decode_b64url)
    errors = []
    for read in with_fallback:
        try:
            return read(text)
        except VerificationError as error:
            errors.append(error)
    raise errors[-1]


def _form(data: bytes) -> object:
    """As the server hands it over, in one part."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": data, "more_body": False}

    return _read_at_once(read_shown_text(Request({"type": "http", "method": "POST", "headers": []}, receive)))


def _wallet(data: bytes) -> object:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": data, "more_body": False}

    request = _read_at_once(read_wallet_request(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    return _read_request(request, TYPES)


def _claim_form(data: bytes) -> object:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": data, "more_body": False}

    fields: Any = _read_at_once(read_claim_form(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    try:
        return claim_code(claim_of(fields, today=NOW.date(), language="en"))
    except UnicodeEncodeError as error:  # as the page takes it
        raise InputError("no text") from error


def _read_at_once(reading: Coroutine[Any, Any, object]) -> object:
    try:
        reading.send(None)
    except StopIteration as done:  # nothing in it waits for anybody
        return done.value
    raise AssertionError("the form was not read at once")


def _proof(data: bytes) -> object:
    """The key stands in what it signs: a stranger chooses both."""
    said = decode_jws(_text(data))
    return verify_jwk(said, said.header.get("jwk"))


def _status(data: bytes) -> object:
    listed = decode_status_token(_text(data))
    return listed.statuses.at(5)

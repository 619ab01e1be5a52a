"""A certificate into a wallet: offered by its holder, taken once, bound to the wallet's key."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from starlette.applications import Starlette

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.issuing import P256WalletKey
from portability.adapters.workers.web import WebSettings, create_app
from portability.adapters.workers.web.certificate_pages import certificate_topic
from portability.adapters.workers.web.wallet_pages import wallet_topic
from portability.services.certificates.jose import verify_es256, verify_jwk
from portability.services.certificates.model import CertificateKind
from portability.services.certificates.offering import GRANT, OfferUseCases
from portability.services.certificates.ports import Kept
from portability.services.certificates.sd_jwt import decode_sd_jwt, digest_of
from portability.services.certificates.use_cases import RevokeCertificate
from portability.services.certificates.verifying import Showing, verify_certificate
from tests.services.certificates.certificate_world import POSTED, URL, Directory
from tests.services.certificates.desk import ANNA, HERS, OTHERS
from tests.services.certificates.desk import Desk as Certificates


async def printed(kept: Kept, language: str) -> bytes:
    return b"%PDF"


def offers_of(certificates: Certificates) -> OfferUseCases:
    own = certificates.institution
    public = own.private.public_key().public_bytes_raw()
    return OfferUseCases(certificates.use_cases, lambda: {own.name: public})


@pytest.fixture
def certificates(samples: Any) -> Certificates:
    made = Certificates()
    made.facts.cases = {HERS: samples.WORKER, OTHERS: time_ordered_id()}
    return made


@pytest.fixture
def app(desk: Any, certificates: Certificates) -> Starlette:
    topics = (
        certificate_topic(certificates.use_cases, printed, Directory([certificates.institution])),
        wallet_topic(offers_of(certificates)),
    )
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=False)
    return create_app(desk.use_cases, settings, *topics, matters=desk.matters)


@pytest.fixture
async def client(app: Starlette) -> Any:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example.org") as made:
        yield made


def hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


async def offer(client: httpx.AsyncClient, desk: Any, kept: Kept) -> dict[str, Any]:
    """Signed in, she presses the button; what the code on the page holds."""
    form = await client.get("/sign-in")
    await client.post("/sign-in", data={**hidden(form), "contact": "+39 333 1234567"})
    page = await client.get("/sign-in/code")
    await client.post("/sign-in/code", data={**hidden(page), "code": desk.sender.sent[-1].code})
    mine = await client.get("/certificates")
    made = await client.post(
        f"/certificates/{kept.issued.certificate.certificate_id}/wallet",
        data={"form_token": hidden(mine)["form_token"]},
    )
    assert made.status_code == 200 and "<svg" in made.text and "img-src" not in made.headers["content-security-policy"]
    (link,) = re.findall(r'href="(openid-credential-offer:[^"]+)"', made.text)
    document: dict[str, Any] = json.loads(parse_qs(urlsplit(link).query)["credential_offer"][0])
    return document


class Wallet:
    """What a wallet does, by the documents that the issuer publishes."""

    def __init__(self, client: httpx.AsyncClient, certificates: Certificates) -> None:
        self.client, self.clock, self.key = client, certificates.clock, ECKey.generate_key("P-256")

    async def token(self, document: dict[str, Any], **changes: str) -> httpx.Response:
        code = document["grants"][GRANT]["pre-authorized_code"]
        return await self.client.post(
            "/wallet/token", data={"grant_type": GRANT, "pre-authorized_code": code, **changes}
        )

    async def nonce(self) -> str:
        return str((await self.client.post("/wallet/nonce")).json()["c_nonce"])

    def proof(self, nonce: str, *, key: ECKey | None = None, typ: str = "openid4vci-proof+jwt", **changes: Any) -> str:
        signing = key or self.key
        header = {"alg": "ES256", "typ": typ, "jwk": self.key.as_dict(private=False)}
        said = {"aud": URL, "iat": int(self.clock.now().timestamp()), "nonce": nonce, **changes}
        return jws.serialize_compact(header, json.dumps(said).encode(), signing)

    async def credential(self, token: str, kind: str, proof: str) -> httpx.Response:
        return await self.client.post(
            "/wallet/credential",
            json={"credential_configuration_id": kind, "proofs": {"jwt": [proof]}},
            headers={"Authorization": f"Bearer {token}"},
        )


async def test_a_wallet_takes_the_certificate_and_shows_it(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    kept = await certificates.issue(CertificateKind.COVERAGE, coverage=POSTED)
    wallet = Wallet(client, certificates)
    document = await offer(client, desk, kept)
    issuer = (await client.get("/.well-known/openid-credential-issuer")).json()
    server = (await client.get("/.well-known/oauth-authorization-server")).json()
    assert issuer["credential_issuer"] == server["issuer"] == document["credential_issuer"] == URL
    assert server["token_endpoint"] == f"{URL}/wallet/token"
    published = (await client.get("/.well-known/jwt-vc-issuer")).json()
    issued = decode_sd_jwt(kept.issued.credential).token
    (key,) = [one for one in published["jwks"]["keys"] if one["kid"] == issued.header["kid"]]
    verify_jwk(issued, key)  # as who has no directory
    assert published["issuer"] == issued.payload["iss"] == URL
    (kind,) = document["credential_configuration_ids"]
    assert issuer["credential_configurations_supported"][kind]["format"] == "dc+sd-jwt"

    token = (await wallet.token(document)).json()
    assert token["token_type"] == "Bearer"
    answer = await wallet.credential(token["access_token"], kind, wallet.proof(await wallet.nonce()))
    assert answer.headers["cache-control"] == "no-store"
    credential = answer.json()["credentials"][0]["credential"]

    now, showing = certificates.clock.now(), Showing("https://inspector.example", "n")
    said = {"aud": showing.audience, "nonce": "n", "iat": int(now.timestamp()), "sd_hash": digest_of(credential)}
    shown = credential + jws.serialize_compact({"alg": "ES256", "typ": "kb+jwt"}, json.dumps(said).encode(), wallet.key)
    verified = verify_certificate(
        shown,
        issuers=Directory([certificates.institution]),
        at=now,
        status=await certificates.use_cases.status_list(1),
        showing=showing,
    )
    assert verified.bound and verified.by_holder and verified.shown.coverage == POSTED


async def test_a_wallet_that_wants_es256_takes_it(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    object.__setattr__(certificates.use_cases, "wallet_key", P256WalletKey(b"k" * 32))
    kept = await certificates.issue(CertificateKind.COVERAGE, coverage=POSTED)
    wallet = Wallet(client, certificates)
    document = await offer(client, desk, kept)
    assert document["credential_configuration_ids"] == ["urn:eudi:pda1:1", "urn:eudi:pda1:1.es256"]
    issuer = (await client.get("/.well-known/openid-credential-issuer")).json()
    supported = issuer["credential_configurations_supported"]
    assert [
        (supported[kind]["vct"], supported[kind]["credential_signing_alg_values_supported"])
        for kind in document["credential_configuration_ids"]
    ] == [("urn:eudi:pda1:1", ["EdDSA"]), ("urn:eudi:pda1:1", ["ES256"])]
    token = (await wallet.token(document)).json()["access_token"]
    answer = await wallet.credential(token, "urn:eudi:pda1:1.es256", wallet.proof(await wallet.nonce()))
    credential = answer.json()["credentials"][0]["credential"]
    issued = decode_sd_jwt(credential).token
    published = (await client.get("/.well-known/jwt-vc-issuer")).json()["jwks"]["keys"]
    (key,) = [one for one in published if one["kid"] == issued.header["kid"]]
    assert (issued.header["alg"], key["alg"], key["kty"]) == ("ES256", "ES256", "EC")
    verify_es256(issued, key)  # as who has no directory
    verified = verify_certificate(
        credential, issuers=Directory([certificates.institution]), at=certificates.clock.now()
    )
    assert verified.bound
    assert verified.shown.coverage == POSTED


async def test_code_token_and_nonce_count_once(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    wallet = Wallet(client, certificates)
    document = await offer(client, desk, await certificates.issue())
    (kind,) = document["credential_configuration_ids"]
    token = (await wallet.token(document)).json()["access_token"]
    replayed = await wallet.token(document)
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    proof = wallet.proof(await wallet.nonce())
    assert (await wallet.credential(token, kind, proof)).status_code == 200
    assert (await wallet.credential(token, kind, proof)).json()["error"] == "invalid_nonce"
    again = await wallet.credential(token, kind, wallet.proof(await wallet.nonce()))
    assert (again.status_code, again.json()["error"]) == (401, "invalid_token")


async def test_a_proof_must_be_of_that_key_for_us_and_of_now(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    wallet = Wallet(client, certificates)
    document = await offer(client, desk, await certificates.issue())
    (kind,) = document["credential_configuration_ids"]
    token = (await wallet.token(document)).json()["access_token"]
    nonce = await wallet.nonce()
    earlier = int((certificates.clock.now() - timedelta(minutes=6)).timestamp())
    wrong = [
        wallet.proof(nonce, key=ECKey.generate_key("P-256")),
        wallet.proof(nonce, aud="https://other.example"),
        wallet.proof(nonce, iat=earlier),
        wallet.proof(nonce, typ="JWT"),
        "a.b.c",
        "",
    ]
    for proof in wrong:
        assert (await wallet.credential(token, kind, proof)).json()["error"] == "invalid_proof"
    strange = await wallet.credential(token, kind, wallet.proof("not of ours"))
    assert strange.json()["error"] == "invalid_nonce"
    other = await wallet.credential(token, "urn:eudi:pid:1", wallet.proof(nonce))
    assert other.json()["error"] == "unknown_credential_configuration"
    # None of these has used the token up.
    assert (await wallet.credential(token, kind, wallet.proof(nonce))).status_code == 200


async def test_offers_end_and_what_is_revoked_is_not_given(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    wallet = Wallet(client, certificates)
    kept = await certificates.issue()
    document = await offer(client, desk, kept)
    (kind,) = document["credential_configuration_ids"]
    token = (await wallet.token(document)).json()["access_token"]
    await certificates.use_cases.revoke(
        RevokeCertificate(time_ordered_id(), kept.issued.certificate.certificate_id), caller=ANNA
    )
    refused = await wallet.credential(token, kind, wallet.proof(await wallet.nonce()))
    assert refused.json()["error"] == "credential_request_denied"
    mine = await client.get("/certificates")
    address = f"/certificates/{kept.issued.certificate.certificate_id}/wallet"
    assert (await client.post(address, data={"form_token": hidden(mine)["form_token"]})).status_code == 404

    late = await certificates.issue()
    made = await offers_of(certificates).offer(certificates.facts.cases[HERS], late.issued.certificate.certificate_id)
    certificates.clock.advance(timedelta(minutes=10))
    assert (await wallet.token(dict(made.document))).json()["error"] == "invalid_grant"


async def test_an_offer_is_made_by_the_holder_alone_from_her_own_page(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    hers, other = await certificates.issue(), await certificates.issue(case_id=OTHERS)
    address = "/certificates/{}/wallet"
    nobody = await client.post(address.format(hers.issued.certificate.certificate_id), data={})
    assert nobody.headers["location"].startswith("/sign-in")
    await offer(client, desk, hers)
    form = hidden(await client.get("/certificates"))
    strange = await client.post(
        address.format(other.issued.certificate.certificate_id), data={"form_token": form["form_token"]}
    )
    assert strange.status_code == 404
    forged = await client.post(address.format(hers.issued.certificate.certificate_id), data={"form_token": "x"})
    assert forged.status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/wallet/credential", b"{"),
        ("/wallet/credential", b"[]"),
        ("/wallet/credential", b"x" * 40_000),
        ("/wallet/credential", json.dumps({"credential_configuration_id": "urn:eudi:pda1:1", "proofs": 1}).encode()),
        ("/wallet/token", b"\xff"),
        ("/wallet/token", b"grant_type=x"),
    ],
)
async def test_hostile_requests_are_answered_as_the_specification_says(
    client: httpx.AsyncClient, path: str, body: bytes
) -> None:
    headers = {"authorization": "Bearer x", "content-type": "application/x-www-form-urlencoded"}
    answer = await client.post(path, content=body, headers=headers)
    assert answer.status_code == 400 and answer.json()["error"]
    assert (await client.post("/wallet/credential", json={})).status_code == 401

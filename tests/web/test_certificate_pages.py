"""My certificates, the page on which everybody checks one, and the status lists."""

import html
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.workers.web import WebSettings, create_app
from portability.adapters.workers.web.certificate_pages import certificate_topic
from portability.services.certificates.model import CertificateKind, StatusPlace
from portability.services.certificates.ports import Kept
from portability.services.certificates.use_cases import RevokeCertificate
from portability.services.certificates.verifying import verify_certificate
from portability.services.workers.words import languages, without_isolates
from tests.services.certificates.certificate_world import DRV, POSTED, Directory, Institution, certificate
from tests.services.certificates.desk import ANNA, HERS, OTHERS
from tests.services.certificates.desk import Desk as Certificates


async def printed(kept: Kept, language: str) -> bytes:
    return f"%PDF {kept.issued.certificate.number} {language}".encode()


@pytest.fixture
def certificates(samples: Any) -> Certificates:
    made = Certificates()
    made.facts.cases = {HERS: samples.WORKER, OTHERS: time_ordered_id()}
    return made


@pytest.fixture
def drv() -> Institution:
    return Institution(DRV, name="sig-fedcba9876543210")


@pytest.fixture
def app(desk: Any, certificates: Certificates, drv: Institution) -> Starlette:
    issuers = Directory([certificates.institution, drv])
    topic = certificate_topic(certificates.use_cases, printed, issuers)
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=False)
    return create_app(desk.use_cases, settings, topic, matters=desk.matters)


@pytest.fixture
async def client(app: Starlette) -> Any:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example.org") as made:
        yield made


async def sign_in(client: httpx.AsyncClient, desk: Any) -> None:
    def hidden(page: httpx.Response) -> dict[str, str]:
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))

    form = await client.get("/sign-in")
    await client.post("/sign-in", data={**hidden(form), "contact": "+39 333 1234567"})
    page = await client.get("/sign-in/code")
    await client.post("/sign-in/code", data={**hidden(page), "code": desk.sender.sent[-1].code})


def visible(page: httpx.Response) -> str:
    text = re.sub(r"<head>.*?</head>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", without_isolates(html.unescape(text)))


async def test_she_reads_prints_and_saves_her_certificates(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    hers = (await certificates.issue(CertificateKind.COVERAGE, coverage=POSTED)).issued
    other = (await certificates.issue(case_id=OTHERS)).issued
    assert (await client.get("/certificates")).headers["location"].startswith("/sign-in")
    await sign_in(client, desk)
    page = await client.get("/certificates")
    assert "Certificate of coverage" in visible(page) and "Valid until 30 September 2027." in visible(page)
    assert "Trasporti Conti S.r.l. (IT)" in visible(page) and "Sent abroad by the employer" in visible(page)
    assert other.certificate.number not in page.text
    ways = dict(re.findall(r'href="(/certificates/[^"]+\.(pdf|jwt))" download', page.text))
    pdf, file = [await client.get(way) for way in ways]
    assert pdf.content == f"%PDF {hers.certificate.number} en".encode()
    assert pdf.headers["content-disposition"] == f'inline; filename="{hers.certificate.number}.pdf"'
    assert file.text == hers.credential
    for ending in ("pdf", "jwt"):
        strange = await client.get(f"/certificates/{other.certificate.certificate_id}.{ending}")
        assert strange.status_code == 404


async def test_a_revoked_certificate_is_shown_as_such_and_not_given_out(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    kept = await certificates.issue()
    certificate_id = kept.issued.certificate.certificate_id
    await certificates.use_cases.revoke(RevokeCertificate(time_ordered_id(), certificate_id), caller=ANNA)
    await sign_in(client, desk)
    page = await client.get("/certificates")
    assert "Withdrawn on 21 November 2026. It does not count any more." in visible(page)
    assert ".pdf" not in page.text
    assert (await client.get(f"/certificates/{certificate_id}.pdf")).status_code == 404


async def test_of_a_protected_person_what_tells_her_workplace_is_gone_and_the_page_says_why(
    client: httpx.AsyncClient, desk: Any, certificates: Certificates
) -> None:
    kept = await certificates.issue(CertificateKind.COVERAGE, coverage=POSTED)
    await sign_in(client, desk)
    number = kept.issued.certificate.certificate_id
    ways = (f"/certificates/{number}.pdf", f"/certificates/{number}.jwt")
    assert str(number) in (await client.get("/certificates")).text
    assert [(await client.get(way)).status_code for way in ways] == [200, 200]
    await certificates.protected.protect([HERS])
    page = await client.get("/certificates")
    assert "To protect you, this page shows no places and no employers." in page.text
    assert str(number) not in page.text
    assert [(await client.get(way)).status_code for way in ways] == [404, 404]


async def test_everybody_may_check_one_without_signing_in(
    client: httpx.AsyncClient, certificates: Certificates, drv: Institution
) -> None:
    kept = await certificates.issue(CertificateKind.COVERAGE, coverage=POSTED)
    for text in (kept.issued.code, kept.issued.credential):
        page = visible(await client.post("/check", data={"certificate": f"\n {text}\n"}))
        assert "This certificate is genuine and valid." in page
        assert "It was not withdrawn" in page and "Compare the name" in page
    berlins = replace(
        certificate(coverage=POSTED), issuer=DRV, status=StatusPlace("https://drv.example/certificates/status/1", 3)
    )
    of_another = visible(await client.post("/check", data={"certificate": drv.code(berlins)}))
    assert "This certificate is genuine and valid." in of_another and "Ask its issuer." in of_another

    certificate_id = kept.issued.certificate.certificate_id
    await certificates.use_cases.revoke(RevokeCertificate(time_ordered_id(), certificate_id), caller=ANNA)
    page = visible(await client.post("/check", data={"certificate": kept.issued.code}))
    assert "Do not rely on this certificate. Its issuer has withdrawn it." in page
    assert "Conti" not in page


@pytest.mark.parametrize(
    "text", ["", "<script>alert(1)</script>", "PBC1:" + "A" * 5000, "x" * 60_000, "\u0000", "e30.e30.e30~"]
)
async def test_what_is_no_certificate_is_answered_kindly(client: httpx.AsyncClient, text: str) -> None:
    page = await client.post("/check", data={"certificate": text})
    assert page.status_code == 200
    assert "This text is no certificate, or a part of it is missing." in visible(page)
    assert "<script" not in page.text
    assert (await client.post("/check", data={"certificate": "x" * 70_000})).status_code == 413


@pytest.mark.parametrize("language", languages())
async def test_the_page_speaks_every_language_and_stays_small(
    client: httpx.AsyncClient, certificates: Certificates, language: str
) -> None:
    kept = await certificates.issue()
    for page in (
        await client.get(f"/check?lang={language}"),
        await client.post(f"/check?lang={language}", data={"certificate": kept.issued.code}),
    ):
        assert page.headers["content-language"] == language
        assert len(page.content) < 20_000


async def test_the_status_list_is_published_as_it_is_now_and_kept_by_no_cache(
    client: httpx.AsyncClient, certificates: Certificates
) -> None:
    kept = await certificates.issue()
    place = kept.issued.certificate.status
    published = await client.get(place.uri.replace("https://certificates.inps.example", ""))
    assert published.headers["content-type"] == "application/statuslist+jwt"
    assert published.headers["cache-control"] == "no-store"
    issuers = Directory([certificates.institution])
    now = certificates.clock.now()
    assert verify_certificate(kept.issued.code, issuers=issuers, at=now, status=published.text).status_at == now
    for wrong in ("/certificates/status/0", "/certificates/status/1001", "/certificates/status/x"):
        assert (await client.get(wrong)).status_code == 404

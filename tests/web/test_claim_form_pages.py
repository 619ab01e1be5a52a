"""The claim on paper: filled in, printed with a code, read from a picture, and refused where it is hostile."""

import html
import re
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
from starlette.applications import Starlette

from portability.adapters.certificates.qr import read_picture
from portability.adapters.paper.claim_code import PREFIX, claim_code, decode_claim_code
from portability.adapters.paper.claim_form import print_claim_form
from portability.adapters.workers.web import WebSettings, create_app
from portability.adapters.workers.web.claim_form_pages import claim_form_topic, claim_of
from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.services.certificates.code import base45
from portability.services.workers.words import Words, languages, without_isolates

FILLED = {
    "family_name": "Conti",
    "given_names": "Rosa <b>Maria</b>",
    "birth_date": "1961-04-02",
    "residence": "IT",
    "award_on": "2026-12-01",
    "state1": "IT",
    "number1": "CNTRSM61D42H501X",
    "from1": "1981-03-01",
    "until1": "1992-05-31",
    "work1": "Näherin, #panic()",
    "state2": "DE",
    "number2": "65 010158 B 023",
    "from2": "1992-07-01",
    "until2": "2010-12-31",
    "work2": "مطعم",
    "state3": "",
}


async def printed(claim: pb.OldAgeClaim, words: Words) -> bytes:
    return await print_claim_form(claim, institution="INPS", words=words)


@pytest.fixture
def app(desk: Any) -> Starlette:
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=False)
    topic = claim_form_topic(printed, lambda: ["CA", "DE", "IT"])
    return create_app(desk.use_cases, settings, topic, matters=desk.matters)


@pytest.fixture
async def client(app: Starlette) -> Any:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example.org") as made:
        yield made


@pytest.mark.parametrize("language", languages())
async def test_what_is_filled_in_is_read_from_a_picture_of_the_paper(
    client: httpx.AsyncClient, samples: Any, tmp_path: Path, language: str
) -> None:
    answer = await client.post(f"/form?lang={language}", data=FILLED)
    assert answer.headers["content-type"] == "application/pdf"
    picture = tmp_path / "paper.png"
    pypdfium2.PdfDocument(answer.content)[0].render(scale=2).to_pil().save(picture)
    claim = decode_claim_code(read_picture(picture))
    assert claim == claim_of(FILLED, today=samples.NOW.date(), language=language)
    assert (claim.person.family_name, claim.person.identifiers[1].value) == ("Conti", "65 010158 B 023")
    assert [(one.state, one.activity) for one in claim.declared] == [("IT", "Näherin, #panic()"), ("DE", "مطعم")]
    assert claim.asks_in_writing and claim.language == language


@pytest.mark.parametrize(
    "changes",
    [
        {"family_name": ""},
        {"birth_date": "1961-02-30"},
        {"residence": "Italy"},
        {"state1": "", "state2": ""},
        {"number1": "", "number2": ""},
        {"from1": ""},
        {"family_name": "x" * 500},
        {"work1": "\ud83d\ude00" * 300},
        {"work1": "w" * 200, "work2": "w" * 200, "state3": "DE", "from3": "2011-01-01", "until3": "2012-01-01",
         "work3": "w" * 200, "state4": "IT", "from4": "2012-02-01", "until4": "2013-01-01", "work4": "w" * 201},
    ],
)  # fmt: skip
async def test_what_is_missing_or_wrong_is_said_and_nothing_typed_is_lost(
    client: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    typed = FILLED | {name: value.encode("utf-16", "surrogatepass").decode("utf-16") for name, value in changes.items()}
    page = await client.post("/form", data=typed)
    assert page.status_code == 422
    text = without_isolates(html.unescape(re.sub(r"<[^>]+>", " ", page.text)))
    assert "Something is missing or wrong." in text
    assert 'value="2026-12-01"' in page.text and "<b>Maria" not in page.text
    assert len(page.content) < 30_000


@pytest.mark.parametrize(
    ("changes", "at", "says"),
    [
        ({"family_name": ""}, "family_name", "Fill this in."),
        ({"birth_date": "1961-02-30"}, "birth_date", "Give a full date that exists."),
        ({"state1": ""}, "state1", "Fill this in."),
        ({"number1": "", "number2": ""}, "number1", "Give your number in at least one country."),
        ({"until2": ""}, "until2", "Give a full date that exists."),
        ({"until2": "1992-06-30"}, "until2", "The last day lies before the first day."),
        ({"given_names": "x" * 101}, "given_names", "Write fewer letters here: 100 at most."),
        ({"work3": "on a farm"}, "state3", "Fill this in."),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_first_of_all(
    client: httpx.AsyncClient, changes: dict[str, str], at: str, says: str
) -> None:
    page = (await client.post("/form", data=FILLED | changes)).text
    beside = re.search(rf'<p id="{at}-error" class="wrong">([^<]*)</p>\s*<(?:input|select) id="{at}"([^>]*)>', page)
    assert beside is not None
    assert beside[1] == says
    assert f'aria-invalid="true" aria-describedby="{at}-error"' in beside[2]
    first, _, _ = page.partition('<form method="post" action="/form"')
    assert re.search(rf'<a href="#{at}">[^<]*{re.escape(says)}</a>', first)


async def test_the_form_asks_only_for_countries_that_can_be_asked(client: httpx.AsyncClient) -> None:
    page = await client.get("/form?lang=es")
    assert set(re.findall(r'<option value="([A-Z]*)"', page.text)) == {"", "CA", "DE", "IT"}
    assert "Alemania" in page.text and len(page.content) < 20_000
    assert (await client.post("/form", content=b"a=" + b"x" * 20_000)).status_code == 413
    assert (await client.post("/form", content=b"\xff")).status_code == 400


def test_a_code_that_is_none_or_breaks_a_rule_is_refused() -> None:
    claim = claim_of(FILLED, today=date(2026, 11, 21), language="en")
    assert decode_claim_code(f" {claim_code(claim)}\n") == claim
    nobody = pb.OldAgeClaim()
    nobody.CopyFrom(claim)
    nobody.person.family_name = ""
    wrong = [
        "",
        "PBC1:BB8",
        PREFIX,
        PREFIX + "::::",
        PREFIX + base45(b"\xff\xff"),
        claim_code(nobody),
        PREFIX + "0" * 2_000,
    ]
    for text in wrong:
        with pytest.raises(InputError):
            decode_claim_code(text)
    long = pb.OldAgeClaim()
    long.CopyFrom(claim)
    long.declared.extend([claim.declared[0]] * 60)
    with pytest.raises(InputError, match="too much for one code"):
        claim_code(long)

"""Pages on which a worker claims a pension: filled in, looked at, sent, waited for; what is wrong or hostile."""

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import claim_pages, create_app
from portability.services.workers.claims.desk import RefuseClaim
from portability.services.workers.claims.model import Hindrance, Standing
from portability.services.workers.words import languages
from tests.services.workers.claim_world import NUMBER, ClaimWorld
from tests.services.workers.dispute_world import ANNA, name_of
from tests.services.workers.samples import WORKER
from tests.services.workers.test_views_of_cases import ROSA, case
from tests.web.test_worker_pages import browser, hidden, settings, sign_in, visible

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}"
WRITTEN = {
    "family_name": "Esposito",
    "given_names": "Rosa",
    "birth_date": "1959-03-02",
    "residence": "IT",
    "award_on": "2026-12-01",
    "state1": "IT",
    "number1": NUMBER,
    "from1": "1995-06-01",
    "until1": "2010-12-31",
    "work1": "sewing",
    "state2": "DE",
    "from2": "1985-04-01",
    "until2": "1995-01-31",
    "asks": "yes",
}


@pytest.fixture
def world() -> ClaimWorld:
    made = ClaimWorld()
    made.books.numbers[WORKER] = frozenset({NUMBER})
    return made


@pytest.fixture
def app(desk: Any, world: ClaimWorld) -> Starlette:
    topic = partial(claim_pages.routes, claims=world.use_cases, name_of=name_of, countries=lambda: ["CA", "DE", "IT"])
    return create_app(desk.use_cases, settings(), topic)


@pytest.fixture
async def client(app: Starlette, desk: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as opened:
        await sign_in(opened, desk)
        yield opened


async def look_at(client: httpx.AsyncClient, **changes: str) -> httpx.Response:
    form = await client.get("/claims/new")
    return await client.post("/claims/check", data={**hidden(form), **WRITTEN, **changes})


async def send(client: httpx.AsyncClient, **changes: str) -> httpx.Response:
    return await client.post("/claims", data=hidden(await look_at(client, **changes)))


async def test_she_looks_at_what_she_wrote_and_then_sends_it(client: httpx.AsyncClient, world: ClaimWorld) -> None:
    assert "You have sent no claim here yet." in visible(await client.get("/claims"))
    checked = await look_at(client)
    assert checked.status_code == 200
    text = visible(checked)
    assert "Nothing has been sent yet. If you send it today, the day of your claim is 20 November 2026." in text
    assert "Germany, April 1, 1985 to January 31, 1995" in text or "Germany, 1 April 1985 to 31 January 1995" in text
    assert "You ask that your claim counts there too." in text
    assert await world.use_cases.list_mine(WORKER) == ()
    sent = await client.post("/claims", data=hidden(checked))
    assert sent.url == "http://pages.example.org/claims?sent"
    (view,) = await world.use_cases.list_mine(WORKER)
    told = visible(sent)
    assert "We have your claim. Keep its number and its day." in told
    assert f"Number {view.claim.number}" in told
    assert "Your case was opened on 20 November 2026." in told
    assert f'href="/cases/{view.claim.case_id}"' in sent.text
    assert view.claim.wanted.asks_in_writing
    # The same form again, as by pressing twice, is the same claim.
    await client.post("/claims", data=hidden(checked))
    assert len(await world.use_cases.list_mine(WORKER)) == 1


async def test_she_goes_back_from_the_look_with_all_that_she_wrote(client: httpx.AsyncClient) -> None:
    checked = await look_at(client)
    assert 'formaction="/claims/new"' in checked.text
    assert 'formaction="/form"' in checked.text  # on paper instead
    form = await client.post("/claims/new", data=hidden(checked))
    assert form.status_code == 200
    values = dict(re.findall(r'name="([a-z_]+\d?)" type="[a-z]+" value="([^"]*)"', form.text))
    assert {name: values[name] for name in ("family_name", "number1", "work1", "until2")} == {
        "family_name": "Esposito", "number1": NUMBER, "work1": "sewing", "until2": "1995-01-31",
    }  # fmt: skip
    assert 'value="yes" aria-describedby="asks-hint" checked' in form.text
    longer = {"state5": "IT", "from5": "2012-01-01", "until5": "2013-01-01"}
    assert 'formaction="/form"' not in (await look_at(client, **longer)).text  # no paper holds five


async def test_the_form_is_filled_in_with_what_is_known(client: httpx.AsyncClient, world: ClaimWorld) -> None:
    await world.has_case(closed=True)
    world.books.cases[WORKER] = world.books.cases[ROSA]
    form = await client.get("/claims/new")
    for value in ("Esposito", "1959-03-02", NUMBER, "1995-06-01", "work in a hotel"):
        assert f'value="{value}"' in form.text
    # Where no institution can be asked she may have worked all the same.
    assert re.search(r'<option value="TN" selected>Tunisia', form.text)


@pytest.mark.parametrize(
    ("changes", "at", "says"),
    [
        ({"family_name": ""}, "family_name", "Fill this in."),
        ({"birth_date": "1961-02-30"}, "birth_date", "Give a full date that exists."),
        ({"birth_date": "2026-11-20", "award_on": "2026-12-01"}, "birth_date", "Give a full date that exists."),
        ({"award_on": "2030-01-01"}, "award_on", "Give a day within a year from today."),
        ({"from2": "2026-12-01", "until2": "2027-01-01"}, "from2", "This day has not come yet."),
        ({"until2": "1980-01-01"}, "until2", "The last day lies before the first day."),
        ({"number1": ""}, "number1", "Give your number in at least one country."),
        ({"number1": "--"}, "number1", "Give your number in at least one country."),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    client: httpx.AsyncClient, world: ClaimWorld, changes: dict[str, str], at: str, says: str
) -> None:
    page = await look_at(client, **changes)
    assert page.status_code == 422
    beside = re.search(
        rf'<p id="{at}-error" class="wrong">([^<]*)</p>\s*<(?:input|select) id="{at}"([^>]*)>', page.text
    )
    assert beside is not None
    assert beside[1] == says
    assert f'aria-describedby="{at}-error"' in beside[2]
    assert 'value="sewing"' in page.text
    form = {**hidden(await look_at(client)), **changes}
    assert (await client.post("/claims", data=form)).status_code == 422
    assert await world.use_cases.list_mine(WORKER) == ()


async def test_a_claim_that_waits_says_why_until_when_and_can_be_taken_back(
    client: httpx.AsyncClient, world: ClaimWorld
) -> None:
    world.office.refuses["never insured"] = Hindrance.CONTACT
    text = visible(await send(client))
    assert "A person there goes on with it by 4 December 2026." in text
    assert "As far as we know, you were never insured with us." in text
    assert "never insured" not in text.replace("were never insured with us", "")  # what staff reads is not hers
    again = await client.get("/claims/new")
    assert again.url == "http://pages.example.org/claims?open"
    assert "You have claimed this pension already." in visible(again)
    checked = {**hidden(again), **WRITTEN, "request_id": "01890000-0000-7000-8000-0000000000ff"}
    assert str((await client.post("/claims", data=checked)).url).endswith("?open")
    address = re.search(r'action="(/claims/[^"]+/withdraw)"', again.text)
    assert address
    back = await client.post(address[1], data=hidden(again))
    assert "You took your claim back." in visible(back)
    (view,) = await world.use_cases.list_mine(WORKER)
    assert view.claim.standing is Standing.WITHDRAWN


async def test_a_refusal_is_read_with_its_reason_and_comes_too_late_to_take_back(
    client: httpx.AsyncClient, world: ClaimWorld
) -> None:
    world.office.refuses["no"] = Hindrance.CONTACT
    page = await send(client)
    (view,) = await world.use_cases.list_mine(WORKER)
    command = RefuseClaim(world.new_id(), view.claim.claim_id, "Please claim in Spain.")
    await world.desk.refuse(command, caller=ANNA)
    late = await client.post(f"/claims/{view.claim.claim_id}/withdraw", data=hidden(page))
    assert "You cannot take this back here any more." in visible(late)
    text = visible(late)
    assert "INPS did not open a case." in text
    assert "They say why: Please claim in Spain." in text
    assert "A caseworker of INPS." in text


async def test_hostile_text_stays_text_and_foreign_forms_are_refused(
    client: httpx.AsyncClient, world: ClaimWorld
) -> None:
    world.office.refuses["no"] = Hindrance.OTHER
    for page in (await look_at(client, work1=HOSTILE), await send(client, work1=HOSTILE)):
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "<img" not in page.text
    for path in ("/claims", "/claims/check", "/claims/new"):
        assert (await client.post(path, data=WRITTEN)).status_code == 403
        assert (await client.post(path, content=b"a=" + b"x" * 40_000)).status_code == 413
        assert (await client.post(path, content=b"family_name=%00")).status_code == 400


async def test_nobody_who_is_signed_out_reads_or_sends(app: Starlette) -> None:
    async with browser(app) as stranger:
        for path in ("/claims", "/claims/new"):
            assert (await stranger.get(path)).url.path == "/sign-in"


@pytest.mark.parametrize("language", languages())
async def test_every_page_is_in_every_language_and_light(
    client: httpx.AsyncClient, world: ClaimWorld, language: str
) -> None:
    world.books.cases[WORKER] = [case()]
    world.books.cases.clear()
    world.office.refuses["no"] = Hindrance.WRITTEN
    form = await client.get(f"/claims/new?lang={language}")
    checked = await client.post("/claims/check", data={**hidden(form), **WRITTEN})
    listed = await client.post("/claims", data=hidden(checked))
    for page in (form, checked, listed):
        assert f'lang="{language}"' in page.text
        assert len(page.content) < 20_000

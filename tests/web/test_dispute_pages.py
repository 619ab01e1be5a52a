"""Pages on which a worker says what is wrong: the whole way, what was typed wrongly, hostile text, every language."""

import re
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import create_app, dispute_pages
from portability.services.workers.words import languages
from tests.services.workers.dispute_world import ROSA, DisputeWorld, name_of
from tests.services.workers.samples import WORKER
from tests.web.test_worker_pages import browser, hidden, settings, sign_in, visible

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}"


@pytest.fixture
def world(desk: Any) -> DisputeWorld:
    made = DisputeWorld()
    of_rosa = made.of_worker
    # The worker who signs in here is the one whose cases the other samples tell of.
    object.__setattr__(made.use_cases, "of_worker", lambda one: of_rosa(ROSA if one == WORKER else one))
    return made


@pytest.fixture
def app(desk: Any, world: DisputeWorld) -> Starlette:
    topic = partial(dispute_pages.routes, workers=desk.use_cases, disputes=world.use_cases, name_of=name_of)
    return create_app(desk.use_cases, settings(), topic)


async def send(client: httpx.AsyncClient, matter: str, **fields: str) -> httpx.Response:
    form = await client.get(f"/disputes/new?matter={matter}")
    return await client.post("/disputes", data={**hidden(form), **fields})


async def test_she_says_that_time_is_missing_and_sees_who_has_it_until_when(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        assert "You have not told us of anything that is wrong." in visible(await client.get("/disputes"))
        chosen = await client.get("/disputes/new")
        assert re.findall(r'href="/disputes/new\?matter=(\w+)"', chosen.text) == [
            "period",
            "missing",
            "decision",
            "details",
        ]
        days = {"first_day": "1984-01-01", "last_day": "1984-12-31"}
        sent = await send(client, "missing", state="DE", grounds="I worked in Bremen.", **days)
        assert sent.url == "http://pages.example.org/disputes?sent"
        told = visible(sent)
    assert "We have it." in told
    assert "Deutsche Rentenversicherung has had this since 20 November 2026." in told
    assert "You should have an answer by 21 December 2026." in told
    assert "987/2009" in told
    assert "You wrote: I worked in Bremen." in told


async def test_a_period_is_chosen_from_her_own_career(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        career = await client.get("/career")
        (link,) = re.findall(r'href="(/disputes/new\?matter=period&amp;about=DE%7Cd1)"', career.text)
        form = await client.get(link.replace("&amp;", "&"))
        assert re.search(r'value="DE\|d1" checked', form.text)
        none = await client.post("/disputes", data={**hidden(form), "grounds": "Too short."})
    assert none.status_code == 422
    assert 'href="#about"' in none.text


@pytest.mark.parametrize(
    ("matter", "fields", "at"),
    [
        ("details", {"grounds": ""}, "grounds"),
        ("details", {"grounds": "ж" * 2001}, "grounds"),
        ("missing", {"grounds": "x"}, "state"),
        ("missing", {"grounds": "x", "state": "DE"}, "first_day"),
        ("missing", {"grounds": "x", "state": "DE", "first_day": "1984-13-01"}, "first_day"),
        ("missing", {"grounds": "x", "state": "DE", "first_day": "1984-02-01", "last_day": "1984-01-01"}, "last_day"),
    ],
)
async def test_what_was_typed_wrongly_is_told_at_its_field_and_the_rest_is_kept(
    app: Starlette, desk: Any, matter: str, fields: dict[str, str], at: str
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await send(client, matter, **fields)
    assert page.status_code == 422
    assert f'href="#{at}"' in page.text
    assert re.search(rf'id="{at}"[^>]*aria-invalid="true"', page.text)
    if fields["grounds"]:
        assert f">\n{fields['grounds']}</textarea>" in page.text


async def test_hostile_text_is_shown_as_text(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await send(client, "details", grounds=HOSTILE)
        page = await client.get("/disputes")
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "{{7*7}}" in page.text


async def test_a_form_sent_again_with_other_words_is_not_taken_and_she_is_told_so(app: Starlette, desk: Any) -> None:
    days = {"first_day": "1984-01-01", "last_day": "1984-12-31", "state": "DE"}
    async with browser(app) as client:
        await sign_in(client, desk)
        fields = hidden(await client.get("/disputes/new?matter=missing")) | days
        assert (await client.post("/disputes", data=fields | {"grounds": "I worked in Bremen."})).status_code == 200
        again = await client.post("/disputes", data=fields | {"grounds": "I worked in Kiel."})
        assert again.status_code == 409
        assert "This was sent before" in visible(again)
        listed = visible(await client.get("/disputes"))
    assert "Bremen" in listed
    assert "Kiel" not in listed


async def test_a_form_sent_twice_disputes_once_and_one_of_elsewhere_not_at_all(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        form = hidden(await client.get("/disputes/new?matter=details"))
        for _ in range(2):
            await client.post("/disputes", data={**form, "grounds": "My name."})
        assert (await client.get("/disputes")).text.count("You wrote:") == 1
        forged = await client.post("/disputes", data={**form, "form_token": "x", "grounds": "My name."})
        unnamed = await client.post("/disputes", data={**form, "matter": "nonsense", "grounds": "My name."})
    assert (forged.status_code, unnamed.status_code) == (403, 400)


async def test_nobody_signed_in_is_led_to_sign_in(app: Starlette) -> None:
    async with browser(app) as client:
        for path in ("/disputes", "/disputes/new", "/disputes/new?matter=period"):
            assert (await client.get(path)).url.path == "/sign-in"


@pytest.mark.parametrize("language", languages())
async def test_every_page_is_there_in_every_language_and_small(app: Starlette, desk: Any, language: str) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        await send(client, "details", grounds="My name.")
        for path in ("disputes?", "disputes/new?", *(f"disputes/new?matter={one}&" for one in MATTERS)):
            page = await client.get(f"/{path}lang={language}")
            assert page.status_code == 200
            assert f'<html lang="{language}"' in page.text
            assert len(page.content) < 30_000


MATTERS = ("period", "missing", "decision", "details")

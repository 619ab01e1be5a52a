"""Pages on which a worker says how a closed case went: the whole way, what was left out, hostile text."""

from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import create_app, voice_pages
from portability.services.workers.voice.model import Score
from portability.services.workers.words import languages
from tests.services.workers.samples import WORKER
from tests.services.workers.test_voice import VoiceWorld
from tests.web.test_worker_pages import browser, hidden, settings, sign_in, visible

CASE = UUID(int=100 + WORKER.int % 1000)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}"


@pytest.fixture
def world() -> VoiceWorld:
    made = VoiceWorld()
    of_worker = made.of_worker
    # The worker who signs in here has a long id; her case is that of her last digits.
    object.__setattr__(made.use_cases, "of_worker", lambda one: of_worker(UUID(int=one.int % 1000)))
    return made


@pytest.fixture
def app(desk: Any, world: VoiceWorld) -> Starlette:
    return create_app(desk.use_cases, settings(), partial(voice_pages.routes, voice=world.use_cases))


async def send(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    form = await client.get(f"/voice/{CASE}")
    return await client.post(f"/voice/{CASE}", data={**hidden(form), **fields})


async def test_she_says_how_it_went_once(app: Starlette, desk: Any, world: VoiceWorld) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        listed = await client.get("/voice")
        assert f'href="/voice/{CASE}"' in listed.text
        form = await client.get(f"/voice/{CASE}")
        told = {"score": "bad", "words": "Nobody answered.", "may_read": "yes"}
        sent = await client.post(f"/voice/{CASE}", data={**hidden(form), **told})
        assert sent.url == "http://pages.example.org/voice?sent"
        assert "Thank you. We have your answer." in visible(sent)
        # The form is over: here, and where it is still open in another window.
        assert "<form" not in (await client.get(f"/voice/{CASE}")).text.split("<main", 1)[1]
        again = await client.post(f"/voice/{CASE}", data={**hidden(form), **told, "score": "good"})
        assert again.url == "http://pages.example.org/voice"
    (kept,) = await world.work.book.of_cases([CASE])
    assert (kept.score, kept.words) == (Score.BAD, "Nobody answered.")


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({}, "score"),
        ({"score": "6"}, "score"),
        ({"score": "good", "words": HOSTILE}, "may_read"),
        ({"score": "good", "words": "ж" * 1001, "may_read": "yes"}, "words"),
    ],
)
async def test_what_is_missing_is_told_at_its_field_and_the_rest_is_kept(
    app: Starlette, desk: Any, world: VoiceWorld, fields: dict[str, str], at: str
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await send(client, **fields)
    assert page.status_code == 422
    assert f'href="#{at}"' in page.text
    assert f'id="{at}-error"' in page.text
    assert "<script>" not in page.text
    assert "{{7*7}}" in page.text or "words" not in fields or at == "words"
    if fields.get("score") == "good":
        assert 'value="good" checked' in page.text
    assert await world.work.book.of_cases([CASE]) == []


async def test_a_case_of_another_or_an_open_one_asks_nothing(app: Starlette, desk: Any, world: VoiceWorld) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        form = await client.get(f"/voice/{CASE}")
        assert (await client.get(f"/voice/{UUID(int=555)}")).status_code == 404
        strange = await client.post(f"/voice/{UUID(int=555)}", data={**hidden(form), "score": "good"})
        assert strange.status_code == 404
        world.is_open = {WORKER.int % 1000}
        assert (await client.get(f"/voice/{CASE}")).status_code == 404
        assert "None of your cases is closed yet." in visible(await client.get("/voice"))
        refused = await client.post(f"/voice/{CASE}", data={"score": "good"})
        assert refused.status_code == 403


async def test_nobody_signed_in_sees_nothing(app: Starlette) -> None:
    async with browser(app) as client:
        for path in ("/voice", f"/voice/{CASE}"):
            assert (await client.get(path)).url.path == "/sign-in"


@pytest.mark.parametrize("language", languages())
async def test_the_pages_are_there_in_every_language_and_small(app: Starlette, desk: Any, language: str) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        for path in ("voice", f"voice/{CASE}"):
            page = await client.get(f"/{path}?lang={language}")
            assert page.status_code == 200
            assert f'<html lang="{language}"' in page.text
            assert len(page.content) < 30_000

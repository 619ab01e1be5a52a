"""The page of her messages: what was said to her and about her, where it leads, and how it goes on."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import correspondence_pages, create_app
from portability.services.notices.model import Kind, Notice
from portability.services.workers.correspondence.use_cases import PAGE
from portability.services.workers.words import languages
from tests.services.workers.samples import CASE, DRV, NOW, WORKER
from tests.web.test_worker_pages import browser, settings, sign_in, visible


@pytest.fixture
def app(desk: Any) -> Starlette:
    return create_app(
        desk.use_cases, settings(), partial(correspondence_pages.routes, correspondence=desk.correspondence)
    )


async def test_she_reads_what_was_said_to_her_and_about_her(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get("/messages")
    shown = visible(page)
    assert "There is a decision for you." in shown
    assert "Sent to your phone on 5 November 2026." in shown
    assert "We do not know if it reached you." in shown
    assert f"INPS wrote to {DRV.name}:" in shown
    assert f'href="/cases/{CASE}"' in page.text
    assert "you take your claim back." not in shown  # another's
    assert "before=" not in page.text


async def test_a_long_list_goes_on_and_comes_back(app: Starlette, desk: Any) -> None:
    for number in range(2 * PAGE):
        at = NOW + timedelta(days=number)
        await desk.kept_messages.book.add(WORKER, [Notice(UUID(int=number).bytes * 2, Kind.DONE, at, at)])
    async with browser(app) as client:
        await sign_in(client, desk)
        entries, address = 0, "/messages"
        for _ in range(3):
            page = await client.get(address)
            entries += page.text.count("<time ")
            found = page.text.partition('href="/messages?before=')[2].partition('"')[0]
            address = f"/messages?before={found}"
        assert found == ""
        assert entries == 2 * PAGE + 6
        assert 'href="/messages">Newest messages' in page.text
        assert (await client.get("/messages?before=nonsense")).url.path == "/messages"


async def test_what_is_said_again_on_a_day_is_one_line(app: Starlette, desk: Any) -> None:
    for number in range(PAGE - 4):
        await desk.kept_messages.book.add(WORKER, [Notice(UUID(int=number).bytes * 2, Kind.DONE, NOW, NOW)])
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get("/messages")
    assert page.text.count("One step is done for you.") == 1
    assert f"Number of times: {PAGE - 4}." in visible(page)


async def test_nobody_signed_in_sees_nothing(app: Starlette) -> None:
    async with browser(app) as client:
        assert (await client.get("/messages")).url.path == "/sign-in"


@pytest.mark.parametrize("language", languages())
async def test_the_page_is_there_in_every_language_and_small(app: Starlette, desk: Any, language: str) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get(f"/messages?lang={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert len(page.content) < 30_000

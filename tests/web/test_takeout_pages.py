"""The page from which a worker takes everything: one file, saved and never shown, and for nobody else."""

import io
import zipfile
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import create_app, takeout_pages
from portability.services.workers.takeout.use_cases import TakeoutUseCases
from tests.services.workers.samples import WORKER
from tests.services.workers.test_takeout import Kept, Noted
from tests.web.test_worker_pages import browser, hidden, settings, sign_in


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def app(desk: Any, noted: Noted) -> Starlette:
    takeout = TakeoutUseCases(kept=Kept(), log=noted, clock=desk.clock)
    return create_app(desk.use_cases, settings(), partial(takeout_pages.routes, takeout=takeout))


async def test_she_saves_one_file_and_it_is_noted(app: Starlette, desk: Any, noted: Noted) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get("/everything")
        file = await client.post("/everything", data=hidden(page))
    assert file.headers["content-type"] == "application/zip"
    assert file.headers["content-disposition"] == 'attachment; filename="2026-11-20.zip"'
    assert file.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["index.html", "papers/1.pdf"]
    assert [one.worker_id for one, _ in noted.kept] == [WORKER]


async def test_a_form_of_elsewhere_and_nobody_get_nothing(app: Starlette, desk: Any, noted: Noted) -> None:
    async with browser(app) as client:
        assert (await client.post("/everything")).url.path == "/sign-in"
        await sign_in(client, desk)
        assert (await client.post("/everything", data={"form_token": "x"})).status_code == 403
    assert noted.kept == []


async def test_a_second_one_at_the_same_time_is_told_to_wait(desk: Any, noted: Noted) -> None:
    takeout = TakeoutUseCases(kept=Kept(), log=noted, clock=desk.clock)
    app = create_app(desk.use_cases, settings(), partial(takeout_pages.routes, takeout=takeout))
    async with browser(app) as client:
        await sign_in(client, desk)
        form = hidden(await client.get("/everything"))
        with takeout.room.place(WORKER):
            assert (await client.post("/everything", data=form)).status_code == 429
        assert (await client.post("/everything", data=form)).status_code == 200


async def parts(made: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in made])

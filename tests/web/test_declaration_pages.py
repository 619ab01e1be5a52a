"""Pages on which a worker tells of time and shows papers: the whole way, what is wrong or hostile, every language."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import create_app, declaration_pages
from portability.agreements.errors import OverloadError
from portability.services.workers.declarations.desk import SettleDeclaration
from portability.services.workers.declarations.model import LARGEST_DOCUMENT, MOST_DOCUMENTS
from portability.services.workers.room import Room
from portability.services.workers.words import languages
from tests.services.workers.declaration_world import DeclarationWorld
from tests.services.workers.dispute_world import ANNA, name_of
from tests.services.workers.papers import JPEG, NO_PAPERS, PDF, PNG
from tests.services.workers.samples import WORKER
from tests.services.workers.test_views_of_cases import CASE
from tests.web.test_worker_pages import ask_for_code, browser, hidden, settings, sign_in, visible

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}"
TOLD = {"state": "TN", "first_year": "1984", "last_year": "1985", "last_month": "6", "employer": "Hotel Sole"}


@pytest.fixture
async def world(desk: Any) -> DeclarationWorld:
    made = DeclarationWorld()
    await made.links.link(WORKER, CASE)
    return made


@pytest.fixture
def app(desk: Any, world: DeclarationWorld) -> Starlette:
    return create_app(
        desk.use_cases,
        settings(),
        partial(declaration_pages.routes, declarations=world.use_cases, name_of=name_of),
    )


@pytest.fixture
async def client(app: Starlette, desk: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as opened:
        await sign_in(opened, desk)
        yield opened


async def tell(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    form = await client.get("/declared/new")
    return await client.post("/declared", data={**hidden(form), **fields})


async def show(client: httpx.AsyncClient, content: bytes, *, name: str = "slip.pdf", **fields: str) -> httpx.Response:
    page = await client.get("/declared")
    address = re.search(r'action="(/declared/[^"]+/papers)"', page.text)
    assert address
    form = {**hidden(page), "about": "pay slip", **fields}
    return await client.post(address[1], data=form, files={"document": (name, content, "text/html")})


async def test_she_tells_of_time_as_she_remembers_it_and_shows_a_paper(client: httpx.AsyncClient) -> None:
    assert "You have told us of no time so far." in visible(await client.get("/declared"))
    sent = await tell(client, **TOLD)
    assert sent.url == "http://pages.example.org/declared?sent"
    told = visible(sent)
    assert "Tunisia, 1984 to June 1985" in told
    assert "Hotel Sole" in told
    assert "has had this since 20 November 2026. A person there will look at it." in told
    shown = await show(client, PDF)
    assert shown.url == "http://pages.example.org/declared?added"
    assert "We have your paper." in visible(shown)
    assert "Paper 1 (PDF, 1 kB)" in visible(shown)
    assert "pay slip" in visible(shown)


@pytest.mark.parametrize(
    ("content", "kind", "suffix"),
    [(PDF, "application/pdf", "pdf"), (JPEG, "image/jpeg", "jpg"), (PNG, "image/png", "png")],
)
async def test_a_paper_goes_out_as_a_file_of_its_kind_whatever_it_came_as(
    client: httpx.AsyncClient, content: bytes, kind: str, suffix: str
) -> None:
    await tell(client, **TOLD)
    page = await show(client, content, name="../../etc/passwd\r\nX-Evil: 1.html")
    link = re.search(r'href="(/declared/papers/[^"]+)" download', page.text)
    assert link
    file = await client.get(link[1])
    assert file.content == content
    assert file.headers["content-type"] == kind
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"].startswith("default-src 'none'")
    assert file.headers["cache-control"] == "no-store"
    paper = link[1].rpartition("/")[2]
    assert file.headers["content-disposition"] == f'attachment; filename="{paper}.{suffix}"'
    assert "passwd" not in page.text


async def test_digits_of_any_script_are_understood(client: httpx.AsyncClient) -> None:
    sent = await tell(client, **{**TOLD, "first_year": "١٩٨٤", "first_month": "5", "first_date": "٣"})
    assert "3 May 1984 to June 1985" in visible(sent)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"state": ""}, "state"),
        ({"state": "<x"}, "state"),
        ({"first_year": ""}, "first_day"),
        ({"first_year": "19x4"}, "first_day"),
        ({"first_year": "9" * 5000}, "first_day"),
        ({"first_date": "3"}, "first_day"),
        ({"first_month": "2", "first_date": "30"}, "first_day"),
        ({"first_year": "2027"}, "first_day"),
        ({"last_year": "1983"}, "last_day"),
        ({"employer": "ж" * 201}, "employer"),
        ({"activity": "ж" * 201}, "activity"),
    ],
)
async def test_what_was_typed_wrongly_is_told_at_its_field_and_the_rest_is_kept(
    client: httpx.AsyncClient, fields: dict[str, str], at: str
) -> None:
    page = await tell(client, **{**TOLD, **fields})
    assert page.status_code == 422
    assert f'href="#{at}"' in page.text
    assert re.search(rf'id="{at}"[^>]*aria-invalid="true"', page.text)
    if at != "employer":
        assert 'value="Hotel Sole"' in page.text


@pytest.mark.parametrize("name", NO_PAPERS)
async def test_what_is_no_paper_is_refused_kindly_at_its_field(client: httpx.AsyncClient, name: str) -> None:
    await tell(client, **TOLD)
    page = await show(client, NO_PAPERS[name])
    assert page.status_code == 422
    assert "Choose a PDF, JPEG or PNG file." in visible(page)
    assert re.search(r'id="document-[^"]+"[^>]*aria-invalid="true"', page.text)
    assert "<details open>" in page.text


async def test_a_paper_that_is_too_large_is_told_so_and_one_far_too_large_is_not_read(
    client: httpx.AsyncClient, world: DeclarationWorld
) -> None:
    await tell(client, **TOLD)
    page = await show(client, PDF + bytes(LARGEST_DOCUMENT))
    assert page.status_code == 422
    assert "This file is too large." in visible(page)
    assert (await show(client, bytes(5 * LARGEST_DOCUMENT))).status_code == 413
    assert world.work.papers.kept == {}


async def test_nothing_chosen_and_too_many_and_answered_are_told(
    client: httpx.AsyncClient, world: DeclarationWorld
) -> None:
    await tell(client, **TOLD)
    assert (await show(client, b"", name="")).status_code == 422
    for _ in range(MOST_DOCUMENTS):
        await show(client, PNG)
    full = await show(client, PNG)
    assert full.status_code == 422
    assert "There is no more room here." in visible(full)
    form = hidden(await client.get("/declared"))
    (view,) = await world.use_cases.list_mine(WORKER)
    told = view.declaration.declaration_id
    await world.desk.settle(SettleDeclaration(world.new_id(), told, False, "Nothing there."), caller=ANNA)
    for what, sent in (("papers", {"files": {"document": ("a", PNG)}}), ("withdraw", {})):
        page = await client.post(f"/declared/{told}/{what}", data=form, **sent)
        assert page.status_code == 422
        assert "Somebody has answered this already" in visible(page)
    assert "They say why: Nothing there." in visible(await client.get("/declared"))


async def test_she_takes_it_back(client: httpx.AsyncClient, world: DeclarationWorld) -> None:
    page = await tell(client, **TOLD)
    address = re.search(r'action="(/declared/[^"]+/withdraw)"', page.text)
    assert address
    await client.post(address[1], data=hidden(page))
    assert await world.use_cases.list_mine(WORKER) == ()


async def test_hostile_text_is_shown_as_text(client: httpx.AsyncClient) -> None:
    await tell(client, **{**TOLD, "employer": HOSTILE, "activity": HOSTILE})
    page = await show(client, PNG, about=HOSTILE[:90])
    assert page.text.count("&lt;script&gt;") == 3
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "{{7*7}}" in page.text


async def test_a_form_sent_twice_adds_once_and_one_of_elsewhere_not_at_all(
    client: httpx.AsyncClient, world: DeclarationWorld
) -> None:
    await tell(client, **TOLD)
    page = await client.get("/declared")
    (view,) = await world.use_cases.list_mine(WORKER)
    address, form = f"/declared/{view.declaration.declaration_id}/papers", hidden(page)
    for _ in range(2):
        await client.post(address, data=form, files={"document": ("a", PNG)})
    forged = await client.post(address, data={**form, "form_token": "x"}, files={"document": ("a", PNG)})
    assert forged.status_code == 403
    (view,) = await world.use_cases.list_mine(WORKER)
    assert len(view.declaration.documents) == 1


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"form_token=x", 415),
        ("multipart/form-data", b"--x--", 415),
        ("multipart/mixed; boundary=x", b"--x--", 415),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x--", 400),
        ("multipart/form-data; boundary=x", b"nothing of the kind", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb', 400),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nb\r\n--x--\r\n", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 20 + b"\r\n\r\n--x--\r\n", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 9000 + b"\r\n\r\n\r\n--x--\r\n", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 40, 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"b" * 5000 + b"\r\n--x--\r\n",
            413,
        ),
        (
            "multipart/form-data; boundary=x; charset=punycode",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\xfe\r\n--x--\r\n',
            400,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x00\r\n--x--\r\n',
            400,
        ),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(
    client: httpx.AsyncClient, kind: str, body: bytes, status: int
) -> None:
    page = await client.post(f"/declared/{UUID(int=1)}/papers", content=body, headers={"Content-Type": kind})
    assert page.status_code == status


async def test_one_worker_has_one_upload_at_a_time_and_all_have_an_end() -> None:
    room = Room(most=2)
    with room.place(UUID(int=1)), room.place(UUID(int=2)):
        for other in (1, 3):
            with pytest.raises(OverloadError), room.place(UUID(int=other)):
                pass
    with room.place(UUID(int=1)):
        pass


async def test_another_worker_and_nobody_get_nothing(
    app: Starlette, client: httpx.AsyncClient, desk: Any, world: DeclarationWorld
) -> None:
    await tell(client, **TOLD)
    await show(client, PNG)
    (view,) = await world.use_cases.list_mine(WORKER)
    told, paper = view.declaration.declaration_id, view.declaration.documents[0].document_id
    async with browser(app) as other:
        for path in ("/declared", "/declared/new", f"/declared/papers/{paper}"):
            assert (await other.get(path)).url.path == "/sign-in"
        code = await ask_for_code(other, "other@example.org")
        await other.post("/sign-in/code", data={**hidden(code), "code": desk.sender.sent[-1].code})
        assert (await other.get(f"/declared/papers/{paper}")).status_code == 404
        form = hidden(await other.get("/declared/new"))
        added = await other.post(f"/declared/{told}/papers", data=form, files={"document": ("a", PNG)})
        assert added.status_code == 404
        await other.post(f"/declared/{told}/withdraw", data=form)
    assert len(await world.use_cases.list_mine(WORKER)) == 1


@pytest.mark.parametrize("language", languages())
async def test_the_pages_stand_in_every_language(client: httpx.AsyncClient, language: str) -> None:
    await tell(client, **TOLD)
    for path in (f"/declared?lang={language}", "/declared/new"):
        page = await client.get(path)
        assert page.status_code == 200
        assert f'<html lang="{language}"' in page.text
    assert (await tell(client)).status_code == 422


async def test_a_reader_that_stops_in_the_middle_holds_no_place_for_ever(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portability.adapters.workers.web.uploads.SECONDS", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="document"\r\n\r\n'
        await asyncio.sleep(30)

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    page = await client.post(f"/declared/{UUID(int=1)}/papers", content=slow(), headers=kind)
    assert page.status_code == 408

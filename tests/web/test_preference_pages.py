"""Where news goes, in which language and when not, on the pages."""

import re
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.clock.fake import counting_ids
from portability.adapters.memory.mandates import MemoryMandateWork
from portability.adapters.memory.notices import MemoryChoices
from portability.adapters.memory.preferences import MemoryPreferences, MemoryPreferenceWork
from portability.adapters.workers.web import create_app, mandate_pages, preference_pages
from portability.services.workers.mandates.handlers import MandateUseCases
from portability.services.workers.model import CODES_PER_CONTACT
from portability.services.workers.preferences.handlers import PreferenceUseCases
from portability.services.workers.words import languages
from tests.services.workers.samples import KEY, WORKER, CountingBytes
from tests.web.test_mandate_pages import UNION, allow, sign_in_as
from tests.web.test_worker_pages import HOSTILE, browser, hidden, settings, sign_in, visible

MAIL = "rosa@example.org"


@pytest.fixture
def preferences(desk: Any) -> PreferenceUseCases:
    book = MemoryPreferences(desk.work.directory, MemoryChoices())
    work = MemoryPreferenceWork(book, desk.work.codes, desk.work.limits)
    return PreferenceUseCases(
        unit_of_work=work.unit_of_work,
        sender=desk.sender,
        clock=desk.clock,
        random_bytes=CountingBytes(),
        key=KEY,
    )


@pytest.fixture
def app(desk: Any, preferences: PreferenceUseCases) -> Starlette:
    work = MemoryMandateWork(desk.work.representatives, desk.work.sessions, desk.work.company)
    mandates = MandateUseCases(work=work.unit_of_work, clock=desk.clock, new_id=counting_ids(100))
    return create_app(
        desk.use_cases,
        settings(),
        partial(preference_pages.routes, preferences=preferences),
        partial(mandate_pages.routes, mandates=mandates),
    )


def chosen(page: httpx.Response) -> dict[str, str]:
    """What stands chosen on the form."""
    ways = re.findall(r'name="way" value="(\w+)" checked', page.text)
    fields = re.findall(r'<select id="(\w+)".*?<option value="([^"]+)"[^>]* selected>', page.text, re.DOTALL)
    return {"way": ways[0], **dict(fields)}


async def ask(client: httpx.AsyncClient, address: str = MAIL) -> httpx.Response:
    form = await client.get("/preferences")
    fields = dict(re.findall(r'name="(form_token|request_id)" value="([^"]+)"', form.text))
    return await client.post("/preferences/address", data={**fields, "contact": address})


async def test_she_chooses_another_address_a_language_and_hours(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get("/preferences")
        assert "To +393331234567" in visible(page)
        assert chosen(page) == {"way": "contact", "language": "en", "quiet_from": "20:00", "quiet_until": "08:00"}
        code = await ask(client)
        assert f"We have sent a code of 6 digits to {MAIL}." in visible(code)
        done = await client.post("/preferences/address/code", data={**hidden(code), "code": desk.sender.sent[-1].code})
        assert "Your choice is saved." in visible(done)
        assert chosen(done)["way"] == "address"
        what = {"way": "nowhere", "language": "it", "quiet_from": "22:00", "quiet_until": "06:00"}
        saved = await client.post("/preferences", data={**hidden(done), **what})
        assert "La Sua scelta è salvata." in visible(saved)
        assert chosen(saved) == what
        there = await client.post("/preferences", data={**hidden(saved), **what, "zone": "America/Toronto"})
        assert chosen(there) == {**what, "zone": "America/Toronto"}  # chosen by another channel, it stands in the list
        assert "New York" in visible(there)
        back = await client.post("/preferences", data={**hidden(there), **what, "zone": ""})
        assert chosen(back) == what
    assert desk.work.directory.on_file(WORKER).language == "it"


async def test_a_wrong_code_is_told_at_its_field_and_the_fifth_ends_it(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await ask(client)
        wrong = f"{(int(desk.sender.sent[-1].code) + 1) % 10**6:06}"
        for left in (4, 3, 2, 1):
            page = await client.post("/preferences/address/code", data={**hidden(page), "code": wrong})
            assert page.status_code == 422
            assert f"{left} more" in visible(page)
            assert 'aria-describedby="code-hint code-error" aria-invalid="true"' in page.text
        page = await client.post("/preferences/address/code", data={**hidden(page), "code": wrong})
        assert "This code no longer works. Ask for a new one." in visible(page)
    assert desk.work.directory.on_file(WORKER).address is None


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("06 1234567", "The phone number needs + and the country code first"),
        ("rosa@", "The e-mail address is not complete."),
        ("+39 333 1234567", "You sign in with this contact already."),
        (HOSTILE, "The phone number needs +"),
    ],
)
async def test_what_was_typed_wrongly_is_told_at_its_field(app: Starlette, desk: Any, address: str, told: str) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await ask(client, address)
    assert page.status_code == 422
    assert told in visible(page)
    assert re.search(r'id="contact"[^>]*aria-invalid="true"', page.text)
    assert HOSTILE not in page.text


async def test_too_many_codes_are_refused_kindly(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        for number in range(CODES_PER_CONTACT.most):
            await ask(client, f"somebody{number}@example.org")
        refused = await ask(client, "one-more@example.org")
    assert refused.status_code == 422
    assert "You asked for too many codes." in visible(refused)


@pytest.mark.parametrize(
    "wrong",
    [
        {"way": "everywhere"},
        {"way": "address"},
        {"language": "xx"},
        {"quiet_from": "soon"},
        {"zone": "x"},
        {"form_token": ""},
    ],
)
async def test_a_form_that_is_not_ours_changes_nothing(
    app: Starlette, desk: Any, preferences: PreferenceUseCases, wrong: dict[str, str]
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        before = await preferences.of(WORKER)
        page = await client.get("/preferences")
        what = {"way": "nowhere", "language": "it", "quiet_from": "22:00", "quiet_until": "06:00"}
        refused = await client.post("/preferences", data={**hidden(page), **what, **wrong})
    assert refused.status_code in {400, 403}
    assert await preferences.of(WORKER) == before


async def test_a_representative_neither_sees_nor_changes_them(app: Starlette, desk: Any) -> None:
    async with browser(app) as hers, browser(app) as theirs:
        await sign_in(hers, desk)
        await allow(hers, may_act="yes")
        await sign_in_as(theirs, desk, UNION)
        assert (await theirs.get("/preferences")).status_code == 403


async def test_hours_chosen_to_the_minute_elsewhere_stay_when_she_saves(
    app: Starlette, desk: Any, preferences: PreferenceUseCases
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get("/preferences")
        what = {"way": "contact", "language": "en", "quiet_from": "22:30", "quiet_until": "06:00"}
        page = await client.post("/preferences", data={**hidden(page), **what})
    assert chosen(page)["quiet_from"] == "22:30"
    assert (await preferences.of(WORKER)).quiet_from.minute == 30


@pytest.mark.parametrize("language", languages())
async def test_the_pages_are_there_in_every_language(app: Starlette, desk: Any, language: str) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get(f"/preferences?lang={language}")
        code = await ask(client)
        refused = await ask(client, "nobody")
    assert (page.status_code, code.status_code, refused.status_code) == (200, 200, 422)
    for one in (page, code, refused):
        assert f'<html lang="{language}"' in one.text


async def test_a_protected_person_is_told_that_nothing_is_sent(desk: Any) -> None:
    book = MemoryPreferences(desk.work.directory, MemoryChoices())
    book.protected.add(WORKER)
    work = MemoryPreferenceWork(book, desk.work.codes, desk.work.limits)
    use_cases = PreferenceUseCases(
        unit_of_work=work.unit_of_work, sender=desk.sender, clock=desk.clock, random_bytes=CountingBytes(), key=KEY
    )
    app = create_app(desk.use_cases, settings(), partial(preference_pages.routes, preferences=use_cases))
    async with browser(app) as client:
        await sign_in(client, desk)
        assert "You are protected. So we send you no news" in visible(await client.get("/preferences"))

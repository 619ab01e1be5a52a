"""Somebody acts for a worker or sits beside her: what that one sees and does, and how it ends, on the pages."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.clock.fake import counting_ids
from portability.adapters.memory.mandates import MemoryMandateWork
from portability.adapters.workers.web import create_app, dispute_pages, mandate_pages
from portability.adapters.workers.web.certificate_pages import certificate_topic
from portability.adapters.workers.web.wallet_pages import wallet_topic
from portability.agreements.errors import DeniedError, InputError, OverloadError
from portability.services.access import Role
from portability.services.workers.mandates.handlers import GrantMandate, MandateUseCases
from portability.services.workers.model import token_hash
from portability.services.workers.words import languages
from tests.services.certificates.certificate_world import Directory
from tests.services.certificates.desk import HERS
from tests.services.certificates.desk import Desk as Certificates
from tests.services.workers.dispute_world import ROSA, DisputeWorld, name_of
from tests.services.workers.samples import CASE, WORKER
from tests.web.test_wallet_pages import offers_of, printed
from tests.web.test_worker_pages import browser, hidden, settings, sign_in, visible

UNION = "help@union.example.org"


@pytest.fixture
async def mandates(desk: Any) -> MandateUseCases:
    await desk.work.company.cases.link(WORKER, CASE)
    work = MemoryMandateWork(desk.work.representatives, desk.work.sessions, desk.work.company)
    return MandateUseCases(work=work.unit_of_work, clock=desk.clock, new_id=counting_ids(100))


@pytest.fixture
def app(desk: Any, mandates: MandateUseCases) -> Starlette:
    world = DisputeWorld()
    of_rosa = world.of_worker
    object.__setattr__(world.use_cases, "of_worker", lambda one: of_rosa(ROSA if one == WORKER else one))
    return create_app(
        desk.use_cases,
        settings(),
        partial(dispute_pages.routes, workers=desk.use_cases, disputes=world.use_cases, name_of=name_of),
        partial(mandate_pages.routes, mandates=mandates),
    )


async def allow(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    form = await client.get("/people")
    given = {"name": "Union of builders", "contact": UNION, "last_day": "2026-12-31", **fields}
    return await client.post("/people", data={**hidden(form), **given})


async def sign_in_as(client: httpx.AsyncClient, desk: Any, contact: str, number: str = "") -> httpx.Response:
    form = await client.get("/sign-in")
    page = await client.post("/sign-in", data={**hidden(form), "contact": contact, "insurance_number": number})
    return await client.post("/sign-in/code", data={**hidden(page), "code": desk.sender.sent[-1].code})


async def test_a_representative_reads_is_named_in_the_log_and_is_refused_at_once_when_it_ends(
    app: Starlette, desk: Any
) -> None:
    async with browser(app) as hers, browser(app) as theirs:
        await sign_in(hers, desk)
        given = visible(await allow(hers))
        assert "Can read your pages, from 20 November 2026 to 31 December 2026." in given
        cases = await sign_in_as(theirs, desk, UNION)
        assert cases.url.path == "/cases"
        assert "Union of builders is here with you or for you." in visible(cases)
        assert (await theirs.get(f"/cases/{CASE}")).status_code == 200
        # To read and no more: neither disputes nor who else may act.
        for path in ("/disputes/new", "/people"):
            refused = await theirs.get(path)
            assert refused.status_code == 403
            assert "You may not do this" in visible(refused)
        looks = await desk.work.company.looks.of([CASE])
        assert [(look.by, look.role) for look in looks] == [("Union of builders", Role.WORKER)]
        page = await hers.get("/people")
        (path,) = re.findall(r'action="(/people/[0-9a-f-]+/end)"', page.text)
        assert "Ended" in visible(await hers.post(path, data=hidden(page)))
        over = await theirs.get(f"/cases/{CASE}")
        assert over.url.path == "/sign-in"
        again = await theirs.get("/sign-in")
        sent = len(desk.sender.sent)
        await theirs.post("/sign-in", data={**hidden(again), "contact": UNION})
        assert len(desk.sender.sent) == sent


async def test_a_representative_who_may_act_disputes_in_her_name_and_is_named(app: Starlette, desk: Any) -> None:
    async with browser(app) as hers, browser(app) as theirs:
        await sign_in(hers, desk)
        await allow(hers, may_act="yes")
        await sign_in_as(theirs, desk, UNION, "DE65110485E021")
        form = await theirs.get("/disputes/new?matter=details")
        await theirs.post("/disputes", data={**hidden(form), "grounds": "Her name is Rosa."})
        told = visible(await hers.get("/disputes"))
    assert "Union of builders did this with you or for you." in told


async def test_a_mandate_ends_by_itself(app: Starlette, desk: Any) -> None:
    async with browser(app) as hers, browser(app) as theirs:
        await sign_in(hers, desk)
        await allow(hers, last_day="2026-11-20")
        desk.clock.forward(timedelta(hours=14, minutes=45))  # 23:45 of the last day
        await sign_in_as(theirs, desk, UNION)
        assert (await theirs.get("/cases")).status_code == 200
        desk.clock.forward(timedelta(minutes=15))
        assert (await theirs.get("/cases")).url.path == "/sign-in"


async def test_who_sits_beside_her_is_named_until_she_signs_out(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        form = await client.get("/people")
        page = await client.post("/people/helper", data={**hidden(form), "helper": "Cousin Luca"})
        assert "Cousin Luca is here with you or for you." in visible(page)
        # She is there herself: she may still say who acts for her, and dispute.
        assert (await client.get("/disputes/new")).status_code == 200
        looks = await desk.work.company.looks.of([CASE])
        assert [look.by for look in looks] == ["Cousin Luca"]
        await client.post("/sign-out", data=hidden(page))
        assert "Cousin Luca" not in visible(await sign_in(client, desk))


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": " "}, "name"),
        ({"contact": "06 1234567"}, "contact"),
        ({"last_day": ""}, "last_day"),
        ({"last_day": "2026-11-19"}, "last_day"),
        ({"last_day": "2027-11-22"}, "last_day"),
        ({"last_day": "soon"}, "last_day"),
    ],
)
async def test_what_was_typed_wrongly_is_told_at_its_field(
    app: Starlette, desk: Any, fields: dict[str, str], at: str
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await allow(client, **fields)
    assert page.status_code == 422
    assert re.search(rf'id="{at}"[^>]*aria-invalid="true"', page.text)


@pytest.mark.parametrize("language", languages())
async def test_the_page_is_there_in_every_language(app: Starlette, desk: Any, language: str) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        await allow(client)
        page = await client.get(f"/people?lang={language}")
        refused = await allow(client, name="")
    assert (page.status_code, refused.status_code) == (200, 422)
    assert f'<html lang="{language}"' in page.text


async def test_five_people_at_most_and_the_same_request_once(desk: Any, mandates: MandateUseCases) -> None:
    last_day = desk.clock.now().date() + timedelta(days=10)
    new_id = counting_ids(500)

    def grant() -> GrantMandate:
        return GrantMandate(new_id(), WORKER, "Union", UNION, False, None, last_day)

    first = grant()
    assert await mandates.grant(first) == await mandates.grant(first)
    for _ in range(4):
        await mandates.grant(grant())
    with pytest.raises(OverloadError):
        await mandates.grant(grant())
    with pytest.raises(InputError):
        await mandates.grant(GrantMandate(new_id(), WORKER, "Union", UNION, False, None, None))


async def test_a_representative_names_no_helper(desk: Any, mandates: MandateUseCases, app: Starlette) -> None:
    async with browser(app) as hers, browser(app) as theirs:
        await sign_in(hers, desk)
        await allow(hers, may_act="yes")
        await sign_in_as(theirs, desk, UNION)
        token = theirs.cookies["session"]
    assert desk.work.sessions.kept[token_hash(token)].mandate_id is not None
    with pytest.raises(DeniedError):
        await mandates.name_helper(token, "Somebody")
    with pytest.raises(DeniedError):
        await mandates.name_helper("no-session", "Somebody")


async def test_a_representative_puts_nothing_of_hers_into_a_wallet(desk: Any, mandates: MandateUseCases) -> None:
    """A certificate in a wallet is bound to whoever holds the wallet's key."""
    certificates = Certificates()
    certificates.facts.cases = {HERS: WORKER}
    kept = await certificates.issue()
    app = create_app(
        desk.use_cases,
        settings(),
        partial(mandate_pages.routes, mandates=mandates),
        certificate_topic(certificates.use_cases, printed, Directory([certificates.institution])),
        wallet_topic(offers_of(certificates)),
    )
    address = f"/certificates/{kept.issued.certificate.certificate_id}/wallet"
    async with browser(app) as hers, browser(app) as theirs:
        await sign_in(hers, desk)
        await allow(hers, may="act")
        await sign_in_as(theirs, desk, UNION)
        for client, status in ((theirs, 403), (hers, 200)):
            form = await client.get("/certificates")
            assert (await client.post(address, data=hidden(form))).status_code == status

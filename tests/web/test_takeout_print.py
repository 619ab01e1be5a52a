"""The page of a takeout in every language: all of it is there, as text, and nothing in it leads or loads anywhere."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest

from portability.adapters.memory.mandates import MemoryMandateWork
from portability.adapters.memory.workers import MemoryMandates
from portability.adapters.workers.web.takeout_print import Read, printed_takeout
from portability.services.workers.mandates.handlers import GrantMandate, MandateUseCases
from portability.services.workers.words import languages, words_for
from tests.services.workers.claim_world import NUMBER, WANTED, ClaimWorld
from tests.services.workers.declaration_world import DeclarationWorld
from tests.services.workers.dispute_world import IT, MY_NAME, ROSA, DisputeWorld, name_of
from tests.services.workers.papers import PNG
from tests.services.workers.samples import NOW, WORKER, Desk
from tests.services.workers.test_views_of_cases import CASE

HOSTILE = "<script>alert(1)</script>{{7*7}}"


async def kept_samples() -> Read:
    """What the samples tell of one worker, with something of each topic."""
    desk, disputed, declared = Desk(), DisputeWorld(), DeclarationWorld()
    of_rosa = disputed.of_worker
    object.__setattr__(disputed.use_cases, "of_worker", lambda one: of_rosa(ROSA if one == WORKER else one))
    await disputed.use_cases.raise_dispute(disputed.says(MY_NAME, HOSTILE, worker_id=WORKER))
    await declared.links.link(WORKER, CASE)
    told = await declared.use_cases.declare(declared.tells(worker_id=WORKER, employer=HOSTILE, activity="kitchen"))
    paper = declared.shows(told.declaration.declaration_id, PNG, worker_id=WORKER, about=HOSTILE)
    await declared.use_cases.add_document(*paper)
    claims = ClaimWorld()
    claims.books.numbers[WORKER] = frozenset({NUMBER})
    time_told = replace(WANTED.told[0], activity=HOSTILE)
    await claims.use_cases.start(claims.claims(worker_id=WORKER, wanted=replace(WANTED, told=(time_told,))))
    book = MemoryMandateWork(MemoryMandates(desk.work.directory, desk.work.sessions), desk.work.sessions)
    mandates = MandateUseCases(work=book.unit_of_work, clock=desk.clock, new_id=declared.new_id)
    last = NOW.date() + timedelta(days=30)
    await mandates.grant(GrantMandate(UUID(int=9), WORKER, "Union", "help@union.example.org", True, None, last))
    return Read(
        me=IT,
        name_of=name_of,
        clock=desk.clock,
        workers=desk.use_cases,
        matters=desk.matters,
        correspondence=desk.correspondence,
        disputes=disputed.use_cases,
        declarations=declared.use_cases,
        claims=claims.use_cases,
        mandates=mandates,
    )


@pytest.mark.parametrize("language", languages())
async def test_all_of_it_is_there_and_nothing_leads_out_of_the_file(language: str) -> None:
    words = words_for([language])
    page = (await printed_takeout(await kept_samples(), WORKER, words)).decode()
    assert page.startswith("<!doctype html>")
    assert f'<html lang="{words.language}" dir="{words.direction}">' in page
    for key in ("cases", "career", "decisions", "disputes", "declared", "mandates"):
        assert f">{words.text(f'{key}.title')}</h2>" in page
    assert f">{words.text('nav.messages')}</h2>" in page
    assert f">{words.text('claim.title')}</h2>" in page
    assert words.text("letter.records_asked") in unescape(page)
    assert words.day((NOW + timedelta(days=30)).date()) in page  # the last day of the mandate, not the one after it
    assert all(one in page for one in ("IT-2026-0417", "IT-7F3K-29QM", "Union", "kitchen"))
    assert page.count("&lt;script&gt;") == 4
    assert "<script" not in page
    assert "{{7*7}}" in page
    assert re.findall(r'(?:href|src|action)="(?!papers/[0-9a-f-]{36}\.png")', page) == []
    assert "<form" not in page


async def test_of_another_worker_nothing_stands_in_it() -> None:
    page = (await printed_takeout(await kept_samples(), WORKER, words_for(["en"]))).decode()
    for secret in ("IT-2026-0999", "IT-9999-9999", "Somebody else"):
        assert secret not in page

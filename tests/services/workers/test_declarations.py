"""A worker declares time: what is taken, who is asked with her leave, who answers, and what nobody else learns."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from portability.adapters.workers.pdf import clean_pdf
from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
    OverloadError,
)
from portability.api.careers.v1 import messages_pb2 as careers
from portability.services.flows.mapping.envelope import read_envelope
from portability.services.workers.declarations.desk import SettleDeclaration
from portability.services.workers.declarations.mapping import write_document
from portability.services.workers.declarations.model import (
    LARGEST_DOCUMENT,
    MOST_ASKED,
    MOST_BYTES,
    MOST_DECLARATIONS,
    MOST_DOCUMENTS,
    DocumentKind,
    Standing,
)
from portability.services.workers.declarations.recognising import recognised
from portability.services.workers.declarations.story import declaration_phrases
from portability.services.workers.remembered import Precision, RememberedDay
from portability.services.workers.words import languages, words_for
from tests.services.workers.declaration_world import DeclarationWorld
from tests.services.workers.dispute_world import ANNA, DE, IT, NOW, PROGRAM, VERA, name_of
from tests.services.workers.papers import JPEG, NO_PAPERS, PDF, PNG, picture
from tests.services.workers.test_clean_pdfs import by_a_phone, signed
from tests.services.workers.test_views_of_cases import ADA, CASE, ROSA


@pytest.fixture
async def world() -> AsyncIterator[DeclarationWorld]:
    made = DeclarationWorld()
    await made.enrol()
    yield made


def test_a_day_is_remembered_to_the_day_the_month_or_the_year() -> None:
    exact, month, year = RememberedDay(1984, 5, 3), RememberedDay(1984, 2), RememberedDay(1984)
    assert [one.precision for one in (exact, month, year)] == [Precision.DAY, Precision.MONTH, Precision.YEAR]
    assert (exact.earliest, exact.latest) == (date(1984, 5, 3), date(1984, 5, 3))
    assert (month.earliest, month.latest) == (date(1984, 2, 1), date(1984, 2, 29))  # a leap year
    assert (year.earliest, year.latest) == (date(1984, 1, 1), date(1984, 12, 31))
    assert RememberedDay.of(date(1984, 5, 3)) == exact
    words = words_for(["en"])
    assert [words.show(one) for one in (exact, month, year)] == ["3 May 1984", "February 1984", "1984"]


@pytest.mark.parametrize(
    "parts", [(1899,), (1984, 13), (1984, 2, 30), (1983, 2, 29), (1984, 0, 5), (10000,), (1984, -1)]
)
def test_a_day_that_does_not_exist_is_refused(parts: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        RememberedDay(*parts)


@pytest.mark.parametrize("language", languages())
def test_a_remembered_day_is_shown_in_every_language(language: str) -> None:
    words = words_for([language])
    shown = [words.show(one) for one in (RememberedDay(1984, 5, 3), RememberedDay(1984, 5), RememberedDay(1984))]
    assert all("1984" in one for one in shown)
    assert len(set(shown)) == 3


async def test_what_she_tells_waits_for_a_person_here_and_stands_in_the_feed(world: DeclarationWorld) -> None:
    view = await world.use_cases.declare(world.tells(employer=" Trattoria\u0007 Sole ", activity="kitchen", by="Union"))
    told = view.declaration
    assert (told.case_id, told.employer, told.declared_by, told.flow_case_id) == (CASE, "Trattoria Sole", "Union", None)
    assert (view.progress.standing, view.progress.since) == (Standing.WAITING, NOW)
    assert world.work.changes.noted == [(CASE, "period_declared", NOW)]
    assert [one.declaration for one in await world.use_cases.list_mine(ROSA)] == [told]
    assert await world.use_cases.list_mine(ADA) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"state": "de"}, "state"),
        ({"first_day": RememberedDay(2027)}, "first_day"),
        ({"last_day": RememberedDay(1983)}, "last_day"),
        ({"last_day": RememberedDay(2026, 12)}, "last_day"),
        ({"employer": "x" * 201}, "employer"),
        ({"activity": "x" * 201}, "activity"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(
    world: DeclarationWorld, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InputError) as error:
        await world.use_cases.declare(world.tells(**changes))
    assert error.value.field == field
    assert await world.use_cases.list_mine(ROSA) == ()


async def test_days_that_are_not_remembered_need_not_be_in_order_nor_over(world: DeclarationWorld) -> None:
    """From 1984 to February 1984 may be a month, and 2026 may end today."""
    await world.use_cases.declare(world.tells(last_day=RememberedDay(1984, 2)))
    await world.use_cases.declare(world.tells(last_day=RememberedDay(2026)))


async def test_the_same_request_tells_once_and_another_with_its_key_is_refused(world: DeclarationWorld) -> None:
    command = world.tells()
    first = await world.use_cases.declare(command)
    assert await world.use_cases.declare(command) == first
    with pytest.raises(IdempotencyConflictError):
        await world.use_cases.declare(replace(command, activity="school"))


async def test_with_her_leave_the_institution_there_is_asked_for_as_long_as_it_can_have_been(
    world: DeclarationWorld,
) -> None:
    view = await world.use_cases.declare(world.tells("DE", employer="Hotel Bremen", may_ask=True, language="it"))
    assert view.declaration.asked == DE
    assert view.progress.standing is Standing.ASKED
    (sent,) = world.flows[IT].sender.sent
    assert (sent.recipient, sent.type) == (DE, "trace.request")
    said = read_envelope(sent.record, kind=sent.type, sender=IT, me=DE, at=NOW).kept
    asked = careers.TraceRequest.FromString(said.content)
    assert asked.person.names[0].family_name == "Esposito"
    assert asked.person.employers[0].name == "Hotel Bremen"
    assert (asked.first_day.year, asked.first_day.month, asked.first_day.day) == (1984, 1, 1)
    assert (asked.last_day.year, asked.last_day.month, asked.last_day.day) == (1985, 6, 30)
    # She sees that case among her own; no paper goes along.
    assert view.declaration.flow_case_id in await world.links.case_ids_of(ROSA)


async def test_what_is_answered_there_is_told_to_her_and_a_person_here_goes_on(world: DeclarationWorld) -> None:
    told = (await world.use_cases.declare(world.tells("DE", may_ask=True))).declaration
    assert told.flow_case_id is not None
    await world.germany(told.flow_case_id, "say_unknown", "NO")
    (view,) = await world.use_cases.list_mine(ROSA)
    assert view.progress.standing is Standing.UNKNOWN
    said = [words_for(["en"]).say(one) for one in declaration_phrases(view, me=IT, name_of=name_of)]
    assert said == [
        "Deutsche Rentenversicherung knows of no such time. It said so on 21 November 2026. Papers can help."
    ]
    # It still waits here: silence or a "no" from abroad closes nothing.
    assert [one.declaration for one in (await world.desk.page(size=9, after=None, caller=ANNA))[0]] == [told]


@pytest.mark.parametrize("state", ["IT", "TN", "AT", "ES"])
async def test_nobody_is_asked_without_an_institution_an_agreement_or_a_border(
    world: DeclarationWorld, state: str
) -> None:
    view = await world.use_cases.declare(world.tells(state, may_ask=True))
    assert (view.declaration.asked, view.progress.standing) == ("", Standing.WAITING)
    assert world.flows[IT].sender.sent == []


async def test_without_her_leave_or_for_a_protected_person_nobody_abroad_learns_of_her(world: DeclarationWorld) -> None:
    await world.use_cases.declare(world.tells("DE"))
    await world.work.protected.protect([CASE])
    view = await world.use_cases.declare(world.tells("DE", may_ask=True, employer="Hotel", activity="kitchen"))
    assert world.flows[IT].sender.sent == []
    # What could tell where she is is kept for the office, and shown in no channel.
    assert (view.declaration.employer, view.declaration.activity) == ("", "")
    queue, _ = await world.desk.page(size=9, after=None, caller=VERA)
    assert queue[1].declaration.employer == "Hotel"


async def test_there_is_an_end_to_asking_and_to_telling(world: DeclarationWorld) -> None:
    for _ in range(MOST_ASKED + 1):
        await world.use_cases.declare(world.tells("DE", may_ask=True))
    assert len(world.flows[IT].sender.sent) == MOST_ASKED
    for _ in range(MOST_DECLARATIONS - MOST_ASKED - 1):
        await world.use_cases.declare(world.tells())
    with pytest.raises(OverloadError):
        await world.use_cases.declare(world.tells())


async def test_who_has_made_no_claim_here_is_told_so(world: DeclarationWorld) -> None:
    with pytest.raises(NotFoundError):
        await world.use_cases.declare(world.tells(worker_id=UUID(int=3)))


@pytest.mark.parametrize(("content", "kind"), [(PDF, "pdf"), (JPEG, "jpeg"), (PNG, "png")])
def test_a_paper_is_what_its_content_says(content: bytes, kind: str) -> None:
    assert recognised(content).kind is DocumentKind(kind)


def test_photos_of_phones_are_taken() -> None:
    """With a preview, a place and an orientation in front, coded in scans, and a film behind it."""
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00" + bytes(500)
    for one in (picture("JPEG", exif=exif), picture("JPEG", progressive=True), JPEG + b"film" * 100):
        assert recognised(one).kind is DocumentKind.JPEG


@pytest.mark.parametrize("name", NO_PAPERS)
def test_what_is_no_whole_paper_is_refused(name: str) -> None:
    with pytest.raises(InputError) as error:
        recognised(NO_PAPERS[name])
    assert error.value.field == "document"


def test_a_paper_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    room = LARGEST_DOCUMENT - len(PDF)
    fits = PDF[:9] + b" " * room + PDF[9:]
    assert recognised(fits).kind is DocumentKind.PDF
    with pytest.raises(InputError) as error:
        recognised(fits + b" ")
    assert error.value.field == "size"


async def test_a_pdf_is_kept_without_its_maker_and_a_signed_one_as_it_came_which_is_told(
    world: DeclarationWorld,
) -> None:
    told = (await world.use_cases.declare(world.tells())).declaration
    phone, before = by_a_phone(), signed()
    for content in (phone, before):
        view = await world.use_cases.add_document(*world.shows(told.declaration_id, content))
    clean, as_it_came = view.declaration.documents
    assert (clean.is_signed, as_it_came.is_signed) == (False, True)
    assert [write_document(one).is_signed for one in (clean, as_it_came)] == [False, True]
    _, kept = await world.use_cases.document_of_mine(ROSA, clean.document_id)
    assert (len(kept), kept == clean_pdf(phone).content) == (clean.size, True)
    assert await world.use_cases.document_of_mine(ROSA, as_it_came.document_id) == (as_it_came, before)
    with pytest.raises(InputError, match="take a photo") as error:
        await world.use_cases.add_document(*world.shows(told.declaration_id, b"%PDF-1.7\n%%EOF\n"))
    assert error.value.field == "document"


async def test_a_paper_is_kept_with_what_she_told_and_comes_back_as_it_was(world: DeclarationWorld) -> None:
    told = (await world.use_cases.declare(world.tells())).declaration
    command, content = world.shows(told.declaration_id, JPEG, about="pay slip\x00", by="Union")
    for _ in range(2):  # the same request adds once
        view = await world.use_cases.add_document(command, content)
    (paper,) = view.declaration.documents
    assert (paper.kind, paper.size, paper.about, paper.added_by) == (DocumentKind.JPEG, len(JPEG), "pay slip", "Union")
    assert await world.use_cases.document_of_mine(ROSA, paper.document_id) == (paper, JPEG)
    with pytest.raises(NotFoundError):
        await world.use_cases.document_of_mine(ADA, paper.document_id)
    with pytest.raises(NotFoundError):
        await world.use_cases.add_document(*world.shows(told.declaration_id, PDF, worker_id=ADA))
    with pytest.raises(InputError):
        await world.use_cases.add_document(*world.shows(told.declaration_id, NO_PAPERS["page"]))


async def test_there_is_an_end_to_papers(world: DeclarationWorld) -> None:
    told = (await world.use_cases.declare(world.tells())).declaration
    for _ in range(MOST_DOCUMENTS):
        await world.use_cases.add_document(*world.shows(told.declaration_id, PNG))
    with pytest.raises(OverloadError):
        await world.use_cases.add_document(*world.shows(told.declaration_id, PNG))
    # Twenty papers of the largest size fill the room: 20 x 3 MiB = 60 MiB.
    large = replace((await world.use_cases.list_mine(ROSA))[0].declaration.documents[0], size=LARGEST_DOCUMENT)
    for _ in range(MOST_BYTES // LARGEST_DOCUMENT // 5):
        full = (await world.use_cases.declare(world.tells())).declaration
        await world.work.book.put(replace(full, documents=(large,) * 5))
    last = (await world.use_cases.declare(world.tells())).declaration
    with pytest.raises(OverloadError):
        await world.use_cases.add_document(*world.shows(last.declaration_id, PNG))


async def test_she_takes_back_what_nobody_has_acted_on(world: DeclarationWorld) -> None:
    told = (await world.use_cases.declare(world.tells())).declaration
    view = await world.use_cases.add_document(*world.shows(told.declaration_id, PNG))
    await world.use_cases.withdraw(ADA, told.declaration_id)
    assert len(await world.use_cases.list_mine(ROSA)) == 1
    for _ in range(2):
        await world.use_cases.withdraw(ROSA, told.declaration_id)
    assert await world.use_cases.list_mine(ROSA) == ()
    assert await world.work.papers.get(view.declaration.documents[0].document_id) is None
    asked = (await world.use_cases.declare(world.tells("DE", may_ask=True))).declaration
    with pytest.raises(CaseStateError):
        await world.use_cases.withdraw(ROSA, asked.declaration_id)


async def test_a_named_person_answers_once_and_says_why(world: DeclarationWorld) -> None:
    told = (await world.use_cases.declare(world.tells())).declaration
    settle = SettleDeclaration(world.new_id(), told.declaration_id, True, "The pay slip shows it.")
    with pytest.raises(DeniedError):
        await world.desk.settle(settle, caller=PROGRAM)
    with pytest.raises(InputError):
        await world.desk.settle(replace(settle, reason=" "), caller=ANNA)
    world.clock.advance(timedelta(days=2))
    view = await world.desk.settle(settle, caller=ANNA)
    assert view.progress.standing is Standing.ON_RECORD
    assert await world.desk.settle(settle, caller=ANNA) == view
    with pytest.raises(CaseStateError):
        await world.desk.settle(replace(settle, request_id=world.new_id()), caller=ANNA)
    with pytest.raises(CaseStateError):
        await world.use_cases.add_document(*world.shows(told.declaration_id, PNG))
    with pytest.raises(CaseStateError):
        await world.use_cases.withdraw(ROSA, told.declaration_id)
    assert [act.what for act in world.work.acts._state.acts.values()] == ["declaration.answered"]
    assert (await world.desk.page(size=9, after=None, caller=ANNA))[0] == []


async def test_staff_reads_with_a_look_and_what_is_protected_only_where_cleared(world: DeclarationWorld) -> None:
    told = (await world.use_cases.declare(world.tells())).declaration
    view = await world.use_cases.add_document(*world.shows(told.declaration_id, PNG))
    paper = view.declaration.documents[0]
    assert await world.desk.document(told.declaration_id, paper.document_id, caller=ANNA) == (paper, PNG)
    with pytest.raises(NotFoundError):
        await world.desk.document(told.declaration_id, UUID(int=999), caller=ANNA)
    assert {look.by for look in await world.work.looks.of([CASE])} == {"anna"}
    await world.work.protected.protect([CASE])
    for attempt in (
        world.desk.get(told.declaration_id, caller=ANNA),
        world.desk.document(told.declaration_id, paper.document_id, caller=ANNA),
        world.desk.settle(SettleDeclaration(world.new_id(), told.declaration_id, True, "Yes."), caller=ANNA),
    ):
        with pytest.raises(NotFoundError):
            await attempt
    assert (await world.desk.page(size=9, after=None, caller=ANNA))[0] == []
    assert (await world.desk.get(told.declaration_id, caller=VERA)).declaration.documents == (paper,)


async def test_pages_of_the_queue_go_on_where_they_ended(world: DeclarationWorld) -> None:
    told = [(await world.use_cases.declare(world.tells())).declaration for _ in range(3)]
    first, token = await world.desk.page(size=2, after=None, caller=ANNA)
    rest, end = await world.desk.page(size=2, after=token, caller=ANNA)
    assert [one.declaration for one in (*first, *rest)] == told
    assert end is None


@pytest.mark.parametrize("language", languages())
async def test_every_standing_is_said_in_every_language(world: DeclarationWorld, language: str) -> None:
    told = await world.use_cases.declare(world.tells("DE", may_ask=True, by="Union"))
    words = words_for([language])
    for standing in Standing:
        view = replace(told, progress=replace(told.progress, standing=standing))
        said = [words.say(one) for one in declaration_phrases(view, me=IT, name_of=name_of)]
        assert ("Deutsche Rentenversicherung" in said[0]) is standing.is_abroad
        assert "Union" in said[-1]

"""A worker claims a pension: kept first, dated her day, opened at once where nothing hinders it, else by a person."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from portability.agreements.careers import AnswerStatus, PersonIdentifier
from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    GatewayError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
    OverloadError,
)
from portability.app.wiring.sent_claims import known_of
from portability.services.access import Role
from portability.services.workers.claims.desk import OpenClaim, RefuseClaim
from portability.services.workers.claims.handlers import CHANNEL
from portability.services.workers.claims.model import MOST_CLAIMS, Hindrance, Standing, Told
from portability.services.workers.claims.story import claim_phrases
from portability.services.workers.words import languages, words_for
from tests.services.workers.claim_world import NUMBER, ROSA_HERSELF, WANTED, ClaimWorld
from tests.services.workers.dispute_world import ANNA, IT, NOW, PROGRAM, VERA, name_of
from tests.services.workers.test_views_of_cases import ADA, CASE, ROSA, decision, record

TODAY = date(2026, 11, 20)


@pytest.fixture
async def world() -> AsyncIterator[ClaimWorld]:
    yield ClaimWorld()


def said(view: Any, language: str = "en") -> list[str]:
    return [words_for([language]).say(one) for one in claim_phrases(view, me=IT, name_of=name_of)]


async def test_what_she_sends_opens_a_case_of_hers_at_once_dated_today(world: ClaimWorld) -> None:
    view = await world.use_cases.start(world.claims())
    claim = view.claim
    assert (claim.standing, claim.claimed_on, claim.sent_by) == (Standing.OPENED, TODAY, "")
    assert claim.case_id is not None
    wanted, claimed_on, caller = world.office.opened[claim.case_id]
    assert (wanted, claimed_on) == (WANTED, TODAY)
    assert (caller.role, caller.name) == (Role.SYSTEM, CHANNEL)
    assert list(await world.links.case_ids_of(ROSA)) == [claim.case_id]
    assert (await world.desk.page(size=9, after=None, caller=ANNA))[0] == []
    assert said(view) == [
        "Your case was opened on 20 November 2026.",
        "The day of your claim is 20 November 2026. This day stays, even if it takes long.",
    ]


async def test_the_day_is_that_of_the_institutions_own_calendar(world: ClaimWorld) -> None:
    world.clock.set(datetime(2026, 12, 1, 2, tzinfo=UTC))
    ottawa = replace(world.use_cases, zone=timezone(timedelta(hours=-5)))
    assert (await ottawa.start(world.claims())).claim.claimed_on == date(2026, 11, 30)


async def test_the_same_request_claims_once_and_another_with_its_key_is_refused(world: ClaimWorld) -> None:
    command = world.claims()
    first = await world.use_cases.start(command)
    assert await world.use_cases.start(command) == first
    assert len(world.office.opened) == 1
    with pytest.raises(IdempotencyConflictError):
        await world.use_cases.start(replace(command, worker_id=ADA))


async def test_a_break_on_the_way_loses_neither_the_claim_nor_its_day(world: ClaimWorld) -> None:
    world.office.breaks.append(GatewayError("the database is away", retryable=True))
    command = world.claims()
    broken = (await world.use_cases.start(command)).claim
    assert (broken.standing, broken.hindrance, broken.claimed_on) == (Standing.WAITING, Hindrance.NOT_TRIED, TODAY)
    assert [one.claim for one in (await world.desk.page(size=9, after=None, caller=ANNA))[0]] == [broken]
    world.clock.advance(timedelta(days=3))
    again = (await world.use_cases.start(command)).claim
    assert (again.claim_id, again.standing, again.claimed_on) == (broken.claim_id, Standing.OPENED, TODAY)


@pytest.mark.parametrize("why", [Hindrance.CONTACT, Hindrance.WRITTEN, Hindrance.OTHER])
async def test_what_the_use_case_refuses_waits_for_a_person_until_a_day(world: ClaimWorld, why: Hindrance) -> None:
    world.office.refuses["No period in IT is recorded."] = why
    view = await world.use_cases.start(world.claims())
    claim = view.claim
    assert (claim.standing, claim.hindrance, claim.due_on) == (Standing.WAITING, why, date(2026, 12, 4))
    assert claim.detail == "No period in IT is recorded."
    first = "INPS has had your claim since 20 November 2026. A person there goes on with it by 4 December 2026."
    assert said(view)[0] == first
    assert "20 November 2026" in said(view)[2]
    assert await world.links.case_ids_of(ROSA) == []


async def test_a_second_claim_is_refused_while_one_waits_or_a_case_is_open(world: ClaimWorld) -> None:
    world.office.refuses["wait"] = Hindrance.OTHER
    await world.use_cases.start(world.claims())
    with pytest.raises(CaseStateError, match="claimed this pension already"):
        await world.use_cases.start(world.claims())
    other = ClaimWorld()
    await other.has_case()
    with pytest.raises(CaseStateError, match=str(CASE)):
        await other.use_cases.start(other.claims())
    assert await other.use_cases.list_mine(ROSA) == ()


async def test_after_a_decision_a_person_looks_first(world: ClaimWorld) -> None:
    await world.has_case(closed=True, decisions=(decision(),))
    claim = (await world.use_cases.start(world.claims())).claim
    assert (claim.standing, claim.hindrance) == (Standing.WAITING, Hindrance.DECIDED)
    assert world.office.opened == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": date(1960, 3, 2)},
        {"family_name": "Bianchi"},
        {"identifiers": (PersonIdentifier("DE", "social_security", "65010158B023"),)},
    ],
)
@pytest.mark.parametrize("has_case", [True, False])
async def test_a_claim_for_somebody_else_opens_no_case(
    world: ClaimWorld,
    changes: dict[str, Any],
    has_case: bool,  # noqa: FBT001 (a case of the test)
) -> None:
    if has_case:
        await world.has_case(closed=True)
    else:
        world.books.register = {"Esposito"} if "family_name" in changes else set()
    person = replace(ROSA_HERSELF, **changes)
    claim = (await world.use_cases.start(world.claims(wanted=replace(WANTED, person=person)))).claim
    assert (claim.standing, claim.hindrance) == (Standing.WAITING, Hindrance.IDENTITY)
    assert world.office.opened == {}


async def test_her_name_may_be_written_in_another_way_and_each_number_is_taken_once(world: ClaimWorld) -> None:
    made = await world.has_case(closed=True)
    spaced = PersonIdentifier("IT", "social_security", "xx 0000 000001")
    person = replace(ROSA_HERSELF, family_name="ESPOSITO", given_names="Rosà", identifiers=(spaced, spaced))
    claim = (await world.use_cases.start(world.claims(wanted=replace(WANTED, person=person)))).claim
    assert claim.standing is Standing.OPENED
    assert claim.wanted.person.identifiers == made.claim.person.identifiers  # as it is known here


async def test_who_sends_it_for_her_is_named_to_her_and_among_those_who_looked(world: ClaimWorld) -> None:
    view = await world.use_cases.start(world.claims(by="Union"))
    assert said(view)[-1] == "Union did this with you or for you."
    assert view.claim.case_id is not None
    for scope in (ROSA, view.claim.case_id):
        assert [(one.by, one.role) for one in await world.work.looks.of([scope])] == [("Union", Role.WORKER)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"person": replace(ROSA_HERSELF, birth_date=TODAY)}, "person.birth_date"),
        ({"person": replace(ROSA_HERSELF, family_name="")}, "person.family_name"),
        ({"person": replace(ROSA_HERSELF, identifiers=(PersonIdentifier("IT", "x", "--"),))}, "person.identifiers"),
        ({"award_on": date(1950, 1, 1)}, "award_on"),
        ({"award_on": date(2028, 1, 1)}, "award_on"),
        ({"told": ()}, "declared"),
        ({"told": (Told("IT", TODAY, TODAY),)}, "declared[0].last_day"),
        ({"told": (*WANTED.told, Told("IT", date(2027, 1, 1), date(2027, 2, 1)))}, "declared[2].first_day"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(
    world: ClaimWorld, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as error:
        await world.use_cases.start(world.claims(wanted=replace(WANTED, **changes)))
    assert error.value.field == field
    assert await world.use_cases.list_mine(ROSA) == ()


async def test_she_takes_it_back_before_a_case_is_open_and_then_claims_anew(world: ClaimWorld) -> None:
    world.office.refuses["wait"] = Hindrance.OTHER
    first = (await world.use_cases.start(world.claims())).claim
    for _ in range(2):
        back = await world.use_cases.withdraw(ROSA, first.claim_id)
    assert back.claim.standing is Standing.WITHDRAWN
    assert said(back) == ["You took this claim back on 20 November 2026."]
    world.office.refuses.clear()
    second = (await world.use_cases.start(world.claims())).claim
    with pytest.raises(CaseStateError):
        await world.use_cases.withdraw(ROSA, second.claim_id)
    for worker_id, claim_id in ((ADA, second.claim_id), (ROSA, UUID(int=5))):
        with pytest.raises(NotFoundError):
            await world.use_cases.withdraw(worker_id, claim_id)
    assert [one.claim.claim_id for one in await world.use_cases.list_mine(ROSA)] == [second.claim_id, first.claim_id]


async def test_nobody_fills_the_office_with_claims(world: ClaimWorld) -> None:
    world.office.refuses["wait"] = Hindrance.OTHER
    for _ in range(MOST_CLAIMS):
        sent = await world.use_cases.start(world.claims())
        await world.use_cases.withdraw(ROSA, sent.claim.claim_id)
    with pytest.raises(OverloadError):
        await world.use_cases.start(world.claims())


async def test_a_caseworker_opens_it_after_settling_and_she_reads_why(world: ClaimWorld) -> None:
    world.office.refuses["CA wants it in writing"] = Hindrance.WRITTEN
    waiting = (await world.use_cases.start(world.claims())).claim
    world.clock.advance(timedelta(days=2))
    still = OpenClaim(world.new_id(), waiting.claim_id, "You asked on the phone.")
    with pytest.raises(CaseStateError, match="CA wants it in writing"):
        await world.desk.open(still, caller=ANNA)
    command = OpenClaim(world.new_id(), waiting.claim_id, "You wrote to us.", asks_in_writing=True)
    opened = (await world.desk.open(command, caller=ANNA)).claim
    assert opened.case_id is not None
    wanted, claimed_on, caller = world.office.opened[opened.case_id]
    assert (wanted.asks_in_writing, claimed_on, caller) == (True, TODAY, ANNA)
    assert list(await world.links.case_ids_of(ROSA)) == [opened.case_id]
    assert (await world.desk.open(command, caller=ANNA)).claim == opened
    (hers,) = await world.use_cases.list_mine(ROSA)
    assert said(hers)[2] == "They say why: You wrote to us."
    (act,) = world.work.acts._state.acts.values()
    assert (act.by, act.what, act.about) == ("anna", "claim.opened", str(waiting.claim_id))
    assert [(one.by, one.role) for one in await world.use_cases.looks(ROSA)][-1] == ("anna", Role.CASEWORKER)


async def test_a_caseworker_refuses_with_a_reason_and_the_day_stays_kept(world: ClaimWorld) -> None:
    world.office.refuses["not here"] = Hindrance.CONTACT
    waiting = (await world.use_cases.start(world.claims())).claim
    command = RefuseClaim(world.new_id(), waiting.claim_id, "Please claim in Spain, with this day.")
    await world.desk.refuse(command, caller=ANNA)
    (hers,) = await world.use_cases.list_mine(ROSA)
    assert (hers.claim.standing, hers.claim.claimed_on) == (Standing.REFUSED, TODAY)
    assert said(hers)[0] == "INPS did not open a case. It said so on 20 November 2026."
    assert said(hers)[2] == "They say why: Please claim in Spain, with this day."
    with pytest.raises(CaseStateError):
        await world.desk.refuse(RefuseClaim(world.new_id(), waiting.claim_id, "No."), caller=ANNA)
    with pytest.raises(CaseStateError):
        await world.desk.open(OpenClaim(world.new_id(), waiting.claim_id, "Yes."), caller=ANNA)


async def test_a_claim_that_was_lodged_at_the_counter_since_is_tied_to_that_case(world: ClaimWorld) -> None:
    world.office.refuses["first"] = Hindrance.OTHER
    waiting = (await world.use_cases.start(world.claims())).claim
    world.office.refuses.clear()
    days = (TODAY, date(2026, 11, 1))
    lodged = [await world.office.lodge(world.new_id(), WANTED, claimed_on=day, caller=ANNA) for day in days]
    same_day, other_day = [one for one in lodged if isinstance(one, UUID)]
    for case_id in (other_day, UUID(int=99)):
        with pytest.raises(NotFoundError):
            await world.desk.open(OpenClaim(world.new_id(), waiting.claim_id, "x", case_id=case_id), caller=ANNA)
    opened = await world.desk.open(OpenClaim(world.new_id(), waiting.claim_id, "x", case_id=same_day), caller=ANNA)
    assert opened.claim.case_id == same_day


async def test_only_a_named_caseworker_settles_a_claim(world: ClaimWorld) -> None:
    world.office.refuses["wait"] = Hindrance.OTHER
    waiting = (await world.use_cases.start(world.claims())).claim
    for caller in (PROGRAM, replace(ANNA, name="")):
        with pytest.raises(DeniedError):
            await world.desk.refuse(RefuseClaim(world.new_id(), waiting.claim_id, "No."), caller=caller)
    assert [one.claim for one in (await world.desk.page(size=9, after=None, caller=PROGRAM))[0]] == [waiting]
    with pytest.raises(NotFoundError):
        await world.desk.refuse(RefuseClaim(world.new_id(), UUID(int=4), "No."), caller=ANNA)


async def test_a_protected_person_is_seen_and_served_by_cleared_staff_alone(world: ClaimWorld) -> None:
    made = await world.has_case(closed=True)
    await world.work.protected.protect([made.case_id])
    view = await world.use_cases.start(world.claims())
    assert (view.claim.hindrance, view.hidden) == (Hindrance.PROTECTED, True)
    assert ROSA in await world.work.protected.among([ROSA])
    assert (await world.desk.page(size=9, after=None, caller=ANNA))[0] == []
    command = OpenClaim(world.new_id(), view.claim.claim_id, "Seen.")
    with pytest.raises(NotFoundError):
        await world.desk.open(command, caller=ANNA)
    # What would go out without saying that she is protected does not go out.
    with pytest.raises(CaseStateError, match="protected"):
        await world.desk.open(command, caller=VERA)
    world.office.protects = world.work.protected.protect
    opened = (await world.desk.open(replace(command, request_id=world.new_id()), caller=VERA)).claim
    assert opened.case_id in await world.work.protected.among([opened.case_id] if opened.case_id else [])
    # No channel shows places, work or free words of hers.
    known = await world.use_cases.known(ROSA)
    assert known.person is not None
    assert (known.told, known.person.residence_state, known.person.identifiers) == ((), "", ())
    (hers,) = await world.use_cases.list_mine(ROSA)
    assert hers.hidden
    assert not any("Seen." in one for one in said(hers))


async def test_the_form_is_filled_in_with_her_last_claim_and_what_countries_have_stated(world: ClaimWorld) -> None:
    world.books.records = [record("DE", "de-drv", AnswerStatus.KNOWN, NOW.date())]
    made = await world.has_case(closed=True)
    known = await world.use_cases.known(ROSA)
    assert known.person is not None
    assert (known.person.family_name, known.person.birth_date) == ("Esposito", date(1959, 3, 2))
    stated = world.books.records[0].periods[0].period
    (german,) = [one for one in known.told if one.state == "DE"]
    assert (german.start, german.end, german.activity) == (stated.start, stated.end, "work in a hotel")
    assert {one.state for one in known.told} == {one.state for one in made.claim.declared}
    assert known_of([], [], frozenset({NUMBER})).person is None


@pytest.mark.parametrize("language", languages())
async def test_every_hindrance_is_said_in_every_language(world: ClaimWorld, language: str) -> None:
    view = await world.use_cases.start(world.claims(by="Union"))
    waiting = replace(view.claim, case_id=None, opened_at=None)
    for why in Hindrance:
        assert all(said(replace(view, claim=replace(waiting, hindrance=why)), language))

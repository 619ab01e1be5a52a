"""A worker disputes: what is hers, who answers until when, and what an answer sets going."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
    OverloadError,
)
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.persons.v1 import messages_pb2 as persons
from portability.services.flows.engine import position, steps
from portability.services.flows.load import packaged_flows
from portability.services.flows.mapping.envelope import read_envelope
from portability.services.flows.model import CaseFile, Position
from portability.services.workers.disputes.desk import SettleDispute, SettleReview, TakeUpDispute
from portability.services.workers.disputes.model import MOST_OPEN, Holds, Matter, Standing, Subject
from portability.services.workers.disputes.story import dispute_phrases
from portability.services.workers.words import languages, words_for
from tests.services.workers.dispute_world import (
    ANNA,
    DE,
    GERMAN_DECISION,
    GERMAN_PERIOD,
    IT,
    ITALIAN_PERIOD,
    MISSING_IN_TUNISIA,
    MY_NAME,
    NOW,
    PROGRAM,
    VERA,
    DisputeWorld,
    name_of,
    status,
)
from tests.services.workers.test_views_of_cases import ADA, CASE, ROSA


@pytest.fixture
def world() -> DisputeWorld:
    return DisputeWorld()


async def test_what_this_institution_holds_is_answered_here_within_sixty_days(world: DisputeWorld) -> None:
    view = await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))
    assert (view.dispute.holder, view.dispute.flow_case_id, view.dispute.case_id) == (IT, None, CASE)
    # 20 November and 60 days: 10 days are left of November, 31 of December; 19 of January.
    assert (view.progress.standing, view.progress.due_on) == (Standing.RECEIVED, date(2027, 1, 19))
    assert not view.progress.is_late(date(2027, 1, 19))
    assert view.progress.is_late(date(2027, 1, 20))
    assert world.work.changes.noted == [(CASE, "dispute_raised", NOW)]


async def test_what_another_institution_holds_goes_to_it_with_the_clock_of_the_law(world: DisputeWorld) -> None:
    view = await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))
    flow_case_id = view.dispute.flow_case_id
    assert flow_case_id is not None
    assert view.dispute.holder == DE
    # 987/2009 Art. 5(4): one month from 20 November is 20 December 2026, a Sunday; the next working day is the 21st.
    assert view.progress.due_on == date(2026, 12, 21)
    assert view.progress.citation is not None
    assert [one.recipient for one in world.flows[IT].sender.sent] == [DE]
    # She sees that case among her own.
    assert flow_case_id in await world.links.case_ids_of(ROSA)
    assert flow_case_id not in await world.links.case_ids_of(ADA)


async def test_she_was_right_abroad_and_people_look_again_at_what_rested_on_it(world: DisputeWorld) -> None:
    raised = await world.use_cases.raise_dispute(world.says(GERMAN_DECISION))
    flow_case_id = raised.dispute.flow_case_id
    assert flow_case_id is not None
    await world.germany(flow_case_id, "take_up", status("IN_REVIEW"))
    (view,) = await world.use_cases.list_mine(ROSA)
    assert view.progress.standing is Standing.IN_REVIEW
    await world.germany(flow_case_id, "look_again", status("UPHELD", "A year was missing.", decided_by="Jonas Weber"))
    (view,) = await world.use_cases.list_mine(ROSA)
    assert view.progress.standing is Standing.UPHELD
    assert view.progress.to_review == (IT,)
    said = [words_for(["en"]).say(one) for one in dispute_phrases(view, name_of=name_of, today=NOW.date())]
    assert said == [
        "You were right. Deutsche Rentenversicherung said so on 22 November 2026.",
        "They say why: A year was missing.",
        "Now a person looks again at the decision of INPS. No decision changes by itself.",
    ]


async def test_a_refusal_from_abroad_tells_why_who_and_what_she_can_do(world: DisputeWorld) -> None:
    raised = await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))
    assert raised.dispute.flow_case_id is not None
    answer = status("REFUSED", "No employer reported it.", decided_by="Jonas Weber", remedy="Widerspruch in Berlin")
    await world.germany(raised.dispute.flow_case_id, "refuse", answer)
    progress = (await world.use_cases.get_mine(ROSA, raised.dispute.dispute_id)).progress
    assert progress.standing is Standing.REFUSED
    assert progress.due_on is None
    assert progress.answer is not None
    assert (progress.answer.by, progress.answer.remedy) == ("Jonas Weber", "Widerspruch in Berlin")


async def test_nobody_disputes_what_is_not_hers_and_each_sees_her_own(world: DisputeWorld) -> None:
    for subject in (GERMAN_DECISION, ITALIAN_PERIOD, Subject(Matter.PERIOD, "none", "DE")):
        with pytest.raises(NotFoundError):
            await world.use_cases.raise_dispute(world.says(subject, worker_id=ADA))
    stranger = UUID(int=3)
    with pytest.raises(NotFoundError):
        await world.use_cases.raise_dispute(world.says(MY_NAME, worker_id=stranger))
    hers = await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))
    assert await world.use_cases.list_mine(ADA) == ()
    with pytest.raises(NotFoundError):
        await world.use_cases.get_mine(ADA, hers.dispute.dispute_id)


async def test_the_same_request_disputes_once_and_the_same_thing_is_disputed_once_at_a_time(
    world: DisputeWorld,
) -> None:
    command = world.says(ITALIAN_PERIOD)
    first = await world.use_cases.raise_dispute(command)
    assert await world.use_cases.raise_dispute(command) == first
    with pytest.raises(IdempotencyConflictError):
        await world.use_cases.raise_dispute(replace(command, grounds="Something else."))
    with pytest.raises(InputError) as error:
        await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))
    assert error.value.field == "about"
    await world.desk.settle(SettleDispute(world.new_id(), first.dispute.dispute_id, False, "It is right."), caller=ANNA)
    again = await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))
    assert again.dispute.dispute_id != first.dispute.dispute_id


async def test_a_flood_of_disputes_ends_at_twenty(world: DisputeWorld) -> None:
    for number in range(MOST_OPEN):
        await world.use_cases.raise_dispute(world.says(MY_NAME, f"Wrong {number}."))
    with pytest.raises(OverloadError):
        await world.use_cases.raise_dispute(world.says(MY_NAME, "One more."))


@pytest.mark.parametrize(
    ("subject", "grounds", "field"),
    [
        (MY_NAME, "", "grounds"),
        (MY_NAME, " \n\t\x00\x07 ", "grounds"),
        (MY_NAME, "x" * 2001, "grounds"),
        (Subject(Matter.PERIOD), "x", "about"),
        (replace(MISSING_IN_TUNISIA, state="tn"), "x", "state"),
        (replace(MISSING_IN_TUNISIA, end=None), "x", "first_day"),
        (replace(MISSING_IN_TUNISIA, end=MISSING_IN_TUNISIA.start), "x", "last_day"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(
    world: DisputeWorld, subject: Subject, grounds: str, field: str
) -> None:
    with pytest.raises(InputError) as error:
        await world.use_cases.raise_dispute(world.says(subject, grounds))
    assert error.value.field == field
    assert await world.use_cases.list_mine(ROSA) == ()


async def test_hostile_and_foreign_text_is_kept_as_text(world: DisputeWorld) -> None:
    told = "<script>alert('x')</script>\r\nأنا عملت هناك\x1b[31m\ud800"
    view = await world.use_cases.raise_dispute(world.says(MISSING_IN_TUNISIA, told))
    assert view.dispute.grounds == "<script>alert('x')</script>\nأنا عملت هناك[31m"


async def test_upheld_here_every_decision_waits_for_a_person_and_none_changes_by_itself(world: DisputeWorld) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))).dispute
    before = world.cases.kept[CASE].decisions
    await world.desk.take_up(TakeUpDispute(world.new_id(), raised.dispute_id), caller=ANNA)
    settle = SettleDispute(world.new_id(), raised.dispute_id, True, "We found the pay slips.")
    view = await world.desk.settle(settle, caller=ANNA)
    assert view.progress.to_review == (DE, IT)
    assert world.cases.kept[CASE].decisions == before
    assert [one.dispute.dispute_id for one in (await world.desk.page(size=10, after=None, caller=ANNA))[0]] == [
        raised.dispute_id
    ]
    for number in (20, 21):
        look = SettleReview(world.new_id(), raised.dispute_id, str(UUID(int=number)), number == 20)
        view = await world.desk.review(look, caller=ANNA)
    assert [(one.done_by, one.unchanged) for one in view.dispute.reviews] == [("anna", True), ("anna", False)]
    assert (await world.desk.page(size=10, after=None, caller=ANNA))[0] == []
    with pytest.raises(CaseStateError):
        await world.desk.review(replace(look, request_id=world.new_id()), caller=ANNA)
    acts = [act.what for act in world.work.acts._state.acts.values()]
    assert acts == ["dispute.taken_up", "dispute.answered", "dispute.reviewed", "dispute.reviewed"]


async def test_an_answer_needs_a_named_person_and_a_reason_and_is_not_taken_back(world: DisputeWorld) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))).dispute
    refuse = SettleDispute(world.new_id(), raised.dispute_id, False, "It is right.")
    with pytest.raises(DeniedError):
        await world.desk.settle(refuse, caller=PROGRAM)
    with pytest.raises(InputError):
        await world.desk.settle(replace(refuse, request_id=world.new_id(), reason=" "), caller=ANNA)
    await world.desk.settle(refuse, caller=ANNA)
    with pytest.raises(CaseStateError):
        await world.desk.settle(replace(refuse, request_id=world.new_id(), upheld=True), caller=ANNA)
    elsewhere = (await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))).dispute
    with pytest.raises(CaseStateError):
        await world.desk.take_up(TakeUpDispute(world.new_id(), elsewhere.dispute_id), caller=ANNA)


async def test_a_protected_persons_disputes_are_shown_to_cleared_staff_only_and_their_case_is_protected_too(
    world: DisputeWorld,
) -> None:
    await world.work.protected.protect([CASE])
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD, "I was there."))).dispute
    for attempt in (
        world.desk.get(raised.dispute_id, caller=ANNA),
        world.desk.take_up(TakeUpDispute(world.new_id(), raised.dispute_id), caller=ANNA),
    ):
        with pytest.raises(NotFoundError):
            await attempt
    assert (await world.desk.page(size=10, after=None, caller=ANNA))[0] == []
    assert (await world.desk.get(raised.dispute_id, caller=VERA)).dispute == replace(raised, grounds="I was there.")
    elsewhere = (await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))).dispute
    assert elsewhere.flow_case_id in await world.work.protected.among([elsewhere.flow_case_id or CASE])


@pytest.mark.parametrize("language", languages())
async def test_what_holds_instead_is_said_with_the_answer(world: DisputeWorld, language: str) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))).dispute
    holds = (Holds(date(1990, 1, 1), date(1991, 7, 1)), Holds(words="Your name is Rosa."), Holds())
    settle = SettleDispute(world.new_id(), raised.dispute_id, True, "Yes.", holds=holds)
    for wrong in (replace(settle, upheld=False), replace(settle, holds=(Holds(date(1990, 1, 2), date(1990, 1, 2)),))):
        with pytest.raises(InputError):
            await world.desk.settle(replace(wrong, request_id=world.new_id()), caller=ANNA)
    view = await world.desk.settle(settle, caller=ANNA)
    words = words_for([language])
    said = [words.say(one) for one in dispute_phrases(view, name_of=name_of, today=NOW.date())]
    assert words.text("dispute.holds", {"first": date(1990, 1, 1), "last": date(1991, 6, 30)}) in said
    assert any("Your name is Rosa." in one for one in said)
    assert words.text("dispute.holds_nothing") in said


async def test_what_holds_instead_abroad_stands_in_the_correction(world: DisputeWorld) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))).dispute
    period = {"period_id": "DE-1", "state": "DE", "kind": 1, "scheme": "de-rente", "evidence": {"level": 4}}
    days = {"first_day": {"year": 1990, "month": 1, "day": 1}, "last_day": {"year": 1991, "month": 6, "day": 30}}
    corrections = [
        {"period_id": "DE-1", "reason": 4, "after": period | days},
        {"period_id": "DE-2", "reason": 4, "note": "It was of another person."},
        {"period_id": "DE-3", "reason": 4},
        {"period_id": "DE-4", "reason": 4, "after": period | {"amount": "18", "unit": "PERIOD_UNIT_MONTHS"}},
    ]
    known_on = {"year": 2026, "month": 11, "day": 21}
    correction = careers.RecordCorrection(corrections=corrections, known_on=known_on)  # type: ignore[arg-type]
    assert raised.flow_case_id
    await world.germany(raised.flow_case_id, "correct", correction.SerializeToString())
    (view,) = await world.use_cases.list_mine(ROSA)
    assert view.progress.answer is not None
    assert view.progress.answer.holds == (
        Holds(date(1990, 1, 1), date(1991, 7, 1)),
        Holds(words="It was of another person."),
        Holds(),
    )


async def test_every_reading_by_staff_is_kept(world: DisputeWorld) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))).dispute
    await world.desk.get(raised.dispute_id, caller=ANNA)
    assert [(look.by, look.scope) for look in await world.work.looks.of([CASE])] == [("anna", CASE)]


async def test_pages_of_the_queue_go_on_where_they_ended(world: DisputeWorld) -> None:
    raised = [await world.use_cases.raise_dispute(world.says(MY_NAME, f"Wrong {number}.")) for number in range(3)]
    first, token = await world.desk.page(size=2, after=None, caller=ANNA)
    rest, end = await world.desk.page(size=2, after=token, caller=ANNA)
    assert [one.dispute for one in (*first, *rest)] == [one.dispute for one in raised]
    assert end is None


@pytest.mark.parametrize("language", languages())
async def test_every_standing_is_said_in_every_language(world: DisputeWorld, language: str) -> None:
    words = words_for([language])
    local = await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD, by="Union of builders"))
    abroad = await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))
    world.clock.advance(timedelta(days=100))
    for view in (local, abroad):
        for today in (NOW.date(), world.clock.now().date()):
            assert all(words.say(one) for one in dispute_phrases(view, name_of=name_of, today=today))
    refuse = SettleDispute(world.new_id(), local.dispute.dispute_id, False, "No.", "Write to Rome.")
    view = await world.desk.settle(refuse, caller=ANNA)
    assert "Write to Rome." in " ".join(
        words.say(one) for one in dispute_phrases(view, name_of=name_of, today=NOW.date())
    )


async def test_of_a_protected_person_no_free_word_is_shown_to_her_channels(world: DisputeWorld) -> None:
    raised = await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD, "Ask Bar Sport in Bari."))
    settle = SettleDispute(world.new_id(), raised.dispute.dispute_id, upheld=False, reason="Bar Sport denies it.")
    await world.desk.settle(replace(settle, remedy="INPS, Via Dante 1, Bari"), caller=ANNA)
    other = await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD, "It was longer."))
    holds = (Holds(date(1990, 1, 1), date(1991, 7, 1)), Holds(words="Five months on a farm."))
    right = SettleDispute(world.new_id(), other.dispute.dispute_id, upheld=True, reason="Yes.", holds=holds)
    await world.desk.settle(right, caller=ANNA)
    await world.work.protected.protect([CASE])
    (answer,) = [one.progress.answer for one in await world.use_cases.list_mine(ROSA) if one.progress.to_review]
    assert answer is not None
    assert answer.holds == holds[:1]
    new = await world.use_cases.raise_dispute(world.says(MISSING_IN_TUNISIA, "The farm near Sfax."))
    for view in (new, *await world.use_cases.list_mine(ROSA)):
        said = [words_for(["en"]).say(one) for one in dispute_phrases(view, name_of=name_of, today=NOW.date())]
        told = repr(view) + " ".join(said)
        assert [one for one in ("Bar Sport", "Bari", "farm", "Sfax") if one in told] == []
        assert view.is_protected
    # The institution reads them as they were written.
    kept = await world.desk.get(raised.dispute.dispute_id, caller=VERA)
    assert kept.dispute.grounds == "Ask Bar Sport in Bari."
    assert kept.progress.answer is not None
    assert kept.progress.answer.reason == "Bar Sport denies it."


async def test_upheld_here_the_other_institutions_of_the_case_are_told_without_a_free_word(world: DisputeWorld) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD, "Ask Bar Sport."))).dispute
    slips = (Holds(date(1990, 1, 1), date(1991, 7, 1)), Holds(words="Ask Bar Sport."))
    settle = SettleDispute(world.new_id(), raised.dispute_id, True, "We found the pay slips.", holds=slips)
    for _ in range(2):
        await world.desk.settle(settle, caller=ANNA)
    await world.deliver()
    (told,) = world.flows[IT].sender.sent
    assert (told.recipient, told.type) == (DE, "person.change.notify")
    (case,) = [await world.flows[DE].shelf.get(told.case_id, for_change=False)]
    assert case is not None
    said = persons.PersonChangeNotify.FromString(case.documents[-1].content)
    assert [(one.field, one.before, one.after) for one in said.changes] == [
        ("claim", str(CASE), str(CASE)),
        ("disputed.period", "IT-1", "1990-01-01/1991-07-01"),
    ]
    assert "Bar Sport" not in str(said)
    assert "pay slips" not in str(said)
    # Germany has to look what it means, and until when; she sees that case among her own.
    shown = steps(packaged_flows()[case.flow_id, case.flow_version], position_of(case), now=NOW, holidays=no_holidays)
    assert [(one.track, one.holders, one.due_on) for one in shown if one.track == "effect"] == [
        ("effect", (DE,), date(2026, 12, 21))  # 20 November and 30 days is a Sunday
    ]
    assert told.case_id in await world.links.case_ids_of(ROSA)


async def test_refused_here_nobody_is_told(world: DisputeWorld) -> None:
    raised = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))).dispute
    await world.desk.settle(SettleDispute(world.new_id(), raised.dispute_id, False, "It is right."), caller=ANNA)
    assert world.flows[IT].sender.sent == []


async def test_of_a_protected_person_the_others_learn_with_the_first_message_that_she_is(world: DisputeWorld) -> None:
    await world.work.protected.protect([CASE])
    here = (await world.use_cases.raise_dispute(world.says(ITALIAN_PERIOD))).dispute
    await world.desk.settle(SettleDispute(world.new_id(), here.dispute_id, True, "Found."), caller=VERA)
    await world.use_cases.raise_dispute(world.says(GERMAN_PERIOD))
    sent = world.flows[IT].sender.sent
    assert [one.type for one in sent] == ["person.change.notify", "record.dispute"]
    assert {one.case_id for one in sent} == await world.work.protected.among([one.case_id for one in sent])
    opened = [read_envelope(one.record, kind=one.type, sender=IT, me=DE, at=NOW) for one in sent]
    assert [one.is_protected for one in opened] == [True, True]


def position_of(case: CaseFile) -> Position:
    return position(packaged_flows()[case.flow_id, case.flow_version], case.said)


def no_holidays(state: str, day: date) -> bool:
    return False

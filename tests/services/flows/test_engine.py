"""What a case allows, who holds it, and what its documents add up to: stories with the articles they come from."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flow_world import World, newest

from portability.agreements.errors import CaseStateError
from portability.services.flows.engine import position, why_not
from portability.services.flows.load import load_flow, packaged_flow_texts
from portability.services.flows.model import DueState

DETERMINATION = {
    "de-drv": "residence_institution",
    "it-inps": "activity_institution",
    "fr-cleiss": "activity_institution",
}
PENSION = {"it-inps": "contact_institution", "de-drv": "institution", "fr-cnav": "institution"}


def determination() -> World:
    return World(newest("work_in_several_states"), DETERMINATION)


def test_two_months_of_silence_make_the_determination_definitive() -> None:
    # 987/2009 Art. 16(3): informed on Monday 2 March, so the two months end on Saturday 2 May: Monday 4 May.
    world = determination()
    world.say("de-drv", "propose")
    world.say("it-inps", "agree")
    step = world.step("view", "fr-cleiss")
    assert (step.holders, step.due_on, step.rule_id) == (("fr-cleiss",), date(2026, 5, 4), "eu.determination_silence")
    world.wait(days=63)  # Monday 4 May, 09:00: it is still that day
    assert world.state("determination") == "provisional"
    world.wait(days=1, hours=4)
    assert world.state("determination") == "definitive"
    assert world.step("view", "fr-cleiss").due_state is DueState.SILENT_CONSENT


def test_another_view_within_the_two_months_keeps_it_provisional() -> None:
    world = determination()
    world.say("de-drv", "propose")
    world.wait(days=50)
    world.say("it-inps", "disagree")
    assert world.state("determination") == "contested"
    world.wait(days=20)  # the other one stays silent: that does not make it definitive
    assert world.state("determination") == "contested"
    world.say("de-drv", "settle")
    assert world.state("determination") == "definitive"


def test_an_objection_of_the_last_day_that_arrives_later_counts() -> None:
    world = determination()
    world.say("de-drv", "propose")
    world.clock.set(world.clock.now().replace(month=5, day=4, hour=23))
    late = world.draft("it-inps", "disagree")
    world.wait(days=1)
    assert world.state("determination") == "definitive"
    world.documents.append(late)
    assert world.state("determination") == "contested"


def test_silence_means_nothing_where_no_article_says_so() -> None:
    world = World(
        newest("work_in_several_states"), {"ca-cra": "residence_institution", "de-drv": "activity_institution"}, "ca-de"
    )
    world.say("ca-cra", "propose")
    world.wait(days=200)
    assert world.state("determination") == "provisional"
    assert world.step("view", "de-drv").due_state is DueState.ESCALATED


def test_what_is_not_allowed_says_why_and_what_is() -> None:
    world = determination()
    with pytest.raises(CaseStateError, match="nobody has opened the case yet"):
        world.say("it-inps", "agree")
    world.say("de-drv", "propose")
    with pytest.raises(CaseStateError, match="for activity_institution to send; de-drv is residence_institution"):
        world.say("de-drv", "agree")
    with pytest.raises(
        CaseStateError, match=r"must stand at 'contested; agreement is sought'.*it stands at 'provisional'"
    ):
        world.say("de-drv", "settle")
    with pytest.raises(CaseStateError, match="takes no part"):
        world.say("es-inss", "agree")
    assert world.why_not("it-inps", "agree") == ""


def test_a_reply_that_comes_before_its_request_waits_for_it() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    asked = world.say("it-inps", "ask")
    answer = world.say("de-drv", "state", reply=asked)
    early = position(world.flow, [answer])
    assert early.waiting == {answer.document_id: "nobody has opened the case yet, or that message is not here."}
    assert position(world.flow, [answer, asked]).instances["records", "de-drv"].state == "stated"


def test_a_clock_that_is_five_minutes_slow_does_no_harm() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    asked = world.say("it-inps", "ask")
    answer = world.say("de-drv", "state", reply=asked)
    slow = replace(answer, at=asked.at - timedelta(minutes=5))
    assert position(world.flow, [slow, asked]).states == world.position.states


def test_what_rested_on_a_message_taken_back_has_no_effect_either() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    world.say("it-inps", "ask")
    world.say("de-drv", "state")
    again = world.say("it-inps", "ask_again")
    answer = world.say("de-drv", "state", reply=again)
    assert world.step("records", "de-drv").state == "stated"
    world.say("it-inps", "invalidate", target=again)
    assert answer.document_id in world.position.waiting
    assert world.state("records", "de-drv") == "stated"  # by the first answer


def test_only_who_received_a_message_refuses_it_and_only_its_sender_takes_it_back() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    world.say("it-inps", "ask")
    stated = world.say("de-drv", "state")
    world.documents.append(world.draft("it-inps", "invalidate", target=stated))
    assert world.state("records", "de-drv") == "stated"
    world.say("it-inps", "reject", target=stated)
    assert world.state("records", "de-drv") == "asked"  # and the institution holds it again
    world.say("de-drv", "state")
    assert world.state("records", "de-drv") == "stated"


def test_an_update_takes_the_place_of_a_message_and_moves_nothing() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    world.say("it-inps", "ask")
    first = world.say("de-drv", "state")
    second = world.say("de-drv", "state", target=first)
    assert world.position.superseded == {first.document_id: second.document_id}
    with pytest.raises(CaseStateError, match="not of its sender and action"):
        world.say("it-inps", "ask_again", target=first)


def test_a_closed_case_takes_nothing_on_until_it_is_opened_again() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    world.say("it-inps", "ask")
    world.say("it-inps", "close")
    with pytest.raises(CaseStateError, match="the case is closed: ask to reopen it first"):
        world.say("de-drv", "state")
    world.say("de-drv", "ask_to_reopen")
    assert world.step("reopening").holders == ("it-inps",)
    world.say("it-inps", "reopen")
    world.say("de-drv", "state")
    assert world.state("records", "de-drv") == "stated"


def test_an_institution_that_is_not_competent_forwards_and_the_other_one_holds_it() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    world.say("it-inps", "ask")
    world.say(
        "de-drv",
        "replace_participant",
        "it-inps",
        "de-drvbund",
        parties={"it-inps": "requesting_institution", "de-drvbund": "asked_institution"},
    )
    world.say("it-inps", "ask_again", "de-drvbund")
    assert world.step("records", "de-drvbund").holders == ("de-drvbund",)
    with pytest.raises(CaseStateError, match="takes no part"):
        world.say("de-drv", "state")


def test_a_reminder_is_answered_with_a_later_day_unless_the_day_is_law() -> None:
    world = World(newest("record_request"), {"it-inps": "requesting_institution", "de-drv": "asked_institution"})
    world.say("it-inps", "ask")
    world.wait(days=35)
    assert world.step("records", "de-drv").due_state is DueState.OVERDUE
    reminder = world.say("it-inps", "remind")
    world.say("de-drv", "answer_reminder", "it-inps", reply=reminder, due_on=date(2026, 5, 11))
    step = world.step("records", "de-drv")
    assert (step.due_on, step.due_state) == (date(2026, 5, 11), DueState.RUNNING)

    law = determination()
    law.say("de-drv", "propose")
    reminder = law.say("de-drv", "remind", "it-inps")
    law.say("it-inps", "answer_reminder", "de-drv", reply=reminder, due_on=date(2026, 8, 3))
    assert law.step("view", "it-inps").due_on == date(2026, 5, 4)


def test_a_pension_is_decided_when_all_records_are_there() -> None:
    # 987/2009 Art. 47(4) to (6), 48(1).
    world = World(newest("old_age_claim"), PENSION)
    world.say("it-inps", "lodge")
    world.say("it-inps", "state")
    world.say("de-drv", "state")
    assert "it stands at 'not due before all records are there'" in world.why_not("de-drv", "decide")
    world.say("fr-cnav", "state_none")
    world.say("de-drv", "decide")
    assert world.why_not("it-inps", "summarise") != ""
    world.say("it-inps", "decide")
    world.say("it-inps", "summarise")
    assert world.state("claim") == "summarised"
    assert world.why_not("fr-cnav", "decide") != ""


def test_a_state_that_never_answers_ends_with_the_liaison_body_and_a_provisional_award() -> None:
    # 987/2009 Art. 47(5), 50(1), 50(2).
    world = World(newest("old_age_claim"), PENSION)
    world.say("it-inps", "lodge")
    world.say("it-inps", "state")
    world.say("de-drv", "state")
    world.wait(days=61, hours=4)
    assert world.step("records", "fr-cnav").due_state is DueState.ESCALATED
    step = world.step("provisional_award", "it-inps")
    assert (step.holders, step.state, step.pace) == (("it-inps",), "due", "without delay")
    world.say("it-inps", "award_provisionally")
    assert world.state("provisional_award", "it-inps") == "awarded"
    world.say("fr-cnav", "state")  # late, and still taken
    assert world.step("decision", "fr-cnav").holders == ("fr-cnav",)


def test_arrears_go_to_the_person_when_the_amount_is_not_told_within_two_months() -> None:
    # 987/2009 Art. 72(2): arrears told on 2 March, so until Saturday 2 May: Monday 4 May.
    world = World(newest("offset"), {"de-drv": "creditor_institution", "it-inps": "paying_institution"})
    world.say("de-drv", "ask")
    world.say("it-inps", "tell_arrears")
    assert world.step("offset").due_on == date(2026, 5, 4)
    world.wait(days=64, hours=4)
    assert world.state("offset") == "to_be_paid_out"
    with pytest.raises(CaseStateError):
        world.say("de-drv", "tell_amount")
    world.say("it-inps", "pay_out")
    assert world.state("offset") == "paid_out"


def test_an_unanswered_life_check_goes_to_a_person_and_stops_nothing() -> None:
    world = World(newest("life_check"), {"mt-dss": "paying_institution", "it-inps": "residence_institution"})
    world.say("mt-dss", "ask")
    world.wait(days=46, hours=4)
    assert world.step("check").holders == ("mt-dss",)
    assert world.flow.actions["review"].person
    world.say("it-inps", "attest")  # late, and good news
    assert world.state("check") == "attested"


def test_a_case_keeps_the_version_with_which_it_was_opened() -> None:
    text = packaged_flow_texts()["f09_person_match.yaml"]
    before = load_flow(text, "f09.yaml")
    after = load_flow(text.replace("version: 1", "version: 2").replace("  find_nobody:", "  find_no_one:"), "f09.yaml")
    old = World(before, {"it-inps": "asking_institution", "de-drv": "asked_institution"})
    new = World(after, {"it-inps": "asking_institution", "de-drv": "asked_institution"})
    for world in (old, new):
        world.say("it-inps", "ask")
    old.say("de-drv", "find_nobody")
    stranger = replace(new.draft("de-drv", "name_candidates"), action="find_nobody")
    assert "Version 2 of 'person_match' has no action 'find_nobody'" in why_not(new.flow, new.position, stranger)
    new.say("de-drv", "find_no_one")
    assert old.state("match") == new.state("match") == "none"

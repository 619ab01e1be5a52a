"""Whose legislation applies, asked over gRPC: what the cases of the files say, by versions that bind the states."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import grpc
import pytest

from portability.agreements import packaged
from portability.agreements.legislation_cases import LegislationGiven, evaluate_legislation
from portability.agreements.work_facts import Activity, PostingFacts, WorkFacts
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import determination_pb2_grpc
from portability.api.determination.v1 import work_pb2 as work_pb
from portability.services.determination.mapping.choices import read_work
from portability.services.mapping.common import write_decimal

from .rpc_node import fields_of, node_channel, refusal
from .samples import day
from .treaty_world import World, sign, suspension

STATES = ("BE", "CA", "DE", "FR", "LU", "NL", "PT", "US")
RATIFIED = ("eu-883-2004", "european-convention-1972", "ca-fr", "de-us")


def work_message(work: WorkFacts) -> work_pb.WorkFacts:
    return work_pb.WorkFacts(
        residence_state=work.residence_state,
        activities=[activity_message(one) for one in work.activities],
        nationality=work.nationality,
        posting=posting_message(work.posting) if work.posting else None,
        telework_share="" if work.telework_share is None else write_decimal(work.telework_share, places=6),
        telework_requested=work.telework_requested,
        centre_of_interest=work.centre_of_interest,
        exception=work_pb.AgreedException(
            state=work.exception.state, last_day=day(work.exception.until) if work.exception.until else None
        )
        if work.exception
        else None,
    )


def activity_message(one: Activity) -> work_pb.Activity:
    return work_pb.Activity(
        kind=work_pb.ActivityKind.Value(f"ACTIVITY_KIND_{one.kind.name}"),
        state=one.state,
        share="" if one.share is None else write_decimal(one.share, places=6),
        employer=one.employer.lower(),
        employer_seat=one.employer_seat,
        flag=one.flag,
        home_base=one.home_base,
        employing_state=one.employing_state,
        engaged_locally=one.engaged_locally,
        chosen_state=one.chosen_state,
    )


def posting_message(posting: PostingFacts) -> work_pb.PostingFacts:
    return work_pb.PostingFacts(
        from_state=posting.from_state,
        to_state=posting.to_state,
        since=day(posting.since),
        expected_months=posting.expected_months or 0,
        replaces_another=posting.replaces_another,
        insured_before=posting.insured_before,
        extended_until=day(posting.extended_until) if posting.extended_until else None,
        previous_ended_on=day(posting.previous_ended_on) if posting.previous_ended_on else None,
    )


def ask(given: LegislationGiven, *agreement_ids: str, **more: Any) -> pb.DetermineApplicableLegislationRequest:
    return pb.DetermineApplicableLegislationRequest(
        work=work_message(given.work()), on=day(given.on), agreement_ids=agreement_ids, **more
    )


def cases(agreement_id: str) -> Iterator[tuple[str, LegislationGiven, dict[str, Any]]]:
    for one in packaged.agreement(agreement_id).content.examples:
        if one.kind == "applicable_legislation":
            yield one.id, LegislationGiven.model_validate(one.given), dict(one.expect)


def case(agreement_id: str, case_id: str) -> LegislationGiven:
    return next(given for name, given, _ in cases(agreement_id) if name == case_id)


@pytest.fixture
async def world() -> World:
    world = World(states=STATES)
    await world.ratify_packaged(*RATIFIED)
    return world


@pytest.fixture
async def determination(world: World) -> AsyncIterator[Any]:
    async with node_channel(world) as channel:
        yield determination_pb2_grpc.DeterminationServiceStub(channel)


def test_the_facts_of_every_case_arrive_as_they_were_sent() -> None:
    compared = 0
    for agreement_id in packaged.agreements():
        for _, given, _ in cases(agreement_id):
            sent = given.work()
            arrived = read_work(ask(given)).work
            assert [one.employer for one in arrived.activities] == [one.employer.lower() for one in sent.activities]
            assert work_message(arrived) == work_message(sent)
            assert (arrived.posting, arrived.exception, arrived.telework_share) == (
                sent.posting,
                sent.exception,
                sent.telework_share,
            )
            compared += 1
    assert compared > 200


def within_the_node(given: LegislationGiven) -> bool:
    work = given.work()
    posting = {work.posting.from_state, work.posting.to_state} if work.posting else set()
    named = {state for one in work.activities for state in (one.state, one.employer_seat, one.flag, one.home_base)}
    return {work.residence_state, *named, *posting} - {""} <= {*STATES}


async def test_the_cases_of_the_files_come_out_the_same_over_the_wire(determination: Any) -> None:
    compared = 0
    for agreement_id in RATIFIED:
        for _, given, expect in cases(agreement_id):
            if "error" in expect or not within_the_node(given):
                continue
            answer = await determination.DetermineApplicableLegislation(ask(given, agreement_id))
            here = evaluate_legislation(given, packaged.agreement(agreement_id))
            (one,) = answer.legislations
            assert answer.state == one.state == here["state"]
            assert (one.rule_id, f"{one.citation.instrument} {one.citation.article}") == (
                here["rule"],
                here["citation"],
            )
            assert (day(here["until"]) if here["until"] else type(one.last_day)()) == one.last_day
            assert [condition.condition_id for condition in one.to_confirm] == here["to_confirm"]
            assert (one.provisional, one.rule_verified) == (here["provisional"], here["status"] == "verified")
            compared += 1
    assert compared >= 12


async def test_a_posting_says_the_state_the_end_the_article_and_what_is_open(determination: Any) -> None:
    answer = await determination.DetermineApplicableLegislation(ask(case("eu-883-2004", "posting-of-24-months")))
    (one,) = answer.legislations
    assert (answer.state, one.agreement_id) == ("FR", "eu-883-2004")
    assert one.last_day == day(date(2025, 12, 31))
    assert one.sentences == [
        "The legislation of France goes on applying during the posting. (883/2004 Art. 12(1))",
        "Until 31 December 2025 at the latest. (883/2004 Art. 12(1))",
    ]
    assert [step.rule for step in one.steps] == ["applicable_legislation", "legislation_until"]
    (condition,) = one.to_confirm
    assert (condition.condition_id, condition.citation.instrument) == ("active_in_the_sending_state", "987/2009")
    assert one.version_sha256 == packaged.agreement("eu-883-2004").sha256
    (pair,) = one.bound
    assert (list(pair.states), pair.first_day) == (["DE", "FR"], day(date(2004, 5, 1)))


async def test_the_sentences_are_in_the_language_asked_for(determination: Any) -> None:
    asked = ask(case("eu-883-2004", "posting-of-24-months"), language="fr-CA")
    answer = await determination.DetermineApplicableLegislation(asked)
    assert answer.language == "fr"
    assert "France" in answer.legislations[0].sentences[0]
    assert "legislation" not in answer.legislations[0].sentences[0]


async def test_of_two_agreements_the_one_that_replaces_the_other_is_applied(determination: Any) -> None:
    # 883/2004 Art. 8(1): between Member States the Regulation replaces the convention.
    given = case("eu-883-2004", "quarter-of-the-work-at-home")
    answer = await determination.DetermineApplicableLegislation(ask(given))
    assert [one.agreement_id for one in answer.legislations] == ["eu-883-2004"]
    (aside,) = answer.set_aside
    assert (aside.agreement_id, aside.gives_way_to) == ("european-convention-1972", "eu-883-2004")
    assert aside.reason == pb.AGREEMENT_REASON_REPLACED
    assert (aside.citation.instrument, aside.citation.article) == ("883/2004", "Art. 8(1)")
    assert "eu-883-2004 replaces it" in aside.said


def at_home_in_germany(**given: Any) -> LegislationGiven:
    """Lives in Germany, works in France for an employer in Canada."""
    facts = {"on": "2026-07-01", "residence_state": "DE", "activities": [{"state": "FR", "employer_seat": "CA"}]}
    return LegislationGiven.model_validate({**facts, **given})


async def test_agreements_that_lead_to_one_state_all_say_so(determination: Any) -> None:
    answer = await determination.DetermineApplicableLegislation(ask(at_home_in_germany()))
    assert answer.state == "FR"
    assert [one.agreement_id for one in answer.legislations] == ["ca-fr", "eu-883-2004"]
    assert not answer.set_aside


async def test_agreements_that_lead_to_different_states_give_no_answer_until_one_is_named(determination: Any) -> None:
    # 883/2004 Art. 13(1)(a): four fifths at home, so Germany; the treaty with Canada sees the work in France alone.
    both = at_home_in_germany(
        activities=[{"state": "FR", "share": "0.2", "employer_seat": "CA"},
                    {"state": "DE", "share": "0.8", "employer_seat": "CA"}]
    )  # fmt: skip
    refused = await refusal(determination.DetermineApplicableLegislation(ask(both)))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "lead to different legislations: FR by 'ca-fr'" in (refused.details() or "")
    assert "DE by 'eu-883-2004' (883/2004 Art. 13(1)(a))" in (refused.details() or "")
    assert (await determination.DetermineApplicableLegislation(ask(both, "eu-883-2004"))).state == "DE"


async def test_an_agreement_without_a_rule_on_this_stops_the_answer_until_another_is_named(determination: Any) -> None:
    # No article of the treaty between Germany and the United States on this is encoded: a person leaves it out.
    given = at_home_in_germany(residence_state="FR", activities=[{"state": "DE", "employer_seat": "US"}])
    refused = await refusal(determination.DetermineApplicableLegislation(ask(given)))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "'de-us' has no rule" in (refused.details() or "")
    assert (await determination.DetermineApplicableLegislation(ask(given, "eu-883-2004"))).state == "DE"


async def test_states_that_no_agreement_joins_are_named(determination: Any) -> None:
    given = at_home_in_germany(residence_state="BR", activities=[{"state": "IN"}])
    refused = await refusal(determination.DetermineApplicableLegislation(ask(given)))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "joins the states of this work (BR, IN)" in (refused.details() or "")


async def test_work_and_home_in_one_state_are_a_national_case(determination: Any) -> None:
    given = at_home_in_germany(activities=[{"state": "DE"}])
    for agreements in ((), ("de-us",)):
        refused = await refusal(determination.DetermineApplicableLegislation(ask(given, *agreements)))
        assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "one state alone (DE)" in (refused.details() or "") or "fewer than two" in (refused.details() or "")


async def test_an_agreement_that_one_state_has_suspended_is_not_applied(world: World, determination: Any) -> None:
    binding = await world.law.version_between("eu-883-2004", [("DE", "FR")], on=date(2026, 11, 20))
    ended = suspension("eu-883-2004", binding.bindings[0].version, "FR", date(2026, 11, 21))
    await world.take_in(sign(ended, at=world.clock.now()))
    before = at_home_in_germany(on="2026-11-20", activities=[{"state": "FR"}])
    assert (await determination.DetermineApplicableLegislation(ask(before))).state == "FR"
    given = at_home_in_germany(on="2026-11-21", activities=[{"state": "FR"}])
    for agreements in ((), ("eu-883-2004",)):
        refused = await refusal(determination.DetermineApplicableLegislation(ask(given, *agreements)))
        assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "FR has suspended version" in (refused.details() or "")


async def test_an_agreement_that_is_not_ratified_is_named_beside_the_one_that_is() -> None:
    # Portugal and the Netherlands have not ratified the convention here; the Regulation binds them.
    fewer = World(states=("NL", "PT"))
    await fewer.ratify_packaged("eu-883-2004")
    await fewer.put(packaged.packaged_texts("treaties")["european-convention-1972.yaml"])
    given = at_home_in_germany(residence_state="NL", activities=[{"state": "PT"}])
    async with node_channel(fewer) as channel:
        stub = determination_pb2_grpc.DeterminationServiceStub(channel)
        answer = await stub.DetermineApplicableLegislation(ask(given))
    assert answer.state == "PT"
    (aside,) = answer.set_aside
    assert (aside.agreement_id, aside.reason) == ("european-convention-1972", pb.AGREEMENT_REASON_NOT_RATIFIED)
    assert "neither has ratified any version" in aside.said


async def test_an_agreement_is_unknown_or_only_not_published(determination: Any) -> None:
    for agreement_id, code, said in (
        ("eu-1408", grpc.StatusCode.NOT_FOUND, "no agreement of that id"),
        ("ca-it", grpc.StatusCode.FAILED_PRECONDITION, "ca-it"),
    ):
        refused = await refusal(determination.DetermineApplicableLegislation(ask(at_home_in_germany(), agreement_id)))
        assert refused.code() is code
        assert said in (refused.details() or "")


async def test_a_day_before_every_rule_is_refused_with_the_first_day(determination: Any) -> None:
    given = at_home_in_germany(on="2009-01-01", activities=[{"state": "FR"}])
    refused = await refusal(determination.DetermineApplicableLegislation(ask(given, "eu-883-2004")))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "2010-05-01" in (refused.details() or "")


async def test_a_fact_that_a_rule_turns_on_is_asked_for(determination: Any) -> None:
    given = case("eu-883-2004", "posting-of-24-months")
    asked = ask(given)
    asked.work.posting.expected_months = 0
    refused = await refusal(determination.DetermineApplicableLegislation(asked))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(refused) == ["posting.expected_months"]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda asked: asked.work.ClearField("activities"), "work.activities"),
        (lambda asked: setattr(asked.work.activities[0], "kind", 0), "work.activities[0].kind"),
        (lambda asked: setattr(asked.work.activities[0], "share", "1.5"), "work.activities[0].share"),
        (lambda asked: setattr(asked.work.activities[0], "employer", "Anna's Bakery"), "work.activities[0].employer"),
        (lambda asked: setattr(asked.work.posting, "expected_months", -1), "work.posting.expected_months"),
        (lambda asked: setattr(asked.work.posting.since, "day", 32), "work.posting.since"),
        (lambda asked: asked.work.posting.ClearField("since"), "work.posting.since"),
        (lambda asked: setattr(asked.work, "telework_share", "half"), "work.telework_share"),
        (lambda asked: asked.ClearField("on"), "on"),
        (lambda asked: asked.agreement_ids.append("EU 883"), "agreement_ids[0]"),
    ],
)
async def test_facts_that_cannot_be_right_are_refused_by_their_field(
    determination: Any, spoil: Any, field: str
) -> None:
    asked = ask(case("eu-883-2004", "posting-of-24-months"))
    spoil(asked)
    refused = await refusal(determination.DetermineApplicableLegislation(asked))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(refused) == [field]


@pytest.mark.parametrize("role", ["worker", "peer", "administrator"])
async def test_only_staff_asks(determination: Any, role: str) -> None:
    call = determination.DetermineApplicableLegislation(ask(at_home_in_germany()), metadata=(("test-role", role),))
    assert (await refusal(call)).code() in {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}

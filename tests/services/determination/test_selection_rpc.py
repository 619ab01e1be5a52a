"""Which agreements apply to a career, asked over gRPC: by the versions that bind the state that asks, with reasons."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import grpc
import pytest

from portability.agreements.periods import PeriodUnit
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import determination_pb2_grpc

from .rpc_node import fields_of, node_channel, refusal
from .samples import day, period, period_message
from .treaty_world import World, sign, suspension

RATIFIED = ("eu-883-2004", "european-convention-1972", "ca-fr", "ca-it", "ca-us", "de-us", "fr-us")
ON = date(2026, 11, 20)


@pytest.fixture
async def world() -> World:
    world = World(states=("CA", "DE", "DK", "FR", "IT", "NL", "PT", "US"))
    await world.ratify_packaged(*RATIFIED)
    return world


@pytest.fixture
async def determination(world: World) -> AsyncIterator[Any]:
    async with node_channel(world) as channel:
        yield determination_pb2_grpc.DeterminationServiceStub(channel)


def ask(state: str, *career: str, on: date = ON, **more: Any) -> pb.SelectAgreementsRequest:
    periods = [
        period(f"{one.lower()}-scheme", date(1990 + index, 1, 1), date(1990 + index, 12, 31), amount=12,
               unit=PeriodUnit.MONTHS)
        for index, one in enumerate(career)
    ]  # fmt: skip
    return pb.SelectAgreementsRequest(
        state=state, branch="old_age", on=day(on), periods=[period_message(one) for one in periods], **more
    )


def aside(answer: pb.SelectAgreementsResponse) -> dict[str, int]:
    return {one.agreement_id: one.reason for one in answer.set_aside}


async def test_one_agreement_decides_alone_with_its_version_and_whom_it_binds(determination: Any) -> None:
    answer = await determination.SelectAgreements(ask("IT", "IT", "CA"))
    (one,) = answer.applies
    assert (one.agreement_id, list(one.states)) == ("ca-it", ["CA", "IT"])
    assert one.reason == pb.AGREEMENT_REASON_JOINS_STATES_OF_THE_CAREER
    assert (answer.decided_by, answer.HasField("citation")) == (pb.SELECTION_RULE_ONE, False)
    assert len(one.version_sha256) == 64
    assert [(list(pair.states), pair.first_day) for pair in one.bound] == [(["IT", "CA"], day(date(2004, 5, 1)))]


async def test_the_better_of_two_agreements_is_due_by_the_law_of_the_state(determination: Any) -> None:
    # 20 CFR 404.1910(b): the more favourable of two agreements, never both.
    answer = await determination.SelectAgreements(ask("US", "DE", "FR", "US"))
    assert [one.agreement_id for one in answer.applies] == ["de-us", "fr-us"]
    assert answer.decided_by == pb.SELECTION_RULE_MOST_FAVOURABLE
    assert (answer.citation.instrument, answer.citation.article) == ("20CFR", "404.1910(b)")
    # The Regulation does not bind the state that asks: it says nothing to it.
    assert not answer.set_aside


async def test_where_no_text_decides_a_person_does(determination: Any) -> None:
    answer = await determination.SelectAgreements(ask("IT", "CA", "DE", "IT"))
    assert [one.agreement_id for one in answer.applies] == ["ca-it", "eu-883-2004"]
    assert answer.decided_by == pb.SELECTION_RULE_PERSON_DECIDES


async def test_an_agreement_that_gives_way_says_to_which_by_which_article(determination: Any) -> None:
    answer = await determination.SelectAgreements(ask("NL", "NL", "PT", language="de"))
    assert [one.agreement_id for one in answer.applies] == ["eu-883-2004"]
    (one,) = answer.set_aside
    assert (one.agreement_id, one.gives_way_to) == ("european-convention-1972", "eu-883-2004")
    assert one.reason == pb.AGREEMENT_REASON_REPLACED
    assert (one.citation.instrument, one.citation.article) == ("883/2004", "Art. 8(1)")
    assert answer.language == "de"
    assert one.said.startswith("european-convention-1972 wird nicht vorgeschlagen")


async def test_the_nationality_decides_where_an_article_asks_for_it(determination: Any) -> None:
    # Regulation 1231/2010 recital 19: for Denmark nationals of third countries stay outside.
    unknown = await determination.SelectAgreements(ask("DK", "DK", "DE"))
    (one,) = unknown.applies
    assert list(one.to_confirm) == ["personal_scope"]
    american = await determination.SelectAgreements(ask("DK", "DK", "DE", nationality="US"))
    assert aside(american)["eu-883-2004"] == pb.AGREEMENT_REASON_DOES_NOT_COVER_THE_PERSON
    assert american.decided_by == pb.SELECTION_RULE_NONE
    refugee = ask("DK", "DK", "DE", nationality="US", groups=[pb.PERSON_GROUP_REFUGEES])
    (one,) = (await determination.SelectAgreements(refugee)).applies
    assert not one.to_confirm


async def test_a_third_state_counts_where_an_article_says_so_and_agreements_bind_it_to_both(
    world: World, determination: Any
) -> None:
    # The United States are bound to Canada (ca-us) and to France (fr-us, which does not bind the state that asks).
    asked = ask("CA", "CA", "FR", "US", on=date(2026, 11, 21))
    answer = await determination.SelectAgreements(asked)
    with_france, with_the_states = answer.applies
    assert (with_france.agreement_id, list(with_france.third_states)) == ("ca-fr", ["US"])
    assert with_france.third_states_citation.instrument == "CA-FR"
    assert (with_the_states.agreement_id, list(with_the_states.third_states)) == ("ca-us", [])
    assert not answer.set_aside

    binding = (await world.law.version_between("fr-us", [("FR", "US")], on=ON)).bindings[0]
    ended = suspension("fr-us", binding.version, "US", date(2026, 11, 21))
    await world.take_in(sign(ended, at=world.clock.now()))
    answer = await determination.SelectAgreements(asked)
    assert not answer.applies[0].third_states
    assert not answer.set_aside


async def test_what_one_state_has_suspended_is_set_aside_with_the_reason(world: World, determination: Any) -> None:
    binding = (await world.law.version_between("ca-it", [("CA", "IT")], on=ON)).bindings[0]
    ended = suspension("ca-it", binding.version, "CA", date(2026, 11, 21))
    await world.take_in(sign(ended, at=world.clock.now()))
    assert (await determination.SelectAgreements(ask("IT", "CA", "IT"))).applies
    answer = await determination.SelectAgreements(ask("IT", "CA", "IT", on=date(2026, 11, 21)))
    assert aside(answer) == {"ca-it": pb.AGREEMENT_REASON_NOT_RATIFIED}
    assert "CA has suspended version" in answer.set_aside[0].said
    assert answer.decided_by == pb.SELECTION_RULE_NONE


async def test_a_career_in_one_state_is_a_national_case(determination: Any) -> None:
    answer = await determination.SelectAgreements(ask("DE", "DE"))
    assert (list(answer.applies), list(answer.set_aside)) == ([], [])
    assert answer.decided_by == pb.SELECTION_RULE_NONE


async def test_what_is_selected_is_what_a_determination_proposes_from(determination: Any) -> None:
    selected = await determination.SelectAgreements(ask("US", "DE", "FR", "US"))
    for one in selected.applies:
        # Each was found by the pairs by which a determination finds it: the state that asks, and each other one.
        assert {pair.states[0] for pair in one.bound} == {"US"}


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda asked: asked.ClearField("periods"), "periods"),
        (lambda asked: asked.ClearField("on"), "on"),
        (lambda asked: setattr(asked.on, "month", 13), "on"),
        (lambda asked: setattr(asked, "state", "Germany"), "state"),
        (lambda asked: setattr(asked, "branch", "luck"), "branch"),
        (lambda asked: setattr(asked, "nationality", "german"), "nationality"),
        (lambda asked: asked.groups.append(0), "groups[0]"),
        (lambda asked: setattr(asked.periods[0].last_day, "year", 1980), "periods[0].last_day"),
    ],
)
async def test_a_question_that_cannot_be_right_is_refused_by_its_field(
    determination: Any, spoil: Any, field: str
) -> None:
    asked = ask("DE", "DE", "IT")
    spoil(asked)
    refused = await refusal(determination.SelectAgreements(asked))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(refused)[0].startswith(field)


@pytest.mark.parametrize("role", ["worker", "peer", "administrator"])
async def test_only_staff_asks(determination: Any, role: str) -> None:
    call = determination.SelectAgreements(ask("DE", "DE", "IT"), metadata=(("test-role", role),))
    assert (await refusal(call)).code() in {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}

"""Whatever facts a case of an agreement file gives, a call can give: they arrive unchanged, and so do the cents."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import grpc
import pytest

from portability.agreements import packaged
from portability.agreements.errors import InputError
from portability.agreements.example_inputs import DetermineGiven
from portability.agreements.lookup import boundary_dates
from portability.agreements.model import DeterminationFacts
from portability.agreements.rules import ExampleCase
from portability.agreements.selection import Person
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import determination_pb2_grpc
from portability.services.determination.mapping.claims import write_claim
from portability.services.determination.mapping.facts import read_query
from portability.services.determination.model import DetermineQuery

from .rpc_node import fields_of, node_channel, refusal
from .samples import facts
from .treaty_world import World


def given_facts(agreement_id: str, case: ExampleCase) -> DeterminationFacts:
    newest = boundary_dates(packaged.agreement(agreement_id))[-1]
    return DetermineGiven.model_validate(case.given).facts(newest)


def determined(agreement_id: str) -> dict[str, ExampleCase]:
    examples = packaged.agreement(agreement_id).content.examples
    return {one.id: one for one in examples if one.kind == "determine"}


def all_facts() -> Iterator[DeterminationFacts]:
    for agreement_id in packaged.agreements():
        for case in determined(agreement_id).values():
            if case.given.get("state") and "error" not in case.expect:
                yield given_facts(agreement_id, case)


def test_the_facts_of_every_case_arrive_as_they_were_sent() -> None:
    claims = list(all_facts())
    assert any(one.yearly_facts and one.scheme_dates for one in claims)
    assert any(one.scheme_facts for one in claims)
    assert any(one.national_answers for one in claims)
    for claim in claims:
        query = DetermineQuery(claim, ("any",), Person("PH", frozenset({"refugees", "family"})))
        assert read_query(write_claim(query), ["any"]) == query


@pytest.mark.parametrize("third", [None, frozenset(), frozenset({"PH", "US"})])
def test_third_states_that_nobody_looked_for_are_not_the_same_as_none(third: frozenset[str] | None) -> None:
    query = DetermineQuery(replace(facts(), third_states=third), ("any",))
    assert read_query(write_claim(query), ["any"]).facts.third_states == third


def test_a_number_without_an_exact_decimal_is_not_sent() -> None:
    third = replace(facts(), scheme_facts={"de-rente": {"earnings_points": Fraction(118, 3)}})
    with pytest.raises(InputError, match="earnings_points: 118/3 has no exact decimal"):
        write_claim(DetermineQuery(third, ("any",)))


@pytest.fixture
async def determination() -> AsyncIterator[Any]:
    """A node on which the United States, Canada and Switzerland have ratified their agreements."""
    world = World(states=("CA", "CH", "US"))
    await world.ratify_packaged("ca-us", "ch-us", since=date(2000, 6, 1))
    async with node_channel(world) as channel:
        yield determination_pb2_grpc.DeterminationServiceStub(channel)


def claim(case_id: str = "us-ca-reduced") -> pb.ClaimFacts:
    return write_claim(DetermineQuery(given_facts("ca-us", determined("ca-us")[case_id]), ("ca-us",)))


async def american(determination: Any, facts_sent: pb.ClaimFacts) -> pb.Benefit:
    answer = await determination.Determine(pb.DetermineRequest(facts=facts_sent, agreement_ids=["ca-us"]))
    (benefit,) = answer.benefits
    return benefit


async def test_american_cases_give_the_cents_of_the_file(determination: Any) -> None:
    compared = 0
    for case_id, case in determined("ca-us").items():
        sent = claim(case_id)
        if not case.expect.get("us-old-age") or not sent.periods:
            continue  # without a period in Canada the agreement has nothing to bind
        benefit = await american(determination, sent)
        for name, amount in case.expect["us-old-age"].items():
            if name == "ratio":
                assert Fraction(benefit.ratio) == Fraction(amount)
            else:
                assert (getattr(benefit, name).amount if benefit.HasField(name) else "none") == amount
            compared += 1
    assert compared >= 9


async def test_the_benefit_month_is_carried(determination: Any) -> None:
    # Without it the amount is that of the first month, before seven raises.
    assert (await american(determination, claim())).award.amount == "15.00"
    first_month = claim()
    first_month.ClearField("scheme_dates")
    assert (await american(determination, first_month)).award.amount != "15.00"


async def test_who_lives_in_the_other_state_needs_no_period_there(determination: Any) -> None:
    sent = claim("us-ca-without-canada")
    assert not sent.periods
    sent.residence_state = "CA"
    assert not (await american(determination, sent)).HasField("award")


def no_year(sent: pb.ClaimFacts) -> None:
    del sent.yearly_figures[0].years[:]


def a_year_before_insurance(sent: pb.ClaimFacts) -> None:
    sent.yearly_figures[0].years[0].year = 1879


def a_year_twice(sent: pb.ClaimFacts) -> None:
    sent.yearly_figures[0].years.append(sent.yearly_figures[0].years[0])


def earnings_below_zero(sent: pb.ClaimFacts) -> None:
    sent.yearly_figures[0].years[0].value = "-1"


def earnings_twice(sent: pb.ClaimFacts) -> None:
    sent.yearly_figures.append(sent.yearly_figures[0])


def a_month_twice(sent: pb.ClaimFacts) -> None:
    sent.scheme_dates.append(sent.scheme_dates[0])


def no_day(sent: pb.ClaimFacts) -> None:
    sent.scheme_dates[0].ClearField("day")


def a_day_that_there_is_not(sent: pb.ClaimFacts) -> None:
    sent.scheme_dates[0].day.day = 31


def a_country_by_name(sent: pb.ClaimFacts) -> None:
    sent.nationality = "Canada"


def a_group_that_nobody_named(sent: pb.ClaimFacts) -> None:
    sent.groups.append(pb.PERSON_GROUP_UNSPECIFIED)


def a_third_state_twice(sent: pb.ClaimFacts) -> None:
    sent.third_states.states.extend(["PH", "PH"])


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (no_year, "facts.yearly_figures[0].years"),
        (a_year_before_insurance, "facts.yearly_figures[0].years[0].year"),
        (a_year_twice, "facts.yearly_figures[0].years[4]"),
        (earnings_below_zero, "facts.yearly_figures[0].years[0].value"),
        (earnings_twice, "facts.yearly_figures[1]"),
        (a_month_twice, "facts.scheme_dates[1]"),
        (no_day, "facts.scheme_dates[0].day"),
        (a_day_that_there_is_not, "facts.scheme_dates[0].day"),
        (a_country_by_name, "facts.nationality"),
        (a_group_that_nobody_named, "facts.groups[0]"),
        (a_third_state_twice, "facts.third_states.states"),
    ],
)
async def test_facts_that_cannot_be_right_are_refused_by_their_field(
    determination: Any, spoil: Any, field: str
) -> None:
    sent = claim()
    spoil(sent)
    refused = await refusal(american(determination, sent))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(refused) == [field]


async def test_a_nationality_that_no_article_covers_is_refused_with_the_article(determination: Any) -> None:
    (case,) = determined("ch-us").values()
    sent = write_claim(DetermineQuery(given_facts("ch-us", case), ("ch-us",)))
    ask = pb.DetermineRequest(facts=sent, agreement_ids=["ch-us"])
    assert (await determination.Determine(ask)).determinations  # nobody knows: a person checks
    ask.facts.nationality = "PH"
    refused = await refusal(determination.Determine(ask))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "does not cover a person of the nationality and groups given (CH-US Art. 3)" in (refused.details() or "")
    assert "PH" not in (refused.details() or "")
    ask.facts.groups.append(pb.PERSON_GROUP_REFUGEES)
    assert (await determination.Determine(ask)).determinations
    del ask.facts.groups[:]
    ask.facts.nationality = "CH"
    assert (await determination.Determine(ask)).determinations

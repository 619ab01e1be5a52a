"""DeterminationService and AgreementService through an in-process gRPC server, behind the same gate as on a node."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.type.date_pb2 import Date

from portability.agreements import packaged
from portability.api.agreements.v1 import agreements_pb2, agreements_pb2_grpc
from portability.api.common.v1 import common_pb2 as common
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import determination_pb2_grpc

from .rpc_node import node_channel, refusal
from .samples import CANADIAN, SHORT_GERMAN, facts_message
from .test_files import EXAMPLES
from .treaty_world import World


@pytest.fixture
async def world() -> World:
    """A node on which every state of the samples has ratified the two agreements that they use."""
    world = World()
    await world.ratify_packaged("eu-883-2004", "ca-de")
    return world


@pytest.fixture
async def channel(world: World) -> AsyncIterator[grpc.aio.Channel]:
    async with node_channel(world) as channel:
        yield channel


@pytest.fixture
def determination(channel: grpc.aio.Channel) -> Any:
    return determination_pb2_grpc.DeterminationServiceStub(channel)


@pytest.fixture
def agreements(channel: grpc.aio.Channel) -> Any:
    return agreements_pb2_grpc.AgreementServiceStub(channel)


def request(*agreement_ids: str, **given: Any) -> pb.DetermineRequest:
    return pb.DetermineRequest(facts=facts_message(), agreement_ids=agreement_ids or ("eu-883-2004",), **given)


async def test_a_determination_comes_with_amounts_steps_citations_and_files(determination: Any) -> None:
    answer = await determination.Determine(request())
    (benefit,) = answer.benefits
    assert (benefit.scheme, benefit.agreement_id, benefit.ratio) == ("de-rente", "eu-883-2004", "2/5")
    assert benefit.independent == common.Money(currency_code="EUR", amount="506.61")
    assert benefit.theoretical == common.Money(currency_code="EUR", amount="1266.53")
    assert benefit.award == common.Money(currency_code="EUR", amount="506.61")
    cited = {(step.rule, step.citation.instrument, step.citation.article) for step in benefit.steps}
    assert ("pro_rata_benefit", "883/2004", "Art. 52(1)(b)(ii)") in {
        (child.rule, child.citation.instrument, child.citation.article)
        for step in benefit.steps
        for child in (step, *step.children)
    } | cited
    (one,) = answer.determinations
    assert [file.file for file in one.files] == ["eu-883-2004.yaml", "de.yaml"]
    assert one.files[0].sha256 == one.version_sha256 == packaged.agreement("eu-883-2004").sha256
    (bound,) = one.bound
    assert (bound.state, bound.first_day) == ("IT", Date(year=2004, month=5, day=1))
    assert (answer.review_status, bool(answer.banner)) == ("unverified", True)


async def test_the_trace_replays_to_the_same_bytes(determination: Any) -> None:
    first, again = await determination.Determine(request()), await determination.Determine(request())
    assert first.trace == again.trace
    assert first.trace_sha256 == hashlib.sha256(first.trace).hexdigest()
    assert json.loads(first.trace)["benefits"][0]["award"] == "50661/100 EUR"


async def test_the_text_is_given_for_the_readers_asked_for_only(determination: Any) -> None:
    assert not (await determination.Determine(request())).explanations
    asked = [pb.AUDIENCE_WORKER, pb.AUDIENCE_JURIST]
    answer = await determination.Determine(request(audiences=asked))
    assert [one.audience for one in answer.explanations] == asked
    assert "You would get €506.61 a month." in answer.explanations[0].text
    assert "883/2004 Art. 52(1)(b)(ii)" in answer.explanations[1].text


@pytest.mark.parametrize(
    ("asked", "spoken", "said"),
    [
        ("", "en", "You would get €506.61 a month."),
        ("fr-CA", "fr", "Vous recevriez 506,61\xa0€ par mois."),
        ("AR", "ar", "يكون لك \u2068\u200f506.61\xa0€\u2069 في الشهر."),
        ("xx", "en", "You would get €506.61 a month."),
    ],
)
async def test_the_text_is_told_in_the_nearest_language(determination: Any, asked: str, spoken: str, said: str) -> None:
    answer = await determination.Determine(request(audiences=[pb.AUDIENCE_WORKER], language=asked))
    assert (answer.explanations[0].language, said in answer.explanations[0].text) == (spoken, True)
    again = await determination.Explain(
        pb.ExplainRequest(
            facts=facts_message(), agreement_ids=["eu-883-2004"], audience=pb.AUDIENCE_WORKER, language=asked
        )
    )
    assert (again.language, again.text) == (spoken, answer.explanations[0].text)
    # The trace is the same in every language.
    assert answer.trace == (await determination.Determine(request())).trace


async def test_a_step_carries_its_exact_values_and_its_english_sentences(determination: Any) -> None:
    answer = await determination.Determine(request())
    (share,) = [step for step in answer.benefits[0].steps if step.rule == "pro_rata_benefit"]
    assert {one.name: one.json_value for one in share.values} == {
        "theoretical": '{"money":"126653/100","currency":"EUR"}',
        "own": '{"number":"120"}',
        "total": '{"number":"300"}',
        "unit": '"months"',
        "output": '{"money":"50661/100","currency":"EUR"}',
    }
    assert share.said == "€1,266.53 × 120/300 = €506.61."
    assert share.plain == "You completed 120 of 300 months in Germany, so your share is €506.61 a month."


async def test_a_choice_between_agreements_is_said(determination: Any) -> None:
    message = facts_message(SHORT_GERMAN, CANADIAN, points="4.8")
    answer = await determination.Determine(pb.DetermineRequest(facts=message, agreement_ids=["eu-883-2004", "ca-de"]))
    assert answer.benefits[0].agreement_id == "ca-de"
    assert [one.agreement_id for one in answer.determinations] == ["eu-883-2004", "ca-de"]
    assert len(answer.choices) == 1


async def test_an_explanation_is_checked_against_the_trace_that_was_kept(determination: Any) -> None:
    kept = (await determination.Determine(request())).trace_sha256
    ask = pb.ExplainRequest(
        facts=facts_message(), agreement_ids=["eu-883-2004"], audience=pb.AUDIENCE_WORKER, trace_sha256=kept
    )
    answer = await determination.Explain(ask)
    assert answer.trace_sha256 == kept
    assert "You would get €506.61 a month." in answer.text
    ask.facts.figures[0].value = "12.5"
    refused = await refusal(determination.Explain(ask))
    assert refused.code() is not grpc.StatusCode.OK
    assert kept[:12] in (refused.details() or "")


def a_period_that_ends_before_it_starts(message: pb.DetermineRequest) -> None:
    message.facts.periods[0].last_day.year = 1999


def a_figure_twice(message: pb.DetermineRequest) -> None:
    message.facts.figures.append(message.facts.figures[0])


def a_branch_that_there_is_not(message: pb.DetermineRequest) -> None:
    message.facts.branch = "unemployable"


def an_amount_below_zero(message: pb.DetermineRequest) -> None:
    below = common.Money(currency_code="EUR", amount="-1")
    message.facts.national_answers.add(scheme="it-pensione", answered_by="it-inps", independent=below)


def an_answer_twice(message: pb.DetermineRequest) -> None:
    for _ in range(2):
        message.facts.national_answers.add(scheme="it-pensione", answered_by="it-inps")


def no_birth_date(message: pb.DetermineRequest) -> None:
    message.facts.ClearField("birth_date")


def no_agreement(message: pb.DetermineRequest) -> None:
    del message.agreement_ids[:]


def a_day_that_there_is_not(message: pb.DetermineRequest) -> None:
    message.facts.award_on.month, message.facts.award_on.day = 2, 30


@pytest.mark.parametrize(
    "spoil",
    [
        a_period_that_ends_before_it_starts,
        a_figure_twice,
        a_branch_that_there_is_not,
        an_amount_below_zero,
        an_answer_twice,
        no_birth_date,
        no_agreement,
        a_day_that_there_is_not,
    ],
)
async def test_what_cannot_be_right_is_an_invalid_argument_with_its_field(determination: Any, spoil: Any) -> None:
    message = request()
    spoil(message)
    refused = await refusal(determination.Determine(message))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.details()


async def test_where_the_law_gives_no_answer_the_call_says_why(determination: Any) -> None:
    message = request()
    message.facts.award_on.CopyFrom(type(message.facts.award_on)(year=2010, month=4, day=30))
    refused = await refusal(determination.Determine(message))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "2010-05-01" in (refused.details() or "")


async def test_an_agreement_that_there_is_not_is_not_found(determination: Any, agreements: Any) -> None:
    assert (await refusal(determination.Determine(request("eu-1408")))).code() is grpc.StatusCode.NOT_FOUND
    asked = agreements_pb2.GetAgreementRequest(agreement_id="eu-1408")
    assert (await refusal(agreements.GetAgreement(asked))).code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("role", ["worker", "peer", "administrator"])
async def test_only_staff_determines(determination: Any, role: str) -> None:
    call = determination.Determine(request(), metadata=(("test-role", role),))
    assert (await refusal(call)).code() in {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}


async def test_agreements_are_listed_page_by_page(agreements: Any) -> None:
    found, token = [], ""
    while True:
        page = await agreements.ListAgreements(agreements_pb2.ListAgreementsRequest(page_size=7, page_token=token))
        assert len(page.agreements) <= 7
        found += [one.agreement_id for one in page.agreements]
        token = page.next_page_token
        if not token:
            break
    assert found == sorted(packaged.agreements())
    whole = await agreements.ListAgreements(agreements_pb2.ListAgreementsRequest(page_size=200))
    assert [one.agreement_id for one in whole.agreements] == found
    assert {one.agreement_id for one in whole.agreements if one.standing == agreements_pb2.STANDING_BINDING} == {
        "eu-883-2004",
        "ca-de",
    }
    first = await agreements.ListAgreements(agreements_pb2.ListAgreementsRequest())
    assert [one.agreement_id for one in first.agreements] == found[:50]


async def test_an_agreement_comes_with_every_rule_dated_and_cited(agreements: Any) -> None:
    answer = await agreements.GetAgreement(agreements_pb2.GetAgreementRequest(agreement_id="ca-de"))
    content = packaged.agreement("ca-de").content
    assert [rule.rule_id for rule in answer.rules] == [rule.id for rule in content.rules]
    assert all(rule.citation.article and rule.first_day.year for rule in answer.rules)
    ended = next(rule for rule in answer.rules if rule.rule_id == "german-pension")
    assert (ended.last_day.year, ended.last_day.month, ended.last_day.day) == (2003, 11, 30)
    credit = next(rule for rule in answer.rules if rule.rule_id == "german-months-for-cpp")
    parameters = {one.name: json.loads(one.json_value) for one in credit.parameters}
    assert parameters["from_state"] == "DE"
    assert len(answer.not_modelled) == len(content.not_modelled)
    assert answer.summary.review_status == agreements_pb2.REVIEW_STATUS_DRAFTED


async def test_a_wrong_file_is_answered_with_its_faults(agreements: Any) -> None:
    file = agreements_pb2.LawFile(file="mine.yaml", text=EXAMPLES.replace("trust: derived", "trust: nobody"))
    answer = await agreements.ValidateAgreement(agreements_pb2.ValidateAgreementRequest(file=file))
    (fault,) = answer.faults
    assert (fault.file, fault.line, fault.column) == ("mine.yaml", 7, 5)
    tested = await agreements.TestAgreement(agreements_pb2.TestAgreementRequest(file=file))
    assert (list(tested.faults), len(tested.results)) == ([fault], 0)
    file.text = EXAMPLES
    assert not (await agreements.ValidateAgreement(agreements_pb2.ValidateAgreementRequest(file=file))).faults


async def test_examples_are_run_for_an_agreement_and_for_a_file(agreements: Any) -> None:
    loaded = await agreements.TestAgreement(agreements_pb2.TestAgreementRequest(agreement_id="eu-883-2004"))
    assert len(loaded.results) == len(packaged.agreement("eu-883-2004").content.examples)
    text = EXAMPLES.replace('award: "1000.00"', 'award: "999.99"')
    file = agreements_pb2.LawFile(file="mine.yaml", text=text)
    (result,) = (await agreements.TestAgreement(agreements_pb2.TestAgreementRequest(file=file))).results
    assert result.status == agreements_pb2.EXAMPLE_STATUS_FAILED
    assert {(one.name, one.expected, one.actual) for one in result.comparisons} == {
        ("pro_rata", "1000.00", "1000"),
        ("award", "999.99", "1000"),
    }


async def test_a_request_that_names_neither_is_refused(agreements: Any) -> None:
    refused = await refusal(agreements.TestAgreement(agreements_pb2.TestAgreementRequest()))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT

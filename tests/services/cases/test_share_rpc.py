"""ShareService and RecordService through in-process gRPC servers, behind the same gate as on a node."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.rpc import error_details_pb2 as details
from google.type.date_pb2 import Date
from grpc_status import rpc_status

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryCaseFacts
from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.cases.v1 import messages_pb2 as messages
from portability.api.cases.v1 import shares_pb2 as pb
from portability.api.cases.v1 import shares_pb2_grpc
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as record_messages
from portability.api.records.v1 import records_pb2 as records
from portability.api.records.v1 import records_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.cases.mapping.parts import write_claim
from portability.services.cases.shares.servicer import ShareServicer
from portability.services.records.servicer import RecordServicer
from tests.services.cases.share_world import ShareNode, ShareWorld
from tests.services.cases.world import CLAIM, GERMAN_NUMBER

AS_PROGRAM = (("test-role", "system"),)


class CallersByMetadata:
    """Stands in for client certificates: the metadata names the role."""

    def __init__(self, institution: str) -> None:
        self._institution = institution

    async def find(self, context: Any) -> Caller:
        values = dict(context.invocation_metadata())
        return Caller(self._institution, Role(values.get("test-role", "caseworker")), "anna.berg")


class NoObserver:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@dataclass
class Desk:
    """The stubs of one institution."""

    shares: Any
    records: Any


async def served(node: ShareNode, stack: AsyncExitStack) -> Desk:
    gate = CallGate(
        callers=CallersByMetadata(node.me),  # type: ignore[arg-type]  # stands in for it
        policy=CedarPolicy.shipped(node.me),
        observer=NoObserver(),
        new_id=time_ordered_id,
    )
    server = grpc.aio.server(interceptors=(gate,))
    shares_pb2_grpc.add_ShareServiceServicer_to_server(
        ShareServicer(node.use_cases, unit_of_work=lambda: nullcontext(node)), server
    )
    records_pb2_grpc.add_RecordServiceServicer_to_server(
        RecordServicer(unit_of_work=lambda: nullcontext(records_of(node)), clock=node.clock, new_id=time_ordered_id),
        server,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stack.push_async_callback(server.stop, None)
    channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
    return Desk(shares_pb2_grpc.ShareServiceStub(channel), records_pb2_grpc.RecordServiceStub(channel))


def records_of(node: ShareNode) -> Any:
    """The same stores under the names that records give them."""
    return SimpleNamespace(
        register=node.accounts,
        people=node.accounts,
        scopes=node.accounts,
        careers=node.careers,
        facts=MemoryCaseFacts(),
        commands=node.commands,
        looks=node.flows.looks,
        protected=node.flows.protected,
    )


@pytest.fixture
async def desks(world: ShareWorld) -> AsyncIterator[dict[str, Desk]]:
    async with AsyncExitStack() as stack:
        yield {me: await served(node, stack) for me, node in world.nodes.items()}


def new_id() -> str:
    return str(time_ordered_id())


def day(year: int, month: int, of_month: int) -> Date:
    return Date(year=year, month=month, day=of_month)


def remedy() -> messages.Remedy:
    return messages.Remedy(text="objection", where="the institution that decided", period="one month from receipt")


def lodge_request() -> pb.LodgeOldAgeClaimRequest:
    return pb.LodgeOldAgeClaimRequest(request_id=new_id(), claim=write_claim(CLAIM))


async def refusal(call: Any) -> tuple[grpc.StatusCode, str, dict[str, Any]]:
    """Status code, message, and the rich details by their type."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = rpc_status.from_call(refused.value)
    found: dict[str, Any] = {}
    for detail in status.details if status else ():
        for kind in (details.ErrorInfo, details.BadRequest, details.PreconditionFailure):
            if detail.Is(kind.DESCRIPTOR):
                found[kind.__name__] = kind.FromString(detail.value)
    return refused.value.code(), refused.value.details() or "", found


async def test_the_whole_way_through_grpc(world: ShareWorld, desks: dict[str, Desk]) -> None:
    inps = desks["it-inps"].shares
    opened = await inps.LodgeOldAgeClaim(lodge_request())
    assert not opened.not_asked
    case_id = opened.case_id
    await world.deliver()

    for desk in desks.values():
        stated = await desk.shares.StateOwnRecords(
            pb.StateOwnRecordsRequest(request_id=new_id(), case_id=case_id, answer=cases.RECORD_ANSWER_FROM_OWN_RECORDS)
        )
        assert stated.document_id
        assert not stated.candidates
        await world.deliver()

    euros = common.Money(currency_code="EUR", amount="812.40")
    given = cases.NationalAnswer(scheme="it-pensione", independent=euros, note="own system")
    for me, desk in desks.items():
        answers = [given] if me == "it-inps" else []
        determined = await desk.shares.DetermineShare(
            pb.DetermineShareRequest(
                request_id=new_id(),
                case_id=case_id,
                risk_materialised_on=day(2025, 3, 10),
                national_answers=answers,
            )
        )
        made = determined.share.determination
        assert (made.award_on, made.review_status) == (day(2025, 4, 1), "unverified")
        assert made.benefits[0].theoretical.amount == "33.33"
        assert [step.depth for step in made.explanation] == [0, 1]
        kept = determined.share.national_answers
        assert [(one.independent, one.HasField("theoretical")) for one in kept] == [(euros, False) for _ in answers]
        decided = await desk.shares.DecideShare(
            pb.DecideShareRequest(
                request_id=new_id(),
                case_id=case_id,
                determination_id=made.determination_id,
                result=messages.DECISION_RESULT_GRANTED,
                basis=messages.AWARD_BASIS_WORK,
                effective_on=day(2025, 4, 1),
                remedy=remedy(),
            )
        )
        assert decided.decision.decided_by == "anna.berg"
        assert [one.amount.amount for one in decided.decision.amounts] == [made.benefits[0].award.amount]
        await world.deliver()

    summary = await inps.SummariseShares(pb.SummariseSharesRequest(request_id=new_id(), case_id=case_id))
    assert summary.document_id
    await world.deliver()
    shown = await desks["ca-sc"].shares.GetShare(pb.GetShareRequest(case_id=case_id))
    assert {one.state: len(one.periods) for one in shown.career} == {"CA": 1, "DE": 2, "IT": 2}
    assert shown.share.determination.benefits[0].award.amount == "10.00"
    claim = (await world.canada.claim(UUID(case_id))).case
    assert claim.summary is not None
    assert claim.summary.sent_by == "anna.berg"


def pb_identifier(country: str, sector: str, value: str) -> record_messages.PersonIdentifier:
    return record_messages.PersonIdentifier(country=country, sector=sector, value=value)


async def test_a_step_that_is_not_allowed_says_what_is(desks: dict[str, Desk]) -> None:
    case_id = (await desks["it-inps"].shares.LodgeOldAgeClaim(lodge_request())).case_id
    request = pb.DetermineShareRequest(request_id=new_id(), case_id=case_id, risk_materialised_on=day(2025, 3, 10))
    code, message, rich = await refusal(desks["it-inps"].shares.DetermineShare(request))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "allows no determination and no decision now" in message
    assert "state" in rich["ErrorInfo"].metadata["allowed_actions"].replace(" ", "").split(",")


async def test_a_person_who_is_not_matched_is_identified_by_hand(world: ShareWorld, desks: dict[str, Desk]) -> None:
    request = lodge_request()
    del request.claim.person.identifiers[1:]
    case_id = (await desks["it-inps"].shares.LodgeOldAgeClaim(request)).case_id
    await world.deliver()
    german = desks["de-drv"]
    answer = pb.StateOwnRecordsRequest(
        request_id=new_id(), case_id=case_id, answer=cases.RECORD_ANSWER_FROM_OWN_RECORDS
    )
    answered = await german.shares.StateOwnRecords(answer)
    assert (answered.document_id, list(answered.candidates)) == ("", ["DE-1"])
    found = await german.records.FindRecords(
        records.FindRecordsRequest(
            identifiers=[pb_identifier(GERMAN_NUMBER.country, GERMAN_NUMBER.sector, "12100358R501")]
        )
    )
    assert found.outcome == records.FIND_OUTCOME_FOUND
    answer.request_id, answer.account_id, answer.reason = (
        new_id(),
        found.accounts[0].account_id,
        "her letter of 3 March",
    )
    code, _, _ = await refusal(german.shares.StateOwnRecords(answer, metadata=AS_PROGRAM))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert (await german.shares.StateOwnRecords(answer)).document_id
    share = (await german.shares.GetShare(pb.GetShareRequest(case_id=case_id))).share
    assert (share.grounds.account_id, share.grounds.said_by) == ("DE-1", "anna.berg")


@pytest.mark.parametrize("rpc", ["DecideShare", "SummariseShares"])
async def test_no_program_decides(desks: dict[str, Desk], rpc: str) -> None:
    request = {"DecideShare": pb.DecideShareRequest, "SummariseShares": pb.SummariseSharesRequest}[rpc](
        request_id=new_id(), case_id=new_id()
    )
    code, _, _ = await refusal(getattr(desks["de-drv"].shares, rpc)(request, metadata=AS_PROGRAM))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_a_case_of_nobody_is_not_found(desks: dict[str, Desk]) -> None:
    case_id = str(UUID(int=5))
    for call in (
        desks["de-drv"].shares.GetShare(pb.GetShareRequest(case_id=case_id)),
        desks["de-drv"].records.GetCareer(records.GetCareerRequest(case_id=case_id)),
    ):
        assert (await refusal(call))[0] is grpc.StatusCode.NOT_FOUND


async def test_a_declared_period_that_ends_before_it_starts_is_refused_with_its_place(
    world: ShareWorld, desks: dict[str, Desk]
) -> None:
    request = lodge_request()
    request.claim.declared[1].last_day.year = 1980
    code, message, rich = await refusal(desks["it-inps"].shares.LodgeOldAgeClaim(request))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert rich["BadRequest"].field_violations[0].field == "claim.declared[1].last_day"
    assert "before it starts" in message
    assert (await world.inps.flows.lines.page(size=9, after="", open_only=False)).lines == ()
    assert world.inps.flows.sender.sent == []


async def test_a_day_that_does_not_exist_is_refused_with_its_place(desks: dict[str, Desk]) -> None:
    request = lodge_request()
    request.claim.person.birth_date.CopyFrom(day(1958, 2, 30))
    _, _, rich = await refusal(desks["it-inps"].shares.LodgeOldAgeClaim(request))
    assert rich["BadRequest"].field_violations[0].field == "claim.person.birth_date"


async def test_the_same_request_gives_the_same_case_and_another_one_conflicts(desks: dict[str, Desk]) -> None:
    request = lodge_request()
    inps = desks["it-inps"].shares
    first = await inps.LodgeOldAgeClaim(request)
    assert (await inps.LodgeOldAgeClaim(request)).case_id == first.case_id
    request.claim.language = "de"
    assert (await refusal(inps.LodgeOldAgeClaim(request)))[0] is grpc.StatusCode.ALREADY_EXISTS

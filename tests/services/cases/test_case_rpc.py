"""CaseService and RecordService through in-process gRPC servers, behind the same gate as on a node."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
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
from portability.api.cases.v1 import cases_pb2 as pb
from portability.api.cases.v1 import cases_pb2_grpc
from portability.api.cases.v1 import messages_pb2 as messages
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as record_messages
from portability.api.records.v1 import records_pb2 as records
from portability.api.records.v1 import records_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.cases.mapping.parts import write_claim
from portability.services.cases.servicer import CaseServicer
from portability.services.records.servicer import RecordServicer
from tests.services.cases.world import CLAIM, GERMAN_NUMBER, Node, World

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

    cases: Any
    records: Any


async def served(node: Node, stack: AsyncExitStack) -> Desk:
    gate = CallGate(
        callers=CallersByMetadata(node.me),  # type: ignore[arg-type]  # stands in for it
        policy=CedarPolicy.shipped(node.me),
        observer=NoObserver(),
        new_id=time_ordered_id,
    )
    server = grpc.aio.server(interceptors=(gate,))
    cases_pb2_grpc.add_CaseServiceServicer_to_server(
        CaseServicer(node.use_cases, unit_of_work=node.transaction), server
    )
    records_pb2_grpc.add_RecordServiceServicer_to_server(
        RecordServicer(unit_of_work=lambda: RecordTransaction(node), clock=node.clock, new_id=node.new_id), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stack.push_async_callback(server.stop, None)
    channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
    return Desk(cases_pb2_grpc.CaseServiceStub(channel), records_pb2_grpc.RecordServiceStub(channel))


class RecordTransaction:
    """The same stores under the names that records give them."""

    def __init__(self, node: Node) -> None:
        self._transaction = node.transaction()

    async def __aenter__(self) -> Any:
        work = await self._transaction.__aenter__()

        @dataclass
        class Ports:
            register: Any = work.accounts
            people: Any = work.accounts
            scopes: Any = work.accounts
            careers: Any = work.careers
            facts: Any = field(default_factory=MemoryCaseFacts)
            commands: Any = work.commands
            looks: Any = work.looks
            protected: Any = work.protected

        return Ports()

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._transaction.__aexit__(*error)


@pytest.fixture
async def desks(world: World) -> AsyncIterator[dict[str, Desk]]:
    async with AsyncExitStack() as stack:
        yield {me: await served(node, stack) for me, node in world.nodes.items()}


def new_id() -> str:
    return str(time_ordered_id())


def day(year: int, month: int, of_month: int) -> Date:
    return Date(year=year, month=month, day=of_month)


def remedy() -> messages.Remedy:
    return messages.Remedy(text="objection", where="the institution that decided", period="one month from receipt")


def lodge_request(**changes: Any) -> pb.LodgeClaimRequest:
    request = pb.LodgeClaimRequest(request_id=new_id(), claim=write_claim(CLAIM))
    for name, value in changes.items():
        setattr(request, name, value)
    return request


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


async def test_the_whole_way_through_grpc(world: World, desks: dict[str, Desk]) -> None:
    inps = desks["it-inps"].cases
    opened = (await inps.LodgeClaim(lodge_request())).case
    case_id = opened.header.case_id
    assert (opened.header.stage, opened.header.reference[:3]) == ("collecting_records", "IT-")
    assert list(opened.header.allowed_actions) == [pb.CASE_ACTION_ANSWER_RECORD_REQUEST]
    await world.deliver()

    for desk in desks.values():
        answered = await desk.cases.AnswerRecordRequest(
            pb.AnswerRecordRequestRequest(
                request_id=new_id(), case_id=case_id, answer=pb.RECORD_ANSWER_FROM_OWN_RECORDS
            )
        )
        assert not answered.needs_a_person
    await world.deliver()

    euros = common.Money(currency_code="EUR", amount="812.40")
    given = await inps.RecordNationalAnswer(
        pb.RecordNationalAnswerRequest(
            request_id=new_id(),
            case_id=case_id,
            answer=pb.NationalAnswer(scheme="it-pensione", independent=euros, note="own system"),
        )
    )
    (kept,) = given.case.national_answers
    assert kept.independent == euros
    assert not kept.HasField("theoretical")

    for desk in desks.values():
        determined = await desk.cases.Determine(
            pb.DetermineRequest(request_id=new_id(), case_id=case_id, risk_materialised_on=day(2025, 3, 10))
        )
        made = determined.case.determination
        assert (made.award_on, made.review_status) == (day(2025, 4, 1), "unverified")
        assert made.benefits[0].theoretical.amount == "33.33"
        assert [step.depth for step in made.explanation] == [0, 1]
        await desk.cases.Decide(
            pb.DecideRequest(
                request_id=new_id(),
                case_id=case_id,
                determination_id=made.determination_id,
                result=messages.DECISION_RESULT_GRANTED,
                basis=messages.AWARD_BASIS_WORK,
                effective_on=day(2025, 4, 1),
                remedy=remedy(),
            )
        )
    await world.deliver()

    closed = (await inps.SendSummary(pb.SendSummaryRequest(request_id=new_id(), case_id=case_id))).case
    assert closed.header.stage == "closed"
    assert closed.HasField("closed_at")
    await world.deliver()
    canadian = (await desks["ca-sc"].cases.GetCase(pb.GetCaseRequest(case_id=case_id))).case
    assert {decision.decided_by for decision in canadian.decisions} == {"anna.berg"}
    # Its own decision is the first that it knew.
    assert [amount.amount.amount for decision in canadian.decisions for amount in decision.amounts] == [
        "10.00",
        "20.00",
        "20.00",
    ]
    assert canadian.header.reference == opened.header.reference
    assert [event.kind for event in canadian.timeline][-1] == "summary_received"
    career = await desks["ca-sc"].records.GetCareer(records.GetCareerRequest(case_id=case_id))
    assert [(country.state, len(country.periods)) for country in career.countries] == [("CA", 1), ("DE", 2), ("IT", 2)]
    assert career.countries == canadian.career

    listed = await inps.ListCases(pb.ListCasesRequest(identifiers=[pb_identifier("IT", "tax", "RSSMRA58C50H501X")]))
    assert [case.case_id for case in listed.cases] == [case_id]
    assert (await inps.ListCases(pb.ListCasesRequest(open_only=True))).cases == []


def pb_identifier(country: str, sector: str, value: str) -> record_messages.PersonIdentifier:
    return record_messages.PersonIdentifier(country=country, sector=sector, value=value)


async def test_an_action_that_is_not_allowed_says_what_is(world: World, desks: dict[str, Desk]) -> None:
    case_id = (await desks["it-inps"].cases.LodgeClaim(lodge_request())).case.header.case_id
    request = pb.DetermineRequest(request_id=new_id(), case_id=case_id, risk_materialised_on=day(2025, 3, 10))
    code, message, rich = await refusal(desks["it-inps"].cases.Determine(request))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "Allowed now: answer_record_request." in message
    assert rich["ErrorInfo"].metadata["allowed_actions"] == "answer_record_request"


async def test_a_person_who_is_not_matched_is_identified_by_hand(world: World, desks: dict[str, Desk]) -> None:
    request = lodge_request()
    del request.claim.person.identifiers[1:]
    case_id = (await desks["it-inps"].cases.LodgeClaim(request)).case.header.case_id
    await world.deliver()
    german = desks["de-drv"]
    answer = pb.AnswerRecordRequestRequest(
        request_id=new_id(), case_id=case_id, answer=pb.RECORD_ANSWER_FROM_OWN_RECORDS
    )
    answered = await german.cases.AnswerRecordRequest(answer)
    assert answered.needs_a_person
    assert answered.case.identification.outcome == "likely"
    assert list(answered.case.identification.candidates) == ["DE-1"]
    found = await german.records.FindRecords(
        records.FindRecordsRequest(
            identifiers=[pb_identifier(GERMAN_NUMBER.country, GERMAN_NUMBER.sector, "12100358R501")]
        )
    )
    assert found.outcome == records.FIND_OUTCOME_FOUND
    identify = pb.IdentifyPersonRequest(
        request_id=new_id(), case_id=case_id, account_id=found.accounts[0].account_id, reason="her letter of 3 March"
    )
    code, _, _ = await refusal(german.cases.IdentifyPerson(identify, metadata=AS_PROGRAM))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    linked = await german.cases.IdentifyPerson(identify)
    assert linked.case.identification.linked_by == "anna.berg"
    answer.request_id = new_id()
    assert not (await german.cases.AnswerRecordRequest(answer)).needs_a_person


@pytest.mark.parametrize("rpc", ["Decide", "SendSummary"])
async def test_no_program_decides(desks: dict[str, Desk], rpc: str) -> None:
    request = {"Decide": pb.DecideRequest, "SendSummary": pb.SendSummaryRequest}[rpc](
        request_id=new_id(), case_id=new_id()
    )
    code, _, _ = await refusal(getattr(desks["de-drv"].cases, rpc)(request, metadata=AS_PROGRAM))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_a_case_of_nobody_is_not_found(desks: dict[str, Desk]) -> None:
    case_id = str(UUID(int=5))
    for call in (
        desks["de-drv"].cases.GetCase(pb.GetCaseRequest(case_id=case_id)),
        desks["de-drv"].records.GetCareer(records.GetCareerRequest(case_id=case_id)),
    ):
        assert (await refusal(call))[0] is grpc.StatusCode.NOT_FOUND


async def test_a_declared_period_that_ends_before_it_starts_is_refused_with_its_place(
    world: World, desks: dict[str, Desk]
) -> None:
    request = lodge_request()
    request.claim.declared[1].last_day.year = 1980
    code, message, rich = await refusal(desks["it-inps"].cases.LodgeClaim(request))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert rich["BadRequest"].field_violations[0].field == "claim.declared[1].last_day"
    assert "before it starts" in message
    assert (await desks["it-inps"].cases.ListCases(pb.ListCasesRequest())).cases == []
    assert world.inps.work.sender.sent == []


async def test_a_day_that_does_not_exist_is_refused_with_its_place(desks: dict[str, Desk]) -> None:
    request = lodge_request()
    request.claim.person.birth_date.CopyFrom(day(1958, 2, 30))
    _, _, rich = await refusal(desks["it-inps"].cases.LodgeClaim(request))
    assert rich["BadRequest"].field_violations[0].field == "claim.person.birth_date"


async def test_a_page_token_of_no_list_is_refused(desks: dict[str, Desk]) -> None:
    code, _, rich = await refusal(desks["it-inps"].cases.ListCases(pb.ListCasesRequest(page_token="next")))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert rich["BadRequest"].field_violations[0].field == "page_token"


async def test_the_same_request_gives_the_same_case_and_another_one_conflicts(desks: dict[str, Desk]) -> None:
    request = lodge_request()
    inps = desks["it-inps"].cases
    first = await inps.LodgeClaim(request)
    assert (await inps.LodgeClaim(request)).case.header.case_id == first.case.header.case_id
    request.claim.language = "de"
    assert (await refusal(inps.LodgeClaim(request)))[0] is grpc.StatusCode.ALREADY_EXISTS

"""WorkerService through an in-process gRPC server, behind the same gate as on a node."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest

from portability.adapters.access.cedar import CedarPolicy
from portability.api.common.v1 import common_pb2 as common
from portability.api.workers.v1 import workers_pb2 as pb
from portability.api.workers.v1 import workers_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.workers.servicer import WorkerServicer

REQUEST = "0190aaaa-0000-7000-8000-000000000001"


class CallersByMetadata:
    """Stands in for client certificates: the metadata names the role; a session token is looked up for real."""

    def __init__(self, use_cases: Any) -> None:
        self._use_cases = use_cases

    async def find(self, context: Any) -> Caller:
        values = dict(context.invocation_metadata())
        role = Role(values.get("test-role", "worker"))
        token = values.get("authorization", "").removeprefix("Bearer ")
        worker_id = await self._use_cases.resolve_session(token) if token and role is Role.WORKER else None
        return Caller("it-inps", role, "pages", worker_id)


class NoObserver:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@pytest.fixture
async def stub(desk: Any, samples: Any) -> AsyncIterator[Any]:
    gate = CallGate(
        callers=CallersByMetadata(desk.use_cases),  # type: ignore[arg-type]
        policy=CedarPolicy.shipped("it-inps"),
        observer=NoObserver(),
        new_id=lambda: UUID(int=1),
    )
    server = grpc.aio.server(interceptors=(gate,))
    servicer = WorkerServicer(desk.use_cases, zone=samples.UTC)
    workers_pb2_grpc.add_WorkerServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield workers_pb2_grpc.WorkerServiceStub(channel)
    await server.stop(None)


async def signed_in(stub: Any, desk: Any, contact: str = "+39 333 1234567") -> tuple[tuple[str, str], ...]:
    asked = await stub.RequestSignInCode(pb.RequestSignInCodeRequest(request_id=REQUEST, contact=contact))
    session = await stub.SignIn(pb.SignInRequest(challenge=asked.challenge, code=desk.sender.sent[-1].code))
    return (("authorization", f"Bearer {session.session_token}"),)


async def refusal(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code()


async def test_the_whole_way_from_code_to_decision(stub: Any, desk: Any, samples: Any) -> None:
    session = await signed_in(stub, desk)
    listed = await stub.ListMyCases(pb.ListMyCasesRequest(), metadata=session)
    (summary,) = listed.cases
    assert summary.reference == "IT-2026-0417"
    assert summary.late
    assert listed.next_page_token == ""

    case = await stub.GetMyCase(pb.GetMyCaseRequest(case_id=summary.case_id), metadata=session)
    assert case.summary == summary
    assert case.contact_institution.institution_id == "it-inps"
    late = [step for step in case.steps if step.late]
    assert [(step.holder.institution_id, step.kind) for step in late] == [("ca-sc", pb.STEP_KIND_RECORDS)]
    assert late[0].since.ToDatetime(samples.UTC) == samples.day(2026, 9, 2)
    assert (late[0].expected_on.year, late[0].expected_on.month, late[0].expected_on.day) == (2026, 11, 1)
    assert not late[0].HasField("due_by_law_on")
    assert late[0].due_reference.article == "Art. 22"
    assert late[0].due_text.startswith("This is late. We expected it by 1 November 2026.")
    assert case.next[-1] == "INPS sends you one letter with all decisions."
    assert len(case.you_can) == 2
    assert [
        (seen.institution.name, seen.role, seen.purpose, seen.text, seen.purpose_text) for seen in case.seen_by
    ] == [
        ("INPS", role, "pension-claim", text, "Why: to work on your pension claim.")
        for role, text in (("system", "A computer program of INPS."), ("caseworker", "A caseworker of INPS."))
    ]
    assert case.seen_by[0].at.ToDatetime(samples.UTC) == samples.day(2026, 11, 10)

    career = await stub.GetMyCareer(pb.GetMyCareerRequest(), metadata=session)
    assert [(country.state, country.state_name) for country in career.countries][:2] == [
        ("DE", "Germany"),
        ("IT", "Italy"),
    ]
    assert [country.status for country in career.countries] == [
        pb.ANSWER_STATUS_KNOWN,
        pb.ANSWER_STATUS_KNOWN,
        pb.ANSWER_STATUS_ASKED_NO_ANSWER,
        pb.ANSWER_STATUS_NOT_ASKED,
    ]
    first = career.countries[0].periods[0]
    # The end is exclusive inside and the last day on the wire.
    assert (first.last_day.year, first.last_day.month, first.last_day.day) == (1995, 1, 31)
    assert (first.amount, first.unit) == ("118", common.PERIOD_UNIT_MONTHS)
    assert first.evidence.verified_by == "de-drv"
    (declared,) = career.countries[2].declared
    assert (declared.last_day.day, declared.activity) == (30, "work in a restaurant")

    decided = await stub.GetMyDecisions(pb.GetMyDecisionsRequest(case_id=summary.case_id), metadata=session)
    (decision,) = decided.decisions
    assert decision.decided_by == "J. Albrecht"
    assert (decision.amounts[0].amount.amount, decision.amounts[0].amount.currency_code) == ("476.72", "EUR")
    assert [(step.rule, step.depth) for step in decision.why] == [
        ("aggregation", 0),
        ("pro_rata_benefit", 0),
        ("theoretical_amount", 1),
        ("no_sentence_for_this", 1),
    ]
    assert decision.why[1].reference.article == "Art. 52(1)(b)(ii)"
    assert not decision.agreement_reviewed
    assert decision.redress.where == "Deutsche Rentenversicherung, 10704 Berlin"
    assert decision.amounts[0].scheme == "de-rente"


async def test_without_a_session_nothing_can_be_read(stub: Any, samples: Any) -> None:
    calls = (
        stub.ListMyCases(pb.ListMyCasesRequest()),
        stub.GetMyCase(pb.GetMyCaseRequest(case_id=str(samples.CASE))),
        stub.GetMyCareer(pb.GetMyCareerRequest()),
        stub.GetMyDecisions(pb.GetMyDecisionsRequest()),
        stub.SignOut(pb.SignOutRequest()),
    )
    for call in calls:
        assert await refusal(call) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.WORKER])
async def test_no_other_role_reads_as_a_worker(stub: Any, role: str) -> None:
    refused = await refusal(stub.ListMyCases(pb.ListMyCasesRequest(), metadata=(("test-role", role),)))
    assert refused is grpc.StatusCode.PERMISSION_DENIED


async def test_another_workers_case_is_not_found(stub: Any, desk: Any, samples: Any) -> None:
    session = await signed_in(stub, desk)
    other = str(samples.OTHER_CASE)
    for call in (
        stub.GetMyCase(pb.GetMyCaseRequest(case_id=other), metadata=session),
        stub.GetMyDecisions(pb.GetMyDecisionsRequest(case_id=other), metadata=session),
    ):
        assert await refusal(call) is grpc.StatusCode.NOT_FOUND


async def test_a_wrong_and_a_used_code_are_refused(stub: Any, desk: Any) -> None:
    asked = await stub.RequestSignInCode(pb.RequestSignInCodeRequest(request_id=REQUEST, contact="+39 333 1234567"))
    code = desk.sender.sent[-1].code
    wrong = pb.SignInRequest(challenge=asked.challenge, code=f"{(int(code) + 1) % 10**6:06}")
    assert await refusal(stub.SignIn(wrong)) is grpc.StatusCode.UNAUTHENTICATED
    right = pb.SignInRequest(challenge=asked.challenge, code=code)
    await stub.SignIn(right)
    assert await refusal(stub.SignIn(right)) is grpc.StatusCode.UNAUTHENTICATED


async def test_a_session_ends_by_signing_out_and_by_time(stub: Any, desk: Any) -> None:
    session = await signed_in(stub, desk)
    await stub.SignOut(pb.SignOutRequest(), metadata=session)
    after = stub.ListMyCases(pb.ListMyCasesRequest(), metadata=session)
    assert await refusal(after) is grpc.StatusCode.UNAUTHENTICATED
    desk.clock.forward(timedelta(hours=1))
    session = await signed_in(stub, desk, "other@example.org")
    desk.clock.forward(timedelta(minutes=31))
    after = stub.ListMyCases(pb.ListMyCasesRequest(), metadata=session)
    assert await refusal(after) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    "request_message",
    [
        pb.RequestSignInCodeRequest(contact="+39 333 1234567"),
        pb.RequestSignInCodeRequest(request_id="not a uuid", contact="+39 333 1234567"),
        pb.RequestSignInCodeRequest(request_id=REQUEST, contact="333 1234567"),
        pb.RequestSignInCodeRequest(request_id=REQUEST, contact="x" * 255),
    ],
)
async def test_what_is_no_request_for_a_code_is_refused(stub: Any, desk: Any, request_message: Any) -> None:
    refused = await refusal(stub.RequestSignInCode(request_message))
    assert refused is grpc.StatusCode.INVALID_ARGUMENT
    assert desk.sender.sent == []


async def test_too_many_codes_are_refused_as_overload(stub: Any) -> None:
    for number in range(5):
        request_id = f"0190aaaa-0000-7000-8000-00000000000{number}"
        await stub.RequestSignInCode(pb.RequestSignInCodeRequest(request_id=request_id, contact="a@example.org"))
    sixth = pb.RequestSignInCodeRequest(request_id=REQUEST, contact="a@example.org")
    refused = stub.RequestSignInCode(pb.RequestSignInCodeRequest(request_id=REQUEST[:-1] + "9", contact=sixth.contact))
    assert await refusal(refused) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_pages_of_cases_follow_each_other(stub: Any, desk: Any, samples: Any) -> None:
    desk.work.views.cases += [samples.case(case_id=UUID(int=number)) for number in (1, 2)]
    session = await signed_in(stub, desk)
    first = await stub.ListMyCases(pb.ListMyCasesRequest(page_size=2), metadata=session)
    rest = await stub.ListMyCases(
        pb.ListMyCasesRequest(page_size=2, page_token=first.next_page_token), metadata=session
    )
    assert len({case.case_id for case in (*first.cases, *rest.cases)}) == 3
    assert rest.next_page_token == ""
    elsewhere = stub.ListMyCases(pb.ListMyCasesRequest(page_token="elsewhere"), metadata=session)
    assert await refusal(elsewhere) is grpc.StatusCode.INVALID_ARGUMENT

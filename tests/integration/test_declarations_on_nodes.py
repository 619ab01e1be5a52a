"""A worker declares time on running nodes: over gRPC, with the fence, another institution that is asked, and people."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any

import grpc
import pytest
import pytest_asyncio

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import flows_pb2 as flows
from portability.api.cases.v1 import flows_pb2_grpc
from portability.api.declarations.v1 import declarations_pb2 as pb
from portability.api.declarations.v1 import declarations_pb2_grpc
from portability.api.persons.v1 import messages_pb2 as persons
from portability.api.workers.v1 import workers_pb2, workers_pb2_grpc
from portability.app.demo.desks import lodge_claim, put_records
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import AWARD_ON, WORKER
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from tests.services.workers.papers import JPEG, NO_PAPERS

pytestmark = pytest.mark.asyncio(loop_scope="module")
IT, DE = "it-inps", "de-drv"
PATIENCE_SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedServer
) -> AsyncIterator[dict[str, DemoNode]]:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path_factory.mktemp("declared"), kafka="", pages=False, database_url=url) as running:
        today = SystemClock().now().astimezone(UTC).date()
        await put_records(running[IT], today)
        await enrol(running[IT], await lodge_claim(running[IT], today=today, award_on=AWARD_ON))
        yield running


class Worker:
    """The worker's channel at Italy, signed in."""

    def __init__(self, channel: Any, token: str) -> None:
        self.session = (("authorization", f"Bearer {token}"),)
        self.stub: Any = declarations_pb2_grpc.MyDeclarationServiceStub(channel)
        self.reading: Any = workers_pb2_grpc.WorkerServiceStub(channel)

    async def declare(self, state: str, **more: Any) -> pb.Declaration:
        day = persons.PartialDate(year=1984, month=5, precision=persons.DATE_PRECISION_MONTH)
        request = pb.DeclarePeriodRequest(
            request_id=str(time_ordered_id()), state=state, first_day=day, last_day=day, **more
        )
        answer: pb.DeclarePeriodResponse = await self.stub.DeclarePeriod(request, metadata=self.session)
        return answer.declaration

    async def show(self, declaration_id: str, content: bytes) -> pb.Declaration:
        request = pb.AddDocumentRequest(
            request_id=str(time_ordered_id()), declaration_id=declaration_id, content=content, about="pay slip"
        )
        answer: pb.AddDocumentResponse = await self.stub.AddDocument(request, metadata=self.session)
        return answer.declaration

    async def listed(self) -> list[pb.Declaration]:
        answer = await self.stub.ListMyDeclarations(pb.ListMyDeclarationsRequest(), metadata=self.session)
        return list(answer.declarations)

    async def until(self, standing: pb.DeclarationStanding.ValueType) -> pb.Declaration:
        """The one that she told last, once it stands so."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                last = (await self.listed())[0]
                if last.standing == standing:
                    return last
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(desks: dict[str, DemoNode]) -> AsyncIterator[Worker]:
    node = desks[IT].node
    token = (await sign_in(desks[IT])).token
    async with open_channel(f"localhost:{node.port}", node.tls.caller(Role.WORKER, "page")) as channel:
        yield Worker(channel, token)


async def test_germany_is_asked_with_her_leave_and_its_answer_is_told_to_her(
    desks: dict[str, DemoNode], worker: Worker
) -> None:
    told = await worker.declare("DE", may_ask=True, employer="Hotel am Markt")
    assert told.asked.name == "Deutsche Rentenversicherung (test)"
    assert told.standing == pb.DECLARATION_STANDING_ASKED
    stub: Any = flows_pb2_grpc.FlowServiceStub(desks[DE].caseworker)
    await arrived(stub, told.flow_case_id)
    there = (await stub.GetFlowCase(flows.GetFlowCaseRequest(case_id=told.flow_case_id))).case
    asked = careers.TraceRequest.FromString(there.documents[0].content)
    assert asked.person.names[0].family_name == WORKER.family_name
    assert (asked.first_day.day, asked.last_day.day) == (1, 31)  # of May 1984
    answer = careers.TraceAnswer(finding=careers.TRACE_FINDING_NO).SerializeToString()
    acting = flows.ActRequest(
        request_id=str(time_ordered_id()), case_id=told.flow_case_id, action="say_unknown", content=answer
    )
    await stub.Act(acting)
    answered = await worker.until(pb.DECLARATION_STANDING_UNKNOWN)
    assert "knows of no such time" in answered.text[0]


async def arrived(stub: Any, case_id: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            listed = await stub.ListFlowCases(flows.ListFlowCasesRequest(open_only=True))
            if case_id in [one.case_id for one in listed.cases]:
                return
            await asyncio.sleep(0.1)


async def test_the_office_reads_her_paper_and_answers_and_she_sees_who_looked(
    desks: dict[str, DemoNode], worker: Worker
) -> None:
    told = await worker.declare("FR", employer="Hôtel du Port", activity="kitchen")
    shown = await worker.show(told.declaration_id, JPEG)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await worker.show(told.declaration_id, NO_PAPERS["page"])
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    paper = shown.documents[0]
    got = await worker.stub.GetMyDocument(
        pb.GetMyDocumentRequest(document_id=paper.document_id), metadata=worker.session
    )
    assert (got.content, got.document.kind) == (JPEG, pb.DOCUMENT_KIND_JPEG)

    desk: Any = declarations_pb2_grpc.DeclarationDeskServiceStub(desks[IT].caseworker)
    queue = (await desk.ListDeclarations(pb.ListDeclarationsRequest())).declarations
    assert told.declaration_id in [one.declaration_id for one in queue]
    seen = (await desk.GetDeclaration(pb.GetDeclarationRequest(declaration_id=told.declaration_id))).declaration
    assert (seen.employer, seen.activity, seen.text) == ("Hôtel du Port", "kitchen", [])
    asked = pb.GetDeclaredDocumentRequest(declaration_id=told.declaration_id, document_id=paper.document_id)
    assert (await desk.GetDeclaredDocument(asked)).content == JPEG
    settling = pb.SettleDeclarationRequest(
        request_id=str(time_ordered_id()), declaration_id=told.declaration_id, on_record=True, reason="It is there now."
    )
    settled = (await desk.SettleDeclaration(settling)).declaration
    assert settled.standing == pb.DECLARATION_STANDING_ON_RECORD

    (hers,) = [one for one in await worker.listed() if one.declaration_id == told.declaration_id]
    assert hers.answered_by == ""  # the institution answers for its staff
    assert list(hers.text) == [f"This time is on record now. {_italy(desks)} said so on {_day(hers)}.", _REASON]
    case = await worker.reading.GetMyCase(workers_pb2.GetMyCaseRequest(case_id=told.case_id), metadata=worker.session)
    assert any("caseworker" in one.text for one in case.seen_by)
    career = await worker.reading.GetMyCareer(workers_pb2.GetMyCareerRequest(), metadata=worker.session)
    (france,) = [one for one in career.countries if one.state == "FR"]
    assert (france.declared[0].first_day.day, france.declared[0].last_day.day) == (1, 31)
    assert france.declared[0].employer == "Hôtel du Port"


async def test_she_takes_back_what_nobody_acted_on(worker: Worker) -> None:
    told = await worker.declare("ES")
    before = len(await worker.listed())
    taking = pb.WithdrawDeclarationRequest(declaration_id=told.declaration_id)
    await worker.stub.WithdrawDeclaration(taking, metadata=worker.session)
    assert len(await worker.listed()) == before - 1


_REASON = "They say why: It is there now."


def _italy(desks: dict[str, DemoNode]) -> str:
    return desks[IT].institution.name


def _day(told: pb.Declaration) -> str:
    at = told.answered_at.ToDatetime()
    return f"{at.day} {at:%B %Y}"

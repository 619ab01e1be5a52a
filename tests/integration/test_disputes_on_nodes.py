"""A worker disputes on running nodes: over gRPC, with the fence, the exchange between institutions and real people."""

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
from portability.api.disputes.v1 import disputes_pb2 as pb
from portability.api.disputes.v1 import disputes_pb2_grpc
from portability.api.workers.v1 import workers_pb2, workers_pb2_grpc
from portability.app.demo.desks import ClaimAtDesk, act, lodge_claim, put_records, read_case
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import AWARD_ON
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from tests.services.workers.dispute_world import status

pytestmark = pytest.mark.asyncio(loop_scope="module")
IT, DE, CA = "it-inps", "de-drv", "ca-sc"
PATIENCE_SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedServer
) -> AsyncIterator[dict[str, DemoNode]]:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path_factory.mktemp("disputes"), kafka="", pages=False, database_url=url) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def case_id(desks: dict[str, DemoNode]) -> str:
    """A claim that every institution has decided."""
    today = SystemClock().now().astimezone(UTC).date()
    for desk in desks.values():
        await put_records(desk, today)
    case_id = await lodge_claim(desks[IT], today=today, award_on=AWARD_ON)
    await enrol(desks[IT], case_id)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await at(desks[IT], case_id)).is_closed:
            for desk in desks.values():
                if await known(desk, case_id):
                    await act(desk, await at(desk, case_id), award_on=AWARD_ON)
            await asyncio.sleep(0.05)
    return case_id


async def at(desk: DemoNode, case_id: str) -> ClaimAtDesk:
    return await read_case(desk, case_id)


async def known(desk: DemoNode, case_id: str) -> bool:
    try:
        await at(desk, case_id)
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.NOT_FOUND
        return False
    return True


class Worker:
    """The worker's channel at Italy, signed in."""

    def __init__(self, channel: Any, token: str) -> None:
        self._session = (("authorization", f"Bearer {token}"),)
        self._disputes: Any = disputes_pb2_grpc.MyDisputeServiceStub(channel)
        self._workers: Any = workers_pb2_grpc.WorkerServiceStub(channel)

    async def dispute(self, grounds: str, **subject: Any) -> pb.MyDispute:
        request = pb.RaiseDisputeRequest(
            request_id=str(time_ordered_id()), subject=pb.DisputeSubject(**subject), grounds=grounds
        )
        answer = await self._disputes.RaiseDispute(request, metadata=self._session)
        return answer.dispute

    async def listed(self) -> list[pb.MyDispute]:
        answer = await self._disputes.ListMyDisputes(pb.ListMyDisputesRequest(), metadata=self._session)
        return list(answer.disputes)

    async def until(self, dispute_id: str, standing: pb.DisputeStanding.ValueType) -> pb.MyDispute:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                (found,) = [one for one in await self.listed() if one.dispute_id == dispute_id]
                if found.progress.standing == standing:
                    return found
                await asyncio.sleep(0.1)

    async def career(self) -> Any:
        return await self._workers.GetMyCareer(workers_pb2.GetMyCareerRequest(), metadata=self._session)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(desks: dict[str, DemoNode], case_id: str) -> AsyncIterator[Worker]:
    node = desks[IT].node
    token = (await sign_in(desks[IT])).token
    async with open_channel(f"localhost:{node.port}", node.tls.caller(Role.WORKER, "page")) as channel:
        yield Worker(channel, token)


async def test_a_german_period_is_disputed_taken_up_and_corrected(desks: dict[str, DemoNode], worker: Worker) -> None:
    (germany,) = [one for one in (await worker.career()).countries if one.state == "DE"]
    period = germany.periods[0]
    raised = await worker.dispute(
        "I worked there until 2002.", matter=pb.DISPUTE_MATTER_PERIOD, about=period.period_id, state="DE"
    )
    assert raised.progress.holder.name == "Deutsche Rentenversicherung (test)"
    assert raised.progress.standing == pb.DISPUTE_STANDING_RECEIVED
    assert raised.progress.HasField("due_on")
    stub: Any = flows_pb2_grpc.FlowServiceStub(desks[DE].caseworker)
    flow_case_id = await arrived(stub)
    await say(stub, flow_case_id, "take_up", status("IN_REVIEW"))
    await worker.until(raised.dispute_id, pb.DISPUTE_STANDING_IN_REVIEW)
    known_on = {"year": 2026, "month": 11, "day": 21}
    right = careers.PeriodCorrection(
        period_id=period.period_id, before=period, after=period, reason=careers.CORRECTION_REASON_DISPUTE
    )
    correction = careers.RecordCorrection(corrections=[right], known_on=known_on, decisions_affected=True)
    await say(stub, flow_case_id, "correct", correction.SerializeToString())
    upheld = await worker.until(raised.dispute_id, pb.DISPUTE_STANDING_UPHELD)
    # Italy and Canada decided on that record: people there look again, and Italy's own list of steps says so.
    assert {one.institution_id for one in upheld.progress.to_review} == {IT, CA}
    assert "You were right." in upheld.text[0]


async def arrived(stub: Any, flow_id: str = "dispute") -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            listed = await stub.ListFlowCases(flows.ListFlowCasesRequest(open_only=True))
            found = [one.case_id for one in listed.cases if one.flow_id == flow_id]
            if found:
                return str(found[0])
            await asyncio.sleep(0.1)


async def say(stub: Any, case_id: str, action: str, content: bytes) -> None:
    await stub.Act(flows.ActRequest(request_id=str(time_ordered_id()), case_id=case_id, action=action, content=content))


async def test_what_italy_holds_is_answered_by_a_person_there(
    desks: dict[str, DemoNode], worker: Worker, case_id: str
) -> None:
    raised = await worker.dispute("My name is Elena.", matter=pb.DISPUTE_MATTER_DETAILS)
    assert raised.case_id == case_id
    desk: Any = disputes_pb2_grpc.DisputeDeskServiceStub(desks[IT].caseworker)
    program: Any = disputes_pb2_grpc.DisputeDeskServiceStub(desks[IT].system)
    listed = await desk.ListDisputes(pb.ListDisputesRequest())
    assert [one.dispute_id for one in listed.disputes] == [raised.dispute_id]
    named = {"request_id": str(time_ordered_id()), "dispute_id": raised.dispute_id}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await program.TakeUpDispute(pb.TakeUpDisputeRequest(**named))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    taken = await desk.TakeUpDispute(pb.TakeUpDisputeRequest(**named))
    assert taken.dispute.progress.standing == pb.DISPUTE_STANDING_IN_REVIEW
    named["request_id"] = str(time_ordered_id())
    settled = await desk.SettleDispute(pb.SettleDisputeRequest(**named, upheld=True, reason="Your papers say so."))
    assert {one.institution_id for one in settled.dispute.reviews} == {IT, DE, CA}
    # Both others are told at once, in a case of their own with Italy.
    for other in (DE, CA):
        await arrived(flows_pb2_grpc.FlowServiceStub(desks[other].caseworker), "change_of_circumstances")
    named["request_id"] = str(time_ordered_id())
    own = next(one for one in settled.dispute.reviews if one.institution_id == IT)
    looked = await desk.SettleReview(
        pb.SettleReviewRequest(**named, decision_id=own.decision_id, unchanged=True, note="Only a name.")
    )
    assert [one.done_by for one in looked.dispute.reviews if one.institution_id == IT] != [""]
    got = await desk.GetDispute(pb.GetDisputeRequest(dispute_id=raised.dispute_id))
    assert got.dispute == looked.dispute
    (mine,) = [one for one in await worker.listed() if one.dispute_id == raised.dispute_id]
    assert mine.progress.reason == "Your papers say so."


async def test_a_record_of_nobody_is_not_found(worker: Worker) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await worker.dispute("Mine?", matter=pb.DISPUTE_MATTER_PERIOD, about="somebody-elses", state="DE")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND

"""An old-age claim of three states on a flow, from lodging to the summary: real PostgreSQL, Kafka and gRPC."""

import asyncio
from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.cases.v1 import cases_pb2, flows_pb2, flows_pb2_grpc, messages_pb2, shares_pb2, shares_pb2_grpc
from portability.app.demo.desks import certify, national_answer, old_age_claim, put_records
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.story import AWARD_ON
from portability.app.wiring.declarations import declaration_use_cases
from portability.app.wiring.disputes import dispute_use_cases
from portability.app.wiring.workers import projection_use_cases
from portability.services.access import Role
from portability.services.workers.declarations.handlers import DeclarePeriod
from portability.services.workers.disputes.handlers import RaiseDispute
from portability.services.workers.disputes.model import Matter, Subject
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.projections.model import Scenario, WhatIf
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.views import StepKind
from tests.brokers import BrokerInUse

IT, DE, CA = "it-inps", "de-drv", "ca-sc"
EVERYBODY = (IT, DE, CA)
PATIENCE_SECONDS = 90
DAY = Date(year=AWARD_ON.year, month=AWARD_ON.month, day=AWARD_ON.day)


class OnFlow:
    """The claim on a flow, and the people who work on it."""

    def __init__(self, desks: Mapping[str, DemoNode]) -> None:
        self._desks = desks
        self.case_id = ""

    def flows(self, who: str) -> Any:
        return flows_pb2_grpc.FlowServiceStub(self._desks[who].caseworker)

    def shares(self, who: str) -> Any:
        return shares_pb2_grpc.ShareServiceStub(self._desks[who].caseworker)

    def request(self, kind: Any, **fields: Any) -> Any:
        return kind(request_id=str(time_ordered_id()), case_id=self.case_id, **fields)

    async def lodge(self, claim: messages_pb2.OldAgeClaim) -> None:
        request = shares_pb2.LodgeOldAgeClaimRequest(request_id=str(time_ordered_id()), claim=claim)
        lodged = await self.shares(IT).LodgeOldAgeClaim(request)
        assert not lodged.not_asked
        assert await self.shares(IT).LodgeOldAgeClaim(request) == lodged
        self.case_id = lodged.case_id

    async def until(self, who: str, step_id: str, state: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if await self._stands(who, step_id, state):
                    return
                await asyncio.sleep(0.1)

    async def _stands(self, who: str, step_id: str, state: str) -> bool:
        try:
            found = await self.flows(who).GetFlowCase(flows_pb2.GetFlowCaseRequest(case_id=self.case_id))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return False
            raise
        return any((one.step_id, one.state) == (step_id, state) for one in found.case.steps)

    async def state(self, who: str) -> None:
        request = self.request(shares_pb2.StateOwnRecordsRequest, answer=cases_pb2.RECORD_ANSWER_FROM_OWN_RECORDS)
        answer = await self.shares(who).StateOwnRecords(request)
        assert answer.document_id
        again = await self.shares(who).StateOwnRecords(request)
        assert again.document_id == answer.document_id

    async def determine(self, who: str) -> shares_pb2.Share:
        given = [national_answer(one) for one in self._desks[who].institution.answers]
        request = self.request(
            shares_pb2.DetermineShareRequest, risk_materialised_on=DAY, award_on=DAY, national_answers=given
        )
        made = await self.shares(who).DetermineShare(request)
        seen = await self.shares(who).GetShare(shares_pb2.GetShareRequest(case_id=self.case_id))
        assert seen.share == made.share
        assert {one.state for one in seen.career} == {"IT", "DE", "CA"}
        return made.share

    def decision(self, who: str, share: shares_pb2.Share) -> shares_pb2.DecideShareRequest:
        way, where, period = self._desks[who].institution.remedy
        amounts = [
            messages_pb2.DecidedAmount(
                scheme=one.scheme, amount=one.award, frequency=messages_pb2.FREQUENCY_MONTH, first_day=DAY
            )
            for one in share.determination.benefits
            if one.HasField("award")
        ]
        request: shares_pb2.DecideShareRequest = self.request(
            shares_pb2.DecideShareRequest,
            determination_id=share.determination.determination_id,
            result=messages_pb2.DECISION_RESULT_GRANTED,
            basis=messages_pb2.AWARD_BASIS_WORK,
            effective_on=DAY,
            amounts=amounts,
            remedy=messages_pb2.Remedy(text=way, where=where, period=period),
        )
        return request


@pytest.mark.kafka
async def test_an_old_age_claim_goes_from_lodging_to_the_summary(
    tmp_path: Path, postgres_server: EmbeddedServer, kafka_broker: BrokerInUse
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka=kafka_broker.bootstrap, pages=False, database_url=url) as desks:
        today = SystemClock().now().astimezone(UTC).date()
        for desk in desks.values():
            await put_records(desk, today)
        case = OnFlow(desks)
        await case.lodge(old_age_claim(today=today, award_on=AWARD_ON))
        for who in EVERYBODY:
            await case.until(who, f"records:{who}", "asked")
        with pytest.raises(grpc.aio.AioRpcError) as early:
            await case.determine(DE)
        assert early.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        for who in EVERYBODY:
            await case.state(who)
        for who in EVERYBODY:
            await case.until(who, f"decision:{who}", "due")
            share = await case.determine(who)
            made = share.determination
            assert made.trace_sha256 == sha256(made.trace).hexdigest()
            assert any(one.HasField("citation") for one in made.explanation)
            request = case.decision(who, share)
            program: Any = shares_pb2_grpc.ShareServiceStub(desks[who].system)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await program.DecideShare(request)
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
            decided = (await case.shares(who).DecideShare(request)).decision
            assert [*decided.amounts] == [*request.amounts]
            assert decided.amounts
            assert (decided.decided_by, decided.trace_sha256) == (desks[who].institution.official, made.trace_sha256)
        await case.until(IT, "claim", "summarising")
        await case.shares(IT).SummariseShares(case.request(shares_pb2.SummariseSharesRequest))
        for who in EVERYBODY:
            await case.until(who, "claim", "summarised")
        seen = (await case.flows(CA).GetFlowCase(flows_pb2.GetFlowCaseRequest(case_id=case.case_id))).case
        (summary,) = [one for one in seen.documents if one.action == "summarise"]
        told = messages_pb2.DecisionSummary.FromString(summary.content)
        assert {one.institution.institution_id for one in told.decisions} == set(EVERYBODY)
        assert not [one for one in seen.documents if one.without_effect]
        await she_reads_all_of_it(desks[IT], UUID(case.case_id))


async def she_reads_all_of_it(desk: DemoNode, case_id: UUID) -> None:
    """On her page, in certificates, disputes, declarations and what ifs."""
    told = await what_is_read(desk, case_id, phone="+39055500100")
    assert {kind for kind, _, _ in told["steps"]} == {kind.value for kind in StepKind} - {"identify"}
    assert len(told["decisions"]) == len(EVERYBODY)
    assert {state for state, _, periods in told["career"] if periods} == {"IT", "DE", "CA"}
    assert all(one.why for one in told["decisions"])
    assert told["dispute"] == (IT, True)
    assert told["declaration"]
    assert told["what if"][0].is_known
    assert told["certificates"] == 2  # of her career, and of her pension


async def what_is_read(desk: DemoNode, case_id: UUID, *, phone: str) -> dict[str, Any]:
    """What the node tells her of the claim, as the only one that is hers."""
    worker_id = time_ordered_id()
    async with desk.node.worker.unit_of_work() as work:
        transaction: Any = work
        await transaction.directory.keep(WorkerOnFile(worker_id, parse_contact(phone), (f"TEST{phone[-3:]}",), "en"))
        await transaction.cases.links.link(worker_id, case_id)
    worker, parts, database = desk.node.worker, desk.node.parts, desk.node.database
    (case,) = await worker.list_my_cases(worker_id)
    shown = await worker.get_my_case(worker_id, case_id)
    career = await worker.get_my_career(worker_id)
    decisions = await worker.get_my_decisions(worker_id)
    assert {one.role for one in shown.seen_by} >= {Role.CASEWORKER}
    said = Subject(Matter.DECISION, next(one.decision_id for one in decisions if one.institution.state == "IT"))
    disputed = await dispute_use_cases(database, parts).raise_dispute(
        RaiseDispute(time_ordered_id(), worker_id, said, "It is too little.", language="en")
    )
    year = RememberedDay(1988)
    declared = await declaration_use_cases(database, parts).declare(
        DeclarePeriod(time_ordered_id(), worker_id, "FR", year, year, employer="Hôtel du Port", activity="kitchen")
    )
    what_if = await projection_use_cases(database, parts).project(worker_id, Scenario(WhatIf.MOVED, state="CA"))
    return {
        "steps": sorted((one.kind.value, one.holder.name, one.done_at is not None) for one in case.steps),
        "career": [(one.state, one.status, one.periods) for one in career.countries],
        "decisions": decisions,
        "dispute": (disputed.dispute.holder, disputed.dispute.case_id == case_id),
        "declaration": declared.declaration.case_id == case_id,
        "what if": what_if,
        "certificates": len(await certify(desk, str(case_id))),
    }

"""A worker claims on running nodes: her case opens and travels, dated her day; what cannot open waits for a person."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.cases.v1 import messages_pb2 as claimed
from portability.api.claims.v1 import claims_pb2 as pb
from portability.api.claims.v1 import claims_pb2_grpc
from portability.api.records.v1 import messages_pb2 as records
from portability.api.records.v1 import records_pb2, records_pb2_grpc
from portability.api.workers.v1 import workers_pb2, workers_pb2_grpc
from portability.app.demo.desks import ClaimAtDesk, act, put_records, read_case
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import put_on_file, sign_in
from portability.app.demo.story import AWARD_ON, BIRTH, INSTITUTIONS, WORKER
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from tests.brokers import BrokerInUse

pytestmark = pytest.mark.asyncio(loop_scope="module")
IT, DE, CA = "it-inps", "de-drv", "ca-sc"
PATIENCE_SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedServer, kafka_broker: BrokerInUse
) -> AsyncIterator[dict[str, DemoNode]]:
    url, folder = postgres_server.url_for("postgres"), tmp_path_factory.mktemp("claims")
    async with demo_nodes(folder, kafka=kafka_broker.bootstrap, pages=False, database_url=url) as running:
        for desk in running.values():
            await put_records(desk, today())
            await put_on_file(desk)
        yield running


def today() -> date:
    return SystemClock().now().astimezone(UTC).date()


def written(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def claim(*states: str, born: date = BIRTH, in_writing: bool = False) -> pb.StartMyClaimRequest:
    """Her claim with her time in these countries."""
    shown = [one for one in INSTITUTIONS if one.country in states]
    return pb.StartMyClaimRequest(
        request_id=str(time_ordered_id()),
        person=claimed.Person(
            family_name=WORKER.family_name,
            given_names=WORKER.given_names,
            birth_date=written(born),
            residence_state=WORKER.residence_state,
            identifiers=[
                records.PersonIdentifier(country=one.country, sector=one.account.number[0], value=one.account.number[1])
                for one in shown
            ],
        ),
        award_on=written(AWARD_ON),
        declared=[
            claimed.DeclaredPeriod(
                state=one.country, first_day=written(one.declared[0]), last_day=written(one.declared[1])
            )
            for one in shown
        ],
        asks_in_writing=in_writing,
    )


@asynccontextmanager
async def her_channel(desk: DemoNode) -> AsyncIterator[tuple[Any, Any, Any]]:
    """Her calls about claims and cases at a node, and the session that goes with each."""
    session = (("authorization", f"Bearer {(await sign_in(desk)).token}"),)
    async with open_channel(f"localhost:{desk.node.port}", desk.node.tls.caller(Role.WORKER, "page")) as channel:
        yield claims_pb2_grpc.MyClaimServiceStub(channel), workers_pb2_grpc.WorkerServiceStub(channel), session


async def arrived(desk: DemoNode, case_id: str) -> ClaimAtDesk:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await read_case(desk, case_id)
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.NOT_FOUND
                await asyncio.sleep(0.1)


async def waiting(desk: DemoNode) -> Sequence[pb.MyClaim]:
    stub: Any = claims_pb2_grpc.ClaimDeskServiceStub(desk.caseworker)
    found: Sequence[pb.MyClaim] = (await stub.ListWaitingClaims(pb.ListWaitingClaimsRequest())).claims
    return found


async def test_she_sends_her_case_opens_and_germany_receives_it_dated_her_day(desks: dict[str, DemoNode]) -> None:
    async with her_channel(desks[IT]) as (mine, reading, session):
        request = claim("IT", "DE")
        request.declared.add(state="FR", first_day=Date(year=1977, month=7, day=1), last_day=Date(year=1977, month=8))
        request.declared[-1].last_day.day = 31
        sent = (await mine.StartMyClaim(request, metadata=session)).claim
        assert (sent.standing, sent.claimed_on) == (pb.CLAIM_STANDING_OPENED, written(today()))
        assert (await mine.StartMyClaim(request, metadata=session)).claim == sent
        listed = await reading.ListMyCases(workers_pb2.ListMyCasesRequest(), metadata=session)
        assert [one.case_id for one in listed.cases] == [sent.case_id]
        with pytest.raises(grpc.aio.AioRpcError, match="claimed this pension already"):
            await mine.StartMyClaim(claim("IT"), metadata=session)
        with pytest.raises(grpc.aio.AioRpcError, match="waits no more"):
            await mine.WithdrawMyClaim(pb.WithdrawMyClaimRequest(claim_id=sent.claim_id), metadata=session)
    there = await arrived(desks[DE], sent.case_id)
    assert there.claim.lodged_on == sent.claimed_on
    assert there.claim.person.family_name == WORKER.family_name
    here = await arrived(desks[IT], sent.case_id)
    assert here.case.documents[0].said_by == "workers-channel"
    assert await act(desks[DE], there, award_on=AWARD_ON)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            known = await statuses(desks[IT], sent.case_id)
            if known["DE"] == records.ANSWER_STATUS_KNOWN:
                break
            await asyncio.sleep(0.1)
    # Nobody could be asked about France, and what Germany states changes nothing in that.
    assert known == {
        "IT": records.ANSWER_STATUS_ASKED_NO_ANSWER,
        "DE": records.ANSWER_STATUS_KNOWN,
        "FR": records.ANSWER_STATUS_NOT_ASKED,
    }


async def statuses(desk: DemoNode, case_id: str) -> dict[str, int]:
    """What the register of careers holds of each country."""
    stub: Any = records_pb2_grpc.RecordServiceStub(desk.caseworker)
    found = await stub.GetCareer(records_pb2.GetCareerRequest(case_id=case_id))
    return {one.statement.state: one.statement.status for one in found.careers}


async def test_what_an_agreement_wants_in_writing_waits_and_is_opened_with_her_day(desks: dict[str, DemoNode]) -> None:
    canada = desks[CA]
    async with her_channel(canada) as (mine, _, session):
        sent = (await mine.StartMyClaim(claim("CA", "IT"), metadata=session)).claim
        assert (sent.standing, sent.hindrance) == (pb.CLAIM_STANDING_WAITING, pb.CLAIM_HINDRANCE_WRITTEN)
        assert (sent.detail, sent.case_id) == ("", "")
        (seen,) = await waiting(canada)
        assert (seen.claim_id, "asks_in_writing" in seen.detail) == (sent.claim_id, True)
        desk: Any = claims_pb2_grpc.ClaimDeskServiceStub(canada.caseworker)
        asked = pb.OpenClaimRequest(
            request_id=str(time_ordered_id()), claim_id=sent.claim_id, reason="You wrote to us.", asks_in_writing=True
        )
        opened = (await desk.OpenClaim(asked)).claim
        assert opened.answered_by == canada.institution.official
        assert (await desk.OpenClaim(asked)).claim == opened
        assert await waiting(canada) == []
        listing = pb.ListMyClaimsRequest()
        (hers,) = (answer := await mine.ListMyClaims(listing, metadata=session)).claims
        assert (hers.case_id, hers.answered_by, hers.reason) == (opened.case_id, "", "You wrote to us.")
        assert any("caseworker" in one.text for one in answer.seen_by)
    there = await arrived(desks[IT], opened.case_id)
    assert (there.claim.lodged_on, there.claim.asks_in_writing) == (sent.claimed_on, True)


async def test_a_claim_for_somebody_else_opens_nothing_and_is_refused_by_a_person(desks: dict[str, DemoNode]) -> None:
    germany = desks[DE]
    async with her_channel(germany) as (mine, _, session):
        sent = (await mine.StartMyClaim(claim("DE", born=date(1960, 1, 1)), metadata=session)).claim
        assert (sent.standing, sent.hindrance) == (pb.CLAIM_STANDING_WAITING, pb.CLAIM_HINDRANCE_IDENTITY)
        desk: Any = claims_pb2_grpc.ClaimDeskServiceStub(germany.caseworker)
        refusing = pb.RefuseClaimRequest(
            request_id=str(time_ordered_id()), claim_id=sent.claim_id, reason="Please come with your passport."
        )
        await desk.RefuseClaim(refusing)
        (hers,) = (await mine.ListMyClaims(pb.ListMyClaimsRequest(), metadata=session)).claims
        assert (hers.standing, hers.claimed_on) == (pb.CLAIM_STANDING_REFUSED, sent.claimed_on)
        assert "They say why: Please come with your passport." in hers.text
        # She claims anew, as herself, and the case that came from Italy is a case of nobody's here.
        again = (await mine.StartMyClaim(claim("DE"), metadata=session)).claim
        assert again.standing == pb.CLAIM_STANDING_OPENED

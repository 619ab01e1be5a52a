"""Who checks a period, over three nodes: the signed directory, the agreements, the match and the claim's birth date."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import grpc
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.cases.v1 import shares_pb2, shares_pb2_grpc
from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import records_pb2_grpc, reviews_pb2_grpc
from portability.api.records.v1 import reviews_pb2 as reviews
from portability.app.demo.desks import ClaimAtDesk, act, lodge_claim, put_records, read_case
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.stated import statement_in

DOCUMENTS = Path(__file__).parents[2] / "eessi" / "documents"
PATIENCE_SECONDS = 60
PASSED = pb.CHECK_OUTCOME_PASSED


@pytest.fixture
async def nodes(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[dict[str, DemoNode]]:
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=postgres_server.url_for("postgres")) as nodes:
        yield nodes


def today() -> date:
    return SystemClock().now().astimezone(UTC).date()


async def answered(nodes: dict[str, DemoNode], case_id: str) -> None:
    """Every institution states what its register holds, and knows what the others state."""
    stated: set[str] = set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            seen = {name: await read_if_there(desk, case_id) for name, desk in nodes.items()}
            if all(case and all(one.answered_on.year for one in case.career) for case in seen.values()):
                return
            for name, case in seen.items():
                if case and name not in stated and "state" in case.allowed:
                    await act(nodes[name], case, award_on=today())
                    stated.add(name)
            await asyncio.sleep(0.1)


async def read_if_there(desk: DemoNode, case_id: str) -> ClaimAtDesk | None:
    try:
        return await read_case(desk, case_id)
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.NOT_FOUND
        return None


def shares_stub(desk: DemoNode) -> Any:
    return shares_pb2_grpc.ShareServiceStub(desk.caseworker)


def records_stub(desk: DemoNode) -> Any:
    return records_pb2_grpc.RecordServiceStub(desk.caseworker)


async def test_each_check_is_made_by_who_knows(nodes: dict[str, DemoNode]) -> None:
    for desk in nodes.values():
        await put_records(desk, today())
    case_id = await lodge_claim(nodes["it-inps"], today=today(), award_on=today())
    await answered(nodes, case_id)
    for desk in nodes.values():
        careers = (await records_stub(desk).GetCareer(pb.GetCareerRequest(case_id=case_id))).careers
        checks = [check for career in careers for check in career.checks]
        assert len(careers) == len(nodes)
        assert [(one.code, one.reason) for one in checks if one.outcome != PASSED] == []
        assert {one.code for one in checks} == {1, 2, 3, 4, 5}


async def test_whose_number_is_in_no_claim_is_looked_at_by_a_person(nodes: dict[str, DemoNode]) -> None:
    """Germany links an account by hand whose number the claim does not name: Italy cannot tell whose it is."""
    for desk in nodes.values():
        await put_records(desk, today())
    inps, drv = nodes["it-inps"], nodes["de-drv"]
    await renumber(drv)
    case_id = await lodge_claim(inps, today=today(), award_on=today())
    await link_by_hand(drv, case_id)
    await answered(nodes, case_id)

    (waiting,) = (await reviews_stub(inps).ListReviews(reviews.ListReviewsRequest())).reviews
    assert (waiting.case_id, waiting.state, waiting.institution_id) == (case_id, "DE", "de-drv")
    assert list(waiting.reasons) == [
        "identified: The account that it rests on has no number that the claim names: ask the institution whose it is."
    ]
    assert (await reviews_stub(drv).ListReviews(reviews.ListReviewsRequest())).reviews == []  # a caseworker said so
    says = reviews.SettleReviewRequest(
        request_id=str(time_ordered_id()),
        case_id=case_id,
        state="DE",
        period_id=waiting.period_id,
        stands=True,
        reason="her letter of 3 March",
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await reviews_pb2_grpc.ReviewServiceStub(inps.system).SettleReview(says)  # type: ignore[no-untyped-call]
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    settled = (await reviews_stub(inps).SettleReview(says)).review.settled
    assert (settled.stands, settled.settled_by) == (True, inps.institution.official)
    assert (await reviews_stub(inps).ListReviews(reviews.ListReviewsRequest())).reviews == []
    (kept,) = (await reviews_stub(inps).ListReviews(reviews.ListReviewsRequest(case_id=case_id))).reviews
    assert kept.settled == settled
    says.request_id, says.period_id = str(time_ordered_id()), "no-such-period"
    with pytest.raises(grpc.aio.AioRpcError, match="Nothing of that period waits"):
        await reviews_stub(inps).SettleReview(says)


async def renumber(desk: DemoNode) -> None:
    """The account stands under a number that nobody else knows."""
    stub = pb_records(desk)
    account = desk.institution.account
    found = await stub.FindRecords(pb.FindRecordsRequest(account_id=account.account_id))
    (kept,) = found.accounts
    kept.identifiers[0].value = "65 010101 T 999"
    await stub.PutRecords(pb.PutRecordsRequest(request_id=str(time_ordered_id()), accounts=[kept]))


def pb_records(desk: DemoNode) -> Any:
    return records_pb2_grpc.RecordServiceStub(desk.system)


async def link_by_hand(desk: DemoNode, case_id: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            case = await read_if_there(desk, case_id)
            if case and "state" in case.allowed:
                break
            await asyncio.sleep(0.1)
    answer = shares_pb2.StateOwnRecordsRequest(
        request_id=str(time_ordered_id()), case_id=case_id, answer=cases.RECORD_ANSWER_FROM_OWN_RECORDS
    )
    assert not (await shares_stub(desk).StateOwnRecords(answer)).document_id
    answer.request_id, answer.reason = str(time_ordered_id()), "her certificate of birth"
    answer.account_id = desk.institution.account.account_id
    assert (await shares_stub(desk).StateOwnRecords(answer)).document_id


def reviews_stub(desk: DemoNode) -> Any:
    return reviews_pb2_grpc.ReviewServiceStub(desk.caseworker)


async def test_what_a_country_outside_the_exchange_states_in_a_document_of_eessi_enters_the_case(
    nodes: dict[str, DemoNode],
) -> None:
    for desk in nodes.values():
        await put_records(desk, today())
    inps = nodes["it-inps"]
    case_id = await lodge_claim(inps, today=today(), award_on=today())
    statement, document = statement_in(DOCUMENTS / "P5000.json", institution="fr-cnav")
    statement.periods[0].state = ""  # of the state of the statement
    enters = pb.EnterStatementRequest(
        request_id=str(time_ordered_id()),
        case_id=case_id,
        statement=statement,
        document=document,
        level="EVIDENCE_LEVEL_CONTRIBUTION_SEEN",
    )
    entered = await records_stub(inps).EnterStatement(enters)
    assert entered == await records_stub(inps).EnterStatement(enters)  # the same one again
    assert entered.counted_periods == 1 + sum(one.state == "FR" for one in statement.periods)
    assert {one.reason.split(":")[0] for one in entered.not_counted} >= {"It is of GB, and the statement of FR"}
    (french,) = [
        one
        for one in (await records_stub(inps).GetCareer(pb.GetCareerRequest(case_id=case_id))).careers
        if one.statement.state == "FR"
    ]
    kept = french.statement.periods[0]
    assert kept.period_id == statement.periods[0].period_id
    assert (kept.first_day, kept.last_day) == (statement.periods[0].first_day, statement.periods[0].last_day)
    assert (kept.evidence.method, kept.evidence.verified_by) == ("EESSI P5000", "fr-cnav")
    assert french.checks[0].outcome == pb.CHECK_OUTCOME_NOT_EXAMINED  # no signature was verified here
    assert french.checks[1].outcome == pb.CHECK_OUTCOME_NOT_EXAMINED  # the directory does not name fr-cnav
    assert french.checks[2].outcome == PASSED  # the caseworker who entered it says so
    # Its totals were counted again when it was entered, and stay in sight with both figures.
    assert [one.split(":")[0] for one in entered.totals_differ] == [
        "Total of type 10, relevant to the right",
        "Total of type 45, for the amount",
    ]
    assert "7 years 10 months sent, its periods give 2 years" in entered.totals_differ[0]
    assert [one.reason for one in french.totals] == list(entered.totals_differ)

    enters.request_id = str(time_ordered_id())
    enters.statement.periods[0].first_day.year = 1900  # before she was born: judged at entry, like what is stated
    await records_stub(inps).EnterStatement(enters)
    listed = await reviews_stub(inps).ListReviews(reviews.ListReviewsRequest())
    (early,) = [one for one in listed.reviews if one.period_id == statement.periods[0].period_id]
    assert list(early.reasons) == ["plausible: It begins before the person was born."]

    enters.request_id, enters.statement.state = str(time_ordered_id()), "DE"
    enters.statement.institution.institution_id = "de-drv"
    with pytest.raises(grpc.aio.AioRpcError, match="DE was asked here, so its own answer counts"):
        await records_stub(inps).EnterStatement(enters)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await pb_records(inps).EnterStatement(enters)  # by a program
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED

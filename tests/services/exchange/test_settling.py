"""An administrator settles what a comparison found: once, with a reason, and for all to see."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import CASE, TestNode, World

from portability.adapters.access.cedar import CedarPolicy
from portability.agreements.errors import DeniedError, InputError, NotFoundError
from portability.api.exchange.v1 import repair_service_pb2 as pb
from portability.services.access import Caller, Role, acting_as
from portability.services.acts import OF_NO_CASE
from portability.services.exchange.comparison_watch import report_comparisons
from portability.services.exchange.mapping.reconciliations import reconciliation_message
from portability.services.exchange.missing.servicer import RepairServicer
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.reconciliations import (
    Comparison,
    Difference,
    DifferenceKind,
    Finding,
    Reconciliation,
    Settled,
)
from portability.services.exchange.streams import SequenceRange

REQUEST = "0193a000-0000-7000-8000-000000000001"
ANOTHER = "0193a000-0000-7000-8000-000000000002"
DAY = timedelta(days=1)
WHY = "Sent anew under 90 and 91."
KARL = Caller("it-inps", Role.ADMINISTRATOR, "karl")


@pytest.fixture
async def rome(world: World) -> TestNode:
    """A comparison has found that 4, and 70 to 71, of Berlin's have not come."""
    rome = world.node("it-inps")
    await found(rome, 4)
    await found(rome, 70, 71)
    return rome


async def found(node: TestNode, first: int, last: int = 0, root: bytes = b"a root") -> None:
    numbers = SequenceRange(first, last or first)
    missing = Difference(DifferenceKind.MISSING, numbers, len(numbers), root)
    at = node.world.clock.now()
    async with node.store.transaction() as work:
        await work.reconciliation_report.note(
            Comparison("de-drv", Direction.RECEIVED, at, numbers, 1, compared=(numbers,), differences=(missing,))
        )


@pytest.fixture
def servicer(world: World, rome: TestNode) -> RepairServicer:
    async def none_hidden(case_ids: Sequence[UUID]) -> frozenset[UUID]:
        return frozenset()

    return RepairServicer(
        rome.store.transaction,
        me="it-inps",
        clock=world.clock,
        new_id=world.new_id,
        hidden=none_hidden,
        effects=rome.ledger,
    )


def settling(first: int, last: int = 0, **changes: object) -> pb.SettleDifferencesRequest:
    numbers = pb.StreamNumbers(first_seq=first, last_seq=last or first)
    asked = {"request_id": REQUEST, "partner": "de-drv", "numbers": numbers, "reason": WHY}
    return pb.SettleDifferencesRequest(**asked | changes)


async def settle(servicer: RepairServicer, request: pb.SettleDifferencesRequest, by: Caller = KARL) -> int:
    with acting_as(by):
        return (await servicer.SettleDifferences(request, None)).settled


async def open_ones(servicer: RepairServicer) -> list[int]:
    with acting_as(KARL):
        page = await servicer.ListReconciliations(pb.ListReconciliationsRequest(only_open=True), None)
    return [each.numbers.first_seq for one in page.reconciliations for each in one.findings if each.is_open]


async def test_an_administrator_settles_a_finding_and_who_when_and_why_is_shown_and_kept(
    rome: TestNode, servicer: RepairServicer
) -> None:
    assert await settle(servicer, settling(70, 71, reason=f" {WHY} ")) == 1
    with acting_as(KARL):
        (report,) = (await servicer.ListReconciliations(pb.ListReconciliationsRequest(), None)).reconciliations
    one, other = report.findings
    assert (report.differences, report.open_differences, one.HasField("settled")) == (2, 1, False)
    assert (other.numbers.first_seq, other.is_open, other.held) == (70, False, 0)
    said = other.settled
    assert (said.by, said.reason, said.is_given_up) == ("karl", WHY, False)
    assert said.at.ToDatetime(tzinfo=rome.world.clock.now().tzinfo) == rome.world.clock.now()
    (act,) = rome.store._state.acts.values()
    assert (act.by, act.what, act.about, act.why, act.case_id, act.at) == (
        "karl",
        "difference.settle",
        "de-drv 70-71",
        WHY,
        OF_NO_CASE,
        rome.world.clock.now(),
    )


async def test_what_is_settled_is_told_of_no_more_and_another_difference_is(
    rome: TestNode, servicer: RepairServicer
) -> None:
    assert await settle(servicer, settling(1, 99)) == 2
    rome.world.clock.advance(DAY)
    assert await report_comparisons(rome.exchange) == 0
    await found(rome, 4)  # the same, stated a second time
    assert await open_ones(servicer) == []
    await found(rome, 4, root=b"another root")
    assert await open_ones(servicer) == [4]
    rome.world.clock.advance(DAY)
    assert await report_comparisons(rome.exchange) == 1
    told = {"sender": "de-drv", "sequence": 4, "count": 1, "code": "DIGEST_DIFFERS"}
    assert [ids for event, ids in rome.heard.events if event == "difference_stays"] == [told]
    assert await report_comparisons(rome.exchange) == 0


async def test_the_same_request_settles_once_and_answers_the_same(rome: TestNode, servicer: RepairServicer) -> None:
    assert [await settle(servicer, settling(1, 99)) for _ in range(2)] == [2, 2]
    assert len(rome.store._state.acts) == 1
    others = (settling(4), settling(1, 99, reason="Other."), settling(1, 99, partner="ca-sc"))
    for request, by in [*[(one, KARL) for one in others], (settling(1, 99), replace(KARL, name="kate"))]:
        with pytest.raises(InputError, match="has settled 1-99 with de-drv") as refused:
            await settle(servicer, request, by)
        assert refused.value.field == "request_id"
    with pytest.raises(NotFoundError):
        await settle(servicer, settling(1, 99, request_id=ANOTHER))
    assert len(rome.store._state.acts) == 1


async def test_what_cannot_be_settled_is_refused_with_the_next_step(rome: TestNode, servicer: RepairServicer) -> None:
    for nothing in (settling(5, 69), settling(4, partner="ca-sc")):
        with pytest.raises(NotFoundError, match=f"list --open --partner {nothing.partner}"):
            await settle(servicer, nothing)
    for request, field, why in (
        (settling(71), "numbers", "71 is a part of what is open with de-drv, which is 70-71: settle all of that"),
        (settling(4, 70), "numbers", "4-70 is a part of"),
        (settling(9, 8), "numbers", "list --open"),
        (settling(1, 2**53), "numbers", "list --open"),
        (settling(4, numbers=pb.StreamNumbers()), "numbers", "list --open"),
        (settling(4, reason=""), "reason", "Say why"),
        (settling(4, reason=" "), "reason", "Say why"),
        (settling(4, reason="x" * 501), "reason", "Say why"),
        (settling(4, request_id="x"), "request_id", "id"),
    ):
        with pytest.raises(InputError, match=why) as refused:
            await settle(servicer, request)
        assert refused.value.field == field
    assert await open_ones(servicer) == [4, 70]
    assert rome.store._state.acts == {}


def test_only_administrators_may_settle() -> None:
    policy = CedarPolicy.shipped("it-inps")
    rpc = "/portability.api.exchange.v1.RepairService/SettleDifferences"
    policy.check(KARL, rpc)
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with pytest.raises(DeniedError):
            policy.check(Caller("de-drv" if role is Role.PEER else "it-inps", role, "anna"), rpc)


def test_who_gave_up_in_a_protected_case_and_why_is_for_cleared_staff(world: World) -> None:
    at = world.clock.now()
    settled = Settled("vera", at, WHY, CASE)
    report = Reconciliation(
        "de-drv", Direction.RECEIVED, at.date(), None, 1, 0, at, 1, 0, is_open=False, findings=(finding(settled),)
    )
    for hidden, said in (((), ("vera", WHY)), ((CASE,), ("", ""))):
        shown = reconciliation_message(report, hidden=hidden).findings[0].settled
        assert (shown.by, shown.reason) == said
        assert (shown.is_given_up, shown.at.ToDatetime(tzinfo=at.tzinfo)) == (True, at)


def finding(settled: Settled) -> Finding:
    return Finding(DifferenceKind.MISSING, SequenceRange(4, 4), 1, 0, settled.at, None, is_open=False, settled=settled)

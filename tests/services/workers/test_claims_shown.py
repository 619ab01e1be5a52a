"""What a claim on the flow F5 shows its worker: steps, days, decisions, and what is awaited beside them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.declarations import MemoryDeclarations
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCareers
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.api.cases.v1 import claims_pb2 as claims
from portability.app.matter_views import NodeMatters
from portability.app.worker_views import Names, WorkerViews
from portability.services.cases.answers import Asked, from_account
from portability.services.cases.flow import CaseStep, StepKind
from portability.services.cases.mapping.wire import statement_bytes
from portability.services.mapping.common import write_date, write_record
from portability.services.workers.matters.model import Task
from portability.services.workers.views import CaseView
from tests.services.cases.share_world import ShareNode, ShareWorld, deferring, question
from tests.services.cases.world import AWARD_ON, CLAIM, DRV, INPS, LODGED_ON, SERVICE_CANADA, account, german_periods

ROSA = UUID(int=1)
NAMES = Names(str, str)


async def views_of(node: ShareNode, case_id: UUID) -> WorkerViews:
    links = MemoryWorkerCases()
    await links.link(ROSA, case_id)
    return WorkerViews(
        links=links,
        claims=node.claims,
        careers=MemoryCareers(),
        looks=MemoryLooks(),
        protected=MemoryProtected(),
        declarations=MemoryDeclarations(),
        me=node.me,
        names=NAMES,
    )


async def matters_of(node: ShareNode, case_id: UUID) -> NodeMatters:
    views = await views_of(node, case_id)
    return NodeMatters(
        links=views.links, claims=views.claims, shelf=node.flows.shelf, looks=views.looks, flows=node.parts, names=NAMES
    )


async def shown(node: ShareNode, case_id: UUID) -> dict[str, Any]:
    """All that a worker is told of a claim here, without ids and instants."""
    views = await views_of(node, case_id)
    (case,), decisions = await views.cases_of(ROSA), await views.decisions_of(ROSA)
    return {
        "steps": steps_of(case),
        "due": {one.step_id: one.due for one in case.steps if one.done_at is None},
        "case": (case.branch, case.lodged_on, case.contact_institution, case.closed_on),
        "decisions": {
            one.institution.institution_id: replace(one, decision_id="", case_id=UUID(int=0)) for one in decisions
        },
    }


async def the_case(world: ShareWorld, case_id: UUID) -> CaseView:
    (case,) = await (await views_of(world.inps, case_id)).cases_of(ROSA)
    return case


def steps_of(case: CaseView) -> set[tuple[str, str, bool]]:
    """What each institution does, and whether it is awaited."""
    return {(one.kind.value, one.holder.institution_id, one.done_at is None) for one in case.steps}


def kinds_of(steps: set[tuple[str, str, bool]]) -> set[str]:
    return {kind for kind, _, _ in steps}


async def same(world: ShareWorld, case_id: UUID) -> dict[str, Any]:
    """What the contact institution shows; the others show the same, but for what each of them alone determines."""
    told = await shown(world.inps, case_id)
    for node in (world.drv, world.canada):
        theirs = await shown(node, case_id)
        assert {one for one in theirs["steps"] if one[0] != "determine"} == {
            one for one in told["steps"] if one[0] != "determine"
        }
        assert {one: theirs[one] for one in ("case", "decisions")} == {one: told[one] for one in ("case", "decisions")}
    return told


async def test_at_every_step_she_reads_who_is_awaited_and_the_same_at_every_institution() -> None:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    everybody = (DRV, INPS, SERVICE_CANADA)
    told = await same(world, case_id)
    assert told["steps"] == {("claim", INPS, False), *(("records", one, True) for one in everybody)}
    for who in (INPS, DRV, SERVICE_CANADA):
        await world.nodes[who].state(case_id)
        await world.deliver()
        assert ("records", who, False) in (await same(world, case_id))["steps"]
    # Of determinations each institution sees its own alone.
    told = await same(world, case_id)
    assert {one for one in told["steps"] if one[2]} == {
        ("determine", INPS, True),
        *(("decide", one, True) for one in everybody),
    }
    for who in everybody:
        await world.nodes[who].determine(case_id)
        assert ("determine", who, False) in (await shown(world.nodes[who], case_id))["steps"]
        assert who not in (await same(world, case_id))["decisions"]
        await world.nodes[who].decide(case_id)
        await world.deliver()
        assert ("decide", who, False) in (await same(world, case_id))["steps"]
    assert {one for one in (await same(world, case_id))["steps"] if one[2]} == {("summary", INPS, True)}
    await world.summarise(case_id)
    told = await same(world, case_id)
    assert told["case"] == ("old_age", LODGED_ON, told["case"][2], LODGED_ON)
    assert kinds_of(told["steps"]) == {"claim", "records", "determine", "decide", "summary"}
    assert not told["due"]
    # Ten euros for each own period: two, two and one.
    assert {who: one.why[0].what for who, one in told["decisions"].items()} == dict.fromkeys(world.nodes, "Your share")
    assert all(one.why[0].citation for one in told["decisions"].values())


async def test_an_account_that_a_person_has_to_look_for_is_a_step_of_hers() -> None:
    world = ShareWorld()
    await world.fill_registers()
    await world.drv.accounts.put([account("DE-2", CLAIM.person.identifiers[1], german_periods())])
    case_id = await world.lodge()
    assert (await world.drv.state(case_id))[0] is None

    async def looking() -> CaseStep:
        found = await world.drv.claims.get(case_id)
        assert found is not None
        (step,) = [one for one in found.steps if one.kind is StepKind.IDENTIFY]
        return step

    waiting = await looking()
    assert (waiting.holder, waiting.done_at, waiting.next) == (DRV, None, StepKind.RECORDS)
    world.clock.advance(timedelta(hours=1))
    document_id, _ = await world.drv.state(case_id, account_id="DE-1", reason="Her letter names it.")
    assert document_id is not None
    done = await looking()
    assert done.since == waiting.since
    assert done.done_at == world.clock.now()


async def test_a_deferred_pension_is_no_step_and_a_withdrawn_claim_has_ended() -> None:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge(deferring("DE"))
    await world.state_all(case_id)
    case = await the_case(world, case_id)
    assert {holder for kind, holder, _ in steps_of(case) if kind == "decide"} == {INPS, SERVICE_CANADA}
    assert case.closed_on is None
    withdrawn = claims.ClaimWithdraw(reason="she goes on working", from_day=write_date(AWARD_ON))
    await world.inps.act(case_id, "withdraw", write_record(withdrawn))
    case = await the_case(world, case_id)
    assert case.closed_on == world.clock.now().date()
    assert not [one for one in case.steps if one.done_at is None]


async def test_records_asked_for_once_more_are_awaited_again_and_a_decision_made_anew_is_the_one_shown() -> None:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    asked = question(INPS, DRV, at=world.clock.now())
    await world.inps.act(case_id, "ask_records", asked, recipients=(DRV,))
    await world.deliver()
    assert ("records", DRV, True) in steps_of(await the_case(world, case_id))
    await world.drv.state(case_id)
    await world.deliver()
    assert ("records", DRV, False) in steps_of(await the_case(world, case_id))
    await world.drv.determine(case_id)
    again = await world.drv.decide(case_id, note="counted once more")
    await world.deliver()
    told = await (await views_of(world.inps, case_id)).decisions_of(ROSA)
    assert [one.decision_id for one in told if one.institution.institution_id == DRV] == [str(again.decision_id)]
    assert len(told) == 3


async def test_a_document_that_cannot_be_used_hides_nothing_else() -> None:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    german = await world.drv.accounts.get("DE-1")
    assert german is not None
    other = Asked(time_ordered_id(), time_ordered_id(), DRV, time_ordered_id(), world.clock.now())
    await world.drv.act(case_id, "state", statement_bytes(from_account(german, asked=other)))
    await world.inps.state(case_id)
    await world.deliver()
    told = steps_of(await the_case(world, case_id))
    assert told >= {("records", DRV, True), ("records", INPS, False)}


async def test_what_is_awaited_beside_the_steps_of_a_claim_stands_among_her_matters() -> None:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    matters = await matters_of(world.inps, case_id)
    assert await matters.matters_of(ROSA) == []
    asked = claims.ClaimInfoRequest(questions=[claims.ClaimQuestion(code="bank_account")])
    await world.drv.act(case_id, "ask_information", write_record(asked), recipients=(INPS,))
    await world.deliver()
    (beside,) = await matters.matters_of(ROSA)
    assert [(one.task, one.holder.institution_id) for one in beside.steps] == [(Task.QUESTION, INPS)]
    assert {kind for kind, _, _ in steps_of(await the_case(world, case_id))} == {"claim", "records"}


async def test_the_flow_s_own_day_is_shown_where_it_is_another_than_the_standard() -> None:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    found = await world.inps.claims.get(case_id)
    assert found is not None
    dues = {one.holder: one.due for one in found.steps if one.kind is StepKind.RECORDS}
    # 30 days from Monday 3 March 2025 are Wednesday 2 April.
    assert {one.ask_again_on for one in dues.values()} == {date(2025, 4, 2)}
    assert dues[DRV].rule_id == "eu.pension_statement"
    assert dues[SERVICE_CANADA].rule_id == "ca_it.pension_statement"

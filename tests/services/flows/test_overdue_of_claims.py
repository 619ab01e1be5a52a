"""A claim of the claim service is overdue like a case on a flow, in one list."""

from datetime import date, timedelta

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.flows_store import PostgresStandings
from portability.app.wiring.cases import ClaimSteps
from tests.services.cases.world import DRV, INPS, SERVICE_CANADA, World

LATE = date(2025, 12, 1)


@pytest.fixture
async def world() -> World:
    made = World(time_ordered_id)
    await made.fill_registers()
    return made


async def test_who_has_not_answered_is_in_the_list_until_it_has(
    world: World, connection: psycopg.AsyncConnection
) -> None:
    steps, standings = ClaimSteps(connection, INPS), PostgresStandings(connection)
    case_id = await world.lodge()
    await steps.put(world.inps.work.open_steps.kept[case_id])
    found = await standings.overdue(holder="", today=LATE, limit=10)
    # Asked on 3 March 2025; asked again after 30 days.
    assert {(one.step_id, one.holder, one.due_on) for one in found} == {
        (f"records:{one}", one, date(2025, 4, 2)) for one in (INPS, DRV, SERVICE_CANADA)
    }
    assert {one.flow_id for one in found} == {"old_age_claim"}
    assert await standings.overdue(holder="", today=date(2025, 4, 2), limit=10) == []
    await world.deliver()
    await world.drv.answer(case_id)
    await world.deliver()
    await steps.put(world.inps.work.open_steps.kept[case_id])
    assert await standings.overdue(holder=DRV, today=LATE, limit=10) == []
    assert [one.holder for one in await standings.overdue(holder=INPS, today=LATE, limit=10)] == [INPS]


async def test_nobody_is_awaited_in_a_closed_claim(world: World, connection: psycopg.AsyncConnection) -> None:
    steps, standings = ClaimSteps(connection, INPS), PostgresStandings(connection)
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    deciding = world.inps.work.open_steps.kept[case_id]
    await steps.put(deciding)
    kinds = {one.step_id.partition(":")[0] for one in await standings.overdue(holder="", today=LATE, limit=10)}
    assert kinds == {"determine", "decide"}
    await world.decide_all(case_id)
    await world.send_summary(case_id)
    closed = world.inps.work.open_steps.kept[case_id]
    assert closed.is_closed
    await steps.put(closed)
    assert await standings.overdue(holder="", today=LATE + timedelta(days=300), limit=10) == []

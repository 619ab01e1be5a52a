"""A protected person's claim is for cleared staff alone, and every look at a case is written down."""

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.agreements.errors import NotFoundError
from portability.services.access import Caller, Role
from portability.services.cases.commands import RecordAnswer
from portability.services.cases.shares.model import DetermineShare, StateOwnRecords, SummariseShares
from portability.services.flows.handlers import FlowUseCases
from tests.services.cases.share_world import RISK_ON, ShareWorld
from tests.services.cases.world import DRV

VERA = Caller(DRV, Role.CLEARED_CASEWORKER, "vera")
ANNA = Caller(DRV, Role.CASEWORKER, "anna")
PROGRAM = Caller(DRV, Role.SYSTEM, "pension-system")


async def test_every_look_is_written_down_with_who_when_and_what_for(world: ShareWorld) -> None:
    case_id = await world.lodge()
    drv = world.drv
    await drv.use_cases.get(case_id, caller=ANNA, work=drv)
    await FlowUseCases(drv.parts).get_case(case_id, caller=PROGRAM, work=drv.flows)
    now = world.clock.now()
    assert [(look.by, look.role, look.at, look.purpose) for look in await drv.flows.looks.of([case_id])] == [
        ("pension-system", Role.SYSTEM, now, "pension-claim"),
        ("anna", Role.CASEWORKER, now, "pension-claim"),
    ]


async def test_what_is_protected_is_as_if_it_were_not_there_and_no_look_is_noted(world: ShareWorld) -> None:
    case_id = await world.lodge()
    drv = world.drv
    await drv.flows.protected.protect([case_id])
    for other in (ANNA, PROGRAM):
        for call in (
            drv.use_cases.get(case_id, caller=other, work=drv),
            drv.use_cases.state(
                StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS), caller=other, work=drv
            ),
            drv.use_cases.determine(DetermineShare(time_ordered_id(), case_id, RISK_ON), caller=other, work=drv),
            FlowUseCases(drv.parts).get_case(case_id, caller=other, work=drv.flows),
        ):
            with pytest.raises(NotFoundError, match="There is no case"):
                await call
    with pytest.raises(NotFoundError, match="There is no case"):
        await drv.use_cases.summarise(SummariseShares(time_ordered_id(), case_id), caller=ANNA, work=drv)
    assert list(await drv.flows.looks.of([case_id])) == []
    assert drv.flows.sender.sent == []


async def test_cleared_staff_works_on_a_protected_case_as_on_any_other(world: ShareWorld) -> None:
    case_id = await world.lodge()
    drv = world.drv
    await drv.flows.protected.protect([case_id])
    command = StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS)
    document_id, _ = await drv.use_cases.state(command, caller=VERA, work=drv)
    assert document_id is not None
    assert len((await drv.use_cases.get(case_id, caller=VERA, work=drv)).careers) == 3


async def test_protection_travels_with_every_message_and_is_raised_case_wide(world: ShareWorld) -> None:
    case_id = await world.lodge()
    assert not any(one.is_protected for one in world.said())
    await world.inps.flows.protected.protect([case_id])
    carla = Caller("it-inps", Role.CLEARED_CASEWORKER, "carla")
    command = StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS)
    await world.inps.use_cases.state(command, caller=carla, work=world.inps)
    await world.deliver()
    for node in (world.drv, world.canada):
        assert await node.flows.protected.among([case_id]) == {case_id}
    # The answer of an institution that learned of it says so too.
    command = StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS)
    await world.drv.use_cases.state(command, caller=VERA, work=world.drv)
    assert all(one.is_protected for one in world.said() if one.sender == DRV)


async def test_showing_her_again_is_each_institutions_own_act(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.inps.flows.protected.protect([case_id])
    # What was sent before says nothing.
    assert await world.drv.flows.protected.among([case_id]) == frozenset()
    cleared = Caller("it-inps", Role.CLEARED_CASEWORKER, "carla")
    command = StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS)
    await world.inps.use_cases.state(command, caller=cleared, work=world.inps)
    await world.deliver()
    assert await world.drv.flows.protected.among([case_id]) == {case_id}
    await world.drv.flows.protected.unprotect([case_id])
    await world.drv.state(case_id)
    await world.deliver()
    assert await world.inps.flows.protected.among([case_id]) == {case_id}
    assert await world.drv.flows.protected.among([case_id]) == frozenset()

"""A protected person's case is for cleared staff alone, and every look at a case is written down."""

import pytest

from portability.agreements.errors import NotFoundError
from portability.services.access import Caller, Role
from portability.services.cases.commands import AnswerRecordRequest, Determine, RecordAnswer
from portability.services.cases.ports import CaseQuery
from tests.services.cases.world import AWARD_ON, DRV, World

VERA = Caller(DRV, Role.CLEARED_CASEWORKER, "vera")
ANNA = Caller(DRV, Role.CASEWORKER, "anna")
PROGRAM = Caller(DRV, Role.SYSTEM, "pension-system")


async def test_every_look_is_written_down_with_who_when_and_what_for(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    async with world.drv.transaction() as work:
        await world.drv.use_cases.get_case(case_id, caller=ANNA, work=work)
        await world.drv.use_cases.list_cases(CaseQuery(size=10), caller=PROGRAM, work=work)
        looks = list(await work.looks.of([case_id]))
    now = world.clock.now()
    assert [(look.by, look.role, look.at, look.purpose) for look in looks] == [
        ("pension-system", Role.SYSTEM, now, "pension-claim"),
        ("anna", Role.CASEWORKER, now, "pension-claim"),
    ]


async def test_what_is_protected_is_as_if_it_were_not_there_and_no_look_is_noted(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.work.protected.protect([case_id])
    for other in (ANNA, PROGRAM):
        async with world.drv.transaction() as work:
            assert (await world.drv.use_cases.list_cases(CaseQuery(size=10), caller=other, work=work)).cases == ()
            with pytest.raises(NotFoundError, match="There is no case"):
                await world.drv.use_cases.get_case(case_id, caller=other, work=work)
        for use_case, command in (
            ("answer_record_request", AnswerRecordRequest(world.new_id(), case_id, RecordAnswer.FROM_OWN_RECORDS, "")),
            ("determine", Determine(world.new_id(), case_id, AWARD_ON)),
        ):
            with pytest.raises(NotFoundError, match="There is no case"):
                await world.drv.do(use_case, command, caller=other)
    assert list(await world.drv.work.looks.of([case_id])) == []
    assert world.drv.work.sender.sent == []


async def test_cleared_staff_works_on_a_protected_case_as_on_any_other(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.work.protected.protect([case_id])
    command = AnswerRecordRequest(world.new_id(), case_id, RecordAnswer.FROM_OWN_RECORDS, "")
    view = await world.drv.do("answer_record_request", command, caller=VERA)
    assert view.case.case_id == case_id
    async with world.drv.transaction() as work:
        assert len((await world.drv.use_cases.list_cases(CaseQuery(size=10), caller=VERA, work=work)).cases) == 1

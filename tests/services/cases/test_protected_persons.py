"""A protected person's case is for cleared staff alone, and every look at a case is written down."""

import pytest

from portability.agreements.errors import NotFoundError
from portability.services.access import Caller, Role
from portability.services.cases.commands import AnswerRecordRequest, Determine, LodgeClaim, RecordAnswer
from portability.services.cases.mapping.protection import marked, says_protected
from portability.services.cases.messages import MESSAGE_TYPES
from portability.services.cases.ports import CaseQuery
from tests.services.cases.world import AWARD_ON, CLAIM, DRV, World

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


async def test_protection_travels_with_every_message_and_is_raised_case_wide(world: World) -> None:
    before = await world.lodge()
    await world.deliver()
    assert not any(says_protected(one.type, one.record) for one in world.inps.work.sender.sent)
    await world.inps.work.protected.protect([before])
    carla = Caller("it-inps", Role.CLEARED_CASEWORKER, "carla")
    view = await world.inps.do("lodge_claim", LodgeClaim(world.new_id(), CLAIM), caller=carla)
    later = view.case.case_id  # she is protected, so her next claim says so
    assert await world.inps.work.protected.among([before, later]) == {before, later}
    await world.deliver()
    for node in (world.drv, world.canada):
        assert await node.work.protected.among([before, later]) == {before, later}
    # The answer of an institution that learned of it says so too.
    answer = AnswerRecordRequest(world.new_id(), later, RecordAnswer.FROM_OWN_RECORDS, "")
    await world.drv.do("answer_record_request", answer, caller=VERA)
    (statement, *_) = world.drv.work.sender.sent
    assert says_protected(statement.type, statement.record)


@pytest.mark.parametrize("kind", sorted(MESSAGE_TYPES))
async def test_every_message_of_a_case_can_say_it(kind: str) -> None:
    assert says_protected(kind, marked(kind, b""))
    assert not says_protected(kind, b"")


async def test_showing_her_again_is_each_institutions_own_act(world: World) -> None:
    case_id = await world.lodge()
    await world.inps.work.protected.protect([case_id])
    await world.deliver()  # what was sent before says nothing
    assert await world.drv.work.protected.among([case_id]) == frozenset()
    cleared = Caller("it-inps", Role.CLEARED_CASEWORKER, "carla")
    answer = AnswerRecordRequest(world.new_id(), case_id, RecordAnswer.FROM_OWN_RECORDS, "")
    await world.inps.do("answer_record_request", answer, caller=cleared)
    await world.deliver()
    assert await world.drv.work.protected.among([case_id]) == {case_id}
    await world.drv.work.protected.unprotect([case_id])
    await world.drv.answer(case_id)
    await world.deliver()
    assert await world.inps.work.protected.among([case_id]) == {case_id}
    assert await world.drv.work.protected.among([case_id]) == frozenset()

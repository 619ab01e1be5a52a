"""RepairService as people of an institution call it."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from exchange_world import CASE, TestNode, World, message_to

from portability.agreements.errors import CaseStateError, InputError, NotFoundError
from portability.api.exchange.v1 import repair_service_pb2 as pb
from portability.services.access import Caller, Role, acting_as
from portability.services.exchange.missing.servicer import RepairServicer

REQUEST = "0193a000-0000-7000-8000-000000000001"
OTHER = UUID("01936e00-0000-7000-8000-00000000cafe")
KARL = Caller("it-inps", Role.ADMINISTRATOR, "karl")
ANNA = Caller("it-inps", Role.CASEWORKER, "anna")
VERA = Caller("it-inps", Role.CLEARED_CASEWORKER, "vera")


@pytest.fixture
async def rome(world: World) -> TestNode:
    """Of two cases the first message has not come; the second one has."""
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    for number, case_id in ((1, CASE), (2, OTHER)):
        await berlin.submit(message_to("it-inps", number, case_id=case_id))
    berlin.erase(CASE)
    berlin.erase(OTHER)
    await berlin.relay()
    for number, case_id in ((3, CASE), (4, OTHER)):
        await berlin.submit(message_to("it-inps", number, case_id=case_id))
    await berlin.relay()
    await rome.consume()
    return rome


@pytest.fixture
def hidden() -> set[UUID]:
    return set()


@pytest.fixture
def servicer(world: World, rome: TestNode, hidden: set[UUID]) -> RepairServicer:
    async def among(case_ids: Sequence[UUID]) -> frozenset[UUID]:
        return frozenset(hidden.intersection(case_ids))

    return RepairServicer(
        rome.store.transaction,
        me="it-inps",
        clock=world.clock,
        new_id=world.new_id,
        hidden=among,
        effects=rome.ledger,
    )


def giving_up(case_id: UUID = CASE, first: int = 1, last: int = 1) -> pb.GiveUpMissingRequest:
    missing = pb.CaseNumbers(first_seq=first, last_seq=last)
    return pb.GiveUpMissingRequest(
        request_id=REQUEST, sender="de-drv", case_id=str(case_id), missing=missing, reasons=["We have waited."]
    )


async def test_what_waits_is_listed_by_pages_asked_for_and_given_up(rome: TestNode, servicer: RepairServicer) -> None:
    with acting_as(KARL):
        first = await servicer.ListWaitingLanes(pb.ListWaitingLanesRequest(page_size=1), None)
        rest = pb.ListWaitingLanesRequest(page_size=2, page_token=first.next_page_token)
        more = await servicer.ListWaitingLanes(rest, None)
        lanes = [*first.lanes, *more.lanes]
        assert [(one.sender, one.case_id, one.waiting) for one in lanes] == [
            ("de-drv", str(case_id), 1) for case_id in sorted((CASE, OTHER))
        ]
        assert {one.waits_for for one in lanes} == {pb.LANE_WAITS_FOR_MISSING}
        assert {(one.missing.first_seq, one.missing.last_seq) for one in lanes} == {(1, 1)}
        assert more.next_page_token == ""
        ask = pb.AskForMissingRequest(request_id=REQUEST, sender="de-drv", case_id=str(CASE))
        asked = await servicer.AskForMissing(ask, None)
        # The first two numbers of the stream are missing, and it is among them.
        assert (asked.missing.first_seq, asked.missing.last_seq, asked.asked) == (1, 1, 2)
        with pytest.raises(CaseStateError, match="look again"):
            await servicer.GiveUpMissing(giving_up(last=2), None)
        with pytest.raises(InputError):
            await servicer.GiveUpMissing(giving_up(first=2), None)
        done = await servicer.GiveUpMissing(giving_up(), None)
        assert (done.took_effect, done.still_waiting) == (1, 0)
        assert done.entry_id == str((await rome.quarantined())[0].entry_id)
        for page_token in ("x", "de-drv/x"):
            with pytest.raises(InputError):
                await servicer.ListWaitingLanes(pb.ListWaitingLanesRequest(page_token=page_token), None)


async def test_a_protected_case_is_there_for_cleared_staff_and_administrators_see_that_something_waits(
    servicer: RepairServicer, hidden: set[UUID]
) -> None:
    hidden.add(CASE)
    listed = {}
    for caller in (KARL, ANNA, VERA):
        with acting_as(caller):
            found = await servicer.ListWaitingLanes(pb.ListWaitingLanesRequest(), None)
            listed[caller.name] = {one.case_id for one in found.lanes}
            if caller is not VERA:
                with pytest.raises(NotFoundError, match="Nothing of this sender is missing"):
                    await servicer.GiveUpMissing(giving_up(), None)
    assert listed == {"karl": {"", str(OTHER)}, "anna": {str(OTHER)}, "vera": {str(CASE), str(OTHER)}}
    with acting_as(VERA):
        assert (await servicer.GiveUpMissing(giving_up(), None)).took_effect == 1

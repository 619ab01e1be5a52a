"""A message of a case for no purpose that its type goes with is set aside at its recipient; its sender reads why."""

from dataclasses import replace
from uuid import UUID

import pytest

from portability.agreements.errors import IdempotencyConflictError, InputError
from portability.services.exchange.for_a_purpose import PURPOSE_REFUSED
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.outgoing import post
from portability.services.purposes import COOPERATION, DATA_PROTECTION, PENSION_CLAIM, PURPOSES, why_not_for
from tests.services.exchange.exchange_world import World, message_to

OTHER_CASE = UUID("019aa0c3-0000-7000-8000-0000000000ff")
WRONG = [
    {"purpose": "", "legal_basis": ""},
    {"purpose": "marketing", "legal_basis": "Regulation (EC) No 987/2009 Art. 47"},
    {"purpose": COOPERATION.code, "legal_basis": str(COOPERATION.citation)},
    {"type": "record.note"},
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_it_is_set_aside_receipted_as_failed_and_never_read(world: World, wrong: dict[str, str]) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    async with berlin.store.transaction() as work:  # a sender that does not check
        made = [message_to("it-inps", 1, **wrong), message_to("it-inps", 2, case_id=OTHER_CASE)]
        await post(made, outbox=work.outbox, me="de-drv", at=world.clock.now())
    await berlin.relay()
    await rome.consume()
    assert [one.message_id for one in rome.ledger.applied] == [made[1].message_id]
    (entry,) = await rome.quarantined()
    assert (entry.reason_code, entry.message_id, entry.sender) == (PURPOSE_REFUSED, made[0].message_id, "de-drv")
    await rome.relay()
    await berlin.consume()
    assert [(one.status, one.reason) for one in await berlin.timeline()] == [(ReceiptStatus.FAILED, PURPOSE_REFUSED)]
    assert [one.status for one in await berlin.timeline(OTHER_CASE)] == [ReceiptStatus.DELIVERED]


@pytest.mark.parametrize("wrong", WRONG)
async def test_it_is_refused_at_its_sender_before_that(world: World, wrong: dict[str, str]) -> None:
    with pytest.raises(InputError) as refused:
        await world.node("de-drv").submit(message_to("it-inps", **wrong))
    assert refused.value.field == "purpose"


async def test_the_same_key_with_another_purpose_or_basis_is_another_message(world: World) -> None:
    berlin = world.node("de-drv")
    note = message_to("it-inps", type="record.note", purpose=COOPERATION.code, legal_basis=str(COOPERATION.citation))
    first = await berlin.submit(note)
    assert (await berlin.submit(note)).message_id == first.message_id
    for change in ({"purpose": DATA_PROTECTION.code}, {"legal_basis": str(DATA_PROTECTION.citation)}):
        with pytest.raises(IdempotencyConflictError):
            await berlin.submit(replace(note, **change))


@pytest.mark.parametrize(
    "kind", ["claim.old_age", "record.request", "record.statement", "decision.notify", "decision.summary"]
)
def test_steps_of_a_claim_are_for_the_claim_alone(kind: str) -> None:
    assert [code for code in PURPOSES if not why_not_for(code, kind)] == [PENSION_CLAIM.code]

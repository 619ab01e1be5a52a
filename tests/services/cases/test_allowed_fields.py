"""What a message may carry for its purpose, and that nothing else leaves the institution."""

import pytest

from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.services.cases.mapping import allowed_fields
from portability.services.cases.mapping.allowed_fields import ALLOWED, check_fields, fields_of
from portability.services.cases.messages import CLAIM, MESSAGE_TYPES
from portability.services.purposes import COOPERATION, PENSION_CLAIM, PURPOSES, purpose_named
from tests.services.cases.world import World


async def test_every_message_of_a_claim_keeps_to_the_list_of_its_purpose(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.decide_all(case_id)
    await world.send_summary(case_id)
    sent = [message for node in world.nodes.values() for message in node.work.sender.sent]
    assert {message.type for message in sent} == MESSAGE_TYPES
    for message in sent:
        check_fields(message.type, message.record, purpose=PENSION_CLAIM)


async def test_a_field_that_is_not_on_the_list_is_refused_and_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.lodge()
    (claim, *_) = [message for message in world.inps.work.sender.sent if message.type == CLAIM]
    set_fields = set(fields_of(pb.OldAgeClaimSent.FromString(claim.record)))
    assert "claim.declared.activity" in set_fields
    for field in sorted(set_fields):
        shorter = {**ALLOWED, (PENSION_CLAIM.code, CLAIM): ALLOWED[PENSION_CLAIM.code, CLAIM] - {field}}
        monkeypatch.setattr(allowed_fields, "ALLOWED", shorter)
        with pytest.raises(InputError) as refused:
            check_fields(CLAIM, claim.record, purpose=PENSION_CLAIM)
        assert refused.value.field == field
    monkeypatch.undo()
    with pytest.raises(InputError, match="is not sent for"):
        check_fields(CLAIM, claim.record, purpose=COOPERATION)


def test_every_purpose_has_a_legal_basis_and_the_list_is_closed() -> None:
    assert all(purpose.citation.article and purpose.says for purpose in PURPOSES.values())
    assert purpose_named("pension-claim") is PENSION_CLAIM
    with pytest.raises(InputError, match="There is no purpose 'marketing'"):
        purpose_named("marketing")

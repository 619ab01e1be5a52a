"""What a message may carry for its purpose, and that nothing else leaves the institution."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from google.protobuf.descriptor import Descriptor

from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.api.cases.v1.envelope_pb2 import CaseMessage
from portability.services.cases.mapping import allowed_fields as checking
from portability.services.cases.mapping.allowed_fields import check_fields, fields_of
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.cases.messages import CLAIM, DECISION, STATEMENT, SUMMARY
from portability.services.purposes import COOPERATION, PENSION_CLAIM, PURPOSES, allowed_fields, purpose_named
from tests.services.cases.share_world import ShareWorld


async def test_every_message_of_a_claim_keeps_to_the_list_of_its_purpose(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    sent = [message for node in world.nodes.values() for message in node.flows.sender.sent]
    assert {message.type for message in sent} == {CLAIM, STATEMENT, DECISION, SUMMARY}
    for message in sent:
        check_fields(message.type, CaseMessage.FromString(message.record).content, purpose=PENSION_CLAIM)


async def test_a_field_that_is_not_on_the_list_is_refused_and_named(
    world: ShareWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.lodge()
    claim = CaseMessage.FromString(world.inps.flows.sender.sent[0].record).content
    set_fields = set(fields_of(pb.OldAgeClaimSent.FromString(claim)))
    assert "claim.declared.activity" in set_fields
    for field in sorted(set_fields):
        listed = allowed_fields()[CLAIM]
        shorter = {**allowed_fields(), CLAIM: replace(listed, paths=listed.paths - {field})}
        monkeypatch.setattr(checking, "allowed_fields", lambda shorter=shorter: shorter)
        with pytest.raises(InputError) as refused:
            check_fields(CLAIM, claim, purpose=PENSION_CLAIM)
        assert refused.value.field == field
    monkeypatch.undo()
    with pytest.raises(InputError, match="is not sent for"):
        check_fields(CLAIM, claim, purpose=COOPERATION)


def test_the_list_names_every_type_of_the_catalogue_and_only_fields_that_there_are() -> None:
    assert set(allowed_fields()) == set(CATALOGUE)
    for kind, listed in allowed_fields().items():
        strangers = listed.paths - set(paths_of(CATALOGUE[kind].DESCRIPTOR))
        assert not strangers, kind
        assert listed.purposes <= set(PURPOSES)


def test_who_only_works_abroad_is_not_asked_for_her_parents_or_her_nationality() -> None:
    """GDPR Art. 5(1)(c): both serve to find somebody, and nothing else here turns on them."""
    for kind, listed in allowed_fields().items():
        sensitive = {path for path in listed.paths if path.endswith(("parents_names", "nationalities"))}
        assert bool(sensitive) is (kind in {"person.identify.request", "trace.request"}), kind


def paths_of(message: Descriptor, before: str = "") -> Iterator[str]:
    for field in message.fields:
        kind = field.message_type
        if kind is None or kind.full_name.startswith("google."):
            yield before + field.name
        else:
            yield from paths_of(kind, f"{before}{field.name}.")


def test_every_purpose_has_a_legal_basis_and_the_list_is_closed() -> None:
    assert all(purpose.citation.article and purpose.says for purpose in PURPOSES.values())
    assert purpose_named("pension-claim") is PENSION_CLAIM
    with pytest.raises(InputError, match="There is no such purpose"):
        purpose_named("marketing")

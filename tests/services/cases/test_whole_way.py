"""An old-age claim the whole way: what each of three institutions knows of it, and who learns of whom."""

from datetime import date, timedelta

from portability.adapters.clock.ids import time_ordered_id
from portability.agreements.careers import AnswerStatus
from portability.services.cases.commands import LodgeClaim
from portability.services.cases.mapping.wire import read_decision_notice
from portability.services.cases.model import Decision
from tests.services.cases.share_world import Sent, ShareNode, ShareWorld
from tests.services.cases.world import CLAIM, DRV, INPS, LODGED_ON, SERVICE_CANADA


def decisions_at(node: ShareNode, mail: list[Sent]) -> dict[str, Decision]:
    """Of whom the decisions in these messages to a node are."""
    mine = [one for one in mail if one.message.recipient == node.me and one.message.type == "decision.notify"]
    return {one.sender: read_decision_notice(one.content, case_id=one.message.case_id).decision for one in mine}


async def test_the_date_of_the_claim_counts_in_every_state(world: ShareWorld) -> None:
    # The claim reaches Germany two months later; 987/2009 Art. 45(5) keeps its date.
    lodged = await world.inps.lodge(LodgeClaim(time_ordered_id(), CLAIM))
    mail = world.waiting()
    world.clock.advance(timedelta(days=60))
    await world.deliver(mail)
    found = await world.drv.claim(lodged.case_id)
    assert found.case.claim.lodged_on == LODGED_ON
    assert found.case.known_since.date() == date(2025, 5, 2)


async def test_every_institution_gets_the_periods_of_all_with_their_evidence(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    told = [{one.state: one for one in (await node.view(case_id)).careers} for node in world.nodes.values()]
    assert told[0] == told[1] == told[2]
    assert {one.status for one in told[0].values()} == {AnswerStatus.KNOWN}
    german = await world.drv.accounts.get("DE-1")
    assert german is not None
    assert (told[2]["DE"].periods, told[2]["DE"].answered_on) == (german.periods, LODGED_ON)


async def test_scheme_facts_reach_the_own_determination_and_no_message(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    (question,) = world.drv.determiner.asked
    assert question.scheme_facts["de-rente"]["earnings_points"].limit_denominator() * 10000 == 123456
    sent = [message for node in world.nodes.values() for message in node.flows.sender.sent]
    assert len(sent) > 10
    assert not any(b"earnings_points" in message.record for message in sent)


async def test_messages_name_the_agreement_between_sender_and_recipient(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.drv.state(case_id)
    sent = {message.recipient: message.agreement_id for message in world.drv.flows.sender.sent}
    assert sent == {INPS: "eu-883-2004", SERVICE_CANADA: "ca-de"}


async def test_institutions_without_an_agreement_learn_nothing_of_each_other(world: ShareWorld) -> None:
    # Without an agreement between Germany and Canada only the contact institution hears of both.
    del world.directory.agreements[frozenset({"CA", "DE"})]
    case_id = (await world.inps.lodge(LodgeClaim(time_ordered_id(), CLAIM))).case_id
    await world.deliver()
    assert [one.institution for one in (await world.drv.claim(case_id)).case.participants] == [INPS, DRV]
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    assert {one.state for one in (await world.drv.view(case_id)).careers} == {"DE", "IT"}
    german, contact = await world.drv.claim(case_id), await world.inps.claim(case_id)
    assert {one.institution for one in german.case.decisions} == {INPS, DRV}
    assert german.case.summary is not None
    assert len(german.case.summary.decision_ids) == 2
    assert contact.case.summary is not None
    assert len(contact.case.summary.decision_ids) == 3
    of_canada = [one for one in world.drv.flows.sender.sent if one.recipient == SERVICE_CANADA]
    assert of_canada == []


async def test_what_is_sent_about_a_decision_lets_the_contact_explain_it(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.determine(case_id)
    ours = await world.drv.decide(case_id)
    mail = world.waiting()
    await world.deliver(mail)
    theirs = (await world.inps.claim(case_id)).case.decision_of(DRV)
    assert theirs == ours == decisions_at(world.inps, mail)[DRV]
    assert theirs is not None
    assert [(depth, step.text) for top in theirs.explanation for depth, step in top.walk()] == [
        (0, "Own share"),
        (1, "2 own periods"),
    ]
    # Exact values travel with the English sentences, so that her own node can tell them in her language.
    assert theirs.explanation[0].values == (("own", '{"number":"118/3"}'), ("state", '"DE"'))
    assert theirs.decided_by == "clerk of de-drv"
    assert len(theirs.trace_sha256) == 64

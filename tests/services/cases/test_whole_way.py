"""An old-age claim the whole way: three institutions, real bytes between them."""

from dataclasses import replace
from datetime import date, timedelta

from portability.agreements.careers import AnswerStatus
from portability.agreements.values import Citation, Money
from portability.services.cases.commands import RecordAnswer, RecordNationalAnswer
from portability.services.cases.flow import StepKind
from portability.services.cases.model import DecisionResult, EventKind, RefusalReason
from tests.services.cases.world import CLAIM, DRV, INPS, LODGED_ON, SERVICE_CANADA, World


async def test_a_claim_goes_the_whole_way(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.decide_all(case_id)
    await world.send_summary(case_id)
    for node in world.nodes.values():
        view = await node.view(case_id)
        assert node.set_aside == []
        assert view.case.is_closed
        assert {each.institution: each.status for each in view.case.participants} == {
            INPS: AnswerStatus.KNOWN,
            DRV: AnswerStatus.KNOWN,
            SERVICE_CANADA: AnswerStatus.KNOWN,
        }
        amounts = {d.institution: [a.amount for a in d.amounts] for d in view.case.decisions}
        # Ten euros for each own period: Italy has two, Germany two, Canada one.
        assert amounts == {
            INPS: [Money.of(20, "EUR")],
            DRV: [Money.of(20, "EUR")],
            SERVICE_CANADA: [Money.of(10, "EUR")],
        }
        assert all(step.done_at is not None for step in view.steps)
        assert not any(action.allowed for action in view.actions)


async def test_the_date_of_the_claim_counts_in_every_state(world: World) -> None:
    # The claim reaches Germany two months later; 987/2009 Art. 45(5) keeps its date.
    case_id = await world.lodge()
    world.clock.advance(timedelta(days=60))
    await world.deliver()
    view = await world.drv.view(case_id)
    assert view.case.claim.lodged_on == LODGED_ON
    assert view.case.known_since.date() == date(2025, 5, 2)


async def test_every_institution_gets_the_periods_of_all_with_their_evidence(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    careers = [(await node.view(case_id)).career for node in world.nodes.values()]
    assert careers[0] == careers[1] == careers[2]
    german = next(career for career in careers[2] if career.state == "DE")
    assert german.periods == (await world.drv.work.accounts.get("DE-1")).periods  # type: ignore[union-attr]
    assert german.answered_on == LODGED_ON


async def test_scheme_facts_reach_the_own_determination_and_no_message(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.drv.determine(case_id)
    (question,) = world.drv.determiner.asked
    assert question.scheme_facts["de-rente"]["earnings_points"].limit_denominator() * 10000 == 123456
    assert question.agreements == {"IT": "eu-883-2004", "CA": "ca-de"}
    sent = [message for node in world.nodes.values() for message in node.work.sender.sent]
    assert not any(b"earnings_points" in message.record for message in sent)


async def test_messages_name_the_agreement_between_sender_and_recipient(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.answer(case_id)
    sent = {message.recipient: message.agreement_id for message in world.drv.work.sender.sent}
    assert sent == {INPS: "eu-883-2004", SERVICE_CANADA: "ca-de"}
    to_contact = next(message for message in world.drv.work.sender.sent if message.recipient == INPS)
    request = next(m for m in world.inps.work.sender.sent if m.recipient == DRV and m.type == "record.request")
    assert to_contact.in_reply_to == request.message_id


async def test_institutions_without_an_agreement_learn_nothing_of_each_other(world: World) -> None:
    # Without an agreement between Germany and Canada only the contact institution hears of both.
    del world.directory.agreements[frozenset({"CA", "DE"})]
    case_id = await world.lodge()
    await world.deliver()
    german = await world.drv.view(case_id)
    assert [each.institution for each in german.case.participants] == [INPS, DRV]
    await world.answer_all(case_id)
    await world.decide_all(case_id)
    await world.send_summary(case_id)
    german = await world.drv.view(case_id)
    assert [each.state for each in german.career] == ["DE", "IT"]
    assert {each.institution for each in german.case.decisions} == {INPS, DRV}
    assert german.case.summary is not None
    assert len(german.case.summary.decision_ids) == 2
    contact = await world.inps.view(case_id)
    assert contact.case.summary is not None
    assert len(contact.case.summary.decision_ids) == 3


async def test_a_state_without_an_agreement_is_not_asked_and_the_career_says_so(world: World) -> None:
    del world.directory.agreements[frozenset({"CA", "IT"})]
    case_id = await world.lodge()
    view = await world.inps.view(case_id)
    canada = next(career for career in view.career if career.state == "CA")
    assert (canada.status, canada.institution) == (AnswerStatus.NOT_ASKED, SERVICE_CANADA)
    assert [e.text for e in view.timeline if e.kind is EventKind.STATE_NOT_ASKED] == [
        "CA is not asked: no agreement between IT and CA covers old_age on 2025-03-03."
    ]


async def test_a_state_that_finds_nobody_does_not_decide_and_nobody_waits_for_it(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.canada.answer(case_id, RecordAnswer.NOT_FOUND)
    await world.inps.answer(case_id)
    await world.drv.answer(case_id)
    await world.deliver()
    view = await world.inps.view(case_id)
    assert next(c for c in view.career if c.state == "CA").status is AnswerStatus.NOT_FOUND
    deciding = {step.holder for step in view.steps if step.kind is StepKind.DECIDE}
    assert deciding == {INPS, DRV}
    for node in (world.inps, world.drv):
        await node.determine(case_id)
        await node.decide(case_id)
    await world.deliver()
    assert (await world.send_summary(case_id)).case.is_closed


async def test_a_deferred_pension_is_not_decided_but_its_periods_are_told(world: World) -> None:
    # 883/2004 Art. 50(1): she asks to put the German pension off.
    case_id = await world.lodge(replace(CLAIM, deferred_states=frozenset({"DE"})))
    await world.deliver()
    await world.answer_all(case_id)
    german = await world.drv.view(case_id)
    why = {action.action.value: action.why_not for action in german.actions}
    assert why["determine"] == "the claimant has asked to defer the pension of DE (883/2004 Art. 50(1))."
    assert next(career for career in german.career if career.state == "DE").status is AnswerStatus.KNOWN


async def test_an_amount_that_the_institution_gives_itself_reaches_its_determination(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    euros = Money.of("812.40", "EUR")
    command = RecordNationalAnswer(world.new_id(), case_id, "it-pensione", euros, euros, None, "own system")
    await world.inps.do("record_national_answer", command)
    await world.inps.determine(case_id)
    (question,) = world.inps.determiner.asked
    answer = question.national_answers["it-pensione"]
    assert (answer.independent, answer.flat_rate, answer.answered_by) == (euros, None, "clerk of it-inps")


async def test_a_refusal_because_a_condition_is_unmet_is_told_to_later_determinations(world: World) -> None:
    # 883/2004 Art. 50(2): Canada's conditions are not met, so others may leave its periods out.
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.canada.decide(
        case_id,
        determination_id=None,
        result=DecisionResult.REFUSED,
        refusal_reasons=(RefusalReason.AGE_NOT_REACHED,),
        citations=(Citation("Old Age Security Act", "s. 3(2)"),),
    )
    await world.deliver()
    await world.drv.determine(case_id)
    assert world.drv.determiner.asked[-1].unsatisfied_states == {"CA"}


async def test_what_is_sent_about_a_decision_lets_the_contact_explain_it(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.drv.determine(case_id)
    await world.drv.decide(case_id)
    await world.deliver()
    ours = (await world.drv.view(case_id)).case.decision_of(DRV)
    theirs = (await world.inps.view(case_id)).case.decision_of(DRV)
    assert ours == theirs
    assert theirs is not None
    assert [(depth, step.text) for top in theirs.explanation for depth, step in top.walk()] == [
        (0, "Own share"),
        (1, "2 own periods"),
    ]
    # Exact values travel with the English sentences, so that her own node can tell them in her language.
    assert theirs.explanation[0].values == (("own", '{"number":"118/3"}'), ("state", '"DE"'))
    assert theirs.decided_by == "clerk of de-drv"
    assert len(theirs.trace_sha256) == 64

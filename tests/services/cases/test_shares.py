"""A claim on a flow the whole way: what it holds is determined and decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    DeterminationError,
    InputError,
    NoRuleInForceError,
    NotFoundError,
    VerificationError,
)
from portability.agreements.values import Branch, Citation, Money
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import administration_pb2 as administration
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.persons.v1 import messages_pb2 as persons
from portability.services.access import Caller, Role
from portability.services.cases.answers import Asked, from_account
from portability.services.cases.commands import Decide, GivenAmounts, LodgeClaim, RecordAnswer
from portability.services.cases.concerned import NotAsked
from portability.services.cases.mapping.wire import read_summary, statement_bytes
from portability.services.cases.model import (
    AwardBasis,
    DecidedAmount,
    DecisionResult,
    Frequency,
    RefusalReason,
)
from portability.services.cases.ports import DeterminationAnswer, DeterminationQuestion, Reliance
from portability.services.cases.shares.model import DetermineShare, Grounds, StateOwnRecords
from portability.services.flows.handlers import FlowUseCases, StartCase
from portability.services.flows.load import packaged_flows
from portability.services.flows.model import Party
from portability.services.mapping.common import write_date, write_identifier, write_period, write_record
from tests.services.cases.share_world import RISK_ON, ShareWorld, claim_content, deferring, question
from tests.services.cases.world import (
    AWARD_ON,
    CLAIM,
    DRV,
    GERMAN_NUMBER,
    INPS,
    LODGED_ON,
    MARIA,
    REMEDY,
    SERVICE_CANADA,
    account,
    german_periods,
)


async def test_a_claim_on_a_flow_goes_the_whole_way(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    for node in world.nodes.values():
        view = await node.case(case_id)
        assert view.position.instances["claim", ""].state == "summarised"
        assert not view.position.waiting
    # What the feed tells the institution's own systems of it.
    assert world.drv.flows.changes.kinds[case_id] == [
        "claim_received",
        "statement_received",
        "statement_sent",
        "statement_received",
        "decision_received",
        "decided",
        "decision_received",
        "summary_received",
    ]
    # Ten euros for each own period: two, two and one.
    amounts = {}
    for node in world.nodes.values():
        share = await node.shares.last(case_id)
        assert share is not None
        assert share.determination is not None
        assert all(step.citation for step in share.determination.explanation)
        amounts[node.me] = [benefit.award for benefit in share.determination.benefits]
    assert amounts == {
        INPS: [Money.of(20, "EUR")],
        DRV: [Money.of(20, "EUR")],
        SERVICE_CANADA: [Money.of(10, "EUR")],
    }


async def test_whom_a_claim_concerns_is_found_from_what_she_declares(world: ShareWorld) -> None:
    command = LodgeClaim(time_ordered_id(), CLAIM)
    lodged = await world.inps.lodge(command)
    assert await world.inps.lodge(command) == lodged
    await world.deliver()
    parties = (await world.drv.case(lodged.case_id)).position.parties.values()
    assert {(one.institution, one.role, one.agreement_id) for one in parties} == {
        (INPS, "contact_institution", ""),
        (DRV, "institution", "eu-883-2004"),
        (SERVICE_CANADA, "institution", "ca-it"),
    }
    await world.state_all(lodged.case_id)
    await world.decide_all(lodged.case_id)
    await world.summarise(lodged.case_id)
    assert (await world.canada.case(lodged.case_id)).position.instances["claim", ""].state == "summarised"


async def test_a_state_of_which_nobody_can_be_asked_is_told_and_the_claim_goes_on_without_it(world: ShareWorld) -> None:
    del world.directory.agreements[frozenset({"CA", "IT"})]
    del world.directory.institutions["DE"]
    command = LodgeClaim(time_ordered_id(), CLAIM)
    lodged = await world.inps.lodge(command)
    assert lodged.not_asked == (
        NotAsked("DE", "", "the directory has no institution for old_age there on 2025-03-03."),
        NotAsked("CA", SERVICE_CANADA, "no agreement between IT and CA covers old_age on 2025-03-03."),
    )
    assert await world.inps.lodge(command) == lodged
    await world.inps.state(lodged.case_id)
    await world.inps.determine(lodged.case_id)
    await world.inps.decide(lodged.case_id)
    view = await world.inps.case(lodged.case_id)
    assert view.position.instances["claim", ""].state == "summarising"
    told = {one.state: (one.institution, one.status) for one in (await world.inps.view(lodged.case_id)).careers}
    assert told["DE"] == ("", AnswerStatus.NOT_ASKED)
    assert told["CA"] == (SERVICE_CANADA, AnswerStatus.NOT_ASKED)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"declared": CLAIM.declared[:2], "person": replace(MARIA, identifiers=(GERMAN_NUMBER,))},
            "cannot be the contact",
        ),
        ({"asks_in_writing": False}, "only where the applicant asks for that in writing"),
        ({"lodged_on": date(2025, 3, 5)}, "after today"),
    ],
)
async def test_a_claim_that_cannot_be_right_opens_no_case(world: ShareWorld, changed: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        await world.inps.lodge(LodgeClaim(time_ordered_id(), replace(CLAIM, **changed)))
    assert not world.inps.flows.sender.sent


async def test_every_institution_asks_the_rules_about_the_periods_of_all(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.determine(case_id)
    (question,) = world.drv.determiner.asked
    assert [period.period_id for period in question.periods] == ["i1", "i2", "d1", "d2", "c1"]
    assert question.agreements == {"IT": "eu-883-2004", "CA": "ca-de"}
    assert question.scheme_facts == {"de-rente": {"earnings_points": Fraction("12.3456")}}
    assert (question.birth_date, question.award_on, question.branch) == (MARIA.birth_date, AWARD_ON, Branch.OLD_AGE)


async def test_nothing_is_determined_before_all_records_are_there(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.drv.state(case_id)
    await world.deliver()
    with pytest.raises(CaseStateError, match="not due before all records are there"):
        await world.drv.determine(case_id)
    assert "not due before" in (await world.drv.view(case_id)).why_not
    statuses = {one.state: one.status for one in (await world.inps.view(case_id)).careers}
    unanswered = AnswerStatus.ASKED_NO_ANSWER
    assert statuses == {"IT": unanswered, "DE": AnswerStatus.KNOWN, "CA": unanswered}


async def test_a_state_without_periods_has_nothing_to_decide_and_nobody_waits_for_it(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.canada.state(case_id, RecordAnswer.NOT_FOUND, reason="Searched by name and number.")
    await world.inps.state(case_id)
    await world.drv.state(case_id)
    await world.deliver()
    with pytest.raises(CaseStateError, match="no periods under its legislation"):
        await world.canada.determine(case_id)
    share = await world.canada.shares.last(case_id)
    assert share is not None
    assert share.grounds is not None
    assert (share.grounds.said_by, share.grounds.reason) == ("clerk of ca-sc", "Searched by name and number.")
    for node in (world.inps, world.drv):
        await node.determine(case_id)
        await node.decide(case_id)
        await world.deliver()
    await world.summarise(case_id)
    assert (await world.canada.case(case_id)).position.instances["claim", ""].state == "summarised"


async def test_no_program_decides_or_says_that_there_are_no_records(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.determine(case_id)
    program = Caller(DRV, Role.SYSTEM, "pension-system")
    share = await world.drv.shares.last(case_id)
    assert share is not None
    assert share.determination is not None
    command = Decide(
        time_ordered_id(),
        case_id,
        share.determination.determination_id,
        DecisionResult.GRANTED,
        AwardBasis.WORK,
        AWARD_ON,
        REMEDY,
    )
    with pytest.raises(DeniedError, match="Only a named caseworker may decide"):
        await world.drv.use_cases.decide(command, caller=program, work=world.drv)
    assert (await world.drv.case(case_id)).position.instances["decision", DRV].state == "due"


async def test_a_decision_names_the_person_and_rests_on_the_last_determination(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    first = await world.drv.determine(case_id)
    second = await world.drv.determine(case_id)
    assert first.determination is not None
    assert second.determination is not None
    with pytest.raises(InputError, match="is not the last one of this case"):
        await world.drv.decide(case_id, determination_id=first.determination.determination_id)
    decision = await world.drv.decide(case_id)
    assert decision.decided_by == "clerk of de-drv"
    assert decision.determination_id == second.determination.determination_id
    assert (decision.amounts[0].amount, decision.amounts[0].frequency) == (Money.of(20, "EUR"), Frequency.MONTH)
    assert decision.citations


async def test_a_new_calculation_is_decided_anew(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    again = await world.drv.determine(case_id)
    decision = await world.drv.decide(case_id)
    assert again.determination is not None
    assert decision.determination_id == again.determination.determination_id
    said = [one.document.action for one in (await world.drv.case(case_id)).case.documents]
    assert said[-1] == "decide_again"


async def test_a_request_that_comes_twice_is_carried_out_once(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    command = DetermineShare(time_ordered_id(), case_id, RISK_ON)
    shares = [await world.drv.use_cases.determine(command, caller=world.drv.clerk, work=world.drv) for _ in range(2)]
    assert shares[0] == shares[1]
    assert len(world.drv.determiner.asked) == 1


async def test_a_correction_takes_the_place_of_the_period_and_a_new_statement_of_all(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    one, two = german_periods()
    shorter = replace(two, period=replace(two.period, end=date(1989, 1, 1)))
    correction = careers.RecordCorrection(
        corrections=[
            careers.PeriodCorrection(
                period_id="d2", after=write_period(shorter), reason=careers.CORRECTION_REASON_ERROR
            ),
            careers.PeriodCorrection(
                period_id="d1", before=write_period(one), reason=careers.CORRECTION_REASON_ERROR, note="Not hers."
            ),
        ],
        known_on=write_date(LODGED_ON),
    )
    await world.drv.act(case_id, "correct", write_record(correction))
    await world.deliver()
    (german,) = [each for each in (await world.inps.view(case_id)).careers if each.state == "DE"]
    assert german.periods == (shorter,)
    await world.inps.determine(case_id)
    assert [each.period_id for each in world.inps.determiner.asked[-1].periods] == ["i1", "i2", "d2", "c1"]


async def test_nobody_decides_on_what_was_determined_before_a_correction_came(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.inps.determine(case_id)
    withdrawn = careers.PeriodCorrection(period_id="d2", reason=careers.CORRECTION_REASON_ERROR, note="Not hers.")
    correction = careers.RecordCorrection(corrections=[withdrawn], known_on=write_date(LODGED_ON))
    await world.drv.act(case_id, "correct", write_record(correction))
    await world.deliver()
    with pytest.raises(CaseStateError, match="has changed since it was determined: determine once more"):
        await world.inps.decide(case_id)
    await world.inps.determine(case_id)
    assert (await world.inps.decide(case_id)).decided_by == "clerk of it-inps"


async def test_what_was_refused_does_not_count(world: ShareWorld) -> None:
    case_id = await world.lodge()
    document_id, _ = await world.drv.state(case_id)
    await world.deliver()
    assert document_id is not None
    content = write_record(
        administration.MessageReject(
            message_id=str(document_id),
            reasons=[administration.RejectionReason(code="wrong_person", text="Another person's periods.")],
        )
    )
    await world.inps.act(case_id, "reject", content, about=document_id, recipients=(DRV,))
    await world.deliver()
    (german,) = [each for each in (await world.inps.view(case_id)).careers if each.state == "DE"]
    assert (german.status, german.periods) == (AnswerStatus.ASKED_NO_ANSWER, ())


async def test_a_statement_in_another_institutions_name_is_refused_before_it_is_sent(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.inps.state(case_id)
    await world.drv.state(case_id)
    await world.deliver()
    german = await world.drv.accounts.get("DE-1")
    assert german is not None
    asked = Asked(case_id, time_ordered_id(), DRV, time_ordered_id(), world.clock.now())
    with pytest.raises(VerificationError, match="The statement of ca-sc speaks for another institution"):
        await world.canada.act(case_id, "state", statement_bytes(from_account(german, asked=asked)))


async def test_a_statement_about_another_case_is_named(world: ShareWorld) -> None:
    case_id = await world.lodge()
    german = await world.drv.accounts.get("DE-1")
    assert german is not None
    asked = Asked(time_ordered_id(), time_ordered_id(), DRV, time_ordered_id(), world.clock.now())
    await world.drv.act(case_id, "state", statement_bytes(from_account(german, asked=asked)))
    await world.deliver()
    with pytest.raises(CaseStateError, match="of de-drv cannot be used: The message is sent for case"):
        await world.inps.view(case_id)


async def test_whose_account_it_is_a_person_says_where_the_search_does_not(world: ShareWorld) -> None:
    await world.drv.accounts.put([account("DE-2", GERMAN_NUMBER, german_periods(), name="Rossi Maria")])
    case_id = await world.lodge()
    assert await world.drv.state(case_id) == (None, ("DE-1", "DE-2"))
    with pytest.raises(InputError, match="Say how you know"):
        await world.drv.state(case_id, account_id="DE-1")
    with pytest.raises(NotFoundError, match="no own account of that id"):
        await world.drv.state(case_id, account_id="DE-9", reason="letter of 3 March")
    document_id, candidates = await world.drv.state(case_id, account_id="DE-1", reason="letter of 3 March")
    assert document_id is not None
    assert candidates == ()
    for node in (world.inps, world.canada):
        await node.state(case_id)
    await world.deliver()
    share = await world.drv.determine(case_id)  # the account that was named is used without being named again
    assert (share.account_id, share.grounds and share.grounds.reason) == ("DE-1", "letter of 3 March")


async def test_an_account_that_was_named_wrongly_is_stated_and_counted_no_more(world: ShareWorld) -> None:
    await world.drv.accounts.put([account("DE-2", GERMAN_NUMBER, german_periods(), name="Rossi Maria")])
    case_id = await world.lodge()
    document_id, _ = await world.drv.state(case_id, account_id="DE-1", reason="the same street")
    assert document_id is not None
    taken_back = write_record(
        administration.MessageInvalidate(
            message_id=str(document_id), reason=administration.INVALIDATION_REASON_WRONG_PERSON
        )
    )
    await world.drv.act(case_id, "invalidate", taken_back, about=document_id)
    program = Caller(DRV, Role.SYSTEM, "pension-system")
    undoing = StateOwnRecords(
        time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS, reason="It is her cousin's account."
    )
    with pytest.raises(DeniedError, match="Only a named caseworker may say that the account named before is not hers"):
        await world.drv.use_cases.state(undoing, caller=program, work=world.drv)
    assert await world.drv.use_cases.state(undoing, caller=world.drv.clerk, work=world.drv) == (None, ("DE-1", "DE-2"))
    share = await world.drv.shares.last(case_id)
    assert share is not None
    assert share.grounds == Grounds("", "clerk of de-drv", "It is her cousin's account.")
    assert share.search is not None
    assert (share.search.account_id, share.search.linked_by) == ("", "")
    assert await world.drv.state(case_id) == (None, ("DE-1", "DE-2"))  # and it stays so for who asks next
    document_id, _ = await world.drv.state(case_id, account_id="DE-2", reason="letter of 3 March")
    assert document_id is not None


async def test_amounts_of_a_scheme_whose_law_is_not_encoded_are_given_and_kept(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    euros = Money.of("812.40", "EUR")
    share = await world.inps.determine(case_id, answers=(GivenAmounts("it-pensione", euros, euros, None, "own"),))
    answer = world.inps.determiner.asked[-1].national_answers["it-pensione"]
    assert (answer.independent, answer.answered_by) == (euros, "clerk of it-inps")
    assert share.answers == (answer,)
    with pytest.raises(InputError, match="No amount is given"):
        await world.inps.determine(case_id, answers=(GivenAmounts("it-pensione", None, None, None),))


async def test_a_condition_that_another_state_says_is_unmet_reaches_the_rules(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.canada.decide(
        case_id,
        result=DecisionResult.REFUSED,
        refusal_reasons=(RefusalReason.AGE_NOT_REACHED,),
        citations=(Citation("Old Age Security Act", "s. 3(2)"),),
    )
    await world.deliver()
    await world.drv.determine(case_id)
    assert world.drv.determiner.asked[-1].unsatisfied_states == {"CA"}


async def test_a_period_that_waits_for_a_person_holds_the_determination_and_one_left_out_is_left_out(
    world: ShareWorld,
) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    world.inps.reviews.relied[case_id] = Reliance(waiting=("DE, identified: another birth date.",))
    with pytest.raises(DeterminationError, match="1 periods wait for a caseworker"):
        await world.inps.determine(case_id)
    world.inps.reviews.relied[case_id] = Reliance(left_out=frozenset({("DE", "d2")}))
    await world.inps.determine(case_id)
    assert [each.period_id for each in world.inps.determiner.asked[-1].periods] == ["i1", "i2", "d1", "c1"]


async def test_what_a_caseworker_entered_of_a_state_outside_counts_too(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    french = tuple(replace(one, period=replace(one.period, state="FR")) for one in german_periods()[:1])
    entered = CareerRecord("FR", "fr-cnav", AnswerStatus.KNOWN, periods=french, entered_by="clerk of it-inps")
    await world.inps.careers.put(case_id, entered, at=world.clock.now())
    await world.inps.determine(case_id)
    assert [each.state for each in world.inps.determiner.asked[-1].periods] == ["IT", "IT", "DE", "DE", "CA", "FR"]


async def test_a_deferred_pension_is_not_determined_its_periods_are_told_and_nobody_waits_for_it(
    world: ShareWorld,
) -> None:
    # 883/2004 Art. 50(1): she asks to put the German pension off.
    case_id = await world.lodge(deferring("DE"))
    await world.state_all(case_id)
    with pytest.raises(CaseStateError, match=r"has asked to defer the pension of DE \(883/2004 Art. 50\(1\)\)"):
        await world.drv.determine(case_id)
    for node in (world.inps, world.canada):
        await node.determine(case_id)
        await node.decide(case_id)
        await world.deliver()
    assert [each.state for each in world.inps.determiner.asked[-1].periods] == ["IT", "IT", "DE", "DE", "CA"]
    await world.summarise(case_id)
    assert (await world.drv.case(case_id)).position.instances["decision", DRV].state == "deferred"
    assert (await world.drv.case(case_id)).position.instances["claim", ""].state == "summarised"


async def test_a_hidden_case_is_as_if_it_were_not_there(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.flows.protected.protect([case_id])
    with pytest.raises(NotFoundError):
        await world.drv.determine(case_id)
    with pytest.raises(NotFoundError):
        await world.drv.view(case_id)
    with pytest.raises(NotFoundError):
        await world.drv.state(case_id)


async def test_every_reading_is_kept_as_a_look(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    before = len(await world.drv.flows.looks.of([case_id]))
    await world.drv.determine(case_id)
    await world.drv.decide(case_id)
    assert len(await world.drv.flows.looks.of([case_id])) == before + 2


async def test_a_summary_tells_each_institution_the_decisions_that_it_may_know(world: ShareWorld) -> None:
    # Without an agreement between Germany and Canada only the contact institution hears of both.
    del world.directory.agreements[frozenset({"CA", "DE"})]
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    told = {}
    for node in world.nodes.values():
        view = await node.case(case_id)
        assert view.position.instances["claim", ""].state == "summarised"
        (summary,) = [one for one in view.case.documents if one.document.action == "summarise"]
        told[node.me] = {one.institution for one in read_summary(summary.content, case_id=case_id).decisions}
    assert told == {INPS: {INPS, DRV, SERVICE_CANADA}, DRV: {INPS, DRV}, SERVICE_CANADA: {INPS, SERVICE_CANADA}}
    german = next(message for message in world.inps.flows.sender.sent[::-1] if message.recipient == DRV)
    assert SERVICE_CANADA.encode() not in german.record


async def test_a_case_without_a_claim_for_a_pension_has_no_share(world: ShareWorld) -> None:
    parties = (Party(INPS, "requesting_institution"), Party(DRV, "asked_institution"))
    content = question(INPS, DRV, at=world.clock.now())
    command = StartCase(time_ordered_id(), "record_request", "ask", parties, content)
    view = await FlowUseCases(world.inps.parts).start_case(command, caller=world.inps.clerk, work=world.inps.flows)
    with pytest.raises(InputError, match="holds no claim for a pension"):
        await world.inps.view(view.case.case_id)


def description(*, lives_in: str = "") -> persons.PersonDescription:
    born = MARIA.birth_date
    return persons.PersonDescription(
        names=[persons.PersonName(kind=persons.NAME_KIND_CURRENT, family_name="Rossi", given_names="Maria")],
        birth=persons.PartialDate(year=born.year, month=born.month, day=born.day, precision=persons.DATE_PRECISION_DAY),
        identifiers=[write_identifier(one) for one in MARIA.identifiers],
        addresses=[persons.Address(country=lives_in)] if lives_in else [],
    )


def facts(*, lives_in: str) -> claims.ClaimFacts:
    claimant = description(lives_in=lives_in)
    claimant.birth.CopyFrom(persons.PartialDate(year=1990, precision=persons.DATE_PRECISION_YEAR))
    return claims.ClaimFacts(
        claimant=claimant,
        lodged_on=write_date(LODGED_ON),
        received_on=write_date(LODGED_ON),
        award_on=write_date(AWARD_ON),
    )


SURVIVOR = claims.SurvivorClaim(
    claim=facts(lives_in="IT"),
    deceased=description(),
    died_on=persons.PartialDate(year=2025, month=1, day=5, precision=persons.DATE_PRECISION_DAY),
    relation=claims.FAMILY_RELATION_SPOUSE,
)


async def test_a_survivors_claim_asks_about_the_insured_person_and_not_the_claimant(world: ShareWorld) -> None:
    case_id = await world.lodge(write_record(SURVIVOR), flow="survivor_claim")
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    (question,) = world.drv.determiner.asked
    assert (question.branch, question.birth_date, question.residence_state) == (
        Branch.SURVIVORS,
        MARIA.birth_date,
        "IT",
    )
    assert len(question.periods) == 5


async def test_an_invalidity_claim_is_determined_in_its_branch_and_needs_to_know_where_she_lives(
    world: ShareWorld,
) -> None:
    claim = claims.InvalidityClaim(claim=facts(lives_in=""))
    claim.claim.claimant.CopyFrom(description())
    case_id = await world.lodge(write_record(claim), flow="invalidity_claim")
    await world.state_all(case_id)
    with pytest.raises(InputError, match="does not tell where she lives"):
        await world.drv.determine(case_id)
    share = await world.drv.determine(case_id, residence_state="DE")
    (question,) = world.drv.determiner.asked
    assert (question.branch, question.residence_state) == (Branch.INVALIDITY, "DE")
    assert share.determination is not None


class NothingEncoded:
    """A determiner as the law core answers where the legislation has no scheme for the branch."""

    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        raise NoRuleInForceError(f"The legislation of {question.state} encodes no scheme for {question.branch}.")


async def test_what_no_file_encodes_is_decided_by_hand_with_reason_and_provision(world: ShareWorld) -> None:
    case_id = await world.lodge(write_record(SURVIVOR), flow="survivor_claim")
    await world.state_all(case_id)
    world.drv.determiner = NothingEncoded()  # type: ignore[assignment]  # another determiner
    with pytest.raises(NoRuleInForceError, match="encodes no scheme for survivors"):
        await world.drv.determine(case_id)
    share = await world.drv.shares.last(case_id)
    assert share is not None
    assert share.determination is None
    amount = DecidedAmount("de-witwenrente", Money.of("310.20", "EUR"), Frequency.MONTH, AWARD_ON)
    with pytest.raises(InputError, match="is not what the determination proposes: say why"):
        await world.drv.decide(case_id, amounts=(amount,))
    by_hand = replace(amount, changed_because="worked out by hand")
    cited = (Citation("Sozialgesetzbuch VI", "§ 46"),)
    decision = await world.drv.decide(case_id, amounts=(by_hand,), citations=cited)
    assert (decision.determination_id, decision.amounts, decision.citations) == (None, (by_hand,), cited)
    assert decision.branch is Branch.SURVIVORS


async def test_a_birth_date_that_is_not_known_to_the_day_is_asked_for(world: ShareWorld) -> None:
    claim = claims.InvalidityClaim(claim=facts(lives_in="IT"))
    case_id = await world.lodge(write_record(claim), flow="invalidity_claim")
    with pytest.raises(CaseStateError, match="tells no birth date to the day"):
        await world.drv.view(case_id)


async def test_where_she_lives_is_not_told_otherwise_than_in_the_claim(world: ShareWorld) -> None:
    case_id = await world.lodge(claim_content(CLAIM))
    await world.state_all(case_id)
    with pytest.raises(InputError, match="The claim says that she lives in IT"):
        await world.drv.determine(case_id, residence_state="DE")


ACTIONS: Mapping[str, str] = {
    "state": "record.statement",
    "state_none": "record.statement",
    "state_deferred": "record.statement",
    "decide": "decision.notify",
    "decide_again": "decision.notify",
    "summarise": "decision.summary",
}


@pytest.mark.parametrize("flow_id", ["old_age_claim", "survivor_claim", "invalidity_claim"])
def test_the_flows_of_claims_for_pensions_have_the_actions_with_which_a_share_is_told(flow_id: str) -> None:
    (flow,) = [one for one in packaged_flows().values() if one.flow == flow_id]
    assert {name: flow.actions[name].type for name in ACTIONS} == ACTIONS
    assert flow.actions["decide"].person

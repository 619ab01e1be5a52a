"""The state machine: what is allowed, why another thing is not, who holds what since when and until when."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from portability.agreements.errors import CaseStateError, DeniedError, InputError, NotFoundError
from portability.agreements.values import Citation, Money
from portability.services.access import Caller, Role
from portability.services.cases.commands import (
    AnswerRecordRequest,
    IdentifyPerson,
    LodgeClaim,
    RecordAnswer,
    RecordNationalAnswer,
    SendSummary,
)
from portability.services.cases.flow import CaseAction, StepKind
from portability.services.cases.handlers import CaseView
from portability.services.cases.model import (
    DecidedAmount,
    DecisionResult,
    DeclaredPeriod,
    EventKind,
    Frequency,
    RefusalReason,
    Remedy,
    case_reference,
)
from portability.services.cases.procedure import Duty, duty_rule
from tests.services.cases.world import (
    AWARD_ON,
    CLAIM,
    DRV,
    FISCAL_CODE,
    GERMAN_NUMBER,
    INPS,
    MARIA,
    SERVICE_CANADA,
    Node,
    World,
    account,
    german_periods,
)

PROGRAM = Role.SYSTEM


def allowed(view: CaseView) -> set[CaseAction]:
    return {each.action for each in view.actions if each.allowed}


def why_not(view: CaseView, action: CaseAction) -> str:
    return next(each.why_not for each in view.actions if each.action is action)


async def ready_to_decide(world: World) -> UUID:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.drv.determine(case_id)
    return case_id


async def test_the_actions_allowed_grow_with_the_case(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    drv = world.drv
    assert allowed(await drv.view(case_id)) == {CaseAction.ANSWER_RECORD_REQUEST}
    await drv.answer(case_id)
    assert allowed(await drv.view(case_id)) == {CaseAction.RECORD_NATIONAL_ANSWER}
    assert why_not(await drv.view(case_id), CaseAction.DETERMINE) == (
        "statements are missing of it-inps, ca-sc (987/2009 Art. 47(5))."
    )
    await world.inps.answer(case_id)
    await world.canada.answer(case_id)
    await world.deliver()
    both = {CaseAction.DETERMINE, CaseAction.DECIDE, CaseAction.RECORD_NATIONAL_ANSWER}
    assert allowed(await drv.view(case_id)) == both
    await drv.determine(case_id)
    await drv.decide(case_id)
    assert allowed(await drv.view(case_id)) == set()
    assert why_not(await drv.view(case_id), CaseAction.SEND_SUMMARY).startswith("only the contact institution it-inps")
    await world.deliver()
    assert why_not(await world.inps.view(case_id), CaseAction.SEND_SUMMARY) == (
        "decisions are missing of it-inps, ca-sc (987/2009 Art. 48(1))."
    )


async def test_what_is_not_allowed_is_refused_with_what_is(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    with pytest.raises(CaseStateError) as refused:
        await world.drv.determine(case_id)
    assert refused.value.state == "collecting_records"
    assert refused.value.allowed_actions == ("answer_record_request",)
    assert "has not answered the record request" in refused.value.message
    assert (await world.drv.view(case_id)).case.determination is None


async def test_nothing_is_answered_twice(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.answer(case_id)
    with pytest.raises(CaseStateError, match="has answered"):
        await world.drv.answer(case_id)
    assert len([m for m in world.drv.work.sender.sent if m.type == "record.statement"]) == 2


async def test_a_closed_case_allows_nothing_more(world: World) -> None:
    case_id = await ready_to_decide(world)
    await world.drv.decide(case_id)
    for node in (world.inps, world.canada):
        await node.determine(case_id)
        await node.decide(case_id)
    await world.deliver()
    await world.send_summary(case_id)
    with pytest.raises(CaseStateError) as refused:
        await world.drv.determine(case_id)
    assert (refused.value.state, refused.value.allowed_actions) == ("closed", ())


async def test_only_a_named_caseworker_decides(world: World) -> None:
    case_id = await ready_to_decide(world)
    program = Caller(DRV, Role.SYSTEM, "pension system")
    with pytest.raises(DeniedError, match="named caseworker"):
        await world.drv.do("decide", await _decide_command(world.drv, case_id), caller=program)
    assert (await world.drv.view(case_id)).case.decisions == ()


async def _decide_command(node: Node, case_id: UUID) -> object:
    from portability.services.cases.commands import Decide
    from portability.services.cases.model import AwardBasis
    from tests.services.cases.world import REMEDY

    made = (await node.view(case_id)).case.determination
    assert made is not None
    return Decide(
        node.new_id(),
        case_id,
        made.determination_id,
        DecisionResult.GRANTED,
        AwardBasis.WORK,
        AWARD_ON,
        REMEDY,
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"remedy": Remedy("", "here", "a month")}, "remedy"),
        ({"remedy": Remedy("objection", "here")}, "remedy.period"),
        ({"result": DecisionResult.REFUSED}, "refusal_reasons"),
        ({"result": DecisionResult.REFUSED, "refusal_reasons": (RefusalReason.OTHER,)}, "note"),
        ({"result": DecisionResult.REFUSED, "refusal_reasons": (RefusalReason.AGE_NOT_REACHED,)}, "note"),
        ({"refusal_reasons": (RefusalReason.AGE_NOT_REACHED,)}, "refusal_reasons"),
        ({"determination_id": None}, "amounts"),
        ({"determination_id": UUID(int=7)}, "determination_id"),
    ],
)
async def test_a_decision_that_does_not_hold_together_is_refused(
    world: World, changes: dict[str, object], field: str
) -> None:
    case_id = await ready_to_decide(world)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, **changes)
    assert refused.value.field == field
    assert (await world.drv.view(case_id)).case.decisions == ()


def amount(scheme: str, value: str, because: str = "") -> DecidedAmount:
    return DecidedAmount(scheme, Money.of(value, "EUR"), Frequency.MONTH, AWARD_ON, None, because)


async def test_an_amount_other_than_the_proposed_one_needs_a_reason(world: World) -> None:
    case_id = await ready_to_decide(world)
    # The determination proposes 20 euros for the two German periods.
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, amounts=(amount("de-rente", "19.99"),))
    assert refused.value.field == "amounts[0].changed_because"
    view = await world.drv.decide(case_id, amounts=(amount("de-rente", "19.99", "a month is disputed"),))
    (decision,) = view.case.decisions
    assert decision.amounts[0].changed_because == "a month is disputed"


async def test_a_proposed_award_cannot_be_left_out_in_silence(world: World) -> None:
    case_id = await ready_to_decide(world)
    with pytest.raises(InputError, match="de-rente, and no amount is given"):
        await world.drv.decide(case_id, amounts=(amount("de-zusatz", "5", "by hand"),))


async def test_a_decision_without_a_determination_gives_its_amounts_and_its_law(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    by_hand = (amount("de-rente", "20", "computed by the old system"),)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, amounts=by_hand)
    assert refused.value.field == "citations"
    view = await world.drv.decide(case_id, amounts=by_hand, citations=(Citation("SGB VI", "§ 35"),))
    (decision,) = view.case.decisions
    assert (decision.determination_id, decision.trace_sha256) == (None, "")


async def test_what_others_would_have_to_set_aside_is_not_sent(world: World) -> None:
    case_id = await ready_to_decide(world)
    too_long = (amount("de-rente", "20", "x" * 501),)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, amounts=too_long)
    assert refused.value.field == "decision.amounts[0].changed_because"
    assert (await world.drv.view(case_id)).case.decisions == ()


async def test_nobody_decides_on_an_old_figure(world: World) -> None:
    case_id = await ready_to_decide(world)
    old = (await world.drv.view(case_id)).case.determination
    assert old is not None
    await world.drv.determine(case_id)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, determination_id=old.determination_id)
    assert refused.value.field == "determination_id"


async def test_a_person_who_is_not_found_by_number_is_looked_for_by_hand(world: World) -> None:
    stranger = replace(MARIA, identifiers=(FISCAL_CODE,))
    case_id = await world.lodge(replace(CLAIM, person=stranger))
    await world.deliver()
    view = await world.drv.answer(case_id)
    assert view.case.identification is not None
    assert (view.case.identification.outcome, view.case.identification.account_id) == ("likely", "")
    assert world.drv.work.sender.sent == []
    assert allowed(view) == {CaseAction.ANSWER_RECORD_REQUEST, CaseAction.IDENTIFY_PERSON}
    identify = next(step for step in view.steps if step.kind is StepKind.IDENTIFY)
    assert (identify.holder, identify.done_at, identify.due.citation) == (DRV, None, None)
    with pytest.raises(NotFoundError):
        await world.drv.do("identify_person", IdentifyPerson(world.new_id(), case_id, "DE-99", "file"))
    with pytest.raises(DeniedError):
        await world.drv.do(
            "identify_person",
            IdentifyPerson(world.new_id(), case_id, "DE-1", "same birth place"),
            caller=Caller(DRV, Role.SYSTEM, "matcher"),
        )
    await world.drv.do("identify_person", IdentifyPerson(world.new_id(), case_id, "DE-1", "birth place in file"))
    view = await world.drv.answer(case_id)
    assert view.case.identification is not None
    assert view.case.identification.linked_by == "clerk of de-drv"
    assert len(world.drv.work.sender.sent) == 2


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        (account("DE-2", GERMAN_NUMBER, german_periods()), "several"),
        # The number and one strong key less: a slip in the day, another day, another name.
        (account("DE-1", GERMAN_NUMBER, german_periods(), birth_date=date(1958, 3, 11)), "likely"),
        (account("DE-1", GERMAN_NUMBER, german_periods(), birth_date=date(1961, 7, 30)), "contradiction"),
        (account("DE-1", GERMAN_NUMBER, german_periods(), name="Rossi, Giulia"), "contradiction"),
        (account("DE-1", GERMAN_NUMBER, german_periods(), name="Bianchi, Maria"), "likely"),
    ],
)
async def test_a_doubtful_match_attaches_no_record(world: World, second: object, outcome: str) -> None:
    await world.drv.work.accounts.put([second])  # type: ignore[list-item]  # an account
    case_id = await world.lodge()
    await world.deliver()
    view = await world.drv.answer(case_id)
    assert view.case.identification is not None
    assert view.case.identification.outcome == outcome
    assert view.case.identification.needs_a_person
    assert [e.kind for e in view.timeline][-1] is EventKind.PERSON_NOT_MATCHED
    assert world.drv.work.sender.sent == []


async def test_a_name_in_another_script_and_a_number_find_her(world: World) -> None:
    await world.drv.work.accounts.put([account("DE-1", GERMAN_NUMBER, german_periods(), name="Росси, Мария")])
    case_id = await world.lodge()
    await world.deliver()
    view = await world.drv.answer(case_id)
    assert view.case.identification is not None
    assert (view.case.identification.outcome, view.case.identification.account_id) == ("found", "DE-1")


async def test_a_link_is_undone_and_both_stay_in_the_timeline(world: World) -> None:
    stranger = replace(MARIA, identifiers=(FISCAL_CODE,))
    case_id = await world.lodge(replace(CLAIM, person=stranger))
    await world.deliver()
    await world.drv.answer(case_id)
    with pytest.raises(InputError, match="No account is linked"):
        await world.drv.do("identify_person", IdentifyPerson(world.new_id(), case_id, "", "a mistake"))
    await world.drv.do("identify_person", IdentifyPerson(world.new_id(), case_id, "DE-1", "birth place in file"))
    view = await world.drv.do("identify_person", IdentifyPerson(world.new_id(), case_id, "", "it is her cousin's"))
    assert view.case.identification is not None
    assert view.case.identification.needs_a_person
    assert [each.kind for each in view.timeline][-2:] == [EventKind.PERSON_IDENTIFIED, EventKind.PERSON_NOT_MATCHED]
    assert world.drv.work.sender.sent == []


async def test_a_program_does_not_say_that_there_is_nothing(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    program = Caller(DRV, Role.SYSTEM, "pension system")
    command = AnswerRecordRequest(world.new_id(), case_id, RecordAnswer.NOT_FOUND, "no account")
    with pytest.raises(DeniedError):
        await world.drv.do("answer_record_request", command, caller=program)
    # From own records it may: the account matches exactly.
    command = AnswerRecordRequest(world.new_id(), case_id, RecordAnswer.FROM_OWN_RECORDS)
    await world.drv.do("answer_record_request", command, caller=program)


async def test_steps_say_who_holds_them_and_keep_law_and_own_standard_apart(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    view = await world.inps.view(case_id)
    due = {step.holder: step.due for step in view.steps if step.kind is StepKind.RECORDS}
    assert str(due[DRV].citation) == "Regulation (EC) No 987/2009 Art. 47(5)"
    assert (due[DRV].pace, due[DRV].by_law_on) == ("as soon as possible", None)
    # 3 March + 30 days = 2 April: when we ask again, which no law says.
    assert due[DRV].ask_again_on == date(2025, 4, 2)
    assert str(due[INPS].citation) == "Regulation (EC) No 987/2009 Art. 47(4)"
    assert str(due[SERVICE_CANADA].citation).endswith("Italian Republic Art. 23(1)(a)")
    assert [step.kind for step in view.steps] == [StepKind.CLAIM] + [StepKind.RECORDS] * 3
    assert view.steps[1].next is StepKind.DECIDE


async def test_an_open_step_is_held_since_what_it_waited_for(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.inps.answer(case_id)
    await world.drv.answer(case_id)
    world.clock.advance(timedelta(days=12))
    await world.canada.answer(case_id)
    await world.deliver()
    view = await world.inps.view(case_id)
    deciding = [step for step in view.steps if step.kind is StepKind.DECIDE]
    assert {step.since.date() for step in deciding} == {date(2025, 3, 15)}
    assert {step.holder for step in deciding} == {INPS, DRV, SERVICE_CANADA}
    # Only its own determination is visible to an institution.
    assert [step.holder for step in view.steps if step.kind is StepKind.DETERMINE] == [INPS]


async def test_an_unknown_case_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.inps.view(UUID(int=1))
    with pytest.raises(NotFoundError):
        await world.inps.do("send_summary", SendSummary(world.new_id(), UUID(int=1)))


@pytest.mark.parametrize(
    ("claim", "field"),
    [
        (
            replace(CLAIM, declared=(DeclaredPeriod("DE", date(1990, 1, 1), date(1990, 1, 1)),)),
            "claim.declared[0].last_day",
        ),
        (
            replace(CLAIM, declared=(DeclaredPeriod("DD", date(1980, 1, 1), date(1990, 1, 1)),)),
            "claim.declared[0].state",
        ),
        (replace(CLAIM, declared=()), "claim.declared"),
        (replace(CLAIM, lodged_on=date(2025, 3, 5)), "claim.lodged_on"),
        (replace(CLAIM, person=replace(MARIA, residence_state="ZZ")), "claim.person.residence_state"),
        (replace(CLAIM, person=replace(MARIA, birth_date=date(2025, 3, 4))), "claim.person.birth_date"),
        (replace(CLAIM, person=replace(MARIA, identifiers=())), "claim.person.identifiers"),
        (replace(CLAIM, deferred_states=frozenset({"FR"})), "claim.deferred_states[0]"),
        # Canada and Italy, Art. 27(2): she has to ask in writing.
        (replace(CLAIM, asks_in_writing=False), "claim.asks_in_writing"),
    ],
)
async def test_a_claim_that_cannot_be_right_opens_no_case(world: World, claim: object, field: str) -> None:
    with pytest.raises(InputError) as refused:
        await world.inps.do("lodge_claim", LodgeClaim(world.new_id(), claim))  # type: ignore[arg-type]  # a claim
    assert refused.value.field == field
    assert world.inps.work.sender.sent == []
    assert (await world.inps.work.timeline.of_case(UUID(int=0))) == []


async def test_a_claim_goes_to_the_state_where_she_was_last_insured(world: World) -> None:
    # 987/2009 Art. 45(4): never insured in Canada, last in Italy.
    elsewhere = replace(CLAIM, declared=CLAIM.declared[::2], person=replace(MARIA, identifiers=(FISCAL_CODE,)))
    with pytest.raises(InputError, match="lodge the claim with the institution of IT") as refused:
        await world.canada.do("lodge_claim", LodgeClaim(world.new_id(), elsewhere))
    assert refused.value.citation == "Regulation (EC) No 987/2009 Art. 45(4)"


async def test_the_same_request_is_carried_out_once(world: World) -> None:
    command = LodgeClaim(world.new_id(), CLAIM)
    first = await world.inps.do("lodge_claim", command)
    sent = len(world.inps.work.sender.sent)
    again = await world.inps.do("lodge_claim", command)
    assert again.case.case_id == first.case.case_id
    assert len(world.inps.work.sender.sent) == sent


async def test_the_same_request_id_with_another_content_is_an_error(world: World) -> None:
    from portability.agreements.errors import IdempotencyConflictError

    command = LodgeClaim(world.new_id(), CLAIM)
    await world.inps.do("lodge_claim", command)
    with pytest.raises(IdempotencyConflictError):
        await world.inps.do("lodge_claim", replace(command, claim=replace(CLAIM, language="de")))


@pytest.mark.parametrize(
    ("amounts", "field"),
    [
        ((None, None, None), "answer"),
        ((Money.of(-1, "EUR"), None, None), "answer.independent"),
        ((Money.of(1, "EUR"), Money.of(1, "CAD"), None), "answer"),
    ],
)
async def test_an_answer_of_amounts_says_something_plausible(
    world: World, amounts: tuple[Money | None, ...], field: str
) -> None:
    case_id = await ready_to_decide(world)
    independent, theoretical, flat_rate = amounts
    command = RecordNationalAnswer(world.new_id(), case_id, "de-rente", independent, theoretical, flat_rate)
    with pytest.raises(InputError) as refused:
        await world.drv.do("record_national_answer", command)
    assert refused.value.field == field


def test_a_reference_is_short_and_the_same_everywhere() -> None:
    assert case_reference(UUID("0199d0f0-0000-7000-8000-00ffffffffff"), INPS) == "IT-7777-7777"
    assert case_reference(UUID("0199d0f0-0000-7000-8000-000000000000"), INPS) == "IT-AAAA-AAAA"


def test_an_agreement_without_a_procedure_leaves_the_own_standard_alone() -> None:
    rule = duty_rule("xx-yy", Duty.DECIDE)
    assert (rule.rule_id, rule.citation, rule.pace) == ("standard.decide", None, "")

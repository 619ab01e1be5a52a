"""Who lodges, states and decides what: claims, accounts and decisions that do not hold together are refused."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
)
from portability.agreements.values import Citation, Money
from portability.services.access import Caller, Role
from portability.services.cases.commands import GivenAmounts, LodgeClaim, RecordAnswer
from portability.services.cases.flow import StepKind
from portability.services.cases.model import (
    DecidedAmount,
    DecisionResult,
    DeclaredPeriod,
    Frequency,
    Identification,
    RefusalReason,
    Remedy,
    case_reference,
)
from portability.services.cases.procedure import Duty, duty_rule
from portability.services.cases.shares.model import StateOwnRecords
from tests.services.cases.share_world import ShareNode, ShareWorld, claim_content
from tests.services.cases.world import (
    AWARD_ON,
    CLAIM,
    DRV,
    FISCAL_CODE,
    GERMAN_NUMBER,
    INPS,
    MARIA,
    SERVICE_CANADA,
    account,
    german_periods,
)

PROGRAM = Caller(DRV, Role.SYSTEM, "pension system")


async def ready_to_decide(world: ShareWorld) -> UUID:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.determine(case_id)
    return case_id


async def decided(world: ShareWorld, case_id: UUID) -> bool:
    return (await world.drv.case(case_id)).position.instances["decision", DRV].state != "due"


async def test_what_may_be_done_grows_with_the_case(world: ShareWorld) -> None:
    case_id = await world.lodge()

    async def allowed() -> set[str]:
        actions = (await world.drv.case(case_id)).actions
        return {one.action for one in actions if one.allowed} & {"state", "decide", "decide_again", "summarise"}

    assert await allowed() == {"state"}
    await world.state_all(case_id)
    assert "decide" in await allowed()
    await world.drv.determine(case_id)
    await world.drv.decide(case_id)
    assert "decide" not in await allowed()
    assert "summarise" not in await allowed()  # that is for the contact institution, once all have decided
    with pytest.raises(CaseStateError):
        await world.summarise(case_id)
    with pytest.raises(NotFoundError):
        await world.drv.view(UUID(int=1))


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
    world: ShareWorld, changes: dict[str, object], field: str
) -> None:
    case_id = await ready_to_decide(world)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, **changes)
    assert refused.value.field == field
    assert not await decided(world, case_id)


def amount(scheme: str, value: str, because: str = "") -> DecidedAmount:
    return DecidedAmount(scheme, Money.of(value, "EUR"), Frequency.MONTH, AWARD_ON, None, because)


async def test_an_amount_other_than_the_proposed_one_needs_a_reason(world: ShareWorld) -> None:
    case_id = await ready_to_decide(world)
    # The determination proposes 20 euros for the two German periods.
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, amounts=(amount("de-rente", "19.99"),))
    assert refused.value.field == "amounts[0].changed_because"
    decision = await world.drv.decide(case_id, amounts=(amount("de-rente", "19.99", "a month is disputed"),))
    assert decision.amounts[0].changed_because == "a month is disputed"


async def test_a_proposed_award_cannot_be_left_out_in_silence(world: ShareWorld) -> None:
    case_id = await ready_to_decide(world)
    with pytest.raises(InputError, match="de-rente, and no amount is given"):
        await world.drv.decide(case_id, amounts=(amount("de-zusatz", "5", "by hand"),))


async def test_a_decision_without_a_determination_gives_its_amounts_and_its_law(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    by_hand = (amount("de-rente", "20", "computed by the old system"),)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, amounts=by_hand)
    assert refused.value.field == "citations"
    decision = await world.drv.decide(case_id, amounts=by_hand, citations=(Citation("SGB VI", "§ 35"),))
    assert (decision.determination_id, decision.trace_sha256) == (None, "")


async def test_what_others_would_have_to_set_aside_is_not_sent(world: ShareWorld) -> None:
    case_id = await ready_to_decide(world)
    sent = len(world.drv.flows.sender.sent)
    with pytest.raises(InputError) as refused:
        await world.drv.decide(case_id, amounts=(amount("de-rente", "20", "x" * 501),))
    assert refused.value.field == "decision.amounts[0].changed_because"
    assert len(world.drv.flows.sender.sent) == sent
    assert not await decided(world, case_id)


async def searched(world: ShareWorld, node: ShareNode, case_id: UUID) -> Identification:
    share = await node.shares.last(case_id)
    assert share is not None
    assert share.search is not None
    return share.search


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
async def test_a_doubtful_match_attaches_no_record(world: ShareWorld, second: Any, outcome: str) -> None:
    await world.drv.accounts.put([second])
    case_id = await world.lodge()
    document_id, candidates = await world.drv.state(case_id)
    assert document_id is None
    assert candidates
    found = await searched(world, world.drv, case_id)
    assert (found.outcome, found.needs_a_person) == (outcome, True)
    assert world.drv.flows.sender.sent == []


async def test_a_person_who_is_not_found_by_number_is_looked_for_by_hand(world: ShareWorld) -> None:
    stranger = replace(CLAIM, person=replace(MARIA, identifiers=(FISCAL_CODE,)))
    case_id = await world.lodge(claim_content(stranger))
    assert await world.drv.state(case_id) == (None, ("DE-1",))
    assert (await searched(world, world.drv, case_id)).outcome == "likely"
    (identify,) = [one for one in (await world.drv.claim(case_id)).steps if one.kind is StepKind.IDENTIFY]
    assert (identify.holder, identify.done_at, identify.due.citation) == (DRV, None, None)
    named = StateOwnRecords(
        time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS, account_id="DE-1", reason="birth place in file"
    )
    with pytest.raises(DeniedError):
        await world.drv.use_cases.state(named, caller=PROGRAM, work=world.drv)
    await world.drv.use_cases.state(named, caller=world.drv.clerk, work=world.drv)
    assert (await searched(world, world.drv, case_id)).linked_by == "clerk of de-drv"
    assert len(world.drv.flows.sender.sent) == 2


async def test_a_name_in_another_script_and_a_number_find_her(world: ShareWorld) -> None:
    await world.drv.accounts.put([account("DE-1", GERMAN_NUMBER, german_periods(), name="Росси, Мария")])
    case_id = await world.lodge()
    assert (await world.drv.state(case_id))[0] is not None
    found = await searched(world, world.drv, case_id)
    assert (found.outcome, found.account_id) == ("found", "DE-1")


async def test_a_program_does_not_say_that_there_is_nothing(world: ShareWorld) -> None:
    case_id = await world.lodge()
    nothing = StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.NOT_FOUND, reason="no account")
    with pytest.raises(DeniedError):
        await world.drv.use_cases.state(nothing, caller=PROGRAM, work=world.drv)
    # From own records it may: the account matches exactly.
    known = StateOwnRecords(time_ordered_id(), case_id, RecordAnswer.FROM_OWN_RECORDS)
    document_id, _ = await world.drv.use_cases.state(known, caller=PROGRAM, work=world.drv)
    assert document_id is not None


async def test_steps_say_who_holds_them_and_keep_law_and_own_standard_apart(world: ShareWorld) -> None:
    case_id = await world.lodge()
    steps = (await world.inps.claim(case_id)).steps
    due = {step.holder: step.due for step in steps if step.kind is StepKind.RECORDS}
    assert str(due[DRV].citation) == "Regulation (EC) No 987/2009 Art. 47(5)"
    assert (due[DRV].pace, due[DRV].by_law_on) == ("as soon as possible", None)
    # 3 March + 30 days = 2 April: when we ask again, which no law says.
    assert due[DRV].ask_again_on == date(2025, 4, 2)
    assert str(due[INPS].citation) == "Regulation (EC) No 987/2009 Art. 47(4)"
    assert str(due[SERVICE_CANADA].citation).endswith("Italian Republic Art. 23(1)(a)")
    assert [step.kind for step in steps] == [StepKind.CLAIM] + [StepKind.RECORDS] * 3
    assert steps[1].next is StepKind.DECIDE


async def test_an_open_step_is_held_since_what_it_waited_for(world: ShareWorld) -> None:
    case_id = await world.lodge()
    for node in (world.inps, world.drv):
        await node.state(case_id)
        await world.deliver()
    world.clock.advance(timedelta(days=12))
    await world.canada.state(case_id)
    await world.deliver()
    steps = (await world.inps.claim(case_id)).steps
    deciding = [step for step in steps if step.kind is StepKind.DECIDE]
    assert {step.since.date() for step in deciding} == {date(2025, 3, 15)}
    assert {step.holder for step in deciding} == {INPS, DRV, SERVICE_CANADA}
    # Only its own determination is visible to an institution.
    assert [step.holder for step in steps if step.kind is StepKind.DETERMINE] == [INPS]


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
async def test_a_claim_that_cannot_be_right_opens_no_case(world: ShareWorld, claim: Any, field: str) -> None:
    with pytest.raises(InputError) as refused:
        await world.inps.lodge(LodgeClaim(time_ordered_id(), claim))
    assert refused.value.field == field
    assert world.inps.flows.sender.sent == []


async def test_a_claim_goes_to_the_state_where_she_was_last_insured(world: ShareWorld) -> None:
    # 987/2009 Art. 45(4): never insured in Canada, last in Italy.
    elsewhere = replace(CLAIM, declared=CLAIM.declared[::2], person=replace(MARIA, identifiers=(FISCAL_CODE,)))
    with pytest.raises(InputError, match="lodge the claim with the institution of IT") as refused:
        await world.canada.lodge(LodgeClaim(time_ordered_id(), elsewhere))
    assert refused.value.citation == "Regulation (EC) No 987/2009 Art. 45(4)"


async def test_the_same_request_id_with_another_content_is_an_error(world: ShareWorld) -> None:
    command = LodgeClaim(time_ordered_id(), CLAIM)
    await world.inps.lodge(command)
    sent = len(world.inps.flows.sender.sent)
    with pytest.raises(IdempotencyConflictError):
        await world.inps.lodge(replace(command, claim=replace(CLAIM, language="de")))
    assert len(world.inps.flows.sender.sent) == sent


@pytest.mark.parametrize(
    ("amounts", "field"),
    [
        ((None, None, None), "answer"),
        ((Money.of(-1, "EUR"), None, None), "answer.independent"),
        ((Money.of(1, "EUR"), Money.of(1, "CAD"), None), "answer"),
    ],
)
async def test_amounts_that_are_given_say_something_plausible(
    world: ShareWorld, amounts: tuple[Money | None, ...], field: str
) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    independent, theoretical, flat_rate = amounts
    with pytest.raises(InputError) as refused:
        await world.drv.determine(case_id, answers=(GivenAmounts("de-rente", independent, theoretical, flat_rate),))
    assert refused.value.field == field
    assert world.drv.determiner.asked == []


def test_a_reference_is_short_and_the_same_everywhere() -> None:
    assert case_reference(UUID("0199d0f0-0000-7000-8000-00ffffffffff"), INPS) == "IT-7777-7777"
    assert case_reference(UUID("0199d0f0-0000-7000-8000-000000000000"), INPS) == "IT-AAAA-AAAA"


def test_an_agreement_without_a_procedure_leaves_the_own_standard_alone() -> None:
    rule = duty_rule("xx-yy", Duty.DECIDE)
    assert (rule.rule_id, rule.citation, rule.pace) == ("standard.decide", None, "")

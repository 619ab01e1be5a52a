"""Messages that come early, twice, changed, in another's name, or that nobody can read."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from portability.agreements.careers import AnswerStatus
from portability.agreements.errors import CaseStateError, InputError, NotFoundError, PortabilityError, VerificationError
from portability.agreements.values import Branch
from portability.api.cases.v1.messages_pb2 import DecisionNotice, OldAgeClaimSent
from portability.api.records.v1.messages_pb2 import RecordStatement
from portability.services.cases.messages import CaseMessage
from portability.services.cases.model import EventKind
from tests.services.cases.world import DRV, INPS, SERVICE_CANADA, World

Sent = list[tuple[str, CaseMessage]]


async def refused(world: World, message: CaseMessage, *, sender: str) -> PortabilityError:
    """The error for which a message was set aside; nothing may have changed."""
    node = world.nodes[message.recipient]
    before = await node.work.cases.get(message.case_id, for_change=False)
    await node.receive(message, sender=sender)
    assert await node.work.cases.get(message.case_id, for_change=False) == before
    return node.set_aside[-1][1]


async def test_every_order_of_arrival_ends_in_the_same_case(world: World) -> None:
    # The claim, its request and the statements of the others reach Germany in forty orders, each message twice.
    case_id = await world.lodge()
    mail = world.waiting()
    await world.deliver([each for each in mail if each[1].recipient != DRV])
    for node in (world.inps, world.canada):
        await node.answer(case_id)
    mail = [each for each in mail + world.waiting() if each[1].recipient == DRV]
    assert len(mail) == 4
    careers, actions = set(), set()
    for seed in range(40):
        shuffled = mail * 2
        Random(seed).shuffle(shuffled)  # noqa: S311 (an order, not a secret)
        fresh = World(world.new_id)
        await fresh.fill_registers()
        await fresh.deliver(shuffled)
        assert fresh.drv.set_aside == []
        view = await fresh.drv.view(case_id)
        careers.add(view.career)
        actions.add(tuple(each.action for each in view.actions if each.allowed))
        assert fresh.drv.held == []
        assert len([e for e in view.timeline if e.kind is EventKind.STATEMENT_RECEIVED]) == 2
    assert len(careers) == 1
    assert len(actions) == 1


async def test_a_statement_before_its_claim_waits_for_it(world: World) -> None:
    case_id = await world.lodge()
    mail = world.waiting()
    await world.inps.answer(case_id)
    early = [each for each in world.waiting() if each[1].recipient == DRV]
    await world.deliver(early)
    assert len(world.drv.held) == 1
    assert await world.drv.work.cases.get(case_id, for_change=False) is None
    await world.deliver(mail)
    view = await world.drv.view(case_id)
    assert next(p for p in view.case.participants if p.institution == INPS).status is AnswerStatus.KNOWN
    assert world.drv.held == []


async def test_a_waiting_message_that_the_case_refuses_does_not_stop_the_claim(world: World) -> None:
    case_id = await world.lodge()
    mail = world.waiting()
    await world.inps.answer(case_id)
    statement = next(m for _, m in world.waiting() if m.recipient == DRV)
    forged = RecordStatement.FromString(statement.record)
    forged.institution.institution_id, forged.state = "fr-cnav", "FR"
    for period in forged.periods:
        period.state = "FR"
    await world.drv.receive(replace(statement, record=forged.SerializeToString()), sender="fr-cnav")
    await world.deliver(mail)
    view = await world.drv.view(case_id)
    assert len(view.case.participants) == 3
    ((_, error),) = world.drv.set_aside
    assert "fr-cnav takes no part in it" in error.message


async def test_a_second_statement_is_not_taken_for_the_first(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.answer(case_id)
    mail = world.waiting()
    await world.deliver(mail)
    message = next(m for _, m in mail if m.recipient == INPS)
    other = RecordStatement.FromString(message.record)
    other.statement_id = str(world.new_id())
    error = await refused(world, replace(message, record=other.SerializeToString()), sender=DRV)
    assert isinstance(error, CaseStateError)
    assert "has answered already" in error.message


async def test_totals_that_differ_are_noted_and_not_repaired(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.answer(case_id)
    message = next(m for _, m in world.waiting() if m.recipient == INPS)
    changed = RecordStatement.FromString(message.record)
    changed.totals[0].amount = "61"
    await world.inps.receive(replace(message, record=changed.SerializeToString()), sender=DRV)
    view = await world.inps.view(case_id)
    german = next(p for p in view.case.participants if p.institution == DRV)
    assert german.totals_differ
    assert world.inps.unchecked == ["TOTALS_DIFFER"]
    assert EventKind.TOTALS_DIFFER in {event.kind for event in view.timeline}
    career = next(c for c in view.career if c.state == "DE")
    assert [p.period.duration.amount for p in career.periods if p.period.duration] == [60]


async def test_totals_that_agree_raise_no_note(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    view = await world.inps.view(case_id)
    assert not any(participant.totals_differ for participant in view.case.participants)


def change(message: RecordStatement, name: str) -> None:
    period = message.periods[0]
    if name == "ends before it starts":
        period.last_day.CopyFrom(period.first_day)
        period.last_day.year -= 1
    elif name == "days without a regime":
        period.unit = 1
    elif name == "unknown kind":
        period.kind = 99  # type: ignore[assignment]  # a later version may send it
    elif name == "no such day":
        period.first_day.month, period.first_day.day = 2, 30
    elif name == "foreign state":
        period.state = "FR"
    elif name == "no evidence":
        period.ClearField("evidence")
    elif name == "known without periods":
        del message.periods[:]
    elif name == "absent with periods":
        message.status = 2  # type: ignore[assignment]  # NONE
    elif name == "twice the same period":
        message.periods[1].period_id = period.period_id
    elif name == "another case":
        message.case_id = "0199d0f0-0000-7000-8000-000000000001"
    elif name == "a null character":
        period.scheme = "de\0rente"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ends before it starts", "periods[0].last_day"),
        ("days without a regime", "periods[0].day_regime"),
        ("unknown kind", "periods[0].kind"),
        ("no such day", "periods[0].first_day"),
        ("foreign state", "periods[0].state"),
        ("no evidence", "periods[0].evidence"),
        ("known without periods", "status"),
        ("absent with periods", "status"),
        ("twice the same period", "periods[1].period_id"),
        ("another case", "case_id"),
        ("a null character", "scheme"),
    ],
)
async def test_a_statement_that_cannot_be_right_is_set_aside_with_its_place(
    world: World, name: str, field: str
) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.answer(case_id)
    message = next(m for _, m in world.waiting() if m.recipient == INPS)
    wrong = RecordStatement.FromString(message.record)
    change(wrong, name)
    error = await refused(world, replace(message, record=wrong.SerializeToString()), sender=DRV)
    assert isinstance(error, InputError)
    assert error.field == field
    # Others flow: the right one is still taken.
    await world.inps.receive(message, sender=DRV)
    assert (await world.inps.view(case_id)).case.participants[1].has_answered


async def test_nobody_speaks_for_another(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.drv.answer(case_id)
    message = next(m for _, m in world.waiting() if m.recipient == INPS)
    error = await refused(world, message, sender=SERVICE_CANADA)
    assert isinstance(error, VerificationError)
    assert "signed by ca-sc, but speaks for another institution" in error.message


async def test_another_claim_for_a_case_does_not_move_its_date(world: World) -> None:
    # 987/2009 Art. 45(5): a date of claim, once lodged, stands.
    case_id = await world.lodge()
    mail = world.waiting()
    await world.deliver(mail)
    message = next(m for _, m in mail if m.recipient == DRV and m.type == "claim.old_age")
    later = OldAgeClaimSent.FromString(message.record)
    later.claim.lodged_on.month = 1
    error = await refused(world, replace(message, record=later.SerializeToString()), sender=INPS)
    assert isinstance(error, CaseStateError)
    assert (await world.drv.view(case_id)).case.claim.lodged_on.month == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "record.correction"}, "Messages of this type are not known here"),
        ({"schema_version": 2}, "Version 2 of 'claim.old_age' is not known here"),
        ({"record": b"\xff\xff"}, "its bytes do not parse"),
        ({"record": b""}, "case_id"),
    ],
)
async def test_what_cannot_be_read_is_set_aside(world: World, changes: dict[str, object], said: str) -> None:
    await world.lodge()
    message = next(m for _, m in world.waiting() if m.recipient == DRV and m.type == "claim.old_age")
    error = await refused(world, replace(message, **changes), sender=INPS)  # type: ignore[arg-type]  # fields by name
    assert said in error.message


def no_recipient(claim: OldAgeClaimSent) -> None:
    del claim.institutions[1]


def wrong_state(claim: OldAgeClaimSent) -> None:
    claim.institutions[1].state = "FR"


def same_state_twice(claim: OldAgeClaimSent) -> None:
    claim.institutions[2].CopyFrom(claim.institutions[1])


def tomorrow(claim: OldAgeClaimSent) -> None:
    claim.claim.lodged_on.day = 28


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (no_recipient, "institutions"),
        (wrong_state, "institutions[1].state"),
        (same_state_twice, "institutions"),
        (tomorrow, "claim.lodged_on"),
    ],
)
async def test_a_claim_that_cannot_be_right_opens_no_case_here(
    world: World, spoil: Callable[[OldAgeClaimSent], None], field: str
) -> None:
    await world.lodge()
    message = next(m for _, m in world.waiting() if m.recipient == DRV and m.type == "claim.old_age")
    claim = OldAgeClaimSent.FromString(message.record)
    spoil(claim)
    error = await refused(world, replace(message, record=claim.SerializeToString()), sender=INPS)
    assert isinstance(error, InputError)
    assert error.field == field


async def test_a_summary_and_a_request_come_from_the_contact_institution_only(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.decide_all(case_id)
    await world.send_summary(case_id)
    summary = next(m for m in world.inps.work.sender.sent if m.type == "decision.summary" and m.recipient == DRV)
    error = await refused(world, summary, sender=SERVICE_CANADA)
    assert isinstance(error, VerificationError)


async def test_a_decision_that_contradicts_itself_is_set_aside(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.drv.determine(case_id)
    await world.drv.decide(case_id)
    message = next(m for _, m in world.waiting() if m.recipient == INPS)
    for spoil in ("no amounts", "unknown branch", "step without its parent"):
        wrong = DecisionNotice.FromString(message.record)
        if spoil == "no amounts":
            del wrong.decision.amounts[:]
        elif spoil == "unknown branch":
            wrong.decision.branch = "alchemy"
        else:
            wrong.decision.explanation[1].depth = 3
        error = await refused(world, replace(message, record=wrong.SerializeToString()), sender=DRV)
        assert isinstance(error, InputError), spoil
    await world.inps.receive(message, sender=DRV)
    decision = (await world.inps.view(case_id)).case.decision_of(DRV)
    assert decision is not None
    assert decision.branch is Branch.OLD_AGE


async def test_a_decision_may_come_after_the_summary(world: World) -> None:
    # Canada hears of the summary before it hears of Germany's decision: both are kept.
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    for node in world.nodes.values():
        await node.determine(case_id)
        await node.decide(case_id)
    mail = world.waiting()
    late = [each for each in mail if each[0] == DRV and each[1].recipient == SERVICE_CANADA]
    await world.deliver([each for each in mail if each not in late])
    await world.send_summary(case_id)
    await world.deliver(late)
    view = await world.canada.view(case_id)
    assert view.case.is_closed
    assert {decision.institution for decision in view.case.decisions} == set(world.nodes)
    assert world.canada.set_aside == []


async def test_reading_a_case_tells_the_senders_of_what_it_holds_and_looking_for_it_in_vain_does_not(
    world: World,
) -> None:
    case_id = await world.lodge()
    with pytest.raises(NotFoundError):
        await world.drv.view(case_id)
    assert world.drv.work.correspondence.read == []
    await world.deliver(world.waiting())
    await world.drv.view(case_id)
    assert world.drv.work.correspondence.read == [case_id]
    await world.drv.answer(case_id)
    assert world.drv.work.correspondence.read == [case_id] * 2

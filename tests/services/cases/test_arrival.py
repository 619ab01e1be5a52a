"""Messages of a claim that come early, twice, changed, in another's name, or that nobody can read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.agreements.careers import AnswerStatus
from portability.agreements.errors import (
    CaseStateError,
    InputError,
    NotFoundError,
    PortabilityError,
    RefusedContentError,
    VerificationError,
)
from portability.api.cases.v1.envelope_pb2 import CaseMessage
from portability.api.cases.v1.messages_pb2 import DecisionNotice, OldAgeClaimSent
from portability.api.records.v1.messages_pb2 import RecordStatement
from portability.services.cases.commands import LodgeClaim, check_claim
from portability.services.mapping.common import write_date
from tests.services.cases.share_world import Sent, ShareWorld
from tests.services.cases.world import CLAIM, DRV, INPS, SERVICE_CANADA


async def refused(world: ShareWorld, one: Sent) -> PortabilityError:
    """The error for which a message is set aside; nothing may have changed."""
    shelf, case_id = world.nodes[one.message.recipient].flows.shelf, one.message.case_id
    before = await shelf.get(case_id, for_change=False)
    with pytest.raises(PortabilityError) as error:
        await world.receive(one)
    assert await shelf.get(case_id, for_change=False) == before
    return error.value


async def lodged(world: ShareWorld) -> tuple[UUID, list[Sent]]:
    """The claim and the messages that tell of it, not delivered yet."""
    made = await world.inps.lodge(LodgeClaim(time_ordered_id(), CLAIM))
    return made.case_id, world.waiting()


async def german_statement(world: ShareWorld, case_id: UUID) -> Sent:
    """What Germany states to Italy, on its way."""
    await world.drv.state(case_id)
    return next(one for one in world.waiting() if one.message.recipient == INPS)


def to_germany(mail: list[Sent]) -> Sent:
    return next(one for one in mail if one.message.recipient == DRV)


async def test_every_order_of_arrival_ends_in_the_same_case(world: ShareWorld) -> None:
    # The claim and the statements of the others reach Germany in every order, each message twice.
    case_id, mail = await lodged(world)
    await world.deliver([one for one in mail if one.message.recipient != DRV])
    for node in (world.inps, world.canada):
        await node.state(case_id)
        mail += world.waiting()
    mail = [one for one in mail if one.message.recipient == DRV]
    assert len(mail) == 3
    told = []
    for seed in range(40):
        shuffled = mail * 2
        Random(seed).shuffle(shuffled)  # noqa: S311 (an order, not a secret)
        fresh = ShareWorld()
        await fresh.fill_registers()
        await fresh.deliver(shuffled)
        view, case = await fresh.drv.view(case_id), await fresh.drv.case(case_id)
        assert len(case.case.documents) == 3
        assert not case.position.waiting
        told.append((view, {one.action: one.why_not for one in case.actions}))
    assert told.count(told[0]) == len(told)
    assert {one.status for one in told[0][0].careers} == {AnswerStatus.KNOWN, AnswerStatus.ASKED_NO_ANSWER}


async def test_a_stranger_who_speaks_before_the_claim_is_here_is_never_heard(world: ShareWorld) -> None:
    case_id, mail = await lodged(world)
    await world.inps.state(case_id)
    statement = to_germany(world.waiting())
    forged = RecordStatement.FromString(statement.content)
    forged.institution.institution_id, forged.state = "fr-cnav", "FR"
    for period in forged.periods:
        period.state = "FR"
    await world.receive(replace(statement.saying(forged.SerializeToString()), sender="fr-cnav"))
    await world.deliver(mail)
    careers = (await world.drv.view(case_id)).careers
    assert {one.state for one in careers} == {"IT", "DE", "CA"}
    # Once the claim is here, who takes no part is not even kept.
    error = await refused(world, replace(statement.saying(forged.SerializeToString()), sender="fr-cnav"))
    assert isinstance(error, CaseStateError)
    assert "fr-cnav takes no part in the case" in error.message


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
        ("a null character", "scheme"),
    ],
)
async def test_a_statement_that_cannot_be_right_is_set_aside_with_its_place(
    world: ShareWorld, name: str, field: str
) -> None:
    case_id = await world.lodge()
    message = await german_statement(world, case_id)
    wrong = RecordStatement.FromString(message.content)
    change(wrong, name)
    error = await refused(world, message.saying(wrong.SerializeToString()))
    assert isinstance(error, InputError)
    assert error.field == field
    # Others flow: the right one is still taken.
    await world.receive(message)
    assert (await world.inps.case(case_id)).position.instances["records", DRV].state == "stated"


async def test_nobody_speaks_for_another(world: ShareWorld) -> None:
    case_id = await world.lodge()
    message = await german_statement(world, case_id)
    error = await refused(world, replace(message, sender=SERVICE_CANADA))
    assert isinstance(error, VerificationError)
    assert "The statement of ca-sc speaks for another institution" in error.message


async def test_another_claim_for_a_case_does_not_move_its_date(world: ShareWorld) -> None:
    # 987/2009 Art. 45(5): a date of claim, once lodged, stands.
    case_id, mail = await lodged(world)
    await world.deliver(mail)
    message = to_germany(mail)
    later = OldAgeClaimSent.FromString(message.content)
    later.claim.lodged_on.month = 1
    await world.receive(replace(message.saying(later.SerializeToString()), at=world.clock.now()))
    assert (await world.drv.claim(case_id)).case.claim.lodged_on.month == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "record.correction"}, "is a message 'claim.old_age', not 'record.correction'"),
        ({"record": b"\xff\xff"}, "its bytes do not parse"),
        ({"record": b""}, "flow_id"),
    ],
)
async def test_what_cannot_be_read_is_set_aside(world: ShareWorld, changes: dict[str, object], said: str) -> None:
    _, mail = await lodged(world)
    message = to_germany(mail)
    error = await refused(world, replace(message, message=replace(message.message, **changes)))  # type: ignore[arg-type]  # fields by name
    assert isinstance(error, InputError)
    assert said in error.message


def with_days(message: Sent, *, lodged_on: date, born: date) -> Sent:
    """The claim as a sender sends it that does not look at its days."""
    claim = OldAgeClaimSent.FromString(message.content)
    claim.claim.lodged_on.CopyFrom(write_date(lodged_on))
    claim.claim.person.birth_date.CopyFrom(write_date(born))
    return message.saying(claim.SerializeToString())


TODAY, BORN = date(2025, 3, 3), CLAIM.person.birth_date


@pytest.mark.parametrize(
    ("lodged_on", "born", "field"),
    [
        (TODAY, TODAY, ""),  # of a child, say: the day itself can be
        (TODAY + timedelta(days=1), BORN, ""),  # where it was sent, it is tomorrow already
        (TODAY + timedelta(days=2), BORN, "claim.lodged_on"),
        (TODAY, TODAY + timedelta(days=1), "claim.person.birth_date"),
    ],
)
async def test_the_days_of_a_claim_are_judged_alike_where_it_is_sent_and_where_it_arrives(
    world: ShareWorld, lodged_on: date, born: date, field: str
) -> None:
    case_id, mail = await lodged(world)
    arriving = with_days(to_germany(mail), lodged_on=lodged_on, born=born)
    person = replace(CLAIM.person, birth_date=born)
    sending = replace(CLAIM, lodged_on=lodged_on, person=person)
    if not field:
        check_claim(sending, today=TODAY)
        await world.receive(arriving)
        assert (await world.drv.claim(case_id)).case.claim.lodged_on == lodged_on
        return
    error = await refused(world, arriving)
    assert isinstance(error, RefusedContentError)
    with pytest.raises(RefusedContentError) as at_sender:
        check_claim(sending, today=TODAY)
    assert (error.field, error.message) == (field, at_sender.value.message)
    # The reason travels back: it tells no day of hers.
    assert str(born) not in error.message
    assert str(lodged_on) not in error.message or lodged_on == TODAY


async def test_a_claim_is_judged_by_the_day_on_which_it_came_however_long_it_has_waited(world: ShareWorld) -> None:
    _, mail = await lodged(world)
    message = with_days(to_germany(mail), lodged_on=TODAY + timedelta(days=9), born=BORN)
    came_at = world.clock.now()
    world.clock.advance(timedelta(days=30))
    with pytest.raises(RefusedContentError):
        await world.receive(message, came_at=came_at)


def for_somebody_else(envelope: CaseMessage) -> None:
    envelope.recipients[:] = [SERVICE_CANADA]


def without_its_sender(envelope: CaseMessage) -> None:
    del envelope.parties[0]


def names_one_twice(envelope: CaseMessage) -> None:
    envelope.parties.append(envelope.parties[1])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (for_somebody_else, "names other recipients than de-drv"),
        (without_its_sender, "opens a case in which it takes no part"),
        (names_one_twice, "names an institution twice"),
    ],
)
async def test_a_claim_that_cannot_be_right_opens_no_case_here(
    world: ShareWorld, spoil: Callable[[CaseMessage], None], said: str
) -> None:
    case_id, mail = await lodged(world)
    message = to_germany(mail)
    envelope = message.envelope
    spoil(envelope)
    error = await refused(world, message.carrying(envelope))
    assert said in error.message
    assert await world.drv.flows.shelf.get(case_id, for_change=False) is None


async def test_a_summary_of_another_than_the_contact_institution_ends_nothing(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    sent = [one for one in world.inps.flows.sender.sent if one.type == "decision.summary"]
    summary = Sent(SERVICE_CANADA, next(one for one in sent if one.recipient == DRV), world.clock.now())
    fresh = ShareWorld()
    for message in world.inps.flows.sender.sent:
        if message.recipient == DRV and message.type == "claim.old_age":
            await fresh.receive(Sent(INPS, message, world.clock.now()))
    await fresh.receive(summary)
    case = await fresh.drv.case(case_id)
    assert case.position.instances["claim", ""].state != "summarised"
    assert (await fresh.drv.claim(case_id)).case.summary is None


@pytest.mark.parametrize("spoil", ["no amounts", "unknown branch", "step without its parent"])
async def test_a_decision_that_contradicts_itself_is_named_and_hides_nothing_else(
    world: ShareWorld, spoil: str
) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.determine(case_id)
    await world.drv.decide(case_id)
    message = next(one for one in world.waiting() if one.message.recipient == INPS)
    wrong = DecisionNotice.FromString(message.content)
    if spoil == "no amounts":
        del wrong.decision.amounts[:]
    elif spoil == "unknown branch":
        wrong.decision.branch = "alchemy"
    else:
        wrong.decision.explanation[1].depth = 3
    await world.receive(message.saying(wrong.SerializeToString()))
    with pytest.raises(CaseStateError, match="of de-drv cannot be used"):
        await world.inps.view(case_id)
    shown = await world.inps.claim(case_id)
    assert (shown.case.decisions, len(shown.case.participants)) == ((), 3)


async def test_a_decision_may_come_after_the_summary(world: ShareWorld) -> None:
    # Canada hears of the summary before it hears of Germany's decision: both are kept.
    case_id = await world.lodge()
    await world.state_all(case_id)
    late: list[Sent] = []
    for node in world.nodes.values():
        await node.determine(case_id)
        await node.decide(case_id)
        mail = world.waiting()
        late += [one for one in mail if one.sender == DRV and one.message.recipient == SERVICE_CANADA]
        await world.deliver([one for one in mail if one not in late])
    await world.summarise(case_id)
    assert len(late) == 1
    await world.deliver(late)
    case = (await world.canada.claim(case_id)).case
    assert case.summary is not None
    assert {one.institution for one in case.decisions} == set(world.nodes)
    assert not (await world.canada.case(case_id)).position.waiting


async def test_reading_a_case_tells_the_senders_of_what_it_holds_and_looking_for_it_in_vain_does_not(
    world: ShareWorld,
) -> None:
    case_id, mail = await lodged(world)
    with pytest.raises(NotFoundError):
        await world.drv.view(case_id)
    assert world.drv.flows.correspondence.cases == []
    await world.deliver(mail)
    await world.drv.view(case_id)
    assert world.drv.flows.correspondence.cases == [case_id]
    await world.drv.state(case_id)
    assert world.drv.flows.correspondence.cases == [case_id] * 2

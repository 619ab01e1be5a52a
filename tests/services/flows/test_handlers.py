"""Use cases of cases on flows, what arrives, and the clock at work: three nodes in memory, messages by hand."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flow_world import START, no_holidays
from least import least

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.memory.flows import MemoryFlowWork
from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    InputError,
    NotFoundError,
    VerificationError,
)
from portability.agreements.values import Branch
from portability.api.cases.v1.envelope_pb2 import CaseMessage
from portability.app.wiring.flows import CatalogueRules
from portability.services.access import Caller, Role
from portability.services.flows.arrival import WAITING_OF_ONE_SENDER, ArrivedMessage, apply_flow_message
from portability.services.flows.handlers import Act, FlowUseCases, FlowView, StartCase
from portability.services.flows.load import packaged_flows
from portability.services.flows.mapping.envelope import write_envelope
from portability.services.flows.model import Document, DueState, KeptDocument, Party
from portability.services.flows.ports import FlowMessage, FlowParts
from portability.services.flows.ticking import tick

IT, DE, FR, BODY = "it-inps", "de-drv", "fr-cnav", "de-dvka"
FLOWS = {flow.flow: flow for flow in packaged_flows().values()}
PENSION = {IT: "contact_institution", DE: "institution", FR: "institution", BODY: "liaison_body"}
RECORDS = {IT: "requesting_institution", DE: "asked_institution"}


class EuropeanUnion:
    """Agreements: the Regulation among the three, and nothing with anybody else."""

    async def agreement_between(self, state: str, other: str, *, branch: Branch, on: date) -> str | None:
        return "eu-883-2004" if {state, other} <= {"IT", "DE", "FR"} else None

    async def why_no_agreement(self, state: str, other: str, *, branch: Branch, on: date) -> str:
        return f"nothing binds {state} and {other}."


@dataclass
class Node:
    me: str
    world: "World"
    work: MemoryFlowWork = field(default_factory=lambda: MemoryFlowWork(EuropeanUnion()))
    delivered: int = 0

    @property
    def parts(self) -> FlowParts:
        return FlowParts(self.me, packaged_flows(), CatalogueRules(), no_holidays, self.world.clock, self.world.new_id)

    @property
    def anna(self) -> Caller:
        return Caller(self.me, Role.CASEWORKER, "anna")

    async def see(self, case_id: UUID) -> FlowView:
        return await FlowUseCases(self.parts).get_case(case_id, caller=self.anna, work=self.work)


class World:
    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.new_id = counting_ids()
        self.nodes = {name: Node(name, self) for name in (IT, DE, FR, BODY)}

    async def start(self, who: str, flow: str, action: str, roles: dict[str, str]) -> UUID:
        node, said = self.nodes[who], FLOWS[flow].actions[action]
        parties = tuple(Party(one, role) for one, role in roles.items())
        content = least(said.type, purpose=FLOWS[flow].purpose, sender=who)
        command = StartCase(self.new_id(), flow, action, parties, content)
        view = await FlowUseCases(node.parts).start_case(command, caller=node.anna, work=node.work)
        await self.deliver()
        return view.case.case_id

    async def act(
        self, who: str, case_id: UUID, action: str, *, flow: str = "old_age_claim", deliver: bool = True, **more: object
    ) -> UUID:
        node = self.nodes[who]
        content = least(FLOWS[flow].actions[action].type, purpose=FLOWS[flow].purpose, sender=who)
        command = Act(self.new_id(), case_id, action, content, **more)  # type: ignore[arg-type]
        _, document_id = await FlowUseCases(node.parts).act(command, caller=node.anna, work=node.work)
        self.clock.advance(timedelta(minutes=1))
        if deliver:
            await self.deliver()
        return document_id

    async def deliver(self, *, newest_first: bool = False) -> None:
        waiting: list[tuple[Node, FlowMessage]] = []
        for node in self.nodes.values():
            waiting += [(node, one) for one in node.work.sender.sent[node.delivered :]]
            node.delivered = len(node.work.sender.sent)
        for sender, message in reversed(waiting) if newest_first else waiting:
            await self.hand_over(sender.me, message)

    async def hand_over(self, sender: str, message: FlowMessage) -> None:
        recipient = self.nodes[message.recipient]
        arrived = ArrivedMessage(
            sender, message.case_id, message.type, message.record, self.clock.now(), self.clock.now()
        )
        await apply_flow_message(arrived, work=recipient.work, parts=recipient.parts)

    async def tick(self) -> None:
        for node in self.nodes.values():
            while await tick(node.work, node.parts):
                pass
        await self.deliver()

    async def state(self, who: str, case_id: UUID, step_id: str) -> str:
        view = await self.nodes[who].see(case_id)
        return next((one.state for one in view.steps if one.step_id == step_id), "not begun")


@pytest.fixture
def world() -> World:
    return World()


async def test_what_one_says_the_others_see(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    assert [await world.state(one, case_id, f"records:{DE}") for one in (IT, DE, FR)] == ["asked"] * 3
    await world.act(DE, case_id, "state")
    assert [await world.state(one, case_id, f"records:{DE}") for one in (IT, DE, FR)] == ["stated"] * 3


async def test_who_said_it_is_kept_at_home_and_nowhere_else(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    said_by = [(await world.nodes[one].see(case_id)).case.documents[0].said_by for one in (IT, DE)]
    assert said_by == ["anna", ""]


async def test_every_request_says_until_when_and_by_which_rule(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    (opening,) = (await world.nodes[DE].see(case_id)).case.documents
    # 2 March and thirty days: 1 April 2026, a Wednesday.
    assert opening.document.due_on == date(2026, 4, 1)
    assert opening.document.deadline_rule_id == "eu.pension_statement"


async def test_messages_that_come_in_any_order_and_twice_end_in_the_same_place(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    await world.act(IT, case_id, "state", deliver=False)
    await world.act(DE, case_id, "state", deliver=False)
    await world.deliver(newest_first=True)
    for node in world.nodes.values():
        node.delivered = 0
    await world.deliver()  # everything once more
    views = [await world.nodes[one].see(case_id) for one in (IT, DE, FR)]
    assert len({len(view.case.documents) for view in views}) == 1
    assert {await world.state(one, case_id, f"records:{DE}") for one in (IT, DE, FR)} == {"stated"}


async def test_silence_ends_with_a_reminder_the_liaison_body_and_a_persons_award(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    await world.act(IT, case_id, "state")
    await world.act(FR, case_id, "state")
    world.clock.advance(timedelta(days=31, hours=4))
    await world.tick()
    assert await world.state(DE, case_id, "reminder:" + await _reminder(world, case_id)) == "sent"
    (late,) = await FlowUseCases(world.nodes[IT].parts).overdue(
        partner=DE, limit=10, caller=world.nodes[IT].anna, work=world.nodes[IT].work
    )
    assert (late.step_id, late.due_on) == (f"records:{DE}", date(2026, 4, 1))
    world.clock.advance(timedelta(days=31))
    await world.tick()
    assert await world.state(IT, case_id, f"provisional_award:{IT}") == "due"
    view = await world.nodes[IT].see(case_id)
    assert next(one for one in view.steps if one.step_id == f"records:{DE}").due_state is DueState.ESCALATED
    told = await world.nodes[BODY].see(case_id)
    assert "tell_liaison_body" in [one.document.action for one in told.case.documents]
    assert not told.position.waiting
    assert await world.state(BODY, case_id, f"records:{DE}") == "asked"
    await world.act(IT, case_id, "award_provisionally")
    assert await world.state(FR, case_id, f"provisional_award:{IT}") == "awarded"
    before = len(view.case.documents)
    await world.tick()
    assert len((await world.nodes[IT].see(case_id)).case.documents) == before + 1  # the clock says nothing twice


async def _reminder(world: World, case_id: UUID) -> str:
    view = await world.nodes[IT].see(case_id)
    return next(one.key for one in view.steps if one.track == "reminder")


async def test_a_case_is_forwarded_and_goes_on_elsewhere(world: World) -> None:
    case_id = await world.start(IT, "record_request", "ask", RECORDS)
    parties = (Party(IT, "requesting_institution"), Party(FR, "asked_institution"))
    await world.act(DE, case_id, "forward", flow="record_request", parties=parties)
    assert [await world.state(one, case_id, f"records:{FR}") for one in (IT, FR)] == ["asked"] * 2
    await world.act(FR, case_id, "state", flow="record_request")
    assert [await world.state(one, case_id, f"records:{FR}") for one in (IT, FR)] == ["stated"] * 2
    with pytest.raises(CaseStateError, match="takes no part"):
        await world.act(DE, case_id, "state", flow="record_request")


async def test_who_takes_no_part_is_not_heard(world: World) -> None:
    case_id = await world.start(IT, "record_request", "ask", RECORDS)
    await world.act(DE, case_id, "state", flow="record_request", deliver=False)
    (message,) = world.nodes[DE].work.sender.sent
    with pytest.raises(VerificationError, match="The statement of fr-cnav speaks for another institution"):
        await world.hand_over(FR, message)
    await world.deliver()
    assert await world.state(IT, case_id, f"records:{DE}") == "stated"
    await world.act(DE, case_id, "correct", flow="record_request", deliver=False)
    with pytest.raises(CaseStateError, match="fr-cnav takes no part"):
        await world.hand_over(FR, world.nodes[DE].work.sender.sent[-1])


async def test_where_no_agreement_binds_nobody_is_asked(world: World) -> None:
    with pytest.raises(InputError, match="us-ssa cannot take part: nothing binds IT and US"):
        await world.start(IT, "record_request", "ask", {IT: RECORDS[IT], "us-ssa": RECORDS[DE]})


async def test_what_a_role_may_not_open_or_say_is_refused(world: World) -> None:
    with pytest.raises(InputError, match="it-inps must take part as requesting_institution"):
        await world.start(IT, "record_request", "ask", {DE: "requesting_institution", IT: "asked_institution"})
    with pytest.raises(InputError, match="Only one institution is requesting_institution"):
        await world.start(IT, "record_request", "ask", {IT: RECORDS[IT], DE: RECORDS[IT]})
    case_id = await world.start(IT, "record_request", "ask", RECORDS)
    with pytest.raises(InputError, match="does not go to all of these"):
        await world.act(IT, case_id, "declare", flow="record_request", recipients=(FR,))


async def test_a_program_does_not_decide_for_a_person(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    node = world.nodes[IT]
    content = least("provisional_award.notify", purpose="pension-claim")
    command = Act(world.new_id(), case_id, "award_provisionally", content)
    with pytest.raises(DeniedError, match="Only a named caseworker"):
        await FlowUseCases(node.parts).act(command, caller=Caller(IT, Role.SYSTEM, "batch"), work=node.work)


async def test_who_finds_cases_by_a_number_has_looked_at_them(world: World) -> None:
    hers, other, hidden = [await world.start(IT, "record_request", "ask", RECORDS) for _ in range(3)]
    node, number = world.nodes[IT], PersonIdentifier("DE", "pension", "65 030261 R 501")
    for case_id in (hers, hidden):
        await node.work.by_number.put(case_id, hers=[number], others=[])
    await node.work.protected.protect([hidden])
    before = await node.work.looks.of([hers, other, hidden])
    page = await FlowUseCases(node.parts).list_cases(
        size=10, after="", open_only=True, caller=node.anna, work=node.work, numbers=[number]
    )
    assert [one.case_id for one in page.lines] == [hers]
    looks = [one for one in await node.work.looks.of([hers, other, hidden]) if one not in before]
    assert [(one.scope, one.by, one.purpose) for one in looks] == [(hers, node.anna.name, "pension-claim")]


async def test_a_protected_persons_case_is_as_if_it_were_not_there(world: World) -> None:
    case_id = await world.start(IT, "record_request", "ask", RECORDS)
    node = world.nodes[IT]
    await node.work.protected.protect([case_id])
    with pytest.raises(NotFoundError):
        await node.see(case_id)
    with pytest.raises(NotFoundError):
        await world.act(IT, case_id, "declare", flow="record_request")
    page = await FlowUseCases(node.parts).list_cases(
        size=10, after="", open_only=True, caller=node.anna, work=node.work
    )
    assert page.lines == ()


async def test_what_the_agreement_asks_of_a_message_is_asked_before_it_is_sent(world: World) -> None:
    """The least that its own rules demand is not what the Regulations ask: 987/2009 Art. 15(1)."""
    flow = FLOWS["certificate_of_coverage"]
    roles = dict(zip((IT, DE), [name for name in flow.roles if name != "liaison_body"][:2], strict=True))
    opener = next(name for name, one in flow.actions.items() if one.opens and one.type == "certificate.request")
    content = least("certificate.request", purpose=flow.purpose, agreement_id="none")
    command = StartCase(
        world.new_id(), flow.flow, opener, tuple(Party(one, role) for one, role in roles.items()), content
    )
    node = world.nodes[next(one for one, role in roles.items() if role in flow.actions[opener].by)]
    with pytest.raises(InputError, match=r"'person\.identifiers' is asked for here and not given") as refused:
        await FlowUseCases(node.parts).start_case(command, caller=node.anna, work=node.work)
    assert refused.value.field == "person.identifiers"
    assert node.work.sender.sent == []


async def test_a_message_names_the_profile_by_which_it_was_made_and_another_one_is_set_aside(world: World) -> None:
    flow = FLOWS["certificate_of_coverage"]
    roles = dict(zip((IT, DE), [name for name in flow.roles if name != "liaison_body"][:2], strict=True))
    opener = next(name for name, one in flow.actions.items() if one.opens and one.type == "certificate.request")
    node = world.nodes[next(one for one, role in roles.items() if role in flow.actions[opener].by)]
    parties = tuple(Party(one, role) for one, role in roles.items())
    content = least("certificate.request", purpose=flow.purpose)
    command = StartCase(world.new_id(), flow.flow, opener, parties, content)
    await FlowUseCases(node.parts).start_case(command, caller=node.anna, work=node.work)
    (message,) = node.work.sender.sent
    envelope = CaseMessage.FromString(message.record)
    assert envelope.profile_id == "eu.certificate_request"
    envelope.profile_id = ""
    with pytest.raises(InputError, match=r"made by another profile than 'eu\.certificate_request'"):
        await world.hand_over(node.me, replace(message, record=envelope.SerializeToString()))
    await world.deliver()


async def test_whom_one_institution_protects_the_others_hide_from_the_next_message_on(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    rome, berlin = world.nodes[IT], world.nodes[DE]
    assert await berlin.work.protected.among([case_id]) == frozenset()
    await rome.work.protected.protect([case_id])
    cleared = Caller(IT, Role.CLEARED_CASEWORKER, "vera")
    content = least("record.history.declared", purpose="pension-claim")
    await FlowUseCases(rome.parts).act(Act(world.new_id(), case_id, "declare", content), caller=cleared, work=rome.work)
    await world.deliver()
    assert await berlin.work.protected.among([case_id]) == {case_id}
    with pytest.raises(NotFoundError):
        await berlin.see(case_id)


async def test_of_what_builds_on_nothing_only_so_much_waits_in_a_case(world: World) -> None:
    case_id = await world.start(IT, "old_age_claim", "lodge", PENSION)
    berlin, rome = world.nodes[DE], world.nodes[IT]
    flow = FLOWS["old_age_claim"]
    unasked = world.new_id()  # no question of this id has ever come
    kept = [
        KeptDocument(
            Document(world.new_id(), "give_information", DE, (IT,), START, in_reply_to=unasked),
            "claim.info.reply",
            least("claim.info.reply", purpose=flow.purpose),
        )
        for _ in range(WAITING_OF_ONE_SENDER + 1)
    ]
    arrived = [
        ArrivedMessage(
            DE,
            case_id,
            one.type,
            write_envelope(one, flow=flow.key, since=START.date()),
            world.clock.now(),
            world.clock.now(),
        )
        for one in kept
    ]
    for one in arrived[:-1]:
        await apply_flow_message(one, work=rome.work, parts=rome.parts)
    await apply_flow_message(arrived[0], work=rome.work, parts=rome.parts)  # a second copy is no more of it
    with pytest.raises(CaseStateError, match=f"{WAITING_OF_ONE_SENDER} messages of {DE} wait in the case already"):
        await apply_flow_message(arrived[-1], work=rome.work, parts=rome.parts)
    await world.act(DE, case_id, "state_none")  # what fits has its effect all the same
    assert await world.state(IT, case_id, f"records:{DE}") == "stated"
    assert (await berlin.see(case_id)).position.is_open

"""Three institutions in memory that work on one claim on a flow: the engine, the share, and a postman between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from portability.adapters.clock.fake import ManualClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.flows import MemoryFlowWork
from portability.adapters.memory.records import MemoryCareers, MemoryRegister
from portability.adapters.memory.shares import MemoryJudged, MemoryShares
from portability.api.cases.v1 import envelope_pb2 as pb
from portability.api.cases.v1 import messages_pb2 as pensions
from portability.api.records.v1 import messages_pb2 as records
from portability.app.wiring.claims import NodeClaims
from portability.app.wiring.flows import CatalogueRules
from portability.app.wiring.shares import OldAgeFlow, ShownFlowCases
from portability.services.access import Caller, Role
from portability.services.cases.claims import ClaimCase
from portability.services.cases.commands import Decide, LodgeClaim, RecordAnswer
from portability.services.cases.mapping.parts import write_claim
from portability.services.cases.model import AwardBasis, Decision, DecisionResult
from portability.services.cases.shares.handlers import ShareUseCases, ShareView
from portability.services.cases.shares.model import DetermineShare, Lodged, Share, StateOwnRecords, SummariseShares
from portability.services.flows.arrival import ArrivedMessage, apply_flow_message
from portability.services.flows.handlers import Act, FlowUseCases, FlowView, StartCase
from portability.services.flows.load import packaged_flows
from portability.services.flows.model import Party
from portability.services.flows.ports import FlowMessage, FlowParts
from portability.services.mapping.common import write_instant, write_institution, write_record
from tests.services.cases.world import (
    AWARD_ON,
    CANADIAN_NUMBER,
    CLAIM,
    DRV,
    FISCAL_CODE,
    GERMAN_NUMBER,
    INPS,
    MORNING,
    REMEDY,
    SERVICE_CANADA,
    Directory,
    TenEurosAYear,
    account,
    canadian_periods,
    german_periods,
    italian_periods,
)

ROLES = {INPS: "contact_institution", DRV: "institution", SERVICE_CANADA: "institution"}
RISK_ON = date(2025, 3, 10)


def no_holidays(state: str, day: date) -> bool:
    return False


def claim_content(claim: Any = CLAIM) -> bytes:
    """Message claim.old_age as a caseworker's program writes it before there is a case."""
    contact = pensions.CaseInstitution(
        institution=write_institution(INPS), state="IT", agreement_id="eu-883-2004", asked_at=write_instant(MORNING)
    )
    return write_record(
        pensions.OldAgeClaimSent(
            case_id=str(time_ordered_id()),
            contact=write_institution(INPS),
            opened_at=write_instant(MORNING),
            claim=write_claim(claim),
            institutions=[contact],
        )
    )


@dataclass(frozen=True)
class Sent:
    """A message on its way, as its signed header tells of it."""

    sender: str
    message: FlowMessage
    at: datetime

    @property
    def envelope(self) -> pb.CaseMessage:
        return pb.CaseMessage.FromString(self.message.record)

    @property
    def content(self) -> bytes:
        return self.envelope.content

    @property
    def is_protected(self) -> bool:
        return self.envelope.protected_person

    def saying(self, content: bytes) -> "Sent":
        """The same with another content, under another id."""
        envelope = self.envelope
        envelope.content, envelope.document_id = content, str(time_ordered_id())
        return self.carrying(envelope)

    def carrying(self, envelope: Message) -> "Sent":
        """The same with another envelope."""
        return replace(self, message=replace(self.message, record=envelope.SerializeToString()))


@dataclass
class ShareNode:
    """One institution: ShareWork in memory, and its people."""

    me: str
    directory: Directory
    clock: ManualClock
    determiner: TenEurosAYear = field(default_factory=TenEurosAYear)
    shares: MemoryShares = field(default_factory=MemoryShares)
    accounts: MemoryRegister = field(default_factory=MemoryRegister)
    careers: MemoryCareers = field(default_factory=MemoryCareers)
    reviews: MemoryJudged = field(default_factory=MemoryJudged)
    delivered: int = 0

    def __post_init__(self) -> None:
        self.flows = MemoryFlowWork(self.directory)
        self.flows.changes.me = self.me
        self.commands = self.flows.commands
        self.flow = ShownFlowCases(self.flows, self.parts)
        self.opening = OldAgeFlow(self.flows, self.parts)
        self.use_cases = ShareUseCases(self.me, self.clock, time_ordered_id)

    @property
    def parts(self) -> FlowParts:
        return FlowParts(self.me, packaged_flows(), CatalogueRules(), no_holidays, self.clock, time_ordered_id)

    @property
    def clerk(self) -> Caller:
        return Caller(self.me, Role.CASEWORKER, f"clerk of {self.me}")

    async def lodge(self, command: LodgeClaim) -> Lodged:
        return await self.use_cases.lodge(command, caller=self.clerk, work=self)

    async def view(self, case_id: UUID) -> ShareView:
        return await self.use_cases.get(case_id, caller=self.clerk, work=self)

    @property
    def claims(self) -> NodeClaims:
        return NodeClaims(shelf=self.flows.shelf, shares=self.shares, flows=self.parts)

    async def claim(self, case_id: UUID) -> ClaimCase:
        """The claim as those read it who show it to its worker."""
        found = await self.claims.get(case_id)
        assert found is not None
        return found

    async def state(
        self, case_id: UUID, answer: RecordAnswer = RecordAnswer.FROM_OWN_RECORDS, **more: str
    ) -> tuple[UUID | None, tuple[str, ...]]:
        command = StateOwnRecords(time_ordered_id(), case_id, answer, **more)
        return await self.use_cases.state(command, caller=self.clerk, work=self)

    async def determine(self, case_id: UUID, **more: Any) -> Share:
        command = DetermineShare(time_ordered_id(), case_id, RISK_ON, **more)
        return await self.use_cases.determine(command, caller=self.clerk, work=self)

    async def decide(self, case_id: UUID, **changes: Any) -> Decision:
        share = await self.shares.last(case_id)
        facts: Mapping[str, Any] = {
            "request_id": time_ordered_id(),
            "case_id": case_id,
            "determination_id": share.determination.determination_id if share and share.determination else None,
            "result": DecisionResult.GRANTED,
            "basis": AwardBasis.WORK,
            "effective_on": AWARD_ON,
            "remedy": REMEDY,
        }
        _, decision = await self.use_cases.decide(Decide(**{**facts, **changes}), caller=self.clerk, work=self)
        return decision

    async def act(self, case_id: UUID, action: str, content: bytes, **more: Any) -> UUID:
        command = Act(time_ordered_id(), case_id, action, content, **more)
        _, document_id = await FlowUseCases(self.parts).act(command, caller=self.clerk, work=self.flows)
        return document_id

    async def case(self, case_id: UUID) -> FlowView:
        return await FlowUseCases(self.parts).get_case(case_id, caller=self.clerk, work=self.flows)


class ShareWorld:
    """The three nodes and the messages between them."""

    def __init__(self) -> None:
        self.clock = ManualClock(MORNING)
        self.directory = Directory()
        self.nodes = {me: ShareNode(me, self.directory, self.clock) for me in ROLES}
        self.inps, self.drv, self.canada = self.nodes.values()

    async def fill_registers(self) -> None:
        """Each institution knows Maria by its own number."""
        await self.inps.accounts.put([account("IT-1", FISCAL_CODE, italian_periods())])
        await self.drv.accounts.put([account("DE-1", GERMAN_NUMBER, german_periods())])
        await self.canada.accounts.put([account("CA-1", CANADIAN_NUMBER, canadian_periods())])

    async def lodge(self, content: bytes = b"", *, flow: str = "old_age_claim") -> UUID:
        parties = tuple(Party(one, role) for one, role in ROLES.items())
        command = StartCase(time_ordered_id(), flow, "lodge", parties, content or claim_content())
        view = await FlowUseCases(self.inps.parts).start_case(command, caller=self.inps.clerk, work=self.inps.flows)
        await self.deliver()
        return view.case.case_id

    def waiting(self) -> list[Sent]:
        """Take what was sent since the last time, and let a minute pass: documents have their order by time."""
        taken: list[Sent] = []
        for node in self.nodes.values():
            sent = node.flows.sender.sent
            taken += [Sent(node.me, message, self.clock.now()) for message in sent[node.delivered :]]
            node.delivered = len(sent)
        self.clock.advance(timedelta(minutes=1))
        return taken

    def said(self) -> list[Sent]:
        """All that was sent so far, delivered or not."""
        now = self.clock.now()
        return [Sent(node.me, one, now) for node in self.nodes.values() for one in node.flows.sender.sent]

    async def receive(self, one: Sent, *, came_at: datetime | None = None) -> None:
        """What the exchange does with a verified message; raises what makes it set the message aside."""
        node, message = self.nodes[one.message.recipient], one.message
        came_at = came_at or self.clock.now()
        arrived = ArrivedMessage(one.sender, message.case_id, message.type, message.record, one.at, came_at)
        await apply_flow_message(arrived, work=node.flows, parts=node.parts)

    async def deliver(self, mail: Sequence[Sent] | None = None) -> None:
        for one in self.waiting() if mail is None else mail:
            await self.receive(one)

    async def state_all(self, case_id: UUID) -> None:
        for node in self.nodes.values():
            await node.state(case_id)
            await self.deliver()

    async def decide_all(self, case_id: UUID) -> None:
        for node in self.nodes.values():
            await node.determine(case_id)
            await node.decide(case_id)
            await self.deliver()

    async def summarise(self, case_id: UUID) -> None:
        command = SummariseShares(time_ordered_id(), case_id)
        await self.inps.use_cases.summarise(command, caller=self.inps.clerk, work=self.inps)
        await self.deliver()


def question(asked_by: str, asked_of: str, *, at: datetime) -> bytes:
    """Message record.request: for all periods."""
    return write_record(
        records.RecordRequest(
            record_request_id=str(time_ordered_id()),
            case_id=str(time_ordered_id()),
            asked_by=write_institution(asked_by),
            asked_of=write_institution(asked_of),
            asked_at=write_instant(at),
            questions=[records.Question(code=records.QUESTION_CODE_PERIODS)],
        )
    )


def deferring(state: str) -> bytes:
    return claim_content(replace(CLAIM, deferred_states=frozenset({state})))

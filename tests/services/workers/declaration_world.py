"""Declared time at an Italian institution in memory, with a German one beside it that is asked by the flow F14."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.memory.declarations import MemoryDeclarationWork
from portability.adapters.memory.flows import MemoryFlowWork
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.adapters.workers.pdf_process import PdfInItsOwnProcess
from portability.api.careers.v1 import messages_pb2 as careers
from portability.app.wiring.declaration_flows import FlowAsking
from portability.app.wiring.declarations import ClaimsOfHers
from portability.app.wiring.flows import CatalogueRules
from portability.services.access import Caller, Role
from portability.services.flows.arrival import ArrivedMessage, apply_flow_message
from portability.services.flows.handlers import Act, FlowUseCases
from portability.services.flows.load import packaged_flows
from portability.services.flows.ports import FlowParts
from portability.services.workers.declarations.desk import DeclarationDesk
from portability.services.workers.declarations.handlers import AddDocument, DeclarationUseCases, DeclarePeriod
from portability.services.workers.remembered import RememberedDay
from tests.services.workers.dispute_world import DE, IT, NOW
from tests.services.workers.test_views_of_cases import ADA, ADAS_CASE, CASE, ROSA, Cases, case

BREMEN = ("DE", RememberedDay(1984), RememberedDay(1985, 6))


@dataclass(frozen=True)
class Known:
    institution_id: str


class OneForEachState:
    """Directory: Germany and Austria have an institution, Spain has two."""

    def competent(self, state: str, branch: Any, on: date) -> Sequence[Known]:
        return {"DE": [Known(DE)], "AT": [Known("at-pva")], "ES": [Known("es-a"), Known("es-b")]}.get(state, [])


class NoneWithAustria:
    async def agreement_between(self, state: str, other: str, *, branch: Any, on: date) -> str | None:
        return None if "AT" in (state, other) else "eu-883-2004"

    async def why_no_agreement(self, state: str, other: str, *, branch: Any, on: date) -> str:
        return "none binds"


@dataclass
class DeclarationWorld:
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    new_id: Any = field(default_factory=counting_ids)
    links: MemoryWorkerCases = field(default_factory=MemoryWorkerCases)

    def __post_init__(self) -> None:
        self.cases: Any = Cases(case(), case(ADAS_CASE))
        self.flows = {me: MemoryFlowWork(NoneWithAustria()) for me in (IT, DE)}
        asking = FlowAsking(
            self.flows[IT], self.links, self.cases, self.flow_parts(IT),
            directory=OneForEachState,  # type: ignore[arg-type] # of a directory it asks this alone
        )  # fmt: skip
        self.work = MemoryDeclarationWork(ClaimsOfHers(self.links, self.cases), asking)
        self.flows[IT].protected = self.work.protected
        work = self.work.unit_of_work
        self.use_cases = DeclarationUseCases(
            me=IT, work=work, clock=self.clock, new_id=self.new_id, pdfs=PdfInItsOwnProcess()
        )
        self.desk = DeclarationDesk(work=work, acting=work, clock=self.clock, new_id=self.new_id)

    async def enrol(self) -> None:
        await self.links.link(ROSA, CASE)
        await self.links.link(ADA, ADAS_CASE)

    def flow_parts(self, me: str) -> FlowParts:
        return FlowParts(me, packaged_flows(), CatalogueRules(), lambda state, day: False, self.clock, self.new_id)

    def tells(self, state: str = "TN", **changes: Any) -> DeclarePeriod:
        told = DeclarePeriod(self.new_id(), ROSA, state, RememberedDay(1984), RememberedDay(1985, 6, 30))
        return replace(told, **changes)

    def shows(self, declaration_id: UUID, content: bytes, **changes: Any) -> tuple[AddDocument, bytes]:
        command = AddDocument(self.new_id(), ROSA, declaration_id, AddDocument.digest_of(content))
        return replace(command, **changes), content

    async def germany(self, flow_case_id: UUID, action: str, finding: str) -> None:
        """A caseworker in Germany answers the question, after it has arrived; the answer comes back."""
        await self._deliver(IT, DE, 0)
        self.clock.advance(timedelta(days=1))
        content = careers.TraceAnswer(finding=careers.TraceFinding.Value(f"TRACE_FINDING_{finding}"))
        act = Act(self.new_id(), flow_case_id, action, content.SerializeToString())
        jonas = Caller(DE, Role.CASEWORKER, "jonas")
        await FlowUseCases(self.flow_parts(DE)).act(act, caller=jonas, work=self.flows[DE])
        await self._deliver(DE, IT, 0)

    async def _deliver(self, sender: str, recipient: str, after: int) -> None:
        for message in self.flows[sender].sender.sent[after:]:
            arrived = ArrivedMessage(
                sender, message.case_id, message.type, message.record, self.clock.now(), self.clock.now()
            )
            await apply_flow_message(arrived, work=self.flows[recipient], parts=self.flow_parts(recipient))

"""Disputes at an Italian institution in memory, with a German one beside it that answers by the flow F12."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.memory.disputes import MemoryDisputeWork
from portability.adapters.memory.flows import MemoryFlowWork
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.agreements.careers import AnswerStatus
from portability.api.careers.v1 import messages_pb2 as careers
from portability.app.wiring.dispute_flows import FlowElsewhere
from portability.app.wiring.disputes import WhatIsHers
from portability.app.wiring.flows import CatalogueRules
from portability.services.access import Caller, Role
from portability.services.cases.model import Case
from portability.services.flows.arrival import ArrivedMessage, apply_flow_message
from portability.services.flows.handlers import Act, FlowUseCases
from portability.services.flows.load import packaged_flows
from portability.services.flows.ports import FlowParts
from portability.services.workers.disputes.desk import DisputeDesk
from portability.services.workers.disputes.handlers import DisputeUseCases, RaiseDispute
from portability.services.workers.disputes.model import Matter, Subject
from tests.services.workers.test_views_of_cases import (
    ADA,
    ADAS_CASE,
    CASE,
    ROSA,
    Careers,
    Cases,
    case,
    decision,
    record,
)

IT, DE = "it-inps", "de-drv"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ANNA = Caller(IT, Role.CASEWORKER, "anna")
VERA = Caller(IT, Role.CLEARED_CASEWORKER, "vera")
PROGRAM = Caller(IT, Role.SYSTEM, "pensions")
NAMES = {IT: "INPS", DE: "Deutsche Rentenversicherung"}

GERMAN_PERIOD = Subject(Matter.PERIOD, "DE-1", "DE")
ITALIAN_PERIOD = Subject(Matter.PERIOD, "IT-1", "IT")
MISSING_IN_TUNISIA = Subject(Matter.MISSING, "", "TN", date(1980, 1, 1), date(1981, 1, 1), "work on a farm")
GERMAN_DECISION = Subject(Matter.DECISION, str(UUID(int=20)))
MY_NAME = Subject(Matter.DETAILS)


def name_of(institution: str) -> str:
    return NAMES.get(institution, institution)


class EveryAgreement:
    async def agreement_between(self, state: str, other: str, *, branch: Any, on: date) -> str | None:
        return "eu-883-2004"

    async def why_no_agreement(self, state: str, other: str, *, branch: Any, on: date) -> str:
        raise AssertionError("an agreement binds all")


@dataclass(frozen=True)
class DecisionsOf:
    cases: Cases

    async def of_case(self, case_id: UUID) -> Sequence[tuple[str, str]]:
        return [(str(one.decision_id), one.institution) for one in self.cases.kept[case_id].decisions]

    async def others(self, case_id: UUID) -> Sequence[str]:
        return [one.institution for one in self.cases.kept[case_id].participants if one.institution != IT]


@dataclass
class DisputeWorld:
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    new_id: Any = field(default_factory=counting_ids)
    links: MemoryWorkerCases = field(default_factory=MemoryWorkerCases)

    def __post_init__(self) -> None:
        hers = replace(case(), decisions=(decision(), self.own_decision()))
        self.cases = Cases(hers, case(ADAS_CASE))
        known = [record("IT", IT, AnswerStatus.KNOWN, NOW.date()), record("DE", DE, AnswerStatus.KNOWN, NOW.date())]
        self.careers = Careers(c10=known, c12=[record("DE", DE, AnswerStatus.KNOWN, NOW.date())])
        self.flows = {me: MemoryFlowWork(EveryAgreement()) for me in (IT, DE)}
        self.delivered = dict.fromkeys(self.flows, 0)
        self.work = MemoryDisputeWork(
            DecisionsOf(self.cases), FlowElsewhere(self.flows[IT], self.links, self.flow_parts(IT))
        )
        # The two share who is protected, as they do in one database.
        self.flows[IT].protected = self.work.protected
        self.use_cases = DisputeUseCases(
            me=IT, of_worker=self.of_worker, work=self.work.unit_of_work, clock=self.clock, new_id=self.new_id
        )
        work = self.work.unit_of_work
        self.desk = DisputeDesk(work=work, acting=work, clock=self.clock, new_id=self.new_id)

    @staticmethod
    def own_decision() -> Any:
        return replace(decision(), decision_id=UUID(int=21), institution=IT, state="IT")

    def flow_parts(self, me: str) -> FlowParts:
        return FlowParts(me, packaged_flows(), CatalogueRules(), lambda state, day: False, self.clock, self.new_id)

    @asynccontextmanager
    async def of_worker(self, worker_id: UUID) -> AsyncIterator[tuple[WhatIsHers, MemoryDisputeWork]]:
        hers: list[Case] = [self.cases.kept[CASE]] if worker_id == ROSA else []
        hers += [self.cases.kept[ADAS_CASE]] if worker_id == ADA else []
        yield WhatIsHers(IT, hers, self.careers), self.work  # type: ignore[arg-type]

    def says(self, subject: Subject, grounds: str = "I worked there.", **changes: Any) -> RaiseDispute:
        return replace(RaiseDispute(self.new_id(), ROSA, subject, grounds), **changes)

    async def deliver(self) -> None:
        """What one has sent arrives at the other."""
        for me, work in self.flows.items():
            for message in work.sender.sent[self.delivered[me] :]:
                arrived = ArrivedMessage(
                    me, message.case_id, message.type, message.record, self.clock.now(), self.clock.now()
                )
                parts = self.flow_parts(message.recipient)
                await apply_flow_message(arrived, work=self.flows[message.recipient], parts=parts)
            self.delivered[me] = len(work.sender.sent)

    async def germany(self, flow_case_id: UUID, action: str, content: bytes) -> None:
        """A caseworker in Germany says something in the case, after what was sent has arrived; it comes back."""
        await self.deliver()
        self.clock.advance(timedelta(days=1))
        act = Act(self.new_id(), flow_case_id, action, content)
        await FlowUseCases(self.flow_parts(DE)).act(
            act, caller=Caller(DE, Role.CASEWORKER, "jonas"), work=self.flows[DE]
        )
        await self.deliver()


def status(outcome: str, reason: str = "", **more: str) -> bytes:
    number = careers.DisputeOutcome.Value(f"DISPUTE_OUTCOME_{outcome}")
    return careers.RecordDisputeStatus(outcome=number, reason=reason, **more).SerializeToString()

"""What an institution owes in a claim on a flow: the ports of cases filled from the flow, all on one connection."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.records_store import PostgresCareers, PostgresRegister
from portability.adapters.postgres.shares_store import PostgresShares
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.app.wiring.determiner import RatifiedRulesDeterminer
from portability.app.wiring.flows import FlowTransaction, flow_parts
from portability.app.wiring.parts import CaseParts, DirectoryOfInstitutions
from portability.app.wiring.reviews import JudgedRecords
from portability.services.access import Caller
from portability.services.cases.flow import Due
from portability.services.cases.shares.model import SaidDocument, SaidInCase
from portability.services.determination.treaties.in_force import RatifiedLaw
from portability.services.exchange.limits import USUAL, Limits
from portability.services.flows.definition import CASE, LIAISON_BODY, Flow
from portability.services.flows.desk import no_such_case
from portability.services.flows.engine import allowed, position, steps
from portability.services.flows.handlers import Act, FlowUseCases, StartCase
from portability.services.flows.model import CaseFile, InstitutionId, Party, Position, Step
from portability.services.flows.ports import FlowParts, FlowWork

__all__ = ["OldAgeFlow", "ShareTransaction", "ShownFlowCases", "said_on_flow", "share_unit_of_work"]


class ShownFlowCases:
    """FlowCases: what the engine makes of a case, and the use cases of flows to speak in it."""

    def __init__(self, work: FlowWork, parts: FlowParts) -> None:
        self._work = work
        self._parts = parts

    async def read(self, case_id: UUID, *, caller: Caller) -> SaidInCase:
        """One case, as far as it has effect."""
        case = await self._work.shelf.get(case_id, for_change=False)
        hidden = not caller.is_cleared and case_id in await self._work.protected.among([case_id])
        if case is None or hidden:
            raise no_such_case(case_id)
        return said_on_flow(case, self._parts)

    async def looked(self, case_id: UUID, *, caller: Caller) -> None:
        """Keep that the caller has read it, as every reading of a case on a flow."""
        await FlowUseCases(self._parts).get_case(case_id, caller=caller, work=self._work)

    async def say(
        self,
        case_id: UUID,
        action: str,
        content: bytes,
        *,
        caller: Caller,
        instead: Mapping[InstitutionId, bytes] = MappingProxyType({}),
    ) -> UUID:
        """Say one thing in a case; the command that brought it is carried out once, and so is this."""
        command = Act(self._parts.new_id(), case_id, action, content, instead=tuple(instead.items()))
        _, document_id = await FlowUseCases(self._parts).act(command, caller=caller, work=self._work)
        return document_id


class OldAgeFlow:
    """FlowOpening: the use cases of flows, in the transaction of the claim."""

    def __init__(self, work: FlowWork, parts: FlowParts) -> None:
        self._work = work
        self._parts = parts

    async def open(self, claim: bytes, *, roles: Mapping[InstitutionId, str], language: str, caller: Caller) -> UUID:
        """Open a case; the command that brought it is carried out once, and so is this."""
        parties = tuple(Party(one, role) for one, role in roles.items())
        command = StartCase(self._parts.new_id(), "old_age_claim", "lodge", parties, claim, language)
        view = await FlowUseCases(self._parts).start_case(command, caller=caller, work=self._work)
        return view.case.case_id


def said_on_flow(case: CaseFile, parts: FlowParts) -> SaidInCase:
    """What the engine makes of a case, in the words of claims. KeyError where its flow is not known here."""
    flow = parts.flows[case.flow_id, case.flow_version]
    found = position(flow, case.said)
    return SaidInCase(
        case_id=case.case_id,
        flow_id=case.flow_id,
        opened_by=found.owner,
        known_since=case.known_since,
        parties=tuple(
            (one.institution, one.agreement_id) for one in found.parties.values() if one.role != LIAISON_BODY
        ),
        documents=tuple(_with_effect(case, found)),
        why_not={one.action: one.why_not for one in allowed(flow, found, parts.me)},
        dues={
            (step.track, holder): _due(step)
            for step in steps(flow, found, now=parts.clock.now(), holidays=parts.holidays)
            for holder in step.holders
        },
        ended_at=_ended_at(flow, found),
    )


def _due(step: Step) -> Due:
    is_law = step.basis in ("law", "agreement")
    by_law_on, ask_again_on = (step.due_on, None) if is_law else (None, step.due_on)
    return Due(step.rule_id, step.citation, step.pace, by_law_on, ask_again_on)


def _ended_at(flow: Flow, found: Position) -> datetime | None:
    """When what the flow is for was settled, or else when the case was closed; None while it is open."""
    settled = [
        instance.since
        for (track, _), instance in found.instances.items()
        if flow.tracks[track].states[instance.state].settles
    ]
    closed = [] if found.is_open else [one.since for (track, _), one in found.instances.items() if track == CASE]
    return min(settled, default=None) or min(closed, default=None)


def _with_effect(case: CaseFile, found: Position) -> list[SaidDocument]:
    """The documents that have effect and whose place no later one has taken, in the order of the case."""
    kept = [one for one in case.documents if one.document.document_id in found.applied.keys() - found.superseded.keys()]
    return [
        SaidDocument(
            one.document.document_id,
            one.type,
            one.document.sender,
            one.document.to,
            one.document.at,
            one.content,
        )
        for one in sorted(kept, key=lambda one: one.document.order)
        if one.type
    ]


class ShareTransaction:
    """ShareWork on one connection. `limits`: what the node takes on."""

    def __init__(self, connection: Connection, parts: CaseParts, *, limits: Limits = USUAL) -> None:
        flows = FlowTransaction(connection, parts, limits=limits)
        treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self.flow = ShownFlowCases(flows, flow_parts(parts))
        self.opening = OldAgeFlow(flows, flow_parts(parts))
        self.shares = PostgresShares(connection, parts.at_rest)
        self.accounts = PostgresRegister(connection, parts.at_rest)
        self.careers = PostgresCareers(connection, parts.at_rest)
        self.reviews = JudgedRecords(connection, parts)
        self.commands = flows.commands
        self.directory = DirectoryOfInstitutions(parts.directory, treaty_work, parts.treaties)
        self.determiner = RatifiedRulesDeterminer(RatifiedLaw(lambda: nullcontext(treaty_work), parts.treaties))


def share_unit_of_work(
    database: Database, parts: CaseParts, *, limits: Limits = USUAL
) -> Callable[[], AbstractAsyncContextManager[ShareTransaction]]:
    """Opens a transaction of shares; a step that would send more than the node takes on is refused as a whole."""

    @asynccontextmanager
    async def work() -> AsyncIterator[ShareTransaction]:
        async with database.transaction() as connection:
            yield ShareTransaction(connection, parts, limits=limits)

    return work

"""What another institution holds is disputed in a case of the flow F12; what was wrong here is told in one of F10."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from portability.agreements.errors import InputError
from portability.services.access import Caller, Role
from portability.services.flows.engine import position, steps
from portability.services.flows.handlers import FlowUseCases, StartCase
from portability.services.flows.model import CaseFile, InstitutionId, Party, Position, Step, state_of
from portability.services.flows.ports import FlowParts, FlowWork
from portability.services.workers.disputes.mapping import (
    read_correction,
    read_dispute_status,
    write_between_institutions,
    write_upheld,
)
from portability.services.workers.disputes.model import Answer, Dispute, Held, Holds, Progress, Standing
from portability.services.workers.ports import WorkerCases

__all__ = ["FlowElsewhere"]

FLOW = "dispute"
CHANGE = "change_of_circumstances"
CHANNEL = "workers-channel"  # who opens the case: the worker's own request, not a person of the institution
_ANSWERS = {"correct", "look_again", "refuse"}


class FlowElsewhere:
    """Elsewhere, in one transaction of flows; to open a case it must be the node's own."""

    def __init__(self, work: FlowWork, links: WorkerCases, flows: FlowParts) -> None:
        self._work = work
        self._links = links
        self._flows = flows

    async def open(self, dispute: Dispute, held: Held, *, language: str) -> UUID:
        """Open the case; it is the worker's, and protected where hers is."""
        parties = (
            Party(self._flows.me, "disputing_institution"),
            Party(held.holder, "issuing_institution"),
            *(Party(one, "dependent_institution") for one in held.dependents),
        )
        content = write_between_institutions(dispute)
        start = StartCase(dispute.dispute_id, FLOW, FLOW, parties, content, language)
        return await self._start(start, dispute, of_case=held.case_id, by=CHANNEL)

    async def tell(self, dispute: Dispute, others: Sequence[InstitutionId]) -> UUID | None:
        """Open a case of the flow F10 with those of the others that an agreement binds to us; None: there are none."""
        me, answer = self._flows.me, dispute.answer
        bound = [one for one in others if one != me and await self._is_bound(one)]
        if answer is None or not bound:
            return None
        parties = (Party(me, "telling_institution"), *(Party(one, "concerned_institution") for one in bound))
        start = StartCase(self._flows.new_id(), CHANGE, "notify", parties, write_upheld(dispute))
        return await self._start(start, dispute, of_case=dispute.case_id, by=answer.by)

    async def _start(self, start: StartCase, dispute: Dispute, *, of_case: UUID, by: str) -> UUID:
        hidden = bool(await self._work.protected.among([of_case]))
        # Opening shows the case to who opens it: of a protected person that takes the role of who is cleared.
        role = Role.CLEARED_CASEWORKER if hidden else Role.SYSTEM if by == CHANNEL else Role.CASEWORKER
        view = await FlowUseCases(self._flows).start_case(
            replace(start, is_protected=hidden), caller=Caller(self._flows.me, role, by), work=self._work
        )
        await self._links.link(dispute.worker_id, view.case.case_id)
        return view.case.case_id

    async def _is_bound(self, institution: InstitutionId) -> bool:
        mine, other = state_of(self._flows.me), state_of(institution)
        on = self._flows.clock.now().date()
        if mine == other:
            return True
        (branch,) = {one.branch for one in self._flows.flows.values() if one.flow == CHANGE}
        return bool(await self._work.agreements.agreement_between(mine, other, branch=branch, on=on))

    async def progress(self, flow_case_id: UUID) -> Progress | None:
        """What the documents of the case add up to."""
        case = await self._work.shelf.get(flow_case_id, for_change=False)
        if case is None:
            return None
        flow = self._flows.flows[case.flow_id, case.flow_version]
        found = position(flow, case.said)
        shown = steps(flow, found, now=self._flows.clock.now(), holidays=self._flows.holidays)
        step = next((one for one in shown if one.track == FLOW), None)
        return _progress(case, found, step, shown) if step else None


def _progress(case: CaseFile, found: Position, step: Step, shown: Sequence[Step]) -> Progress:
    standing = Standing(step.state)
    return Progress(
        standing=standing,
        since=step.since,
        due_on=step.due_on if standing.is_open else None,
        citation=step.citation if step.basis == "law" else None,
        answer=None if standing.is_open else _answer(case, found, upheld=standing is Standing.UPHELD),
        to_review=tuple(one for each in shown if each.track == "recalculation" for one in each.holders),
    )


def _answer(case: CaseFile, found: Position, *, upheld: bool) -> Answer | None:
    said = [
        one for one in case.documents if one.document.action in _ANSWERS and one.document.document_id in found.applied
    ]
    if not said:
        return None
    last = said[-1]
    status = last.type == "record.dispute.status"
    reason, by, remedy = read_dispute_status(last.content) if status else ("", "", "")
    holds = _holds(last.content) if last.type == "record.correction" else ()
    return Answer(upheld, last.document.at, by or last.document.sender, reason, remedy, holds)


def _holds(content: bytes) -> tuple[Holds, ...]:
    try:
        return read_correction(content)
    except InputError:  # it upholds the dispute all the same; what was written badly says nothing more to her
        return ()

"""Her matters, taken from the cases of this node that run on flows; whose case it is was said when it was linked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from portability.app.worker_views import Names, named_institution, seen
from portability.services.cases.ports import ClaimCases
from portability.services.cases.shares.showing import SHOWN_TRACKS
from portability.services.flows.definition import Flow
from portability.services.flows.engine import position, steps
from portability.services.flows.model import CaseFile, Step, case_reference
from portability.services.flows.ports import CaseShelf, FlowParts
from portability.services.looking import LookBook
from portability.services.workers.matters.model import MatterStep, MatterView, task_of
from portability.services.workers.ports import WorkerCases
from portability.services.workers.views import Due

__all__ = ["NodeMatters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMatters:
    """MyMatters over the stores of one transaction. `narrow` lets the database show what is hers and nothing else."""

    links: WorkerCases
    claims: ClaimCases
    shelf: CaseShelf
    looks: LookBook
    flows: FlowParts
    names: Names
    narrow: Callable[[UUID], Awaitable[None]] | None = None

    async def matters_of(self, worker_id: UUID) -> Sequence[MatterView]:
        """Every case that is linked to her and runs on a flow; of a claim, what is awaited beside its own steps."""
        if self.narrow is not None:
            await self.narrow(worker_id)
        found = [await self._matter(one, worker_id) for one in await self.links.case_ids_of(worker_id)]
        return [one for one in found if one is not None]

    async def matter_of(self, worker_id: UUID, case_id: UUID) -> MatterView | None:
        """The one of them with this id, and who looked at it here."""
        found = [one for one in await self.matters_of(worker_id) if one.case_id == case_id]
        if not found:
            return None
        me = named_institution(self.flows.me, self.names)
        seen_by = tuple(seen(look, me) for look in await self.looks.of([case_id]))
        return replace(found[0], seen_by=seen_by)

    async def _matter(self, case_id: UUID, worker_id: UUID) -> MatterView | None:
        case = await self.shelf.get(case_id, for_change=False)
        flow = self.flows.flows.get((case.flow_id, case.flow_version)) if case else None
        if case is None or flow is None:
            return None
        if await self.claims.get(case_id) is None:
            return self._view(case, flow, worker_id)
        beside = self._view(case, flow, worker_id, left_out=SHOWN_TRACKS)
        return beside if beside.steps else None

    def _view(
        self, case: CaseFile, flow: Flow, worker_id: UUID, *, left_out: frozenset[str] = frozenset()
    ) -> MatterView:
        found = position(flow, case.said)
        shown = steps(flow, found, now=self.flows.clock.now(), holidays=self.flows.holidays)
        begun = min((one.at for one in case.said), default=case.known_since)
        owner = found.owner or self.flows.me
        return MatterView(
            case_id=case.case_id,
            worker_id=worker_id,
            reference=case_reference(case.case_id, owner),
            kind=case.flow_id,
            begun_by=named_institution(owner, self.names),
            begun_at=begun,
            is_open=found.is_open,
            moved_at=max((one.at for one in case.said), default=None),
            steps=tuple(
                self._step(case.flow_id, one, holder)
                for one in shown
                if one.track not in left_out
                for holder in one.holders
            ),
        )

    def _step(self, kind: str, step: Step, holder: str) -> MatterStep:
        is_law = step.basis in ("law", "agreement")
        due = Due(
            step.citation,
            by_law_on=step.due_on if is_law else None,
            expected_on=None if is_law else step.due_on,
        )
        task = task_of(kind, step.track, step.state)
        return MatterStep(named_institution(holder, self.names), task, step.since, due if step.due_on else None)

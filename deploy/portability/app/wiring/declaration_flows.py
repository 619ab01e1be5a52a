"""Time that a worker declares is asked about, where she lets us, in a case of the flow F14 (883/2004 Art. 76(4))."""

from collections.abc import Callable
from uuid import UUID

from portability.agreements.values import Branch
from portability.services.access import Caller, Role
from portability.services.cases.model import state_of
from portability.services.cases.ports import ClaimCases
from portability.services.flows.engine import position
from portability.services.flows.handlers import FlowUseCases, StartCase
from portability.services.flows.model import Party
from portability.services.flows.ports import FlowParts, FlowWork
from portability.services.registry.model import Directory
from portability.services.workers.declarations.mapping import write_between_institutions
from portability.services.workers.declarations.model import Declaration, Progress, Standing
from portability.services.workers.ports import WorkerCases

__all__ = ["FlowAsking"]

FLOW = "trace"
CHANNEL = "workers-channel"  # who opens the case: the worker's own request, not a person of the institution


class FlowAsking:
    """Elsewhere, in one transaction of flows; to open a case it must be the node's own."""

    def __init__(
        self,
        work: FlowWork,
        links: WorkerCases,
        claims: ClaimCases,
        flows: FlowParts,
        *,
        directory: Callable[[], Directory],
    ) -> None:
        self._work = work
        self._links = links
        self._claims = claims
        self._flows = flows
        self._directory = directory

    async def ask(self, declaration: Declaration, *, language: str) -> tuple[str, UUID] | None:
        """Open the case with the one institution that is competent there; she sees it among her own."""
        asked = await self._whom(declaration)
        claim = await self._claims.get(declaration.case_id)
        if asked is None or claim is None:
            return None
        me, person = self._flows.me, claim.case.claim.person
        content = write_between_institutions(
            declaration,
            names=(person.family_name, person.given_names),
            birth_date=person.birth_date,
            identifiers=person.identifiers,
        )
        parties = (Party(me, "asking_institution"), Party(asked, "asked_institution"))
        view = await FlowUseCases(self._flows).start_case(
            StartCase(declaration.declaration_id, FLOW, "ask", parties, content, language),
            caller=Caller(me, Role.SYSTEM, CHANNEL),
            work=self._work,
        )
        await self._links.link(declaration.worker_id, view.case.case_id)
        return asked, view.case.case_id

    async def progress(self, declaration: Declaration) -> Progress | None:
        """What the documents of the case add up to."""
        if declaration.flow_case_id is None:
            return None
        case = await self._work.shelf.get(declaration.flow_case_id, for_change=False)
        if case is None:
            return None
        found = position(self._flows.flows[case.flow_id, case.flow_version], case.said)
        answers = [one for (track, _), one in found.instances.items() if track == "answer"]
        return Progress(Standing(answers[0].state), answers[0].since) if answers else None

    async def _whom(self, declaration: Declaration) -> str | None:
        """None where the state is our own, has no single institution for it, or no agreement binds."""
        mine, today = state_of(self._flows.me), self._flows.clock.now().date()
        found = self._directory().competent(declaration.state, Branch.OLD_AGE, today)
        if declaration.state == mine or len(found) != 1:
            return None
        agreement = await self._work.agreements.agreement_between(
            mine, declaration.state, branch=Branch.OLD_AGE, on=today
        )
        return found[0].institution_id if agreement else None

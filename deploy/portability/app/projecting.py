"""Projections by the rules in force at this node: the question of a determination, with one fact changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.agreements.calendar_months import months_after
from portability.agreements.errors import AgreementError, DeterminationError, InputError
from portability.agreements.values import StateCode
from portability.app.wiring.cases import CaseTransaction
from portability.app.wiring.claims import node_claims
from portability.app.wiring.parts import CaseParts
from portability.app.worker_views import Names, named_institution, why_step
from portability.services.cases.commands import Determine
from portability.services.cases.desk import Desk
from portability.services.cases.determining import question_for
from portability.services.cases.model import Case
from portability.services.cases.ports import CaseWork, DeterminationQuestion
from portability.services.workers.projections.model import Projected, Projection, Scenario, WhatIf
from portability.services.workers.views import Frequency

__all__ = ["NodeProjector", "project_case", "question_if"]


@dataclass(frozen=True, slots=True)
class NodeProjector:
    """Projector. Which cases are hers is asked under her own fence; the rules are then applied as the node's work."""

    database: Database
    parts: CaseParts
    names: Names

    async def project(self, worker_id: UUID, scenario: Scenario) -> Sequence[Projection]:
        """One for each of her cases in which this institution determines."""
        cases = await self._hers(worker_id)
        if scenario.state and scenario.state not in _states(cases):
            raise InputError(f"No case of yours is in {scenario.state}: choose a country of your cases.", field="state")
        async with self.database.transaction(acting="node") as connection:
            work = CaseTransaction(connection, self.parts)
            return [await self._one(case, worker_id, scenario, work) for case in cases]

    async def states_of(self, worker_id: UUID) -> Sequence[StateCode]:
        """The countries of her cases but the one she lives in."""
        return sorted(_states(await self._hers(worker_id)))

    async def _hers(self, worker_id: UUID) -> list[Case]:
        async with self.database.transaction() as connection:
            await narrow_to_worker(connection, worker_id)
            claims = node_claims(connection, self.parts)
            ids = await PostgresWorkerCases(connection).case_ids_of(worker_id)
            found = [await claims.get(one) for one in ids]
        return [one.case for one in found if one is not None]

    async def _one(self, case: Case, worker_id: UUID, scenario: Scenario, work: CaseWork) -> Projection:
        desk = Desk(work=work, me=self.parts.me, now=self.parts.clock.now(), new_id=self.parts.new_id)
        return await project_case(case, worker_id, scenario, desk=desk, names=self.names)


async def project_case(case: Case, worker_id: UUID, scenario: Scenario, *, desk: Desk, names: Names) -> Projection:
    """What our rules give for a case with one fact changed; unknown where the law as encoded gives no answer."""
    decided = case.determination
    award_on = decided.award_on if decided else case.claim.award_on
    asked = Determine(case.case_id, case.case_id, decided.risk_materialised_on if decided else award_on, award_on)
    question = question_if(await question_for(case, asked, desk=desk), scenario)
    made = Projection(
        case_id=case.case_id,
        worker_id=worker_id,
        reference=case.reference,
        institution=named_institution(desk.me, names),
        award_on=question.award_on,
        is_known=False,
    )
    try:
        answer = await desk.work.determiner.determine(question)
    except (DeterminationError, AgreementError):
        return made
    benefits = tuple(Projected(one.scheme, one.award, Frequency(one.frequency.value)) for one in answer.benefits)
    return replace(made, is_known=True, benefits=benefits, why=tuple(why_step(one) for one in answer.explanation))


def question_if(question: DeterminationQuestion, scenario: Scenario) -> DeterminationQuestion:
    """The question with one fact changed.

    An amount that the institution has worked out itself holds for the day for which it did: for another day it is
    left out, and where the rules need it they give no answer.
    """
    match scenario.what:
        case WhatIf.TODAY:
            return question
        case WhatIf.MOVED:
            return replace(question, residence_state=scenario.state)
        case WhatIf.LATER:
            months = 12 * scenario.years
            return replace(
                question,
                award_on=months_after(question.award_on, months),
                risk_materialised_on=months_after(question.risk_materialised_on, months),
                national_answers={},
            )


def _states(cases: Sequence[Case]) -> set[StateCode]:
    named = {one.state for case in cases for one in case.participants}
    return named - {case.claim.person.residence_state for case in cases}

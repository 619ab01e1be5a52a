"""Projections by the rules in force at this node: the question of a determination, with one fact changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.agreements.calendar_months import months_after
from portability.agreements.errors import AgreementError, DeterminationError, InputError
from portability.agreements.values import StateCode
from portability.app.wiring.claims import node_claims
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.shares import ShareTransaction
from portability.app.worker_views import Names, named_institution, why_step
from portability.services.cases.commands import Determine
from portability.services.cases.determining import Facts, question_for
from portability.services.cases.model import Case, InstitutionId
from portability.services.cases.ports import DeterminationQuestion, Determiner
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
            work, me = ShareTransaction(connection, self.parts), self.parts.me
            return [await project_case(one, worker_id, scenario, me=me, work=work, names=self.names) for one in cases]

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


class ProjectionWork(Facts, Protocol):
    """What a claim is determined from, and who applies the rules."""

    @property
    def determiner(self) -> Determiner: ...


async def project_case(
    case: Case, worker_id: UUID, scenario: Scenario, *, me: InstitutionId, work: ProjectionWork, names: Names
) -> Projection:
    """What our rules give for a case with one fact changed; unknown where the law as encoded gives no answer."""
    decided = case.determination
    award_on = decided.award_on if decided else case.claim.award_on
    asked = Determine(case.case_id, case.case_id, decided.risk_materialised_on if decided else award_on, award_on)
    question = question_if(await question_for(case, asked, me=me, work=work), scenario)
    made = Projection(
        case_id=case.case_id,
        worker_id=worker_id,
        reference=case.reference,
        institution=named_institution(me, names),
        award_on=question.award_on,
        is_known=False,
    )
    try:
        answer = await work.determiner.determine(question)
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

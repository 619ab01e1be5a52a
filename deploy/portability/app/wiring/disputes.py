"""Disputes on the node's database; what another institution holds goes to it as a case of the flow F12."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.disputes_store import PostgresCaseChanges, PostgresDisputes
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCareers, PostgresCommands
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.app.wiring.claims import node_claims
from portability.app.wiring.dispute_flows import FlowElsewhere
from portability.app.wiring.flows import FlowTransaction, flow_parts
from portability.app.wiring.parts import CaseParts
from portability.services.cases.model import Case
from portability.services.cases.ports import CareerBook
from portability.services.workers.disputes.desk import DisputeDesk
from portability.services.workers.disputes.handlers import DisputeUseCases
from portability.services.workers.disputes.model import Held, Matter, Subject

__all__ = ["DisputeTransaction", "WhatIsHers", "dispute_desk", "dispute_use_cases"]


class DisputeTransaction:
    """DisputeWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.book = PostgresDisputes(connection, parts.at_rest)
        self.elsewhere = FlowElsewhere(
            FlowTransaction(connection, parts), PostgresWorkerCases(connection), flow_parts(parts)
        )
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)
        self.acts = PostgresActs(connection, parts.at_rest)
        self.changes = PostgresCaseChanges(connection, me=parts.me, new_id=parts.new_id)
        self.decisions = CaseDecisions(connection, parts)

    @property
    def queue(self) -> PostgresDisputes:
        return self.book


class CaseDecisions:
    """Decisions of a case as this node knows them."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self._me = parts.me
        self._claims = node_claims(connection, parts)

    async def of_case(self, case_id: UUID) -> Sequence[tuple[str, str]]:
        """Id and institution of each."""
        found = await self._claims.get(case_id)
        return [(str(one.decision_id), one.institution) for one in found.case.decisions] if found else []

    async def others(self, case_id: UUID) -> Sequence[str]:
        """The other institutions of a case."""
        found = await self._claims.get(case_id)
        if found is None:
            return []
        return sorted({found.case.contact, *(one.institution for one in found.case.participants)} - {self._me})


@dataclass(frozen=True, slots=True)
class WhatIsHers:
    """Hers: over her own cases, on a connection that sees nothing else."""

    me: str
    cases: Sequence[Case]
    careers: CareerBook

    async def case_ids(self) -> Sequence[UUID]:
        """Her cases."""
        return [case.case_id for case in self.cases]

    async def held(self, subject: Subject) -> Held | None:
        """Who answers for what she disputes: the newest case that has it."""
        for case in sorted(self.cases, key=lambda one: (one.known_since, one.case_id), reverse=True):
            holder = await self._holder(case, subject)
            if holder:
                others = {one.institution for one in case.decisions} - {holder, self.me}
                return Held(case.case_id, holder, tuple(sorted(others)))
        return None

    async def _holder(self, case: Case, subject: Subject) -> str:
        match subject.matter:
            case Matter.PERIOD:
                records = [one for one in await self.careers.of_case(case.case_id) if one.state == subject.state]
                found = [one for one in records if subject.about in {each.period.period_id for each in one.periods}]
                return (found[0].institution or self.me) if found else ""
            case Matter.DECISION:
                made = [one for one in case.decisions if str(one.decision_id) == subject.about]
                return made[0].institution if made else ""
            case Matter.MISSING:
                asked = [one.institution for one in case.participants if one.state == subject.state]
                return asked[0] if asked else self.me
            case Matter.DETAILS:
                return case.contact


def dispute_use_cases(database: Database, parts: CaseParts) -> DisputeUseCases:
    """The worker's side on the node's database."""

    @asynccontextmanager
    async def of_worker(worker_id: UUID) -> AsyncIterator[tuple[WhatIsHers, DisputeTransaction]]:
        async with database.transaction() as connection:
            await narrow_to_worker(connection, worker_id)
            claims, links = node_claims(connection, parts), PostgresWorkerCases(connection)
            found = [await claims.get(one) for one in await links.case_ids_of(worker_id)]
            hers = [one.case for one in found if one is not None]
            yield (
                WhatIsHers(parts.me, hers, PostgresCareers(connection, parts.at_rest)),
                DisputeTransaction(connection, parts),
            )

    return DisputeUseCases(
        me=parts.me,
        of_worker=of_worker,
        work=_work(database, parts, acting="node"),
        clock=parts.clock,
        new_id=parts.new_id,
    )


def dispute_desk(database: Database, parts: CaseParts) -> DisputeDesk:
    """The institution's side."""
    return DisputeDesk(
        work=_work(database, parts),
        acting=_work(database, parts, acting="node"),
        clock=parts.clock,
        new_id=parts.new_id,
    )


def _work(
    database: Database, parts: CaseParts, *, acting: str = ""
) -> Callable[[], AbstractAsyncContextManager[DisputeTransaction]]:
    @asynccontextmanager
    async def work() -> AsyncIterator[DisputeTransaction]:
        async with database.transaction(acting=acting) as connection:
            yield DisputeTransaction(connection, parts)

    return work

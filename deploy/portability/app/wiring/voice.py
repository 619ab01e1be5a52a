"""What workers say of closed cases, on the node's database."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCommands
from portability.adapters.postgres.voices_store import PostgresFigures, PostgresVoices
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.app.wiring.claims import node_claims
from portability.app.wiring.flows import flow_parts
from portability.app.wiring.parts import CaseParts
from portability.services.cases.claims import ClaimCase
from portability.services.flows.definition import CASE, Flow
from portability.services.flows.engine import position
from portability.services.flows.model import CaseFile
from portability.services.workers.voice.handlers import VoiceDesk, VoiceUseCases, questions_of
from portability.services.workers.voice.model import Group, MyCase

__all__ = ["NodeQuestions", "VoiceTransaction", "voice_desk", "voice_use_cases"]


class VoiceTransaction:
    """VoiceWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.book = PostgresVoices(connection, parts.at_rest)
        self.figures = PostgresFigures(connection)
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)

    @property
    def words(self) -> PostgresVoices:
        return self.book


@dataclass(frozen=True, slots=True)
class CasesOfWorker:
    """MyCases, on a connection that sees nothing else."""

    connection: Connection
    parts: CaseParts
    worker_id: UUID

    async def cases(self) -> Sequence[MyCase]:
        """Her claims, and her cases on flows."""
        claims = node_claims(self.connection, self.parts)
        shelf = PostgresShelf(self.connection, self.parts.at_rest)
        flows = flow_parts(self.parts).flows
        found = []
        for case_id in await PostgresWorkerCases(self.connection).case_ids_of(self.worker_id):
            claim = await claims.get(case_id)
            file = None if claim else await shelf.get(case_id, for_change=False)
            flow = flows.get((file.flow_id, file.flow_version)) if file else None
            if claim is not None:
                found.append(_of_claim(claim))
            elif file is not None and flow is not None:
                found.append(_of_flow(file, flow))
        return found


@dataclass(frozen=True, slots=True)
class NodeQuestions:
    """MyQuestions, in a transaction that sees what is hers from then on."""

    connection: Connection
    parts: CaseParts

    async def of(self, worker_id: UUID) -> Sequence[tuple[MyCase, bool]]:
        """Her closed cases, and whether she has said how each went."""
        await narrow_to_worker(self.connection, worker_id)
        hers = CasesOfWorker(self.connection, self.parts, worker_id)
        return await questions_of(hers, PostgresVoices(self.connection, self.parts.at_rest))


def _of_claim(claim: ClaimCase) -> MyCase:
    case = claim.case
    agreements = {one.agreement_id for one in case.participants if one.agreement_id}
    group = Group(tuple(sorted(agreements)), f"{case.branch}_claim")
    return MyCase(case.case_id, f"branch.{case.branch}", group, is_closed=claim.ended_at is not None)


def _of_flow(file: CaseFile, flow: Flow) -> MyCase:
    found = position(flow, file.said)
    agreements = {one.agreement_id for one in found.parties.values() if one.agreement_id}
    group = Group(tuple(sorted(agreements)), file.flow_id)
    return MyCase(
        file.case_id, f"matter.{file.flow_id}", group, is_closed=(CASE, "") in found.instances and not found.is_open
    )


def voice_use_cases(database: Database, parts: CaseParts, *, minimum: int) -> VoiceUseCases:
    """The worker's side on the node's database."""

    @asynccontextmanager
    async def of_worker(worker_id: UUID) -> AsyncIterator[tuple[CasesOfWorker, VoiceTransaction]]:
        async with database.transaction() as connection:
            await narrow_to_worker(connection, worker_id)
            yield CasesOfWorker(connection, parts, worker_id), VoiceTransaction(connection, parts)

    return VoiceUseCases(
        of_worker=of_worker, work=_work(database, parts, acting="node"), clock=parts.clock, minimum=minimum
    )


def voice_desk(database: Database, parts: CaseParts, *, minimum: int) -> VoiceDesk:
    """The institution's side."""
    return VoiceDesk(work=_work(database, parts), clock=parts.clock, new_id=parts.new_id, minimum=minimum)


def _work(
    database: Database, parts: CaseParts, *, acting: str = ""
) -> Callable[[], AbstractAsyncContextManager[VoiceTransaction]]:
    @asynccontextmanager
    async def work() -> AsyncIterator[VoiceTransaction]:
        async with database.transaction(acting=acting) as connection:
            yield VoiceTransaction(connection, parts)

    return work

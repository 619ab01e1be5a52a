"""Declarations on the node's database; the institution of a state is asked about them as a case of the flow F14."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.declarations_store import PostgresDeclarations, PostgresPapers
from portability.adapters.postgres.disputes_store import PostgresCaseChanges
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCommands
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.adapters.workers.pdf_process import PdfInItsOwnProcess
from portability.app.wiring.claims import node_claims
from portability.app.wiring.declaration_flows import FlowAsking
from portability.app.wiring.flows import FlowTransaction, flow_parts
from portability.app.wiring.parts import CaseParts
from portability.services.cases.ports import ClaimCases
from portability.services.workers.declarations.desk import DeclarationDesk
from portability.services.workers.declarations.handlers import DeclarationUseCases
from portability.services.workers.ports import WorkerCases

__all__ = ["ClaimsOfHers", "declaration_desk", "declaration_use_cases"]


class ClaimsOfHers:
    """HerCases: claims before what else runs on a flow, the newest first."""

    def __init__(self, links: WorkerCases, claims: ClaimCases) -> None:
        self._links = links
        self._claims = claims

    async def ids_of(self, worker_id: UUID) -> Sequence[UUID]:
        """Her cases here; empty where she has made no claim."""
        ids = await self._links.case_ids_of(worker_id)
        claims = [found.case for one in ids if (found := await self._claims.get(one)) is not None]
        newest = sorted(claims, key=lambda case: (case.known_since, case.case_id), reverse=True)
        first = [case.case_id for case in newest]
        return [*first, *(one for one in ids if one not in first)] if first else []


class DeclarationTransaction:
    """DeclarationWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        links, claims = PostgresWorkerCases(connection), node_claims(connection, parts)
        self.book = PostgresDeclarations(connection, parts.at_rest)
        self.papers = PostgresPapers(connection, parts.at_rest)
        self.cases = ClaimsOfHers(links, claims)
        self.elsewhere = FlowAsking(
            FlowTransaction(connection, parts), links, claims, flow_parts(parts), directory=parts.directory
        )
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)
        self.acts = PostgresActs(connection, parts.at_rest)
        self.changes = PostgresCaseChanges(connection, me=parts.me, new_id=parts.new_id)

    @property
    def queue(self) -> PostgresDeclarations:
        return self.book


def declaration_use_cases(database: Database, parts: CaseParts) -> DeclarationUseCases:
    """The worker's side on the node's database."""
    work = _work(database, parts, acting="node")
    return DeclarationUseCases(
        me=parts.me, work=work, clock=parts.clock, new_id=parts.new_id, pdfs=PdfInItsOwnProcess()
    )


def declaration_desk(database: Database, parts: CaseParts) -> DeclarationDesk:
    """The institution's side."""
    return DeclarationDesk(
        work=_work(database, parts),
        acting=_work(database, parts, acting="node"),
        clock=parts.clock,
        new_id=parts.new_id,
    )


def _work(
    database: Database, parts: CaseParts, *, acting: str = ""
) -> Callable[[], AbstractAsyncContextManager[DeclarationTransaction]]:
    @asynccontextmanager
    async def work() -> AsyncIterator[DeclarationTransaction]:
        async with database.transaction(acting=acting) as connection:
            yield DeclarationTransaction(connection, parts)

    return work

"""Who is on file for the worker's page and what she sent there, as erasing needs it, in PostgreSQL."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents
from portability.adapters.postgres.whose_store import PostgresWhose
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.services.privacy.model import ItemKind, PersonItem
from portability.services.workers.claims.model import SentClaim
from portability.services.workers.model import insurance_number as comparable
from portability.services.workers.model import parse_contact

__all__ = ["PostgresOnFile"]

_HERS: Final = "{table}.worker_id = ANY(%(workers)s) OR {table}.case_id = ANY(%(cases)s) ORDER BY {id}"
_CLAIMS: Final = (
    "SELECT claim_id, claims_sent.worker_id, case_id, waits, workers.worker_id IS NOT NULL, claims_sent.document "
    "FROM claims_sent LEFT JOIN workers USING (worker_id) WHERE " + _HERS.format(table="claims_sent", id="claim_id")
)
_DECLARATIONS: Final = (
    "SELECT declaration_id, declarations.worker_id, case_id, waits_for_us, workers.worker_id IS NOT NULL "
    "FROM declarations LEFT JOIN workers USING (worker_id) WHERE "
    + _HERS.format(table="declarations", id="declaration_id")
)


class PostgresOnFile:
    """OnFile."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest
        self._workers = PostgresWorkers(connection, at_rest)
        self._links = PostgresWorkerCases(connection)
        self._whose = PostgresWhose(connection, at_rest)

    async def find(self, contact: str, insurance_number: str) -> UUID | None:
        """The one worker with this contact and number. Raises InputError for what is no contact."""
        number = comparable(insurance_number)
        found = await self._workers.find(parse_contact(contact), insurance_number=number) if number else None
        return found.worker_id if found else None

    async def cases_of(self, worker_id: UUID) -> Sequence[UUID] | None:
        """Cases that are linked to her file, and those that have a number with one of them in common."""
        held = await self._connection.execute("SELECT 1 FROM workers WHERE worker_id = %s FOR UPDATE", (worker_id,))
        if held.rowcount != 1 and not await self.items_of(workers=[worker_id], cases=[]):
            return None
        linked = await self._links.case_ids_of(worker_id)
        return sorted({one for case_id in linked for one in (await self._whose.scopes_of(case_id)).cases})

    async def items_of(self, *, workers: Sequence[UUID], cases: Sequence[UUID]) -> Sequence[PersonItem]:
        """Claims and declarations; when a claim was refused stands sealed in it alone."""
        given = {"workers": list(workers), "cases": list(cases)}
        claims = await (await self._connection.execute(_CLAIMS.encode(), given, binary=True)).fetchall()
        opened = await open_documents(self._at_rest, SentClaim, [(row[0], row[-1]) for row in claims])
        declared = await (await self._connection.execute(_DECLARATIONS.encode(), given, binary=True)).fetchall()
        return [
            *(
                PersonItem(scope, ItemKind.CLAIM, worker_id, case_id, waits, _refused_on(claim), is_on_file)
                for (scope, worker_id, case_id, waits, is_on_file, _), claim in zip(claims, opened, strict=True)
            ),
            *(
                PersonItem(scope, ItemKind.DECLARATION, worker_id, case_id, waits, is_on_file=is_on_file)
                for scope, worker_id, case_id, waits, is_on_file in declared
            ),
        ]


def _refused_on(claim: SentClaim | None) -> date | None:
    if claim is None or claim.case_id is not None or claim.answer is None:
        return None
    return claim.answer.at.date()

"""Mandates in PostgreSQL, within the caller's transaction, sealed by the worker's key."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.looks import PostgresLooks
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.services.workers.mandates.model import Mandate, company_look
from portability.services.workers.model import Contact

__all__ = ["PostgresCompanyLog", "PostgresMandates"]

IN_FORCE = (
    "SELECT worker_id, document FROM mandates AS mandate JOIN workers AS worker USING (worker_id) "
    "WHERE mandate.contact = %s AND starts_at <= %s AND ends_at > %s AND revoked_at IS NULL "
    "AND (%s = '' OR %s = ANY (insurance_numbers)) LIMIT 2"
).replace("document", "mandate.document")


class PostgresMandates:
    """MandateBook and Representatives. A representative is found by the keyed hash of her contact."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, mandate: Mandate) -> None:
        """Keep a mandate, or its end."""
        (document,) = await seal_documents(self._at_rest, [(mandate.worker_id, mandate)])
        contact = mandate.contact
        await self._connection.execute(
            """
            INSERT INTO mandates (mandate_id, worker_id, contact, starts_at, ends_at, revoked_at, document)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (mandate_id) DO UPDATE SET revoked_at = excluded.revoked_at, document = excluded.document
            """,
            (
                mandate.mandate_id,
                mandate.worker_id,
                self._at_rest.hidden("contact", contact.kind.value, contact.value) if contact else None,
                mandate.starts_at,
                mandate.ends_at,
                mandate.revoked_at,
                document,
            ),
        )

    async def of_worker(self, worker_id: UUID) -> Sequence[Mandate]:
        """The newest first."""
        return await self._read(
            "SELECT worker_id, document FROM mandates WHERE worker_id = %s ORDER BY mandate_id DESC", (worker_id,)
        )

    async def find(self, contact: Contact, *, insurance_number: str, at: datetime) -> Mandate | None:
        """The one in force; None for none and for several."""
        hidden = self._at_rest.hidden("contact", contact.kind.value, contact.value)
        number = self._at_rest.hidden("number", insurance_number)
        found = await self._read(IN_FORCE, (hidden, at, at, insurance_number, number))
        return found[0] if len(found) == 1 else None

    async def of_session(self, token_hash: bytes) -> Mandate | None:
        """The mandate under which a session runs."""
        found = await self._read(
            "SELECT mandate.worker_id, mandate.document FROM mandates AS mandate "
            "JOIN worker_sessions USING (mandate_id) WHERE token_hash = %s",
            (token_hash,),
        )
        return found[0] if found else None

    async def _read(self, query: str, given: tuple[object, ...]) -> list[Mandate]:
        found = await self._connection.execute(query.encode(), given, binary=True)
        opened = await open_documents(self._at_rest, Mandate, await found.fetchall())
        return [one for one in opened if one is not None]


class PostgresCompanyLog:
    """CompanyLog: looks at her cases, by the name of who looks with her or for her."""

    def __init__(self, connection: Connection, at_rest: AtRest, *, new_id: Callable[[], UUID]) -> None:
        self._cases = PostgresWorkerCases(connection)
        self._looks = PostgresLooks(connection, at_rest)
        self._new_id = new_id

    async def note(self, mandate: Mandate, *, at: datetime) -> None:
        """One look at each of her cases."""
        case_ids = await self._cases.case_ids_of(mandate.worker_id)
        await self._looks.add([company_look(self._new_id(), case_id, mandate, at=at) for case_id in case_ids])

"""Declarations in PostgreSQL, within the caller's transaction, each sealed with its papers by a key of its own."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.workers_store import hold_worker
from portability.services.workers.declarations.model import Declaration

__all__ = ["PostgresDeclarations", "PostgresPapers"]

_READ: Final = "SELECT declaration_id, document FROM declarations WHERE "


class PostgresDeclarations:
    """DeclarationBook and WaitingDeclarations. Ids are time-ordered: their order is that in which they were told."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, declaration: Declaration) -> None:
        """Keep a declaration, or how it stands now."""
        (document,) = await seal_documents(self._at_rest, [(declaration.declaration_id, declaration)])
        await self._connection.execute(
            """
            INSERT INTO declarations (declaration_id, worker_id, case_id, waits_for_us, document)
            VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (declaration_id) DO UPDATE SET
                waits_for_us = excluded.waits_for_us, document = excluded.document
            """,
            (
                declaration.declaration_id,
                declaration.worker_id,
                declaration.case_id,
                declaration.waits_for_us,
                document,
            ),
        )

    async def get(self, declaration_id: UUID, *, for_change: bool) -> Declaration | None:
        """The declaration; None where there is none, or it is erased."""
        lock = " FOR UPDATE" if for_change else ""
        found = await self._read(f"declaration_id = %s{lock}", (declaration_id,))
        return found[0] if found else None

    async def of_worker(self, worker_id: UUID, *, for_change: bool = False) -> Sequence[Declaration]:
        """The newest first. Whoever changes them holds the worker: two at once could go over a limit together."""
        if for_change:
            await hold_worker(self._connection, worker_id)
        return await self._read("worker_id = %s ORDER BY declaration_id DESC", (worker_id,))

    async def remove(self, declaration_id: UUID) -> None:
        """Its papers go with it."""
        await self._connection.execute("DELETE FROM declarations WHERE declaration_id = %s", (declaration_id,))

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Declaration]:
        """Those that wait for this institution, the oldest first."""
        return await self._read(
            "waits_for_us AND declaration_id > %s ORDER BY declaration_id LIMIT %s", (after or UUID(int=0), size)
        )

    async def _read(self, where: str, given: tuple[object, ...]) -> list[Declaration]:
        found = await self._connection.execute((_READ + where).encode(), given, binary=True)
        opened = await open_documents(self._at_rest, Declaration, await found.fetchall())
        return [one for one in opened if one is not None]


class PostgresPapers:
    """Papers."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, document_id: UUID, declaration: Declaration, content: bytes) -> None:
        """Keep a paper."""
        (sealed,) = await self._at_rest.seal([(declaration.declaration_id, content)])
        await self._connection.execute(
            "INSERT INTO declared_documents (document_id, declaration_id, worker_id, case_id, content) "
            "VALUES (%s, %s, %s, %s, %b)",
            (document_id, declaration.declaration_id, declaration.worker_id, declaration.case_id, sealed),
        )

    async def get(self, document_id: UUID) -> bytes | None:
        """The paper as it came."""
        found = await self._connection.execute(
            "SELECT declaration_id, content FROM declared_documents WHERE document_id = %s",
            (document_id,),
            binary=True,
        )
        row = await found.fetchone()
        return (await self._at_rest.open([row]))[0] if row else None

"""What workers choose of the way news reaches them in PostgreSQL, within the caller's transaction."""

from dataclasses import replace
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.notices_store import PostgresChoices
from portability.agreements.errors import NotFoundError
from portability.services.notices.model import Choice
from portability.services.workers.model import WorkerOnFile
from portability.services.workers.preferences.model import Preferences

__all__ = ["PostgresPreferences"]

IS_PROTECTED = """
SELECT EXISTS (SELECT FROM worker_cases JOIN protected_scopes ON scope = case_id WHERE worker_id = %s)
"""


class PostgresPreferences:
    """PreferenceBook. Language, address and time zone stand sealed beside her contact, hours with what notices read."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest
        self._choices = PostgresChoices(connection)

    async def of(self, worker_id: UUID) -> Preferences:
        """What she chose, or the defaults; her row is held until the transaction ends."""
        worker = await self._on_file(worker_id)
        choice = await self._choices.of(worker_id)
        found = await (await self._connection.execute(IS_PROTECTED, (worker_id,))).fetchone()
        return Preferences(
            worker_id=worker_id,
            contact=worker.contact,
            address=worker.address,
            wanted=choice.wanted,
            language=worker.language,
            quiet_from=choice.quiet_from,
            quiet_until=choice.quiet_until,
            zone=worker.zone,
            is_protected=bool(found and found[0]),
        )

    async def keep(self, preferences: Preferences) -> None:
        """Keep what she chose."""
        worker = await self._on_file(preferences.worker_id)
        changed = replace(worker, language=preferences.language, address=preferences.address, zone=preferences.zone)
        if changed != worker:
            (document,) = await seal_documents(self._at_rest, [(worker.worker_id, changed)])
            await self._connection.execute(
                "UPDATE workers SET document = %s WHERE worker_id = %s", (document, worker.worker_id)
            )
        choice = Choice(preferences.wanted, preferences.quiet_from, preferences.quiet_until)
        await self._choices.keep(preferences.worker_id, choice)

    async def _on_file(self, worker_id: UUID) -> WorkerOnFile:
        found = await self._connection.execute(
            "SELECT worker_id, document FROM workers WHERE worker_id = %s FOR UPDATE", (worker_id,), binary=True
        )
        for worker in await open_documents(self._at_rest, WorkerOnFile, await found.fetchall()):
            if worker is not None:
                return worker
        raise NotFoundError("You are not on file here any more: ask the institution.")

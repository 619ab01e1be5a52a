"""Preferences on the node's database: who calls was found out before, so that the work is the node's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.notices_store import PostgresNotices
from portability.adapters.postgres.preferences_store import PostgresPreferences
from portability.adapters.postgres.workers_store import PostgresAttempts, PostgresCodes
from portability.app.wiring.parts import CaseParts
from portability.services.notices.model import Happening, Kind, Notice, event_of
from portability.services.notices.ports import NoticeBook
from portability.services.workers.preferences.handlers import PreferenceUseCases
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["AddressNotices", "preference_use_cases"]


class AddressNotices:
    """AddressNews and ContactNews: as a notice that goes out at once, whatever else she was told that day."""

    def __init__(self, book: NoticeBook) -> None:
        self._book = book

    async def moved(self, worker_id: UUID, *, at: datetime) -> None:
        """Note it, once for each change."""
        await self._note(Kind.MOVED, worker_id, at)

    async def contact_changed(self, worker_id: UUID, *, at: datetime) -> None:
        """Note it, once for each change."""
        await self._note(Kind.CONTACT, worker_id, at)

    async def _note(self, kind: Kind, worker_id: UUID, at: datetime) -> None:
        event = event_of(Happening(kind, f"{worker_id}:{at.isoformat()}", at))
        await self._book.add(worker_id, [Notice(event, kind, at, at)])


class PreferenceTransaction:
    """PreferenceWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.preferences = PostgresPreferences(connection, parts.at_rest)
        self.news = AddressNotices(PostgresNotices(connection))
        self.codes = PostgresCodes(connection)
        self.limits = PostgresAttempts(connection)


def preference_use_cases(database: Database, parts: CaseParts, workers: WorkerUseCases) -> PreferenceUseCases:
    """One transaction each, with the codes of signing in."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PreferenceTransaction]:
        async with database.transaction(acting="node") as connection:
            yield PreferenceTransaction(connection, parts)

    return PreferenceUseCases(
        unit_of_work=work,
        sender=workers.sender,
        clock=workers.clock,
        random_bytes=workers.random_bytes,
        key=workers.key,
    )

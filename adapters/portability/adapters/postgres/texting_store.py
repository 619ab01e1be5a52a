"""Conversations by text and PINs in PostgreSQL, in the caller's transaction. No number, token or PIN is readable."""

from datetime import datetime, timedelta
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.services.workers.texting.model import TextSession

__all__ = ["PostgresConversations", "PostgresPins"]


class PostgresConversations:
    """TextSessionStore and TextHousekeeping."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, key: bytes) -> TextSession | None:
        """The conversation; two inputs of one phone at the same instant come one after the other."""
        # The lock holds also where there is no row yet.
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(key[:8], "big", signed=True),)
        )
        found = await self._connection.execute(
            "SELECT key, nonce, place, page, language, used_at FROM worker_conversations WHERE key = %s", (key,)
        )
        row = await found.fetchone()
        return TextSession(*row) if row else None

    async def keep(self, session: TextSession) -> None:
        """Keep it as it now is."""
        await self._connection.execute(
            """
            INSERT INTO worker_conversations (key, nonce, place, page, language, used_at)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (key) DO UPDATE SET
                nonce = excluded.nonce, place = excluded.place, page = excluded.page,
                language = excluded.language, used_at = excluded.used_at
            """,
            (session.key, session.nonce, session.place, session.page, session.language, session.used_at),
        )

    async def forget_unused(self, *, at: datetime, unused: timedelta) -> int:
        """Delete those that rest for longer."""
        gone = await self._connection.execute("DELETE FROM worker_conversations WHERE used_at < %s", (at - unused,))
        return gone.rowcount


class PostgresPins:
    """PinStore."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, worker_id: UUID, pin_hash: bytes) -> None:
        """Keep a PIN in place of the one before."""
        await self._connection.execute(
            "INSERT INTO worker_pins (worker_id, pin_hash) VALUES (%s, %s) "
            "ON CONFLICT (worker_id) DO UPDATE SET pin_hash = excluded.pin_hash, tries = 0",
            (worker_id, pin_hash),
        )

    async def take_try(self, worker_id: UUID, *, most: int) -> bytes | None:
        """Count one try in one statement, so that the row's lock lets tries in one after the other."""
        taken = await self._connection.execute(
            "UPDATE worker_pins SET tries = tries + 1 WHERE worker_id = %s AND tries < %s RETURNING pin_hash",
            (worker_id, most),
        )
        row = await taken.fetchone()
        return bytes(row[0]) if row else None

    async def was_right(self, worker_id: UUID) -> None:
        """Count tries from the beginning again."""
        await self._connection.execute("UPDATE worker_pins SET tries = 0 WHERE worker_id = %s", (worker_id,))

"""The exchange's quarantine in PostgreSQL: what could not be taken in, with its reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import (
    QUARANTINE_COLUMNS,
    QUARANTINE_SCOPE,
    quarantine_entry,
)
from portability.services.exchange.model.messages import (
    MessageKey,
)
from portability.services.exchange.model.set_aside import ID_CONFLICT, QuarantineEntry, QuarantineState

__all__ = ["PostgresQuarantine"]


class PostgresQuarantine:
    """Quarantine: what could not be taken in, with its reason; values are sealed."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Store entries; the same stream position and message id is kept once."""
        values = await self._at_rest.seal([(entry.scope, entry.value) for entry in entries])
        for entry, value in zip(entries, values, strict=True):
            await self._connection.execute(
                f"INSERT INTO quarantine ({QUARANTINE_COLUMNS}) "  # noqa: S608 - a constant
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    entry.entry_id,
                    entry.reason_code,
                    entry.reason,
                    entry.topic,
                    entry.partition,
                    entry.offset,
                    value,
                    entry.set_aside_at,
                    entry.sender,
                    entry.message_id,
                    entry.case_id,
                    entry.state.value,
                    entry.closed_at,
                    entry.closed_by,
                    entry.scope,
                ),
                binary=True,
            )

    async def find(self, entry_id: UUID) -> QuarantineEntry | None:
        """One entry; None where unknown."""
        found = await self._connection.execute(
            f"SELECT {QUARANTINE_COLUMNS} FROM quarantine WHERE entry_id = %s",  # noqa: S608 - a constant
            (entry_id,),
            binary=True,
        )
        entries = await self._opened(await found.fetchall())
        return entries[0] if entries else None

    async def close(self, messages: Sequence[MessageKey], state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of the open entries of messages."""
        await self._connection.execute(
            "UPDATE quarantine SET state = %s, closed_at = %s, closed_by = %s "
            "FROM unnest(%b::text[], %b::uuid[]) AS wanted (one, two) "
            "WHERE sender = one AND message_id = two AND state = %s AND reason_code <> %s",
            (
                state.value,
                at,
                by,
                [key[0] for key in messages],
                [key[1] for key in messages],
                QuarantineState.OPEN.value,
                ID_CONFLICT,
            ),
        )

    async def close_entry(self, entry_id: UUID, state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of one open entry."""
        await self._connection.execute(
            "UPDATE quarantine SET state = %s, closed_at = %s, closed_by = %s WHERE entry_id = %s AND state = %s",
            (state.value, at, by, entry_id, QuarantineState.OPEN.value),
        )
        # Only what nobody could read the header of is sealed by itself: once it is closed, nobody needs it.
        await self._at_rest.destroy([entry_id], made_before=at)

    async def note_reason(self, entry_id: UUID, *, code: str, reason: str) -> None:
        """Note why an open entry could not take effect this time."""
        await self._connection.execute(
            "UPDATE quarantine SET reason_code = %s, reason = %s WHERE entry_id = %s AND state = %s",
            (code, reason, entry_id, QuarantineState.OPEN.value),
        )

    async def list(self, *, after: UUID | None, limit: int) -> Sequence[QuarantineEntry]:
        """Entries by id, oldest first, after `after`."""
        found = await self._connection.execute(
            f"SELECT {QUARANTINE_COLUMNS} FROM quarantine "  # noqa: S608 - a constant
            "WHERE entry_id > %s ORDER BY entry_id LIMIT %s",
            (after or UUID(int=0), limit),
            binary=True,
        )
        return await self._opened(await found.fetchall())

    async def _opened(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[QuarantineEntry]:
        values = await self._at_rest.open([(row[QUARANTINE_SCOPE], row[6]) for row in rows]) if rows else []
        return [quarantine_entry(row, value) for row, value in zip(rows, values, strict=True)]

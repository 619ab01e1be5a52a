"""A worker's messages in PostgreSQL, within a transaction that sees what is hers."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import timeline
from portability.adapters.postgres.exchange_timeline import TIMELINE
from portability.services.exchange.model.messages import EXCHANGE_TYPES, Direction, TimelineEntry
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptStatus
from portability.services.workers.correspondence.model import About, Letter, LetterState, Place, Told, ToldState
from portability.services.workers.views import Institution

__all__ = ["PostgresMyLetters", "PostgresMyNotices"]

NEWEST: Final[Place] = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
# The beginning of an event's name is as good an id as the whole of it, and fits where ids of messages go.
TOLD = """
SELECT noted_at, substr(event, 1, 16) AS id, kind, coalesce(outcome, 'waiting'), coalesce(channel, ''), taken_at,
    case_id
FROM worker_notices LEFT JOIN worker_notice_texts USING (text_id, worker_id)
WHERE worker_id = %s AND (noted_at, substr(event, 1, 16)) < (%s, %s)
ORDER BY noted_at DESC, id DESC LIMIT %s
"""


class PostgresMyNotices:
    """MyNotices."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def told(self, worker_id: UUID, *, before: Place | None, limit: int) -> Sequence[Told]:
        """Notices with what became of their texts."""
        at, entry_id = before or NEWEST
        found = await self._connection.execute(TOLD, (worker_id, at, entry_id.bytes, limit))
        return [
            Told((row[0], UUID(bytes=bytes(row[1]))), row[2], ToldState(row[3]), row[4], row[5], row[6])
            for row in await found.fetchall()
        ]


class PostgresMyLetters:
    """MyLetters. `named` gives an institution as people call it; `me` is the node's own."""

    def __init__(self, connection: Connection, named: Callable[[str], Institution], *, me: str) -> None:
        self._connection = connection
        self._named = named
        self._me = me

    async def between(self, cases: Sequence[About], *, before: Place | None, limit: int) -> Sequence[Letter]:
        """Messages that went and came; receipts are not listed."""
        about = {one.case_id: one for one in cases}
        found = await self._connection.execute(
            TIMELINE + "WHERE case_id = ANY(%s) AND type <> ALL(%s) AND (at, message_id) < (%s, %s) "
            "ORDER BY at DESC, message_id DESC LIMIT %s",
            (list(about), sorted(EXCHANGE_TYPES), *(before or NEWEST), limit),
            binary=True,
        )
        entries = [timeline(row) async for row in found]
        return [self._letter(one, about[one.case_id]) for one in entries]

    def _letter(self, entry: TimelineEntry, about: About) -> Letter:
        sent = entry.direction is Direction.SENT
        here, there = self._named(self._me), self._named(entry.partner)
        return Letter(
            place=(entry.at, entry.message_id),
            about=about,
            type=entry.type,
            sent=sent,
            sender=here if sent else there,
            recipient=there if sent else here,
            state=_state(entry),
            arrived_at=entry.settled_at if sent else entry.at,
            opened_at=entry.opened_at,
        )


def _state(entry: TimelineEntry) -> LetterState:
    if entry.business is BusinessStatus.REJECTED or entry.status is ReceiptStatus.FAILED:
        return LetterState.REFUSED
    if entry.opened_at is not None:
        return LetterState.OPENED
    return LetterState.ARRIVED if entry.status is ReceiptStatus.DELIVERED else LetterState.ON_WAY

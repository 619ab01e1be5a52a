"""What went and came, read from the outbox and the inbox together."""

from collections.abc import Sequence
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import (
    SETTLED,
    STANDING,
    STATUS,
    TOLD,
    WAITING,
    timeline,
)
from portability.services.exchange.model.messages import (
    EXCHANGE_TYPES,
    GIVEN_UP_TYPE,
    TimelineEntry,
)

__all__ = ["TIMELINE", "PostgresTimeline"]


TIMELINE = f"""
SELECT * FROM (
    SELECT message_id, 'sent' AS direction, outbox.recipient AS partner, case_id, type, {STATUS}, submitted_at AS at,
        {SETTLED}, outcome.opened_at, coalesce(outcome.reason, ''), told.status, coalesce(told.reasons, '{{}}')
    FROM outbox {STANDING} {TOLD}
    UNION ALL
    SELECT inbox.message_id, 'received', inbox.sender, inbox.case_id, type,
        CASE WHEN opened_at IS NULL THEN 'delivered' ELSE 'opened' END, received_at, NULL, opened_at, '',
        CASE WHEN entry.state IN ('held', 'parked') THEN entry.state
            WHEN aside.status IN ('parked', 'rejected') THEN aside.status
            WHEN blind.code IS NOT NULL THEN 'accepted_blind' ELSE 'accepted' END,
        CASE WHEN blind.code IS NULL THEN '{{}}' ELSE ARRAY[blind.code, blind.reason] END
    FROM inbox LEFT JOIN openings USING (sender, message_id) {WAITING}
    UNION ALL
    SELECT entry_id, 'received', sender, case_id, '{GIVEN_UP_TYPE}', 'failed', given_up_at, NULL, NULL,
        coalesce(reasons[1], ''), 'rejected', reasons FROM given_up
) AS entry
"""  # noqa: S608 - a constant


class PostgresTimeline:
    """Timeline: what went and came."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_case(self, case_id: UUID, *, after: UUID | None, limit: int) -> Sequence[TimelineEntry]:
        """Messages of a case by id, oldest first, after `after`; receipts are not listed."""
        found = await self._connection.execute(
            TIMELINE + "WHERE case_id = %s AND message_id > %s AND type <> ALL(%s) ORDER BY message_id LIMIT %s",
            (case_id, after or UUID(int=0), sorted(EXCHANGE_TYPES), limit),
            binary=True,
        )
        return [timeline(row) async for row in found]

    async def of_message(self, message_id: UUID) -> TimelineEntry | None:
        """One sent message, or failing that one received; None where unknown."""
        found = await self._connection.execute(
            TIMELINE + "WHERE message_id = %s ORDER BY direction DESC LIMIT 1", (message_id,), binary=True
        )
        row = await found.fetchone()
        return None if row is None else timeline(row)

"""Which received messages somebody has read, and which were accepted blind, in PostgreSQL: a row for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import WAITING
from portability.services.exchange.model.messages import MessageKey
from portability.services.exchange.model.receiving import OpenedMessage
from portability.services.exchange.model.statuses import Unchecked

__all__ = ["PostgresAcceptedBlind", "PostgresOpenings"]

# Of two who read at once the second waits at the key of the row, and then has nothing to tell.
OPEN = f"""
WITH fresh AS (
    INSERT INTO openings (sender, message_id, opened_at)
    SELECT inbox.sender, inbox.message_id, %(at)s FROM inbox {WAITING}
    WHERE inbox.case_id = %(case_id)s AND entry.state IS NULL AND coalesce(aside.status, 'accepted') = 'accepted'
        AND NOT EXISTS (SELECT FROM openings AS known
            WHERE known.sender = inbox.sender AND known.message_id = inbox.message_id)
    ORDER BY inbox.sender, inbox.message_id
    ON CONFLICT DO NOTHING RETURNING sender, message_id
)
SELECT sender, message_id, leaf_hash, bundle_id FROM fresh JOIN inbox USING (sender, message_id)
ORDER BY sender, stream_seq
"""  # noqa: S608 - a constant


class PostgresOpenings:
    """The port `Openings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, case_id: UUID, *, at: datetime) -> Sequence[OpenedMessage]:
        """What of a case was not read before."""
        found = await self._connection.execute(OPEN, {"case_id": case_id, "at": at}, binary=True)
        return [OpenedMessage(*row) async for row in found]


class PostgresAcceptedBlind:
    """The port `AcceptedBlind`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, unchecked: Mapping[MessageKey, Unchecked]) -> None:
        """Keep why."""
        await self._connection.execute(
            "INSERT INTO accepted_blind SELECT * FROM unnest(%b::text[], %b::uuid[], %b::text[], %b::text[]) "
            "ON CONFLICT DO NOTHING",
            (
                [sender for sender, _ in unchecked],
                [message_id for _, message_id in unchecked],
                [one.code for one in unchecked.values()],
                [one.reason for one in unchecked.values()],
            ),
        )

"""What repair keeps, in PostgreSQL: how streams stand, and what was reconciled."""

from collections.abc import Sequence
from datetime import datetime

from portability.adapters.postgres.database import Connection
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.streams import Arrivals, DigestRound, SequenceRange, StreamWatch

__all__ = ["PostgresDigests", "PostgresGaps", "PostgresReconciliations"]

# One step of an index for each sender, however many messages there are.
SENDERS = """
WITH RECURSIVE known (sender) AS (
    (SELECT sender FROM inbox ORDER BY sender LIMIT 1)
    UNION ALL
    SELECT (SELECT inbox.sender FROM inbox WHERE inbox.sender > known.sender ORDER BY inbox.sender LIMIT 1)
    FROM known WHERE known.sender IS NOT NULL
)
INSERT INTO stream_watches (sender) SELECT sender FROM known WHERE sender IS NOT NULL ON CONFLICT DO NOTHING
"""


class PostgresGaps:
    """Gaps: how the streams of the senders stand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def due(self, *, now: datetime) -> Sequence[StreamWatch]:
        """Lock and return how the streams stand that are to be looked at."""
        await self._connection.execute(SENDERS)
        found = await self._connection.execute(
            "SELECT sender, complete_seq, missing_since, next_ask_at, asks, aside FROM stream_watches "
            "WHERE next_ask_at IS NULL OR next_ask_at <= %s ORDER BY sender FOR UPDATE SKIP LOCKED",
            (now,),
        )
        return [StreamWatch(*row) async for row in found]

    async def arrivals(self, sender: InstitutionId, *, after: int, limit: int) -> Arrivals:
        """What has come after the number `after`."""
        found = await self._connection.execute(
            "SELECT coalesce(max(stream_seq), 0) FROM inbox WHERE sender = %s", (sender,)
        )
        row = await found.fetchone()
        highest = max(after, int(row[0]) if row else 0)
        found = await self._connection.execute(
            "SELECT before + 1, stream_seq - 1 FROM (SELECT stream_seq, "
            "lag(stream_seq, 1, %s::bigint) OVER (ORDER BY stream_seq) AS before FROM ("
            "SELECT stream_seq FROM inbox WHERE sender = %s AND stream_seq > %s UNION ALL "
            "SELECT stream_seq FROM stream_voids WHERE sender = %s AND stream_seq > %s AND stream_seq < %s"
            ") AS known) AS came WHERE stream_seq > before + 1 ORDER BY stream_seq LIMIT %s",
            (after, sender, after, sender, after, highest, limit),
        )
        return Arrivals(highest, tuple([SequenceRange(*span) async for span in found]))

    async def save(self, watch: StreamWatch) -> None:
        """Keep how a stream stands."""
        await self._connection.execute(
            "UPDATE stream_watches SET complete_seq = %s, missing_since = %s, next_ask_at = %s, asks = %s, aside = %s "
            "WHERE sender = %s",
            (watch.complete_seq, watch.missing_since, watch.next_ask_at, watch.asks, watch.aside, watch.sender),
        )


class PostgresDigests:
    """Digests: what was sent and received, by number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def sent(self, recipient: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Leaf hashes of what was sent."""
        found = await self._connection.execute(
            "SELECT leaf_hash FROM outbox WHERE recipient = %s AND stream_seq BETWEEN %s AND %s ORDER BY stream_seq",
            (recipient, span.first, span.last),
            binary=True,
        )
        return [row[0] async for row in found]

    async def received(self, sender: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Leaf hashes of what has come, or is void."""
        found = await self._connection.execute(
            "SELECT leaf_hash FROM (SELECT stream_seq, leaf_hash FROM inbox "
            "WHERE sender = %(sender)s AND stream_seq BETWEEN %(first)s AND %(last)s UNION ALL "
            "SELECT stream_seq, leaf_hash FROM stream_voids AS void "
            "WHERE sender = %(sender)s AND stream_seq BETWEEN %(first)s AND %(last)s AND NOT EXISTS "
            "(SELECT FROM inbox WHERE inbox.sender = void.sender AND inbox.stream_seq = void.stream_seq)"
            ") AS known ORDER BY stream_seq, leaf_hash",
            {"sender": sender, "first": span.first, "last": span.last},
            binary=True,
        )
        return [row[0] async for row in found]


class PostgresReconciliations:
    """Reconciliations: what was reconciled with recipients."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def due(self, *, now: datetime, sent_before: datetime) -> Sequence[DigestRound]:
        """Lock and return the rounds that are due."""
        await self._connection.execute(
            "INSERT INTO digest_rounds (recipient) SELECT recipient FROM exchange_sequences ORDER BY recipient "
            "ON CONFLICT DO NOTHING"
        )
        found = await self._connection.execute(
            "SELECT recipient, previous_seq + 1, greatest(last_seq, coalesce((SELECT stream_seq FROM outbox "
            "WHERE outbox.recipient = digest_rounds.recipient AND submitted_at <= %s "
            "ORDER BY stream_seq DESC LIMIT 1), 0)) FROM digest_rounds "
            "WHERE next_at IS NULL OR next_at <= %s ORDER BY recipient FOR UPDATE SKIP LOCKED",
            (sent_before, now),
        )
        return [DigestRound(*row) async for row in found]

    async def done(self, one: DigestRound, *, next_at: datetime) -> None:
        """Note a round."""
        await self._connection.execute(
            "UPDATE digest_rounds SET previous_seq = last_seq, last_seq = %s, next_at = %s WHERE recipient = %s",
            (one.last_seq, next_at, one.recipient),
        )

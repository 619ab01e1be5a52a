"""The exchange's bundles and consignments in PostgreSQL: sealing, sending, sending again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection, in_one_go
from portability.adapters.postgres.exchange_rows import SEALABLE_COLUMNS, Row, sealable
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import (
    AGAIN_AN_HOUR,
    AGAIN_PAUSE,
    IN_HAND,
    LONGEST_WAIT,
    Consignment,
    ConsignmentKey,
    Sealable,
    SealedBundle,
)

HOUR = timedelta(hours=1)
ASKED_FOR = (
    "recipient = %(recipient)s AND EXISTS (SELECT FROM unnest(%(firsts)b::bigint[], %(lasts)b::bigint[]) "
    "AS wanted (first, last) WHERE first_seq <= last AND first <= last_seq)"
)

__all__ = ["PostgresBundles", "PostgresResends", "opened_sealables"]


async def opened_sealables(rows: Sequence[Row], at_rest: AtRest) -> list[Sealable]:
    """Rows of SEALABLE_COLUMNS with their content opened."""
    contents = await at_rest.open([(row[-2], row[-1]) for row in rows]) if rows else []
    return [sealable(row, content) for row, content in zip(rows, contents, strict=True)]


class PostgresBundles:
    """Bundles: consecutive messages become consignments."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def waiting_recipients(self) -> Sequence[InstitutionId]:
        """Recipients with messages in no consignment, the longest waiting first."""
        found = await self._connection.execute(
            "SELECT recipient FROM exchange_sequences AS stream JOIN exchange_cursors USING (recipient) "
            "WHERE last_seq > bundled_seq ORDER BY (SELECT submitted_at FROM outbox "
            "WHERE outbox.recipient = stream.recipient AND stream_seq = bundled_seq + 1)"
        )
        return [row[0] async for row in found]

    async def take_unsent(self, recipient: InstitutionId, *, limit: int, max_bytes: int) -> Sequence[Sealable]:
        """Lock and return messages in no consignment, in sequence order, up to both limits, at least one."""
        bundled = await self._lock_cursor(recipient)
        if bundled is None:
            return []
        found = await self._connection.execute(
            f"SELECT {SEALABLE_COLUMNS} FROM (SELECT outbox.*, sum(record_bytes) OVER (ORDER BY stream_seq) AS total "  # noqa: S608 - a constant
            "FROM outbox WHERE recipient = %s AND stream_seq > %s AND stream_seq <= %s) AS outbox "
            "WHERE total <= %s OR stream_seq = %s ORDER BY stream_seq",
            (recipient, bundled, bundled + limit, max_bytes, bundled + 1),
            binary=True,
        )
        return await opened_sealables(await found.fetchall(), self._at_rest)

    async def _lock_cursor(self, recipient: InstitutionId) -> int | None:
        """None while another transaction holds it."""
        found = await self._connection.execute(
            "SELECT bundled_seq FROM exchange_cursors WHERE recipient = %s FOR UPDATE SKIP LOCKED", (recipient,)
        )
        row = await found.fetchone()
        return int(row[0]) if row else None

    async def messages_of(self, consignment: ConsignmentKey) -> Sequence[Sealable]:
        """The messages of a consignment."""
        found = await self._connection.execute(
            f"SELECT {SEALABLE_COLUMNS} FROM outbox WHERE recipient = %s AND stream_seq >= %s AND stream_seq <= "  # noqa: S608 - a constant
            "(SELECT last_seq FROM consignments WHERE recipient = %s AND first_seq = %s) ORDER BY stream_seq",
            (*consignment, *consignment),
            binary=True,
        )
        return await opened_sealables(await found.fetchall(), self._at_rest)

    async def add(self, bundles: Sequence[SealedBundle], *, again: bool = False) -> None:
        """Keep bundles; a consignment sealed again keeps its bytes from now on."""
        for one in bundles:
            async with in_one_go(self._connection):
                await self._keep(one)
                await self._consign(one, value=one.value if again else None)
                await self._connection.execute(
                    "UPDATE exchange_cursors SET bundled_seq = %s WHERE recipient = %s AND bundled_seq < %s",
                    (one.last_seq, one.recipient, one.last_seq),
                )

    async def _keep(self, one: SealedBundle) -> None:
        await self._connection.execute(
            "INSERT INTO sent_bundles VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.bundle_id,
                one.recipient,
                one.first_seq,
                one.signed_head,
                one.signature.ed25519,
                one.signature.mldsa65,
                one.sealed_at,
                list(one.left_out),
            ),
        )

    async def _consign(self, one: SealedBundle, *, value: bytes | None) -> None:
        await self._connection.execute(
            "INSERT INTO consignments (recipient, first_seq, last_seq, receiptable, receiptable_bytes, unsettled, "
            "confirmation, next_attempt_at, value) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (recipient, first_seq) DO UPDATE SET value = excluded.value",
            (
                one.recipient,
                one.first_seq,
                one.last_seq,
                one.receiptable,
                one.receiptable_bytes,
                one.receiptable,
                one.confirmation,
                one.sealed_at + IN_HAND,
                value,
            ),
        )


class PostgresResends:
    """Resends: consignments go out, and again until their receipt is here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def due(self, *, now: datetime, limit: int) -> Sequence[Consignment]:
        """Consignments due now, the longest due first."""
        found = await self._connection.execute(
            "SELECT recipient, first_seq, last_seq, attempts, value FROM consignments "
            "WHERE next_attempt_at <= %s OR next_attempt_at > %s "
            "ORDER BY next_attempt_at, recipient, first_seq LIMIT %s FOR UPDATE SKIP LOCKED",
            (now, now + LONGEST_WAIT, limit),
            binary=True,
        )
        return [Consignment(*row) async for row in found]

    async def mark_relayed(self, next_attempts: Mapping[ConsignmentKey, datetime], *, now: datetime) -> None:
        """Note the acknowledgement of the stream, and when each is due again."""
        await self._connection.execute(
            "UPDATE consignments AS one SET attempts = attempts + 1, "
            "next_attempt_at = CASE WHEN unsettled > 0 THEN given.due END, "
            "value = CASE WHEN unsettled > 0 THEN value END "
            "FROM unnest(%b::text[], %b::bigint[], %b::timestamptz[]) AS given (recipient, first_seq, due) "
            "WHERE one.recipient = given.recipient AND one.first_seq = given.first_seq",
            (
                [recipient for recipient, _ in next_attempts],
                [first for _, first in next_attempts],
                list(next_attempts.values()),
            ),
        )

    async def put_off(self, consignments: Sequence[ConsignmentKey], *, until: datetime) -> None:
        """Let consignments be due later."""
        await self._connection.execute(
            "UPDATE consignments AS one SET next_attempt_at = %s FROM unnest(%b::text[], %b::bigint[]) "
            "AS given (recipient, first_seq) WHERE one.recipient = given.recipient "
            "AND one.first_seq = given.first_seq AND next_attempt_at IS NOT NULL",
            (until, [recipient for recipient, _ in consignments], [first for _, first in consignments]),
        )

    async def send_again(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> int:
        """Make the consignments that hold these sequences due now, as many as may be."""
        found = await self._connection.execute(
            "SELECT count(*) FROM consignments WHERE recipient = %s AND again_at > %s AND again_at <= %s",
            (recipient, now - HOUR, now),
        )
        row = await found.fetchone()
        again = await self._connection.execute(
            "UPDATE consignments AS one SET next_attempt_at = %(now)s, again_at = %(now)s FROM (SELECT first_seq "  # noqa: S608 - a constant
            f"FROM consignments WHERE {ASKED_FOR} "
            "AND (again_at IS NULL OR again_at <= %(before)s OR again_at > %(now)s) "
            "ORDER BY first_seq LIMIT %(limit)s FOR UPDATE) AS chosen "
            "WHERE one.recipient = %(recipient)s AND one.first_seq = chosen.first_seq",
            _asked(recipient, ranges)
            | {"now": now, "before": now - AGAIN_PAUSE, "limit": max(0, AGAIN_AN_HOUR - (row[0] if row else 0))},
        )
        return again.rowcount

    async def left_out(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> bool:
        """Whether some of these are not due now."""
        found = await self._connection.execute(
            f"SELECT EXISTS (SELECT FROM consignments WHERE {ASKED_FOR} AND again_at IS DISTINCT FROM %(now)s)",  # noqa: S608 - a constant
            _asked(recipient, ranges) | {"now": now},
        )
        row = await found.fetchone()
        return bool(row and row[0])


def _asked(recipient: InstitutionId, ranges: Sequence[tuple[int, int]]) -> dict[str, Any]:
    return {"recipient": recipient, "firsts": [first for first, _ in ranges], "lasts": [last for _, last in ranges]}

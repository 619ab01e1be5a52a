"""Messages whose receipt does not come in time, in PostgreSQL: one number a recipient says what was told."""

from collections.abc import Sequence
from datetime import datetime

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import STANDING, STATUS
from portability.services.exchange.model.sending import StoredReceipt
from portability.services.exchange.receipt_levels import Overdue, OverdueLevel

__all__ = ["PostgresReceiptAlarms"]

# Open consignments have a time at which they are due, so one short index holds them all.
WITHOUT_RECEIPT = """
SELECT count(*), min(stream_seq), max(stream_seq) FROM (
    SELECT stream_seq, wants_receipt, submitted_at FROM outbox WHERE recipient = %(recipient)s AND stream_seq >
        greatest(%(told)s, (SELECT bundled_seq FROM exchange_cursors WHERE recipient = %(recipient)s))
    UNION ALL
    SELECT outbox.stream_seq, wants_receipt, submitted_at FROM consignments AS one
    JOIN outbox ON outbox.recipient = one.recipient
        AND stream_seq BETWEEN greatest(first_seq, %(told)s + 1) AND last_seq
    LEFT JOIN message_outcomes AS outcome
        ON outcome.recipient = outbox.recipient AND outcome.stream_seq = outbox.stream_seq
    WHERE one.recipient = %(recipient)s AND next_attempt_at IS NOT NULL AND unsettled > 0 AND last_seq > %(told)s
        AND outcome.status IS NULL
) AS waiting WHERE wants_receipt AND submitted_at <= %(before)s
"""


class PostgresReceiptAlarms:
    """The port `ReceiptAlarms`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, level: OverdueLevel, *, submitted_before: datetime) -> Sequence[Overdue]:
        """What has no receipt and was not told of at this level."""
        await self._connection.execute(
            "INSERT INTO receipt_alarms (recipient, level) SELECT recipient, %s FROM exchange_cursors "
            "ORDER BY recipient ON CONFLICT DO NOTHING",
            (level.value,),
        )
        found = await self._connection.execute(
            "SELECT recipient, told_seq FROM receipt_alarms WHERE level = %s ORDER BY recipient FOR UPDATE SKIP LOCKED",
            (level.value,),
        )
        standing = await found.fetchall()
        taken = [await self._of(row[0], row[1], level=level, before=submitted_before) for row in standing]
        return [one for one in taken if one.count]

    async def _of(self, recipient: str, told: int, *, level: OverdueLevel, before: datetime) -> Overdue:
        found = await self._connection.execute(
            WITHOUT_RECEIPT, {"recipient": recipient, "told": told, "before": before}
        )
        count, first, last = await found.fetchone() or (0, None, None)
        if count:
            await self._connection.execute(
                "UPDATE receipt_alarms SET told_seq = %s WHERE recipient = %s AND level = %s",
                (last, recipient, level.value),
            )
        return Overdue(recipient, count, first or 0)

    async def late(self, receipts: Sequence[StoredReceipt]) -> int:
        """How many messages that were told of as missing these receipts name for the first time."""
        told = await self._told_of([one.signer for one in receipts])
        return sum([await self._late(one) for one in receipts if told.get(one.signer)])

    async def _told_of(self, signers: Sequence[str]) -> dict[str, int]:
        found = await self._connection.execute(
            "SELECT recipient, told_seq FROM receipt_alarms WHERE level = %s AND recipient = ANY(%b) AND told_seq > 0",
            (OverdueLevel.MISSING.value, signers),
        )
        return {row[0]: row[1] async for row in found}

    async def _late(self, receipt: StoredReceipt) -> int:
        # The number of its bundle tells most receipts apart without a look at their messages.
        found = await self._connection.execute(
            "SELECT count(*) FROM receipt_alarms AS told JOIN sent_bundles AS bundle USING (recipient) "  # noqa: S608 - constants
            "JOIN outbox ON outbox.recipient = told.recipient AND message_id = ANY(%b) AND leaf_hash = ANY(%b) "
            f"AND outbox.stream_seq <= told_seq {STANDING} "
            "WHERE told.recipient = %s AND level = %s AND bundle.bundle_id = %s AND bundle.first_seq <= told_seq "
            f"AND {STATUS} IN ('submitted', 'relayed')",
            (
                [entry.message_id for entry in receipt.entries],
                [entry.leaf_hash for entry in receipt.entries],
                receipt.signer,
                OverdueLevel.MISSING.value,
                receipt.bundle_id,
            ),
        )
        row = await found.fetchone()
        return int(row[0]) if row else 0

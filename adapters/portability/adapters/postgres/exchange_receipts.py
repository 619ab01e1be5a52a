"""Receipts of our messages in PostgreSQL: one update for a whole consignment, rows of their own for exceptions."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import SEALABLE_COLUMNS, SETTLED, STANDING, STATUS, sealable
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import SentEvidence, StoredReceipt
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus, advances, confirmation_of
from portability.services.hybrid import HybridSignature

__all__ = ["PostgresReceipts"]

SIZE = "octet_length(outbox.header) + outbox.record_bytes"
_UNSETTLED = {ReceiptStatus.SUBMITTED, ReceiptStatus.RELAYED}
_Change = tuple[ReceiptEntry, datetime, UUID]  # and when the message was settled, and by which receipt


class PostgresReceipts:
    """Receipts: the recipients' signed words, kept as evidence."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def settle(self, receipts: Sequence[StoredReceipt]) -> int:
        """Store receipts; how many messages have changed."""
        changed = 0
        for receipt in receipts:
            await self._store(receipt)
            changed += await self._settle_whole(receipt) or await self._settle_each(receipt)
        return changed

    async def _store(self, receipt: StoredReceipt) -> None:
        await self._connection.execute(
            "INSERT INTO receipts VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (receipt.signer, receipt.receipt_id, receipt.bundle_id, receipt.evidence, receipt.received_at),
        )

    async def _settle_whole(self, receipt: StoredReceipt) -> int:
        """The usual case: DELIVERED, of exactly the messages of a consignment of which nothing was said before."""
        if any(entry.status is not ReceiptStatus.DELIVERED for entry in receipt.entries):
            return 0
        found = await self._connection.execute(
            "UPDATE consignments AS one SET unsettled = 0, next_attempt_at = NULL, value = NULL, settled_at = %s, "
            "receipt_id = %s FROM sent_bundles AS bundle WHERE bundle.bundle_id = %s AND bundle.recipient = %s "
            "AND one.recipient = bundle.recipient AND one.first_seq = bundle.first_seq "
            "AND confirmation = %s AND unsettled = receiptable AND receiptable > 0 "
            "RETURNING receiptable, receiptable_bytes",
            (
                receipt.received_at,
                receipt.receipt_id,
                receipt.bundle_id,
                receipt.signer,
                confirmation_of((entry.message_id, entry.leaf_hash) for entry in receipt.entries),
            ),
        )
        row = await found.fetchone()
        if row is None:
            return 0
        await self._count(receipt.signer, messages=row[0], size=row[1])
        return int(row[0])

    async def _settle_each(self, receipt: StoredReceipt) -> int:
        """Only known messages to this signer with this leaf hash, each as far as `advances` allows."""
        await self._lock(receipt)
        found = await self._connection.execute(
            f"SELECT message_id, leaf_hash, outbox.stream_seq, consignment.first_seq, {STATUS}, {SETTLED}, "  # noqa: S608 - constants
            f"coalesce(outcome.receipt_id, consignment.receipt_id), {SIZE} FROM outbox {STANDING} "
            "WHERE message_id = ANY(%b) AND outbox.recipient = %s AND consignment.first_seq IS NOT NULL",
            ([entry.message_id for entry in receipt.entries], receipt.signer),
            binary=True,
        )
        rows = await found.fetchall()
        known = {(row[0], row[1]): (row[2], row[3], ReceiptStatus(row[4]), row[5:7]) for row in rows}
        sizes = {row[2]: row[7] for row in rows}
        changes: dict[int, _Change] = {}
        first_time: Counter[int] = Counter()
        size = 0
        for entry in receipt.entries:
            if (entry.message_id, entry.leaf_hash) not in known:
                continue
            sequence, first, status, settled = known[(entry.message_id, entry.leaf_hash)]
            if sequence not in changes and advances(None if status in _UNSETTLED else status, entry.status):
                # Reading comes after delivery, whose instant and receipt stay.
                goes_on = status is ReceiptStatus.DELIVERED
                settled_at, settled_by = settled if goes_on else (receipt.received_at, receipt.receipt_id)
                changes[sequence] = (entry, settled_at, settled_by)
                first_time[first] += status in _UNSETTLED
                size += sizes[sequence] if status in _UNSETTLED else 0
        if changes:
            await self._note(receipt, changes)
            await self._close(receipt.signer, first_time, size=size)
        return len(changes)

    async def _lock(self, receipt: StoredReceipt) -> None:
        """Two receipts for one consignment that come in at once count one after the other."""
        await self._connection.execute(
            f"SELECT FROM consignments WHERE recipient = %s AND first_seq IN (SELECT consignment.first_seq FROM outbox "  # noqa: S608 - a constant
            f"{STANDING} WHERE message_id = ANY(%b)) ORDER BY first_seq FOR UPDATE",
            (receipt.signer, [entry.message_id for entry in receipt.entries]),
        )

    async def _note(self, receipt: StoredReceipt, changes: dict[int, _Change]) -> None:
        entries = [entry for entry, _, _ in changes.values()]
        await self._connection.execute(
            "INSERT INTO message_outcomes SELECT %s, given.stream_seq, given.status, given.settled_at, "
            "CASE WHEN given.status = 'opened' THEN %s::timestamptz END, given.reason, given.receipt_id "
            "FROM unnest(%b::bigint[], %b::text[], %b::timestamptz[], %b::text[], %b::uuid[]) "
            "AS given (stream_seq, status, settled_at, reason, receipt_id) "
            "ON CONFLICT (recipient, stream_seq) DO UPDATE SET status = excluded.status, "
            "settled_at = excluded.settled_at, opened_at = excluded.opened_at, reason = excluded.reason, "
            "receipt_id = excluded.receipt_id",
            (
                receipt.signer,
                receipt.received_at,
                list(changes),
                [entry.status.value for entry in entries],
                [settled_at for _, settled_at, _ in changes.values()],
                [entry.reason for entry in entries],
                [receipt_id for _, _, receipt_id in changes.values()],
            ),
        )

    async def _close(self, signer: InstitutionId, first_time: Counter[int], *, size: int) -> None:
        """Count down what is unsettled; a consignment with nothing unsettled is not due again."""
        await self._connection.execute(
            "UPDATE consignments AS one SET unsettled = unsettled - given.settled, "
            "next_attempt_at = CASE WHEN unsettled > given.settled THEN next_attempt_at END, "
            "value = CASE WHEN unsettled > given.settled THEN value END "
            "FROM unnest(%b::bigint[], %b::int[]) AS given (first_seq, settled) "
            "WHERE one.recipient = %s AND one.first_seq = given.first_seq",
            (list(first_time), list(first_time.values()), signer),
        )
        await self._count(signer, messages=first_time.total(), size=size)

    async def _count(self, signer: InstitutionId, *, messages: int, size: int) -> None:
        await self._connection.execute(
            "INSERT INTO exchange_settled AS known VALUES (%s, %s, %s) ON CONFLICT (recipient) "
            "DO UPDATE SET messages = known.messages + excluded.messages, bytes = known.bytes + excluded.bytes",
            (signer, messages, size),
        )

    async def expire(self, recipient: InstitutionId, sequences: Sequence[int], *, at: datetime) -> int:
        """Note as EXPIRED what has no receipt; the sequences are consecutive or of one consignment."""
        found = await self._connection.execute(
            "WITH waiting AS (SELECT outbox.stream_seq, "  # noqa: S608 - constants
            f"coalesce(consignment.first_seq, 0) AS first_seq, {SIZE} AS size FROM outbox {STANDING} "
            "WHERE outbox.recipient = %(recipient)s AND outbox.stream_seq = ANY(%(sequences)b) "
            f"AND wants_receipt AND {STATUS} IN ('submitted', 'relayed')), "
            "noted AS (INSERT INTO message_outcomes (recipient, stream_seq, status, settled_at, reason) "
            "SELECT %(recipient)s, stream_seq, 'expired', %(at)s, 'CONTENT_ERASED' FROM waiting "
            "ON CONFLICT DO NOTHING RETURNING stream_seq) "
            "SELECT first_seq, count(*), sum(size) FROM waiting JOIN noted USING (stream_seq) GROUP BY first_seq",
            {"recipient": recipient, "sequences": list(sequences), "at": at},
        )
        rows = await found.fetchall()
        expired = Counter({int(row[0]): int(row[1]) for row in rows})
        if expired:
            await self._close(recipient, expired, size=sum(int(row[2]) for row in rows))
        await self._connection.execute(
            "UPDATE exchange_cursors SET bundled_seq = %s WHERE recipient = %s AND bundled_seq = %s - 1",
            (_run(sequences), recipient, sequences[0]),
        )
        return expired.total()

    async def evidence(self, message_id: UUID) -> SentEvidence | None:
        """The bundle that its receipt names, or the first one, with the receipt."""
        found = await self._connection.execute(
            f"SELECT bundle.bundle_id, signed_head, ed25519, mldsa65, receipt.evidence, outbox.stream_seq, "  # noqa: S608 - constants
            "consignment.first_seq + (SELECT count(*) FROM unnest(left_out) AS out WHERE out < outbox.stream_seq), "
            "ARRAY(SELECT leaf_hash FROM outbox AS member "
            "WHERE member.recipient = outbox.recipient AND member.stream_seq BETWEEN consignment.first_seq "
            "AND consignment.last_seq AND NOT member.stream_seq = ANY(left_out) ORDER BY member.stream_seq), "
            f"{SEALABLE_COLUMNS} FROM outbox {STANDING} "
            "JOIN sent_bundles AS bundle ON bundle.recipient = consignment.recipient "
            "AND bundle.first_seq = consignment.first_seq AND NOT outbox.stream_seq = ANY(left_out) "
            "LEFT JOIN receipts AS receipt ON receipt.signer = outbox.recipient "
            "AND receipt.receipt_id = coalesce(outcome.receipt_id, consignment.receipt_id) "
            "WHERE message_id = %s ORDER BY bundle.bundle_id IS DISTINCT FROM receipt.bundle_id, sealed_at LIMIT 1",
            (message_id,),
            binary=True,
        )
        row = await found.fetchone()
        if row is None:
            return None
        (content,) = await self._at_rest.open([(row[-2], row[-1])])
        return SentEvidence(
            bundle_id=row[0],
            signed_head=row[1],
            signature=HybridSignature(row[2], row[3]),
            leaf_hashes=tuple(row[7]),
            item=row[5] - row[6],
            message=sealable(row[8:], content),
            receipt=row[4],
        )


def _run(sequences: Sequence[int]) -> int:
    """The last of the consecutive numbers at the beginning."""
    return next((one for one, after in pairwise(sequences) if after != one + 1), sequences[-1])

"""The exchange's outbox, bundles and receipts in PostgreSQL, within the caller's transaction, by batches.

Rows are given as arrays and unnested, so that a batch is one statement whatever its size.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import OUTBOX_COLUMNS, STATUS, bundle, outbox_message, stored_receipt
from portability.adapters.postgres.listening import notify_outbox
from portability.agreements.errors import GatewayError
from portability.services.exchange.model import (
    RECEIPT_TYPE,
    InstitutionId,
    KnownSubmission,
    OutboxMessage,
    ReceiptStatus,
    SealedBundle,
    StoredReceipt,
    SubmittedMessage,
)

__all__ = ["PostgresBundles", "PostgresOutbox", "PostgresReceipts", "PostgresResends"]

BUNDLE_COLUMNS = "bundle_id, recipient, value, opening, message_ids, leaf_hashes, sealed_at, expects_receipt, attempts"


class PostgresOutbox:
    """Outbox: messages that this node has taken on to deliver."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_submitted(self, keys: Sequence[str]) -> Mapping[str, KnownSubmission]:
        """What is known by idempotency key."""
        found = await self._connection.execute(
            f"SELECT idempotency_key, message_id, stream_seq, {STATUS}, submitted_at, content_sha256 "  # noqa: S608 - a constant
            "FROM outbox LEFT JOIN sent_bundles USING (bundle_id) WHERE idempotency_key = ANY(%b)",
            (list(keys),),
            binary=True,
        )
        return {
            row[0]: KnownSubmission(SubmittedMessage(row[1], row[2], ReceiptStatus(row[3]), row[4]), row[5])
            async for row in found
        }

    async def add(self, messages: Sequence[OutboxMessage]) -> Mapping[UUID, int]:
        """Insert in the order given; the sequence of each, by message id. A key taken meanwhile is left out."""
        given: dict[UUID, int] = {}
        first_of_key = {entry.message.idempotency_key: entry for entry in reversed(messages)}
        fresh = [entry for entry in messages if first_of_key[entry.message.idempotency_key] is entry]
        recipients = sorted({entry.message.recipient for entry in fresh})
        try:
            for recipient in recipients:  # by name, so that two transactions never wait for each other in a ring
                for_one = [entry for entry in fresh if entry.message.recipient == recipient]
                given.update(await self._add_for(recipient, for_one))
        except UniqueViolation as exc:
            # Only a key used at the same moment for another recipient comes here; the next try sees it.
            raise GatewayError("Another transaction is using one of the idempotency keys.", retryable=True) from exc
        if given:
            await notify_outbox(self._connection)
        return given

    async def _add_for(self, recipient: InstitutionId, messages: Sequence[OutboxMessage]) -> Mapping[UUID, int]:
        """The sequence's row is locked first: numbers are given in commit order, without gaps."""
        start = await self._connection.execute(
            "INSERT INTO exchange_sequences (recipient, last_seq) VALUES (%s, 0) "
            "ON CONFLICT (recipient) DO UPDATE SET last_seq = exchange_sequences.last_seq RETURNING last_seq",
            (recipient,),
        )
        (last,) = await start.fetchone() or (0,)
        inserted = await self._connection.execute(
            """
            WITH given AS (
                SELECT * FROM unnest(
                    %b::uuid[], %b::text[], %b::uuid[], %b::text[], %b::int[], %b::text[], %b::text[], %b::uuid[],
                    %b::bytea[], %b::bytea[], %b::timestamptz[]
                ) WITH ORDINALITY AS row (
                    message_id, idempotency_key, case_id, type, schema_version, agreement_id, agreement_sha256,
                    in_reply_to, record, content_sha256, submitted_at, ordinality
                )
            ), fresh AS (
                SELECT given.*, row_number() OVER (ORDER BY given.ordinality) AS place FROM given
                WHERE NOT EXISTS (SELECT FROM outbox WHERE outbox.idempotency_key = given.idempotency_key)
            )
            INSERT INTO outbox (
                message_id, idempotency_key, recipient, stream_seq, case_id, type, schema_version, agreement_id,
                agreement_sha256, in_reply_to, record, content_sha256, submitted_at, status
            )
            SELECT message_id, idempotency_key, %s, %s + place, case_id, type, schema_version, agreement_id,
                agreement_sha256, in_reply_to, record, content_sha256, submitted_at, 'submitted' FROM fresh
            ORDER BY place
            RETURNING message_id, stream_seq
            """,
            (
                [entry.message.message_id for entry in messages],
                [entry.message.idempotency_key for entry in messages],
                [entry.message.case_id for entry in messages],
                [entry.message.type for entry in messages],
                [entry.message.schema_version for entry in messages],
                [entry.message.agreement_id for entry in messages],
                [entry.message.agreement_sha256 for entry in messages],
                [entry.message.in_reply_to for entry in messages],
                [entry.message.record for entry in messages],
                [entry.content_sha256 for entry in messages],
                [entry.submitted_at for entry in messages],
                recipient,
                last,
            ),
            binary=True,
        )
        given = {row[0]: row[1] async for row in inserted}
        counted = sum(1 for one in messages if one.message.type != RECEIPT_TYPE and one.message.message_id in given)
        await self._connection.execute(
            "UPDATE exchange_sequences SET last_seq = last_seq + %s, open_messages = open_messages + %s "
            "WHERE recipient = %s",
            (len(given), counted, recipient),
        )
        return given

    async def backlog(self, recipient: InstitutionId) -> int:
        """Messages to `recipient` without a receipt yet."""
        found = await self._connection.execute(
            "SELECT open_messages FROM exchange_sequences WHERE recipient = %s", (recipient,)
        )
        row = await found.fetchone()
        return int(row[0]) if row else 0


class PostgresBundles:
    """Bundles: unsent messages become stored bundles."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def waiting_recipients(self) -> Sequence[InstitutionId]:
        """Recipients with messages in no bundle, the longest waiting first."""
        found = await self._connection.execute(
            "SELECT recipient FROM outbox WHERE bundle_id IS NULL GROUP BY recipient ORDER BY min(submitted_at)"
        )
        return [row[0] async for row in found]

    async def take_unsent(self, recipient: InstitutionId, *, limit: int, max_bytes: int) -> Sequence[OutboxMessage]:
        """Lock and return unbundled messages in sequence order, up to both limits, at least one."""
        found = await self._connection.execute(
            f"SELECT {OUTBOX_COLUMNS} FROM outbox WHERE recipient = %s AND bundle_id IS NULL "  # noqa: S608 - a constant
            "ORDER BY stream_seq LIMIT %s FOR UPDATE SKIP LOCKED",
            (recipient, limit),
            binary=True,
        )
        taken: list[OutboxMessage] = []
        size = 0
        async for row in found:
            entry = outbox_message(row)
            size += len(entry.message.record)
            if taken and size > max_bytes:
                break
            taken.append(entry)
        return taken

    async def add(self, bundles: Sequence[SealedBundle]) -> None:
        """Store bundles, due at once, and link their messages."""
        for one in bundles:
            await self._connection.execute(
                "INSERT INTO sent_bundles (bundle_id, recipient, value, opening, message_ids, leaf_hashes, sealed_at, "
                "expects_receipt, unsettled, next_attempt_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, "
                "(SELECT count(*) FROM outbox WHERE message_id = ANY(%b) AND type <> %s), %s)",
                (
                    one.bundle_id,
                    one.recipient,
                    one.value,
                    one.opening,
                    list(one.message_ids),
                    list(one.leaf_hashes),
                    one.sealed_at,
                    one.expects_receipt,
                    list(one.message_ids),
                    RECEIPT_TYPE,
                    one.sealed_at,
                ),
                binary=True,
            )
            await self._connection.execute(
                "UPDATE outbox SET bundle_id = %s, item = given.place - 1, leaf_hash = given.leaf "
                "FROM unnest(%b::uuid[], %b::bytea[]) WITH ORDINALITY AS given (id, leaf, place) "
                "WHERE outbox.message_id = given.id",
                (one.bundle_id, list(one.message_ids), list(one.leaf_hashes)),
                binary=True,
            )


class PostgresResends:
    """Resends: stored bundles go out, and again until their receipt is here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def due(self, *, now: datetime, limit: int) -> Sequence[SealedBundle]:
        """Unsettled bundles due now, the longest due first."""
        found = await self._connection.execute(
            f"SELECT {BUNDLE_COLUMNS} FROM sent_bundles WHERE next_attempt_at <= %s "  # noqa: S608 - a constant
            "ORDER BY next_attempt_at, bundle_id LIMIT %s FOR UPDATE SKIP LOCKED",
            (now, limit),
            binary=True,
        )
        return [bundle(row) async for row in found]

    async def mark_relayed(self, next_attempts: Mapping[UUID, datetime], *, now: datetime) -> None:
        """Note the acknowledgement of the stream, and when each bundle is due again."""
        ids = list(next_attempts)
        await self._connection.execute(
            "UPDATE sent_bundles SET attempts = attempts + 1, "
            "next_attempt_at = CASE WHEN expects_receipt AND unsettled > 0 THEN given.due END "
            "FROM unnest(%b::uuid[], %b::timestamptz[]) AS given (id, due) WHERE bundle_id = given.id",
            (ids, list(next_attempts.values())),
        )

    async def put_back(self, bundle_ids: Sequence[UUID], *, now: datetime) -> None:
        """Let bundles that the stream has not taken wait behind all that was due before."""
        await self._connection.execute(
            "UPDATE sent_bundles SET next_attempt_at = %s WHERE bundle_id = ANY(%b) AND next_attempt_at IS NOT NULL",
            (now, list(bundle_ids)),
        )


class PostgresReceipts:
    """Receipts: the recipients' signed words, kept as evidence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def settle(self, receipts: Sequence[StoredReceipt]) -> Sequence[UUID]:
        """Store receipts; the ids of messages whose status this call has changed."""
        changed: list[UUID] = []
        for receipt in receipts:
            await self._store(receipt)
            changed += await self._apply(receipt)
        return changed

    async def _store(self, receipt: StoredReceipt) -> None:
        await self._connection.execute(
            "INSERT INTO receipts VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                receipt.receipt_id,
                receipt.signer,
                receipt.bundle_id,
                [entry.message_id for entry in receipt.entries],
                [entry.leaf_hash for entry in receipt.entries],
                [entry.status.value for entry in receipt.entries],
                [entry.reason for entry in receipt.entries],
                receipt.evidence,
                receipt.received_at,
            ),
            binary=True,
        )

    async def _apply(self, receipt: StoredReceipt) -> list[UUID]:
        """Only known messages to this signer with this leaf hash; delivered never goes back."""
        found = await self._connection.execute(
            """
            WITH given AS (
                SELECT * FROM unnest(%b::uuid[], %b::bytea[], %b::text[], %b::text[]) AS row (id, leaf, status, reason)
            ), before AS (
                SELECT message_id, status, bundle_id FROM outbox
                WHERE message_id = ANY(%b) AND recipient = %s FOR UPDATE
            )
            UPDATE outbox SET status = given.status, reason = given.reason, settled_at = %s, receipt_id = %s
            FROM given, before
            WHERE outbox.message_id = given.id AND before.message_id = given.id AND outbox.leaf_hash = given.leaf
                AND (outbox.status = 'submitted'
                    OR (outbox.status = 'delivered' AND given.status = 'opened')
                    OR (outbox.status = 'failed' AND given.status IN ('delivered', 'opened')))
            RETURNING outbox.message_id, outbox.bundle_id, before.status = 'submitted'
            """,
            (
                [entry.message_id for entry in receipt.entries],
                [entry.leaf_hash for entry in receipt.entries],
                [entry.status.value for entry in receipt.entries],
                [entry.reason for entry in receipt.entries],
                [entry.message_id for entry in receipt.entries],
                receipt.signer,
                receipt.received_at,
                receipt.receipt_id,
            ),
        )
        rows = await found.fetchall()
        first_time = [row[1] for row in rows if row[2]]
        await self._close(first_time, receipt.signer)
        return [row[0] for row in rows]

    async def _close(self, bundle_ids: list[UUID], signer: InstitutionId) -> None:
        """Count down what is unsettled; a bundle with nothing unsettled is not due again."""
        for bundle_id in sorted(set(bundle_ids)):
            settled = bundle_ids.count(bundle_id)
            await self._connection.execute(
                "UPDATE sent_bundles SET unsettled = unsettled - %s, "
                "next_attempt_at = CASE WHEN unsettled - %s > 0 THEN next_attempt_at END WHERE bundle_id = %s",
                (settled, settled, bundle_id),
            )
        if bundle_ids:
            await self._connection.execute(
                "UPDATE exchange_sequences SET open_messages = open_messages - %s WHERE recipient = %s",
                (len(bundle_ids), signer),
            )

    async def evidence(self, message_id: UUID) -> tuple[SealedBundle, StoredReceipt | None] | None:
        """The bundle that carried our message and the receipt that settled it."""
        found = await self._connection.execute(
            f"SELECT {', '.join('b.' + name.strip() for name in BUNDLE_COLUMNS.split(','))}, "  # noqa: S608 - constants
            "r.receipt_id, r.signer, r.bundle_id, r.message_ids, r.leaf_hashes, r.statuses, r.reasons, r.evidence, "
            "r.received_at FROM outbox o JOIN sent_bundles b USING (bundle_id) "
            "LEFT JOIN receipts r ON r.receipt_id = o.receipt_id AND r.signer = o.recipient WHERE o.message_id = %s",
            (message_id,),
            binary=True,
        )
        row = await found.fetchone()
        return None if row is None else (bundle(row[:9]), stored_receipt(row[9:]) if row[9] is not None else None)

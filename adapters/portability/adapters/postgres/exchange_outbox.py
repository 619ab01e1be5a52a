"""The exchange's outbox in PostgreSQL: one insert a message, in one statement for as many as there are."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.errors import UniqueViolation

from portability.adapters.keys.at_rest import AtRest, Sealer
from portability.adapters.postgres.arrays import bigints, booleans, byteas, ints, texts, timestamps, uuids
from portability.adapters.postgres.database import Connection, in_one_go
from portability.adapters.postgres.exchange_rows import STANDING, STATUS, Row
from portability.adapters.postgres.listening import notify_outbox
from portability.agreements.errors import GatewayError
from portability.services.exchange.model.messages import NO_CASE, InstitutionId, Lane, SubmittedMessage
from portability.services.exchange.model.sending import KnownSubmission, OutboxMessage, Turns
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.suites import SALT_BYTES

__all__ = ["PostgresOutbox", "keys_in_use"]


Found = AsyncCursor[Row]


@contextmanager
def keys_in_use() -> Iterator[None]:
    """Only a key used at the same moment for another recipient is refused by the table; the next try sees it."""
    try:
        yield
    except UniqueViolation as exc:
        raise GatewayError("Another transaction is using one of the idempotency keys.", retryable=True) from exc


class PostgresOutbox:
    """Outbox: messages that this node has taken on to deliver; salt and record are sealed together."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest
        self._sealers: dict[UUID, Sealer] = {}

    async def turns(self, lanes: Collection[Lane], *, keys: Sequence[str] = (), seals: bool = False) -> Turns:
        """Lock the streams of the recipients; where they stand, and what is known of keys."""
        # Before the lock: keys at rest are made durable in a transaction of their own, and nobody has to wait for it.
        self._sealers |= await self._at_rest.sealers({case_id for _, case_id in lanes})
        recipients = sorted({recipient for recipient, _ in lanes})
        # While a turn is held everybody else waits for it, so all is asked at once; statement by statement, because
        # each has to see what was committed while the first waited.
        async with self._connection.pipeline():
            streams = await self._lock(recipients)
            last = await self._last_in_lanes([lane for lane in lanes if lane[1] != NO_CASE])
            known = await self._find(keys)
            bundled = await self._lock_bundled(recipients if seals else [])
        standing = {row[0]: row[1:] for row in await streams.fetchall()}
        if len(standing) < len(recipients):
            await self._begin(recipients)
            return await self.turns(lanes, keys=keys, seals=seals)
        return Turns(
            last_seqs={recipient: row[0] for recipient, row in standing.items()},
            open_messages={recipient: row[1] for recipient, row in standing.items()},
            open_bytes={recipient: row[2] for recipient, row in standing.items()},
            case_seqs={(row[0], row[1]): row[2] for row in await last.fetchall()} if last else {},
            known=await self._opened(await known.fetchall()) if known else {},
            bundled_seqs=dict(await bundled.fetchall()) if bundled else {},
        )

    async def _begin(self, recipients: Sequence[InstitutionId]) -> None:
        for table in ("exchange_sequences", "exchange_cursors"):
            await self._connection.execute(
                f"INSERT INTO {table} (recipient) SELECT unnest(%b::text[]) ON CONFLICT DO NOTHING",
                (recipients,),
            )

    async def _lock(self, recipients: Sequence[InstitutionId]) -> Found:
        """By name, so that two transactions never wait for each other in a ring."""
        return await self._connection.execute(
            "SELECT recipient, last_seq, last_seq - unreceipted - coalesce(settled.messages, 0), "
            "stream.bytes - coalesce(settled.bytes, 0) "
            "FROM exchange_sequences AS stream LEFT JOIN exchange_settled AS settled USING (recipient) "
            "WHERE recipient = ANY(%b) ORDER BY recipient FOR UPDATE OF stream",
            (recipients,),
            binary=True,
        )

    async def _last_in_lanes(self, lanes: Sequence[Lane]) -> Found | None:
        if not lanes:
            return None
        return await self._connection.execute(
            "SELECT lane.recipient, lane.case_id, last.case_seq FROM unnest(%b::text[], %b::uuid[]) "
            "AS lane (recipient, case_id), LATERAL (SELECT case_seq FROM outbox WHERE outbox.case_id = lane.case_id "
            "AND outbox.recipient = lane.recipient ORDER BY case_seq DESC LIMIT 1) AS last",
            (texts([recipient for recipient, _ in lanes]), uuids([case_id for _, case_id in lanes])),
            binary=True,
        )

    async def _lock_bundled(self, recipients: Sequence[InstitutionId]) -> Found | None:
        """Without those for whom another transaction is sealing."""
        if not recipients:
            return None
        return await self._connection.execute(
            "SELECT recipient, bundled_seq FROM exchange_cursors WHERE recipient = ANY(%b) FOR UPDATE SKIP LOCKED",
            (recipients,),
            binary=True,
        )

    async def _find(self, keys: Sequence[str]) -> Found | None:
        if not keys:
            return None
        return await self._connection.execute(
            f"SELECT idempotency_key, message_id, outbox.stream_seq, {STATUS}, submitted_at, header, case_id, content "  # noqa: S608 - constants
            f"FROM outbox {STANDING} WHERE idempotency_key = ANY(%b)",
            (texts(keys),),
            binary=True,
        )

    async def _opened(self, rows: Sequence[Row]) -> Mapping[str, KnownSubmission]:
        contents = await self._at_rest.open([(row[6], row[7]) for row in rows]) if rows else []
        return {
            row[0]: KnownSubmission(
                SubmittedMessage(row[1], row[2], ReceiptStatus(row[3]), row[4]),
                row[5],
                None if content is None else content[SALT_BYTES:],
            )
            for row, content in zip(rows, contents, strict=True)
        }

    async def add(self, messages: Sequence[OutboxMessage], *, wakes: bool = True) -> None:
        """Insert messages numbered by the turns held."""
        if not messages:
            return
        contents = self._at_rest.seal_by(
            self._sealers, [(one.case_id, one.sealable.salt + one.sealable.record) for one in messages]
        )
        with keys_in_use():
            async with in_one_go(self._connection):
                await self._insert(messages, contents)
                await self._count(messages)
                if wakes:
                    # Receipts and reports go together: each bundle is signed twice, and nobody waits for them by the
                    # clock.
                    await notify_outbox(self._connection, soon=not any(one.sealable.wants_receipt for one in messages))

    async def _insert(self, messages: Sequence[OutboxMessage], contents: Sequence[bytes]) -> None:
        items = [message.sealable for message in messages]
        await self._connection.execute(
            """
            INSERT INTO outbox (
                recipient, stream_seq, message_id, idempotency_key, case_id, case_seq, type, wants_receipt,
                submitted_at, header, leaf_hash, record_bytes, content
            )
            SELECT * FROM unnest(
                %b::text[], %b::bigint[], %b::uuid[], %b::text[], %b::uuid[], %b::bigint[], %b::text[], %b::boolean[],
                %b::timestamptz[], %b::bytea[], %b::bytea[], %b::int[], %b::bytea[]
            )
            """,
            (
                texts([message.recipient for message in messages]),
                bigints([item.stream_seq for item in items]),
                uuids([item.message_id for item in items]),
                texts([message.idempotency_key for message in messages]),
                uuids([message.case_id for message in messages]),
                bigints([message.case_seq for message in messages]),
                texts([message.type for message in messages]),
                booleans([item.wants_receipt for item in items]),
                timestamps([message.submitted_at for message in messages]),
                byteas([item.header for item in items]),
                byteas([item.leaf_hash for item in items]),
                ints([len(item.record) for item in items]),
                byteas(contents),
            ),
        )

    async def _count(self, messages: Sequence[OutboxMessage]) -> None:
        last = {message.recipient: message.sealable.stream_seq for message in messages}
        silent = Counter(message.recipient for message in messages if not message.sealable.wants_receipt)
        sizes: Counter[InstitutionId] = Counter()
        for message in messages:
            if message.sealable.wants_receipt:
                sizes[message.recipient] += message.sealable.size
        await self._connection.execute(
            "UPDATE exchange_sequences AS stream SET last_seq = given.last, unreceipted = unreceipted + given.silent, "
            "bytes = bytes + given.size FROM unnest(%b::text[], %b::bigint[], %b::bigint[], %b::bigint[]) "
            "AS given (recipient, last, silent, size) WHERE stream.recipient = given.recipient",
            (list(last), list(last.values()), [silent[one] for one in last], [sizes[one] for one in last]),
        )

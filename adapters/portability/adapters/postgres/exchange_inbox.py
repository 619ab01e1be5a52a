"""The exchange's inbox, offsets, quarantine and timeline in PostgreSQL, and all of it as one unit of work."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import OperationalError

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.arrays import bigints, byteas, ints, texts, timestamps, uuids
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.exchange_bundles import PostgresBundles, PostgresResends
from portability.adapters.postgres.exchange_lanes import PostgresBusinessStatuses, PostgresLanes
from portability.adapters.postgres.exchange_openings import PostgresAcceptedBlind, PostgresOpenings
from portability.adapters.postgres.exchange_outbox import PostgresOutbox
from portability.adapters.postgres.exchange_receipt_alarms import PostgresReceiptAlarms
from portability.adapters.postgres.exchange_receipts import PostgresReceipts
from portability.adapters.postgres.exchange_repair import PostgresDigests, PostgresGaps, PostgresReconciliations
from portability.adapters.postgres.exchange_rows import (
    QUARANTINE_COLUMNS,
    QUARANTINE_SCOPE,
    SETTLED,
    STANDING,
    STATUS,
    TOLD,
    WAITING,
    inbox_message,
    quarantine_entry,
    timeline,
)
from portability.adapters.postgres.exchange_sealings import PostgresSealings
from portability.adapters.postgres.exchange_voids import PostgresVoidsReceived, PostgresVoidsSent
from portability.adapters.postgres.leases import PostgresLeases
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.agreements.errors import GatewayError
from portability.services.exchange.model.messages import (
    EXCHANGE_TYPES,
    InstitutionId,
    Lane,
    MessageKey,
    TimelineEntry,
)
from portability.services.exchange.model.receiving import Arrival, BundleKey, InboxBundle, InboxMessage
from portability.services.exchange.model.set_aside import ID_CONFLICT, QuarantineEntry, QuarantineState
from portability.services.hybrid import HybridSignature

__all__ = ["TIMELINE", "PostgresExchangeWork", "PostgresTimeline", "exchange_unit_of_work"]


class PostgresInbox:
    """Inbox: messages that this node has received; salt and record are sealed together."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, bundles: Sequence[InboxBundle], messages: Sequence[InboxMessage]) -> Sequence[Arrival]:
        """Insert what is new and say of each message whether it was new, a duplicate, or in conflict."""
        await self._add_bundles(bundles)
        first: dict[MessageKey, InboxMessage] = {}
        for entry in messages:
            first.setdefault(entry.message.key, entry)
        new = await self._insert(first)
        if len(new) == len(messages):
            return [Arrival.NEW] * len(messages)
        known = await self._leaf_hashes([key for key in first if key not in new])
        result = []
        for entry in messages:
            key = entry.message.key
            stored = known.get(key, first[key].leaf_hash)
            if key in new and first[key] is entry:
                result.append(Arrival.NEW)
            else:
                result.append(Arrival.DUPLICATE if stored == entry.leaf_hash else Arrival.CONFLICT)
        return result

    async def _add_bundles(self, bundles: Sequence[InboxBundle]) -> None:
        async with self._connection.pipeline():
            for one in bundles:
                await self._connection.execute(
                    "INSERT INTO inbox_bundles VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (
                        one.sender,
                        one.bundle_id,
                        one.signed_head,
                        one.signature.ed25519,
                        one.signature.mldsa65,
                        one.received_at,
                        byteas(one.leaf_hashes),
                    ),
                    binary=True,
                )

    async def _insert(self, messages: Mapping[MessageKey, InboxMessage]) -> Collection[MessageKey]:
        entries = list(messages.values())
        contents = await self._at_rest.seal(
            [(entry.message.case_id, entry.salt + entry.message.record) for entry in entries]
        )
        found = await self._connection.execute(
            """
            INSERT INTO inbox (
                sender, message_id, case_id, case_seq, type, stream_seq, received_at, header, leaf_hash, bundle_id,
                item, content
            )
            SELECT * FROM unnest(
                %b::text[], %b::uuid[], %b::uuid[], %b::bigint[], %b::text[], %b::bigint[], %b::timestamptz[],
                %b::bytea[], %b::bytea[], %b::uuid[], %b::int[], %b::bytea[]
            )
            ON CONFLICT (sender, message_id) DO NOTHING
            RETURNING sender, message_id
            """,
            (
                texts([entry.message.sender for entry in entries]),
                uuids([entry.message.message_id for entry in entries]),
                uuids([entry.message.case_id for entry in entries]),
                bigints([entry.message.case_seq for entry in entries]),
                texts([entry.message.type for entry in entries]),
                bigints([entry.message.stream_seq for entry in entries]),
                timestamps([entry.message.received_at for entry in entries]),
                byteas([entry.header for entry in entries]),
                byteas([entry.leaf_hash for entry in entries]),
                uuids([entry.bundle_id for entry in entries]),
                ints([entry.item for entry in entries]),
                byteas(contents),
            ),
            binary=True,
        )
        if found.rowcount == len(entries):
            return messages.keys()
        return {(row[0], row[1]) for row in await found.fetchall()}

    async def _leaf_hashes(self, keys: Sequence[MessageKey]) -> Mapping[MessageKey, bytes]:
        if not keys:
            return {}
        found = await self._connection.execute(
            "SELECT inbox.sender, inbox.message_id, leaf_hash FROM inbox "
            "JOIN unnest(%b::text[], %b::uuid[]) AS wanted (sender, id) "
            "ON inbox.sender = wanted.sender AND inbox.message_id = wanted.id",
            (texts([key[0] for key in keys]), uuids([key[1] for key in keys])),
            binary=True,
        )
        return {(row[0], row[1]): row[2] for row in await found.fetchall()}

    async def find(self, sender: InstitutionId, message_id: UUID) -> InboxMessage | None:
        """A received message; None where unknown."""
        found = await self._connection.execute(
            "SELECT header, received_at, leaf_hash, bundle_id, item, case_id, content FROM inbox "
            "WHERE sender = %s AND message_id = %s",
            (sender, message_id),
            binary=True,
        )
        row = await found.fetchone()
        if row is None:
            return None
        (content,) = await self._at_rest.open([(row[5], row[6])])
        return inbox_message(row, content)

    async def find_many(self, messages: Sequence[MessageKey]) -> Sequence[InboxMessage]:
        """Received messages; unknown and erased ones are left out."""
        found = await self._connection.execute(
            "SELECT header, received_at, leaf_hash, bundle_id, item, case_id, content FROM inbox "
            "JOIN unnest(%b::text[], %b::uuid[]) AS wanted (one, two) ON sender = one AND message_id = two",
            ([key[0] for key in messages], [key[1] for key in messages]),
            binary=True,
        )
        rows = await found.fetchall()
        contents = await self._at_rest.open([(row[5], row[6]) for row in rows]) if rows else []
        return [inbox_message(row, one) for row, one in zip(rows, contents, strict=True) if one is not None]

    async def stalled(self, cases: Collection[UUID]) -> Sequence[Lane]:
        """Lanes of these cases whose next message is here and held."""
        found = await self._connection.execute(
            "SELECT sender, case_id FROM lane_entries AS entry JOIN lanes USING (sender, case_id) "
            "WHERE entry.case_id = ANY(%b) AND state = 'held' AND case_seq = next_seq ORDER BY sender, case_id",
            (uuids(list(cases)),),
            binary=True,
        )
        return [(row[0], row[1]) async for row in found]

    async def bundles(self, keys: Sequence[BundleKey]) -> Mapping[BundleKey, InboxBundle]:
        """What is kept of bundles."""
        found = await self._connection.execute(
            "SELECT bundle_id, sender, signed_head, ed25519, mldsa65, received_at, leaf_hashes FROM inbox_bundles "
            "JOIN unnest(%b::text[], %b::uuid[]) AS wanted (sender, bundle_id) USING (sender, bundle_id)",
            ([sender for sender, _ in keys], [bundle_id for _, bundle_id in keys]),
            binary=True,
        )
        kept = [
            InboxBundle(row[0], row[1], row[2], HybridSignature(row[3], row[4]), row[5], tuple(row[6]))
            async for row in found
        ]
        return {(one.sender, one.bundle_id): one for one in kept}


class PostgresOffsets:
    """Offsets: how far this node has consumed the partitions of its inbox topic."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def load(self, topic: str, partition: int) -> int:
        """The offset of the last record consumed, -1 before the first."""
        found = await self._connection.execute(
            "SELECT consumed FROM stream_offsets WHERE topic = %s AND partition = %s", (topic, partition)
        )
        row = await found.fetchone()
        return int(row[0]) if row else -1

    async def save(self, topic: str, partition: int, offset: int) -> None:
        """Note that all records up to `offset` are consumed.

        It may go back: a topic that was lost and made anew counts from zero, and what is read again is known.
        """
        await self._connection.execute(
            "INSERT INTO stream_offsets VALUES (%s, %s, %s) ON CONFLICT (topic, partition) DO UPDATE "
            "SET consumed = excluded.consumed",
            (topic, partition, offset),
        )

    async def advance(self, topic: str, partition: int, *, after: int, to: int) -> bool:
        """Note the last offset consumed, where the one before is as expected; the row stays locked."""
        done = await self._connection.execute(
            "INSERT INTO stream_offsets AS known SELECT %s, %s, %s WHERE %s = -1 OR EXISTS "
            "(SELECT FROM stream_offsets WHERE topic = %s AND partition = %s) "
            "ON CONFLICT (topic, partition) DO UPDATE SET consumed = excluded.consumed WHERE known.consumed = %s",
            (topic, partition, to, after, topic, partition, after),
        )
        return done.rowcount == 1


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


class PostgresExchangeWork:
    """One transaction over the exchange's tables; `connection` is there for the services that share it."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.connection = connection
        self.outbox = PostgresOutbox(connection, at_rest)
        self.bundles = PostgresBundles(connection, at_rest)
        self.resends = PostgresResends(connection)
        self.receipts = PostgresReceipts(connection, at_rest)
        self.receipt_alarms = PostgresReceiptAlarms(connection)
        self.inbox = PostgresInbox(connection, at_rest)
        self.openings = PostgresOpenings(connection)
        self.offsets = PostgresOffsets(connection)
        self.leases = PostgresLeases(connection)
        self.quarantine = PostgresQuarantine(connection, at_rest)
        self.desk = self.quarantine
        self.held = self.inbox
        self.accepted_blind = PostgresAcceptedBlind(connection)
        self.lanes = PostgresLanes(connection)
        self.statuses = PostgresBusinessStatuses(connection)
        self.gaps = PostgresGaps(connection)
        self.digests = PostgresDigests(connection)
        self.reconciliations = PostgresReconciliations(connection)
        self.sealings = PostgresSealings(connection)
        self.voids_sent = PostgresVoidsSent(connection)
        self.voids_received = PostgresVoidsReceived(connection)
        self.timeline = PostgresTimeline(connection)
        self.log = PostgresLogSink(connection)
        self.acts = PostgresActs(connection, at_rest)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A nested transaction: an error inside undoes what happened inside, then passes on."""
        return _savepoint(self.connection)


@asynccontextmanager
async def _savepoint(connection: Connection) -> AsyncIterator[None]:
    try:
        async with connection.transaction():
            yield
    except OperationalError as exc:
        # A deadlock, a lock not given, a lost connection: no fault of the message whose effect met it.
        raise GatewayError("The database gave up on a statement.", retryable=True) from exc


def exchange_unit_of_work(
    database: Database, at_rest: AtRest
) -> Callable[[], AbstractAsyncContextManager[PostgresExchangeWork]]:
    """Opens a transaction over the exchange's tables, as the relay and the consumer need it."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresExchangeWork]:
        # Taking in and sending on is the node's own work, whoever hands it in.
        async with database.transaction(acting="node") as connection:
            yield PostgresExchangeWork(connection, at_rest)

    return work

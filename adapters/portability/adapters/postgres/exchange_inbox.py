"""The exchange's inbox and offsets in PostgreSQL: what came, once, and how far the stream is consumed."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.arrays import bigints, byteas, ints, texts, timestamps, uuids
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import inbox_message
from portability.services.exchange.model.messages import InstitutionId, MessageKey
from portability.services.exchange.model.receiving import Arrival, BundleKey, InboxBundle, InboxMessage
from portability.services.hybrid import HybridSignature

__all__ = ["PostgresInbox", "PostgresOffsets"]


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

"""The event stream in PostgreSQL: topics of one partition as rows, for pilots and the demo, where no Kafka runs.

Offsets have no gaps that fill later: appenders to one topic take turns, so a reader that has seen offset n has
seen every offset below it. Readers are woken by NOTIFY and look again every second in case one was missed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Self

from portability.adapters.postgres.arrays import byteas
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.listening import Listener
from portability.services.exchange.model.receiving import StreamRecord

__all__ = ["PostgresStream"]

CHANNEL = "portability_stream"
LOOK_AGAIN = timedelta(seconds=1)

SCHEMA = """
CREATE TABLE IF NOT EXISTS stream_topics (topic text PRIMARY KEY, next_offset bigint NOT NULL);
CREATE TABLE IF NOT EXISTS stream_records (
    topic text NOT NULL,
    record_offset bigint NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    appended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, record_offset)
);
ALTER TABLE stream_records ALTER COLUMN value SET STORAGE EXTERNAL;
"""

APPEND = """
WITH given AS (
    SELECT key, value, place FROM unnest(%(keys)b::bytea[], %(values)b::bytea[])
    WITH ORDINALITY AS row (key, value, place)
), topic AS (
    INSERT INTO stream_topics VALUES (%(topic)s, %(count)s)
    ON CONFLICT (topic) DO UPDATE SET next_offset = stream_topics.next_offset + %(count)s
    RETURNING next_offset - %(count)s AS first
)
INSERT INTO stream_records (topic, record_offset, key, value)
SELECT %(topic)s, topic.first + given.place - 1, given.key, given.value FROM given, topic
"""

# A reader ahead of the topic's end has outlived the topic: it was lost and made anew, and is read from its start.
LOOK = """
SELECT record_offset, key, value FROM stream_records
WHERE topic = %(topic)s AND record_offset > (
    SELECT CASE WHEN %(after)s::bigint < next_offset THEN %(after)s::bigint ELSE -1 END
    FROM stream_topics WHERE topic = %(topic)s
)
ORDER BY record_offset LIMIT %(limit)s
"""


class PostgresStream:
    """EventStream on one PostgreSQL database that all nodes of a pilot share."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listener = Listener(database, CHANNEL)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and create the stream's two tables where they are missing."""
        database = await Database.open(url, pool_size=6)
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(727002)")
            for statement in SCHEMA.split(";\n"):
                if statement.strip():
                    await connection.execute(statement)
        return cls(database)

    async def partitions(self, topic: str) -> int:
        """One."""
        return 1

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Append (key, value) pairs; durable when this returns."""
        if not records:
            return
        async with self._database.transaction() as connection:
            # The topic's row stays locked until commit: appenders take turns and readers never see a gap.
            await connection.execute(
                APPEND,
                {
                    "topic": topic,
                    "keys": byteas([key for key, _ in records]),
                    "values": byteas([value for _, value in records]),
                    "count": len(records),
                },
                binary=True,
            )
            await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic))

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        """Records with a higher offset, oldest first; waits up to `wait` for a first one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait.total_seconds()
        while True:
            self._listener.forget()
            found = await self._look(topic, after=after[0], limit=limit)
            left = until - loop.time()
            if found or left <= 0:
                return found
            await self._listener.wait(at_most=min(timedelta(seconds=left), LOOK_AGAIN))

    async def close(self) -> None:
        """Stop listening and release the connections."""
        await self._listener.close()
        await self._database.close()

    async def _look(self, topic: str, *, after: int, limit: int) -> list[StreamRecord]:
        async with self._database.transaction() as connection:
            found = await connection.execute(
                LOOK,
                {"topic": topic, "after": after, "limit": limit},
                binary=True,
            )
            return [StreamRecord(topic, 0, row[0], row[1], row[2]) async for row in found]

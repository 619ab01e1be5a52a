"""The log in PostgreSQL: staged entries, rows, tiles, checkpoints, within the caller's transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from portability.adapters.postgres.database import Connection, Database
from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import parse_checkpoint
from portability.services.log.model import LogRow, SignedCheckpoint, TileId, TreeHead
from portability.services.log.note import parse_note
from portability.services.log.ports import LogUnitOfWork
from portability.services.log_entry import LogEntry, LogEntryKind
from portability.services.merkle import HASH_BYTES

__all__ = ["PostgresLogWork", "log_unit_of_work"]


class PostgresStaged:
    """The port `Staged`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, *, limit: int) -> Sequence[LogEntry]:
        """Remove the oldest entries, and return those that are new."""
        found = await self._connection.execute(
            """
            WITH taken AS (
                DELETE FROM log_staged WHERE staged_id IN (SELECT staged_id FROM log_staged ORDER BY staged_id LIMIT %s)
                RETURNING staged_id, kind, digest, at
            ), once AS (
                SELECT DISTINCT ON (kind, digest) staged_id, kind, digest, at FROM taken
                ORDER BY kind, digest, staged_id
            )
            SELECT kind, digest, at FROM once
            WHERE NOT EXISTS (SELECT FROM log_entries AS held WHERE held.kind = once.kind AND held.digest = once.digest)
            ORDER BY staged_id
            """,
            (limit,),
            binary=True,
        )
        return [LogEntry(LogEntryKind(row[0]), row[1], row[2]) async for row in found]

    async def waiting(self) -> Sequence[LogEntry]:
        """All that wait."""
        found = await self._connection.execute(
            "SELECT kind, digest, at FROM log_staged ORDER BY staged_id", binary=True
        )
        return [LogEntry(LogEntryKind(row[0]), row[1], row[2]) async for row in found]


class PostgresEntries:
    """The port `Entries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self) -> TreeHead:
        """Size and root, with the row locked: whoever appends next waits for this transaction to end."""
        found = await self._connection.execute("SELECT size, root FROM log_head FOR UPDATE", binary=True)
        row = await found.fetchone()
        if row is None:
            raise VerificationError("The head of the log is missing from its table: restore the database.")
        return TreeHead(row[0], row[1])

    async def append(self, rows: Sequence[LogRow], head: TreeHead) -> None:
        """Add rows at the end; the primary key refuses a position that is taken."""
        await self._connection.execute(
            "INSERT INTO log_entries (position, kind, at_ms, digest) "
            "SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::bytea[])",
            (
                [row.position for row in rows],
                [row.kind for row in rows],
                [row.at_ms for row in rows],
                [row.digest for row in rows],
            ),
            binary=True,
        )
        await self._connection.execute("UPDATE log_head SET size = %s, root = %s", (head.size, head.root))

    async def read(self, start: int, end: int) -> Sequence[LogRow]:
        """Rows in order."""
        found = await self._connection.execute(
            "SELECT position, kind, at_ms, digest FROM log_entries WHERE position >= %s AND position < %s "
            "ORDER BY position",
            (start, end),
            binary=True,
        )
        return [LogRow(*row) async for row in found]


class PostgresTiles:
    """The port `Tiles`: a row a tile, its hashes one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, tiles: Sequence[TileId]) -> Mapping[TileId, Sequence[bytes]]:
        """The hashes of tiles."""
        found = await self._connection.execute(
            "SELECT level, number, hashes FROM log_tiles JOIN unnest(%b::int[], %b::bigint[]) AS asked (level, number) "
            "USING (level, number)",
            ([level for level, _ in tiles], [number for _, number in tiles]),
            binary=True,
        )
        return {(row[0], row[1]): _hashes(row[2]) async for row in found}

    async def extend(self, added: Mapping[TileId, Sequence[bytes]]) -> None:
        """Append hashes."""
        await self._connection.execute(
            "INSERT INTO log_tiles (level, number, hashes) "
            "SELECT * FROM unnest(%b::int[], %b::bigint[], %b::bytea[]) "
            "ON CONFLICT (level, number) DO UPDATE SET hashes = log_tiles.hashes || excluded.hashes",
            (
                [level for level, _ in added],
                [number for _, number in added],
                [b"".join(hashes) for hashes in added.values()],
            ),
            binary=True,
        )


class PostgresCheckpoints:
    """The port `Checkpoints`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def latest(self) -> SignedCheckpoint | None:
        """The checkpoint of the largest size."""
        found = await self._connection.execute(
            "SELECT note, signed_at FROM log_checkpoints ORDER BY size DESC LIMIT 1", binary=True
        )
        return _signed(await found.fetchone())

    async def add(self, signed: SignedCheckpoint) -> None:
        """Keep it; forget smaller ones without a cosignature."""
        await self._connection.execute(
            "DELETE FROM log_checkpoints WHERE size < %s "
            "AND NOT EXISTS (SELECT FROM log_cosignatures AS one WHERE one.size = log_checkpoints.size)",
            (signed.checkpoint.size,),
        )
        await self._insert(signed)

    async def add_cosignature(self, signed: SignedCheckpoint, witness: str, lines: str) -> None:
        """Keep a witness's lines."""
        await self._insert(signed)
        await self._connection.execute(
            "INSERT INTO log_cosignatures (size, witness, lines) VALUES (%s, %s, %s) "
            "ON CONFLICT (size, witness) DO UPDATE SET lines = excluded.lines",
            (signed.checkpoint.size, witness, lines),
        )

    async def _insert(self, signed: SignedCheckpoint) -> None:
        await self._connection.execute(
            "INSERT INTO log_checkpoints (size, note, signed_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (signed.checkpoint.size, signed.note, signed.signed_at),
        )


class PostgresLookup:
    """The port `Lookup`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, kind: str, digest: bytes) -> LogRow | None:
        """The row of an entry."""
        found = await self._connection.execute(
            "SELECT position, kind, at_ms, digest FROM log_entries WHERE kind = %s AND digest = %s",
            (kind, digest),
            binary=True,
        )
        row = await found.fetchone()
        return LogRow(*row) if row else None

    async def covering(self, size: int) -> SignedCheckpoint | None:
        """A checkpoint over at least `size` entries, with its cosignatures."""
        found = await self._connection.execute(
            "SELECT note || convert_to(coalesce(string_agg(lines, '' ORDER BY witness), ''), 'UTF8'), signed_at "
            "FROM log_checkpoints LEFT JOIN log_cosignatures USING (size) WHERE size >= %s "
            "GROUP BY size ORDER BY count(lines) DESC, size LIMIT 1",
            (size,),
            binary=True,
        )
        return _signed(await found.fetchone())


class PostgresLogWork:
    """One transaction over the log's tables."""

    def __init__(self, connection: Connection) -> None:
        self.staged = PostgresStaged(connection)
        self.entries = PostgresEntries(connection)
        self.tiles = PostgresTiles(connection)
        self.checkpoints = PostgresCheckpoints(connection)
        self.lookup = PostgresLookup(connection)


def log_unit_of_work(database: Database) -> LogUnitOfWork:
    """Opens a transaction over the log's tables."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresLogWork]:
        async with database.transaction() as connection:
            yield PostgresLogWork(connection)

    return work


def _hashes(joined: bytes) -> Sequence[bytes]:
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def _signed(row: tuple[Any, ...] | None) -> SignedCheckpoint | None:
    if row is None:
        return None
    return SignedCheckpoint(parse_checkpoint(parse_note(row[0]).text), row[0], row[1])

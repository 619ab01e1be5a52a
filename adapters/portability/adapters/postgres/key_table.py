"""The key table in PostgreSQL: in a database of its own, so that backups of the data hold no key.

Keys are kept in transactions of their own, committed before anything is sealed by them: a business transaction that
is undone leaves a key without use, never content without its key.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from portability.adapters.keys.at_rest import WrappedKey
from portability.adapters.postgres.arrays import byteas, timestamps, uuids
from portability.adapters.postgres.database import Connection, Database
from portability.agreements.errors import GatewayError

__all__ = ["PostgresKeyTable"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys_at_rest (
    scope uuid PRIMARY KEY,
    key_id bytea NOT NULL,
    wrapped bytea NOT NULL,
    made_at timestamptz NOT NULL
);
"""
AT_ONCE = 10_000  # keys that are wrapped anew by one statement
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
LOCK = 727003  # of the schema, against two processes that start at once


class PostgresKeyTable:
    """KeyTable and KeysUnderMaster."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def on(cls, database: Database) -> Self:
        """The key table of a database, created where it is missing."""
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            await connection.execute(SCHEMA)
        return cls(database)

    async def keep(self, fresh: Sequence[WrappedKey]) -> Sequence[WrappedKey]:
        """Keep keys of scopes that have none; return the key of each."""
        scopes = uuids([key.scope for key in fresh])
        async with self._database.session() as connection:
            inserted = await connection.execute(
                "INSERT INTO keys_at_rest (scope, key_id, wrapped, made_at) "
                "SELECT * FROM unnest(%b::uuid[], %b::bytea[], %b::bytea[], %b::timestamptz[]) "
                "ON CONFLICT (scope) DO NOTHING",
                (
                    scopes,
                    byteas([key.key_id for key in fresh]),
                    byteas([key.wrapped for key in fresh]),
                    timestamps([key.made_at for key in fresh]),
                ),
            )
            if inserted.rowcount == len(fresh):
                return fresh
            known = await connection.execute(
                "SELECT scope, key_id, wrapped, made_at FROM keys_at_rest WHERE scope = ANY(%b)", (scopes,), binary=True
            )
            return [WrappedKey(*row) for row in await known.fetchall()]

    async def find(self, scopes: Sequence[UUID]) -> Sequence[WrappedKey]:
        """Return the keys of scopes that have one."""
        async with self._database.session() as connection:
            found = await connection.execute(
                "SELECT scope, key_id, wrapped, made_at FROM keys_at_rest WHERE scope = ANY(%b)",
                (uuids(scopes),),
                binary=True,
            )
            return [WrappedKey(*row) for row in await found.fetchall()]

    async def destroy(self, scopes: Sequence[UUID], *, made_before: datetime) -> Sequence[UUID]:
        """Delete the keys of scopes."""
        async with self._database.transaction() as connection:
            gone = await connection.execute(
                "DELETE FROM keys_at_rest WHERE scope = ANY(%b) AND made_at <= %s RETURNING scope",
                (list(scopes), made_before),
            )
            return [row[0] for row in await gone.fetchall()]

    async def sample(self) -> WrappedKey | None:
        """Any key."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                "SELECT scope, key_id, wrapped, made_at FROM keys_at_rest LIMIT 1", binary=True
            )
            row = await found.fetchone()
            return None if row is None else WrappedKey(*row)

    async def rewrap(self, change: Callable[[WrappedKey], bytes]) -> int:
        """Wrap every key anew in one transaction. A node that runs would go on wrapping by the old master."""
        async with self._database.transaction() as connection:
            await connection.execute("LOCK TABLE keys_at_rest IN ACCESS EXCLUSIVE MODE")
            others = await (await connection.execute(OTHERS)).fetchone()
            if others and others[0]:
                raise GatewayError(
                    f"{others[0]} other connections use the keys' database: stop every process of the node first.",
                    retryable=False,
                )
            done, last = 0, UUID(int=0)
            while keys := await _after(connection, last):
                await connection.execute(
                    "UPDATE keys_at_rest SET wrapped = fresh.wrapped "
                    "FROM unnest(%b::uuid[], %b::bytea[]) AS fresh (scope, wrapped) "
                    "WHERE keys_at_rest.scope = fresh.scope",
                    ([key.scope for key in keys], [change(key) for key in keys]),
                )
                done, last = done + len(keys), keys[-1].scope
            return done


async def _after(connection: Connection, last: UUID) -> Sequence[WrappedKey]:
    found = await connection.execute(
        "SELECT scope, key_id, wrapped, made_at FROM keys_at_rest WHERE scope > %b ORDER BY scope LIMIT %s",
        (last, AT_ONCE),
        binary=True,
    )
    return [WrappedKey(*row) for row in await found.fetchall()]

"""Versions of agreements and signed statements in PostgreSQL, within the caller's transaction; rows are only added."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.adapters.postgres.records_store import PostgresCommands
from portability.services.determination.treaties.mapping.statements import (
    decode_signed_statement,
    encode_signed_statement,
)
from portability.services.determination.treaties.model import KeptStatement, PublishedVersion

__all__ = ["PostgresStatements", "PostgresTreatyWork", "PostgresVersions", "treaty_unit_of_work"]


class PostgresVersions:
    """VersionStore."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, version: PublishedVersion, content: bytes) -> None:
        """Keep a version with its bytes; one with a known hash is left as it is."""
        await self._connection.execute(
            "INSERT INTO agreement_versions (sha256, agreement_id, parties, file, content, published_at, published_by) "
            "VALUES (decode(%s, 'hex'), %s, %s, %s, %s, %s, %s) ON CONFLICT (sha256) DO NOTHING",
            (
                version.sha256,
                version.agreement_id,
                list(version.parties),
                version.file,
                content,
                version.published_at,
                version.published_by,
            ),
        )

    async def content(self, sha256: str) -> bytes | None:
        """The bytes of a version; None where it is not published here."""
        found = await self._connection.execute(
            "SELECT content FROM agreement_versions WHERE sha256 = decode(%s, 'hex')", (sha256,)
        )
        row = await found.fetchone()
        return bytes(row[0]) if row else None

    async def of_agreement(self, agreement_id: str) -> Sequence[PublishedVersion]:
        """In the order of publication; those of every agreement, by id first, where the id is empty."""
        found = await self._connection.execute(
            "SELECT agreement_id, encode(sha256, 'hex'), parties, file, published_at, published_by "
            "FROM agreement_versions WHERE %(id)s IN ('', agreement_id) "
            'ORDER BY agreement_id COLLATE "C", published_at, sha256',
            {"id": agreement_id},
        )
        return [PublishedVersion(row[0], row[1], tuple(row[2]), *row[3:]) for row in await found.fetchall()]


class PostgresStatements:
    """StatementStore."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, kept: KeptStatement, *, agreement_id: str, digest: str) -> None:
        """Keep a statement; one with a known digest is left as it is."""
        await self._connection.execute(
            "INSERT INTO agreement_statements (digest, agreement_id, signed, received_at, received_by) "
            "VALUES (decode(%s, 'hex'), %s, %s, %s, %s) ON CONFLICT (digest) DO NOTHING",
            (digest, agreement_id, encode_signed_statement(kept.signed), kept.received_at, kept.received_by),
        )

    async def of_agreement(self, agreement_id: str) -> Sequence[KeptStatement]:
        """In the order of arrival."""
        found = await self._connection.execute(
            "SELECT signed, received_at, received_by FROM agreement_statements WHERE agreement_id = %s ORDER BY place",
            (agreement_id,),
        )
        return [KeptStatement(decode_signed_statement(bytes(row[0])), *row[1:]) for row in await found.fetchall()]


class PostgresTreatyWork:
    """TreatyWork: the ports of one transaction."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.versions = PostgresVersions(connection)
        self.statements = PostgresStatements(connection)
        self.commands = PostgresCommands(connection, at_rest)
        self.log = PostgresLogSink(connection)


def treaty_unit_of_work(
    database: Database, at_rest: AtRest
) -> Callable[[], AbstractAsyncContextManager[PostgresTreatyWork]]:
    """Opens a transaction on versions of agreements and statements."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresTreatyWork]:
        async with database.transaction() as connection:
            yield PostgresTreatyWork(connection, at_rest)

    return work

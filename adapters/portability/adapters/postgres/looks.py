"""Looks at persons' records, and which persons are protected, in PostgreSQL, within the caller's transaction."""

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import from_document, to_document
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.services.log_entry import LogEntry, LogEntryKind, commitment
from portability.services.looking import Look

__all__ = ["PostgresLooks", "PostgresProtected"]

SALT_BYTES: Final = 32
SHOWN: Final = 1_000  # looks at one person that are read at once


class PostgresLooks:
    """LookBook. Salt and look are sealed by the key of what was looked at, so they go with it."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest
        self._log = PostgresLogSink(connection)

    async def add(self, looks: Sequence[Look]) -> None:
        """Keep looks and stage their commitments."""
        if not looks:
            return
        contents = [json.dumps(to_document(look)).encode() for look in looks]
        salts = [self._at_rest.random_bytes(SALT_BYTES) for _ in looks]
        digests = [commitment(salt, content) for salt, content in zip(salts, contents, strict=True)]
        sealed = await self._at_rest.seal(
            [(look.scope, salt + content) for look, salt, content in zip(looks, salts, contents, strict=True)]
        )
        await self._connection.execute(
            "INSERT INTO looks (look_id, scope, content, digest) "
            "SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[], %b::bytea[])",
            ([look.look_id for look in looks], [look.scope for look in looks], sealed, digests),
        )
        await self._log.append(
            [LogEntry(LogEntryKind.RECORD_LOOK, digest, look.at) for look, digest in zip(looks, digests, strict=True)]
        )

    async def of(self, scopes: Sequence[UUID]) -> Sequence[Look]:
        """The newest first."""
        found = await self._connection.execute(
            "SELECT scope, content FROM looks WHERE scope = ANY(%b) ORDER BY look_id DESC LIMIT %s",
            (list(scopes), SHOWN),
            binary=True,
        )
        opened = await self._at_rest.open(await found.fetchall())
        return [from_document(Look, json.loads(one[SALT_BYTES:])) for one in opened if one is not None]


class PostgresProtected:
    """ProtectedScopes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def protect(self, scopes: Sequence[UUID]) -> None:
        """Hide."""
        await self._connection.execute(
            "INSERT INTO protected_scopes SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING", (list(scopes),)
        )

    async def unprotect(self, scopes: Sequence[UUID]) -> None:
        """Show again."""
        await self._connection.execute("DELETE FROM protected_scopes WHERE scope = ANY(%s)", (list(scopes),))

    async def among(self, scopes: Sequence[UUID]) -> frozenset[UUID]:
        """Those that are protected."""
        if not scopes:
            return frozenset()
        found = await self._connection.execute(
            "SELECT scope FROM protected_scopes WHERE scope = ANY(%s)", (list(scopes),)
        )
        return frozenset(row[0] for row in await found.fetchall())

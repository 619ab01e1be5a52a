"""Acts of administrators and clerks in PostgreSQL, within the caller's transaction."""

import json
from typing import Final

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import to_document
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.services.acts import Act
from portability.services.log_entry import LogEntry, LogEntryKind, commitment

__all__ = ["PostgresActs"]

SALT_BYTES: Final = 32


class PostgresActs:
    """ActBook. Salt and act are sealed by the key of the case; the commitment stays when that is destroyed."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, act: Act) -> None:
        """Keep an act and stage its commitment."""
        content, salt = json.dumps(to_document(act)).encode(), self._at_rest.random_bytes(SALT_BYTES)
        (sealed,) = await self._at_rest.seal([(act.case_id, salt + content)])
        entry = LogEntry(LogEntryKind.ADMINISTRATION, commitment(salt, content), act.at)
        await self._connection.execute(
            "INSERT INTO acts (act_id, scope, content, digest) VALUES (%s, %s, %s, %s)",
            (act.act_id, act.case_id, sealed, entry.digest),
        )
        await PostgresLogSink(self._connection).append([entry])

"""The change feed in PostgreSQL: an outbox that cases and disputes fill in their own transactions.

A row gets its number after its commit, under a lock: numbers handed out before would be seen out of order, and a reader
who had passed one would never see what was committed later below it. Changes of one case are made one after the other,
so their rows are in order.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from uuid import UUID

from portability.adapters.postgres.database import Connection, Database
from portability.agreements.errors import InputError
from portability.services.feed.model import Change
from portability.services.feed.ports import ChangeTopic
from portability.services.flows.changes import change_kind
from portability.services.flows.model import KeptDocument

__all__ = ["PostgresChanges", "PostgresFlowChanges", "change_unit_of_work"]

LOCK = 727006
NUMBERED_AT_ONCE = 5_000
NUMBER = """
WITH fresh AS (
    SELECT place, row_number() OVER (ORDER BY place) AS rank FROM case_changes
    WHERE number IS NULL ORDER BY place LIMIT %s
), cursor AS (
    UPDATE change_cursors SET number = number + (SELECT count(*) FROM fresh)
    WHERE reader = 'numbered' RETURNING number - (SELECT count(*) FROM fresh) AS before
)
UPDATE case_changes SET number = cursor.before + fresh.rank FROM fresh, cursor WHERE case_changes.place = fresh.place
"""
FORGOTTEN_AT_ONCE = 5_000
FORGET = """
WITH eldest AS (
    SELECT place, number, occurred_at FROM case_changes
    WHERE number <= CASE WHEN %(published)s THEN (SELECT number FROM change_cursors WHERE reader = 'kafka')
                         ELSE (SELECT number FROM change_cursors WHERE reader = 'numbered') END
    ORDER BY number LIMIT %(limit)s
), gone AS (
    DELETE FROM case_changes USING eldest
    WHERE case_changes.place = eldest.place
        AND eldest.number < coalesce((SELECT min(number) FROM eldest WHERE occurred_at >= %(before)s), 9e18)
    RETURNING eldest.number
)
UPDATE change_cursors SET number = greatest(number, (SELECT max(number) FROM gone))
WHERE reader = 'forgotten' RETURNING (SELECT count(*) FROM gone)
"""
COLUMNS = "number, event_id, case_id, kind, occurred_at, institution, message_id"


async def _note(connection: Connection, changes: Sequence[tuple[UUID, UUID, str, datetime, str, UUID | None]]) -> None:
    await connection.execute(
        "INSERT INTO case_changes (event_id, case_id, kind, occurred_at, institution, message_id) "
        "SELECT event_id, case_id, kind, occurred_at, institution, message_id "
        "FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::timestamptz[], %b::text[], %b::uuid[]) WITH ORDINALITY "
        "AS given (event_id, case_id, kind, occurred_at, institution, message_id, place) ORDER BY place",
        [list(column) for column in zip(*changes, strict=True)],
    )


class PostgresFlowChanges:
    """CaseChanges: the documents of cases in the feed."""

    def __init__(self, connection: Connection, *, me: str, new_id: Callable[[], UUID]) -> None:
        self._connection = connection
        self._me = me
        self._new_id = new_id

    async def note(self, case_id: UUID, new: Sequence[KeptDocument], *, at: datetime) -> None:
        """Keep a pointer to each; what the clock wrote is ours."""
        changes = [
            (
                self._new_id(),
                case_id,
                change_kind(one, me=self._me),
                at,
                self._me if one.document.passed else one.document.sender,
                None,
            )
            for one in new
        ]
        if changes:
            await _note(self._connection, changes)


class PostgresChanges:
    """ChangeBook."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def number(self) -> None:
        """Number what was committed; whoever holds the lock has seen every commit before his own."""
        await self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        await self._connection.execute(NUMBER, (NUMBERED_AT_ONCE,))

    async def after(self, number: int, *, limit: int) -> Sequence[Change]:
        """Changes with higher numbers, in order. Raises InputError where some of them were forgotten."""
        forgotten = await self._cursor("forgotten")
        if 0 < number < forgotten:
            raise InputError(
                f"Events up to {forgotten} are not kept any more, and this token is of {number}: read anew the cases "
                f"that you hold, then go on with the token {forgotten}.",
                field="resume_token",
            )
        return await self._after(number, limit=limit)

    async def _after(self, number: int, *, limit: int) -> Sequence[Change]:
        found = await self._connection.execute(
            f"SELECT {COLUMNS} FROM case_changes WHERE number > %s ORDER BY number LIMIT %s",  # noqa: S608 (our own columns)
            (number, limit),
        )
        return [Change(*row) for row in await found.fetchall()]

    async def publish(self, *, limit: int, send: ChangeTopic) -> int:
        """Send, then note how far; a stop between the two sends again."""
        found = await self._connection.execute(
            "SELECT number FROM change_cursors WHERE reader = 'kafka' FOR UPDATE SKIP LOCKED"
        )
        row = await found.fetchone()
        changes = await self._after(row[0], limit=limit) if row else ()
        if changes:
            await send.send(changes)
            await self._connection.execute(
                "UPDATE change_cursors SET number = %s WHERE reader = 'kafka'", (changes[-1].number,)
            )
        return len(changes)

    async def forget(self, *, before: datetime, published: bool) -> int:
        """Delete the eldest events, those of before an instant; with `published` only what was sent to the topic."""
        await self._connection.execute("SELECT 1 FROM change_cursors WHERE reader = 'forgotten' FOR UPDATE")
        found = await self._connection.execute(
            FORGET, {"before": before, "published": published, "limit": FORGOTTEN_AT_ONCE}
        )
        row = await found.fetchone()
        return int(row[0]) if row else 0

    async def _cursor(self, reader: str) -> int:
        found = await self._connection.execute("SELECT number FROM change_cursors WHERE reader = %s", (reader,))
        row = await found.fetchone()
        return int(row[0]) if row else 0


def change_unit_of_work(database: Database) -> Callable[[bool], AbstractAsyncContextManager[PostgresChanges]]:
    """Opens a transaction on the feed."""

    @asynccontextmanager
    async def work(as_node: bool) -> AsyncIterator[PostgresChanges]:  # noqa: FBT001 (the port's)
        async with database.transaction(acting="node" if as_node else "") as connection:
            yield PostgresChanges(connection)

    return work

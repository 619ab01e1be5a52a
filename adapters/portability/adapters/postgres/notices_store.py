"""Notices and what workers choose of them in PostgreSQL, within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.services.notices.model import (
    FRESH,
    SECURITY,
    SECURITY_TEXTS_AN_HOUR,
    TEXTS_A_DAY,
    Channel,
    Choice,
    Kind,
    Notice,
    Outcome,
    Taken,
    Untold,
    case_of_all,
    security_of,
    told_together,
)

__all__ = ["PostgresChoices", "PostgresNotices"]

DUE = "text_id IS NULL AND due_at <= %(at)s AND noted_at > %(fresh)s"
URGENT = "kind IN ('" + "', '".join(sorted(SECURITY)) + "')"  # as in the index worker_notices_urgent
HAS_ROOM = f"""CASE WHEN {URGENT} THEN (
    SELECT count(*) FROM worker_notice_texts AS text
    WHERE text.worker_id = {{worker}} AND security = kind AND taken_at > %(hour)s
) < %(most_urgent)s ELSE (
    SELECT count(*) FROM worker_notice_texts AS text
    WHERE text.worker_id = {{worker}} AND security IS NULL AND taken_at > %(day)s
) < %(most)s END"""  # noqa: S608 (our own words)
# What concerns somebody's safety is looked for first: no backlog of news is in its way.
CHOOSE = [
    f"""
SELECT workers.worker_id FROM worker_notices AS waiting JOIN workers USING (worker_id)
WHERE {DUE} AND {which} AND {HAS_ROOM.format(worker="waiting.worker_id")}
ORDER BY due_at LIMIT 1 FOR UPDATE OF workers SKIP LOCKED
"""  # noqa: S608 (our own words)
    for which in (URGENT, f"NOT ({URGENT})")
]
# Statements of their own see what whoever held the lock before has committed.
KINDS = f"""
SELECT DISTINCT kind FROM worker_notices
WHERE worker_id = %(worker)s AND {DUE} AND {HAS_ROOM.format(worker="%(worker)s")}
"""  # noqa: S608 (our own words)
TAKE = f"""
UPDATE worker_notices SET text_id = %(text)s
WHERE worker_id = %(worker)s AND kind = ANY(%(kinds)s) AND {DUE} AND {HAS_ROOM.format(worker="%(worker)s")}
RETURNING kind, case_id
"""  # noqa: S608 (our own words)


UNTOLD = """
SELECT count(*) FILTER (WHERE outcome = 'taken'), count(*) FILTER (WHERE outcome = 'failed') FROM worker_notice_texts
WHERE outcome IN ('taken', 'failed') AND taken_at >= %s AND taken_at < %s
"""


class PostgresNotices:
    """NoticeBook and UntoldTexts. The row of a worker is locked while her notices are taken: nobody else takes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, worker_id: UUID, notices: Sequence[Notice]) -> int:
        """Keep what is new."""
        if not notices:
            return 0
        added = await self._connection.execute(
            "INSERT INTO worker_notices (worker_id, event, kind, noted_at, due_at, case_id) SELECT %s, * "
            "FROM unnest(%b::bytea[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::uuid[]) "
            "ON CONFLICT DO NOTHING",
            (
                worker_id,
                [one.event for one in notices],
                [one.kind.value for one in notices],
                [one.noted_at for one in notices],
                [one.due_at for one in notices],
                [one.case_id for one in notices],
            ),
        )
        return added.rowcount

    async def take(self, text_id: UUID, *, at: datetime) -> Taken | None:
        """Take what is due, and told together, for one worker whom nobody else is at."""
        given: dict[str, object] = {"at": at, "fresh": at - FRESH, "day": at - timedelta(days=1), "most": TEXTS_A_DAY}
        given |= {"hour": at - timedelta(hours=1), "most_urgent": SECURITY_TEXTS_AN_HOUR}
        for choose in CHOOSE:
            chosen = await (await self._connection.execute(choose, given)).fetchone()
            if chosen is not None:
                break
        else:
            return None
        given |= {"text": text_id, "worker": chosen[0]}
        due = await (await self._connection.execute(KINDS, given)).fetchall()
        kinds = told_together(Kind(row[0]) for row in due)
        taken = await self._connection.execute(TAKE, given | {"kinds": [kind.value for kind in kinds]})
        told = await taken.fetchall()
        if not told:
            return None
        await self._connection.execute(
            "INSERT INTO worker_notice_texts (text_id, worker_id, taken_at, security) VALUES (%s, %s, %s, %s)",
            (text_id, chosen[0], at, security_of(kinds)),
        )
        return Taken(text_id, chosen[0], frozenset(Kind(row[0]) for row in told), case_of_all(row[1] for row in told))

    async def settle(
        self, text_id: UUID, outcome: Outcome, *, channel: Channel | None = None, again_at: datetime | None = None
    ) -> None:
        """Say what became of it, or put it back."""
        if again_at is None:
            await self._connection.execute(
                "UPDATE worker_notice_texts SET outcome = %s, channel = %s WHERE text_id = %s",
                (outcome.value, channel, text_id),
            )
            return
        await self._connection.execute(
            "UPDATE worker_notices SET text_id = NULL, due_at = %s WHERE text_id = %s", (again_at, text_id)
        )
        await self._connection.execute("DELETE FROM worker_notice_texts WHERE text_id = %s", (text_id,))

    async def untold(self, *, since: datetime, before: datetime) -> Untold:
        """How many are not known to have gone."""
        found = await self._connection.execute(UNTOLD, (since, before))
        row = await found.fetchone()
        return Untold(*row) if row else Untold(0, 0)


class PostgresChoices:
    """Choices."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, worker_id: UUID) -> Choice:
        """Her choice, or the default."""
        found = await self._connection.execute(
            "SELECT wanted, quiet_from, quiet_until FROM worker_notice_choices WHERE worker_id = %s", (worker_id,)
        )
        row = await found.fetchone()
        return Choice(*row) if row else Choice()

    async def keep(self, worker_id: UUID, choice: Choice) -> None:
        """Keep it in place of the one before."""
        await self._connection.execute(
            "INSERT INTO worker_notice_choices (worker_id, wanted, quiet_from, quiet_until) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (worker_id) DO UPDATE SET wanted = excluded.wanted, quiet_from = excluded.quiet_from, "
            "quiet_until = excluded.quiet_until",
            (worker_id, choice.wanted, choice.quiet_from, choice.quiet_until),
        )

"""Lanes that wait, and what was given up in them, in PostgreSQL."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.services.exchange.model.messages import Lane, MessageKey
from portability.services.exchange.model.waiting import GapGivenUp, GivenUp, WaitingLane
from portability.services.exchange.streams import SequenceRange

__all__ = ["PostgresGivenUps", "PostgresLanesWaiting"]

# Lanes by the index of their entries; of each, the first entry of any state says what is next.
WAITING: Final = """
SELECT late.sender, late.case_id, late.since, late.waiting, lanes.next_seq, first.case_seq FROM (
    SELECT sender, case_id, min(since) AS since, count(*) AS waiting FROM lane_entries
    WHERE state <> 'done' AND {which} GROUP BY sender, case_id ORDER BY sender, case_id LIMIT %(limit)s
) AS late JOIN lanes USING (sender, case_id), LATERAL (
    SELECT case_seq FROM lane_entries AS one WHERE one.sender = late.sender AND one.case_id = late.case_id
    ORDER BY case_seq LIMIT 1
) AS first ORDER BY late.sender, late.case_id
"""
# What was given up is little, and what came since is found by its case.
CAME: Final = """
SELECT aside.entry_id, inbox.sender, inbox.message_id FROM given_up
JOIN inbox ON inbox.sender = given_up.sender AND inbox.case_id = given_up.case_id
    AND inbox.case_seq BETWEEN given_up.first_seq AND given_up.last_seq
JOIN quarantine AS aside ON aside.case_id = inbox.case_id AND aside.sender = inbox.sender
    AND aside.message_id = inbox.message_id AND aside.state = 'open' AND aside.reason_code = 'CASE_SEQ_CONFLICT'
ORDER BY aside.entry_id LIMIT %s
"""


class PostgresLanesWaiting:
    """The port `LanesWaiting`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, *, after: Lane | None, limit: int) -> Sequence[WaitingLane]:
        """Lanes in which something waits."""
        return await self._waiting("(sender, case_id) > (%(sender)s, %(case_id)s)", after or ("", UUID(int=0)), limit)

    async def find(self, lane: Lane) -> WaitingLane | None:
        """One of them."""
        found = await self._waiting("sender = %(sender)s AND case_id = %(case_id)s", lane, 1)
        return found[0] if found else None

    async def _waiting(self, which: str, lane: Lane, limit: int) -> Sequence[WaitingLane]:
        found = await self._connection.execute(
            WAITING.format(which=which), {"sender": lane[0], "case_id": lane[1], "limit": limit}, binary=True
        )
        return [_lane(row) for row in await found.fetchall()]

    async def among(self, lane: Lane, missing: SequenceRange) -> SequenceRange | None:
        """The numbers of the stream between what came before and after."""
        found = await self._connection.execute(
            "SELECT coalesce((SELECT stream_seq FROM inbox WHERE case_id = %(case)s AND sender = %(sender)s "
            "AND case_seq < %(first)s ORDER BY case_seq DESC LIMIT 1), 0) + 1, "
            "coalesce((SELECT stream_seq FROM inbox WHERE case_id = %(case)s AND sender = %(sender)s "
            "AND case_seq > %(last)s ORDER BY case_seq LIMIT 1), "
            "(SELECT max(stream_seq) + 1 FROM inbox WHERE sender = %(sender)s), 1) - 1",
            {"sender": lane[0], "case": lane[1], "first": missing.first, "last": missing.last},
        )
        row = await found.fetchone()
        return SequenceRange(row[0], row[1]) if row and row[0] <= row[1] else None


class PostgresGivenUps:
    """The port `GivenUps`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, given_up: GivenUp) -> None:
        """Keep it."""
        numbers = given_up.numbers
        await self._connection.execute(
            "INSERT INTO given_up (sender, case_id, first_seq, last_seq, entry_id, reasons, given_up_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                given_up.sender,
                given_up.case_id,
                numbers.first,
                numbers.last,
                given_up.entry_id,
                list(given_up.reasons),
                given_up.at,
            ),
        )

    async def add_gap(self, given_up: GapGivenUp) -> None:
        """Keep that a gap was refused."""
        numbers = given_up.numbers
        await self._connection.execute(
            "INSERT INTO gaps_given_up (sender, first_seq, last_seq, entry_id, reason) VALUES (%s, %s, %s, %s, %s)",
            (given_up.sender, numbers.first, numbers.last, given_up.entry_id, given_up.reason),
        )

    async def came(self, *, limit: int) -> Sequence[tuple[UUID, MessageKey]]:
        """What came under such a number afterwards."""
        found = await self._connection.execute(CAME, (limit,), binary=True)
        return [(row[0], (row[1], row[2])) async for row in found]


def _lane(row: Sequence[Any]) -> WaitingLane:
    """sender, case_id, since, waiting, next_seq, and case_seq of its first entry."""
    missing = SequenceRange(row[4], row[5] - 1) if row[5] > row[4] else None
    return WaitingLane((row[0], row[1]), row[2], row[3], missing)

"""Lanes, and what recipients have made of our messages, in PostgreSQL, by batches."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portability.adapters.postgres.arrays import Array, bigints, texts, timestamps, uuids
from portability.adapters.postgres.database import Connection
from portability.services.exchange.envelope import STATUS_SPAN
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneStanding
from portability.services.exchange.model.messages import NO_CASE, InstitutionId, Lane
from portability.services.exchange.model.statuses import StatusEntry

__all__ = ["PostgresBusinessStatuses", "PostgresLanes"]


ENTRY = "sender, case_id, case_seq, message_id, state, since, replaces"
FIRST = "late.sender, late.case_id, case_seq, message_id, state, since, replaces"
# In one order, so that two transactions never wait for each other in a ring.
LOCK = """
SELECT pg_advisory_xact_lock(727003, key)
FROM (SELECT DISTINCT hashtext(one) AS key FROM unnest(%b::text[]) AS one ORDER BY key) AS senders
"""
WINDOW = 256
"""Numbers of a lane that are read with it; what waits behind them is read when its turn comes."""


STANDINGS = """
WITH wanted AS (SELECT * FROM unnest(%b::text[], %b::uuid[]) AS one (sender, case_id)),
known AS (
    SELECT sender, case_id, next_seq FROM lanes JOIN wanted USING (sender, case_id)
    ORDER BY sender, case_id FOR UPDATE OF lanes
)
SELECT wanted.sender, wanted.case_id, known.next_seq, last.case_seq FROM wanted
LEFT JOIN known ON known.sender = wanted.sender AND known.case_id = wanted.case_id
LEFT JOIN LATERAL (
    SELECT case_seq FROM inbox WHERE inbox.case_id = wanted.case_id AND inbox.sender = wanted.sender
        AND known.next_seq IS NULL ORDER BY case_seq DESC LIMIT 1
) AS last ON true
WHERE coalesce(known.next_seq, last.case_seq) IS NOT NULL
"""
"""Locks the lanes that have a row; the others stand behind the last of the inbox, and new ones are left out."""


class PostgresLanes:
    """The port `Lanes`. A lane in which everything went in turn has no row: the inbox says where it stands.

    What it has given it remembers, so that only what has changed since is written.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._given: dict[Lane, LaneStanding] = {}
        self._plain: set[Lane] = set()

    async def load(self, lanes: Mapping[Lane, Collection[int]]) -> Mapping[Lane, LaneStanding]:
        """Lock lanes, by their senders, since a plain lane has no row to lock; where each stands."""
        async with self._connection.pipeline():
            await self._connection.execute(LOCK, (sorted({sender for sender, _ in lanes}),))
            # A statement of its own: it has to see what was committed while the first waited.
            found = await self._connection.execute(STANDINGS, _columns(lanes), binary=True)
        known: dict[Lane, int] = {}
        given = dict.fromkeys(lanes, LaneStanding())
        for sender, case_id, next_seq, last_in_turn in await found.fetchall():
            if next_seq is None:
                given[sender, case_id] = LaneStanding(last_in_turn + 1)
            else:
                known[sender, case_id] = next_seq
        self._plain |= given.keys() - known.keys()
        if known:
            entries = await self._entries(known, {lane: lanes[lane] for lane in known})
            for lane, next_seq in known.items():
                given[lane] = LaneStanding(next_seq, entries.get(lane, ()), next_seq + WINDOW)
        self._given |= given
        return given

    async def _entries(
        self, next_seqs: Mapping[Lane, int], numbers: Mapping[Lane, Collection[int]]
    ) -> Mapping[Lane, tuple[LaneEntry, ...]]:
        """What comes next, what is not simply waiting, and what stands at the numbers that arrive."""
        asked = [(lane, number) for lane, some in numbers.items() for number in some]
        found = await self._connection.execute(
            "WITH wanted AS "  # noqa: S608 - a constant
            "(SELECT * FROM unnest(%b::text[], %b::uuid[], %b::bigint[]) AS one (sender, case_id, first)) "
            f"SELECT {ENTRY} FROM wanted JOIN lane_entries USING (sender, case_id) "
            "WHERE case_seq >= first AND case_seq < first + %b "
            f"UNION SELECT {ENTRY} FROM wanted JOIN lane_entries USING (sender, case_id) "
            "WHERE state = 'parked' OR replaces IS NOT NULL "
            f"UNION SELECT {ENTRY} FROM lane_entries JOIN unnest(%b::text[], %b::uuid[], %b::bigint[]) "
            "AS asked (sender, case_id, case_seq) USING (sender, case_id, case_seq) ORDER BY 1, 2, 3",
            (
                *_columns(list(next_seqs)),
                list(next_seqs.values()),
                WINDOW,
                *_columns([lane for lane, _ in asked]),
                [number for _, number in asked],
            ),
            binary=True,
        )
        return _by_lane(await found.fetchall())

    async def ahead(self, lanes: Mapping[Lane, int], *, limit: int) -> Mapping[Lane, Sequence[LaneEntry]]:
        """What waits from a number on."""
        found = await self._connection.execute(
            f"SELECT {ENTRY} FROM lane_entries JOIN "  # noqa: S608 - a constant
            "unnest(%b::text[], %b::uuid[], %b::bigint[]) AS wanted (sender, case_id, first) "
            "USING (sender, case_id) WHERE case_seq >= first AND case_seq < first + %b ORDER BY 1, 2, 3",
            (*_columns(list(lanes)), list(lanes.values()), limit),
            binary=True,
        )
        entries = _by_lane(await found.fetchall())
        for lane, some in entries.items():
            known = {one.case_seq: one for one in (*self._given[lane].entries, *some)}
            self._given[lane] = replace(self._given[lane], entries=tuple(known.values()))
        return entries

    async def save(self, standings: Mapping[Lane, LaneStanding]) -> None:
        """Keep where lanes stand; those that were and are plain need nothing."""
        kept = {lane: one for lane, one in standings.items() if lane not in self._plain or not one.is_plain}
        moved = [
            lane for lane, one in kept.items() if lane in self._plain or one.next_seq != self._given[lane].next_seq
        ]
        if moved:
            await self._connection.execute(
                "INSERT INTO lanes SELECT * FROM unnest(%b::text[], %b::uuid[], %b::bigint[]) "
                "ON CONFLICT (sender, case_id) DO UPDATE SET next_seq = excluded.next_seq",
                (*_columns(moved), [kept[lane].next_seq for lane in moved]),
            )
        await self._forget([(lane, one) for lane in kept for one in _without(self._given[lane], kept[lane])])
        await self._keep(
            [(lane, one) for lane in kept for one in set(kept[lane].entries) - set(self._given[lane].entries)]
        )
        self._plain -= kept.keys()
        self._given.update(standings)

    async def _forget(self, gone: Sequence[tuple[Lane, int]]) -> None:
        if gone:
            await self._connection.execute(
                "DELETE FROM lane_entries USING unnest(%b::text[], %b::uuid[], %b::bigint[]) AS gone (one, two, three) "
                "WHERE sender = one AND case_id = two AND case_seq = three",
                (*_columns([lane for lane, _ in gone]), [number for _, number in gone]),
            )

    async def _keep(self, rows: Sequence[tuple[Lane, LaneEntry]]) -> None:
        if rows:
            await self._connection.execute(
                "INSERT INTO lane_entries SELECT * FROM unnest(%b::text[], %b::uuid[], %b::bigint[], %b::uuid[], "
                "%b::text[], %b::timestamptz[], %b::uuid[]) ON CONFLICT (sender, case_id, case_seq) DO UPDATE SET "
                "message_id = excluded.message_id, state = excluded.state, since = excluded.since, "
                "replaces = excluded.replaces",
                (
                    *_columns([lane for lane, _ in rows]),
                    [entry.case_seq for _, entry in rows],
                    [entry.message_id for _, entry in rows],
                    [entry.state.value for _, entry in rows],
                    [entry.since for _, entry in rows],
                    [entry.replaces for _, entry in rows],
                ),
            )

    async def held_since(self, before: datetime, *, limit: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """The first that waits in each lane where something does since before an instant, the longest first."""
        found = await self._connection.execute(
            f"SELECT {FIRST} FROM (SELECT sender, case_id, min(since) AS oldest FROM lane_entries "  # noqa: S608 - a constant
            "WHERE since < %s AND state <> 'done' GROUP BY sender, case_id ORDER BY oldest, sender, case_id LIMIT %s) "
            "AS late, LATERAL (SELECT * FROM lane_entries WHERE sender = late.sender AND case_id = late.case_id "
            "AND state <> 'done' ORDER BY case_seq LIMIT 1) AS entry ORDER BY oldest, late.sender, late.case_id",
            (before, limit),
            binary=True,
        )
        return [((row[0], row[1]), _entry(row[2:])) async for row in found]

    async def waiting(self, lane: Lane) -> int:
        """How many messages wait in a lane."""
        found = await self._connection.execute(
            "SELECT count(*) FROM lane_entries WHERE sender = %s AND case_id = %s AND state <> 'done'", lane
        )
        row = await found.fetchone()
        return int(row[0]) if row else 0


# Of numbers of which one report says two things, the latest counts. One statement, however much is said: a partner may
# say a hundred thousand things in one bundle, and others wait for it meanwhile.
NOTE = """
WITH said AS (
    SELECT * FROM unnest(%(firsts)b::bigint[], %(lasts)b::bigint[], %(ats)b::timestamptz[], %(statuses)b::text[],
        %(reasons)b::text[], %(cases)b::uuid[]) WITH ORDINALITY
        AS one (first_seq, last_seq, decided_at, status, reasons, case_id, place)
), told AS (
    SELECT first_seq, last_seq, decided_at, status, reasons, place FROM said WHERE case_id = %(no_case)s
    UNION ALL
    SELECT stream_seq, stream_seq, decided_at, status, reasons, place FROM said JOIN outbox
        ON outbox.case_id = said.case_id AND recipient = %(recipient)s AND case_seq BETWEEN first_seq AND last_seq
    WHERE said.case_id <> %(no_case)s
)
INSERT INTO business_statuses
SELECT DISTINCT ON (first_seq, last_seq) %(recipient)s, first_seq, last_seq, decided_at, status,
    ARRAY(SELECT jsonb_array_elements_text(reasons::jsonb)), %(report)s
FROM told ORDER BY first_seq, last_seq, decided_at DESC, place DESC
ON CONFLICT (recipient, first_seq, last_seq, decided_at)
DO UPDATE SET status = excluded.status, reasons = excluded.reasons, report_id = excluded.report_id
"""


class PostgresBusinessStatuses:
    """The port `BusinessStatuses`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note(self, recipient: InstitutionId, entries: Sequence[StatusEntry], *, report_id: UUID) -> None:
        """Keep what the recipient says."""
        said = {
            "recipient": recipient,
            "report": report_id,
            "no_case": NO_CASE,
            "firsts": bigints([one.first_seq for one in entries]),
            "lasts": bigints([one.last_seq for one in entries]),
            "ats": timestamps([one.decided_at for one in entries]),
            "statuses": texts([one.status.value for one in entries]),
            "reasons": texts([json.dumps(one.reasons) for one in entries]),
            "cases": uuids([one.case_id or NO_CASE for one in entries]),
        }
        await self._connection.execute(NOTE, said)

    async def reports(self, recipient: InstitutionId, stream_seq: int) -> Sequence[UUID]:
        """Messages that said something of ours."""
        found = await self._connection.execute(
            "SELECT DISTINCT report_id FROM business_statuses "
            "WHERE recipient = %s AND first_seq BETWEEN %s AND %s AND last_seq >= %s ORDER BY report_id",
            (recipient, stream_seq - STATUS_SPAN, stream_seq, stream_seq),
        )
        return [row[0] async for row in found]


def _columns(lanes: Collection[Lane]) -> tuple[Array, Array]:
    return texts([lane[0] for lane in lanes]), uuids([lane[1] for lane in lanes])


def _without(before: LaneStanding, after: LaneStanding) -> set[int]:
    """Numbers that are on the list no more."""
    return {one.case_seq for one in before.entries} - {one.case_seq for one in after.entries}


def _by_lane(rows: Sequence[Sequence[Any]]) -> Mapping[Lane, tuple[LaneEntry, ...]]:
    entries: dict[Lane, list[LaneEntry]] = defaultdict(list)
    for row in rows:
        entries[(row[0], row[1])].append(_entry(row[2:]))
    return {lane: tuple(one) for lane, one in entries.items()}


def _entry(row: Sequence[Any]) -> LaneEntry:
    """case_seq, message_id, state, since, replaces."""
    return LaneEntry(row[0], row[1], LaneEntryState(row[2]), row[3], row[4])

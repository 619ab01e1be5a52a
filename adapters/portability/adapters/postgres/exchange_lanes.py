"""Lanes, and what recipients have made of our messages, in PostgreSQL, by batches."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from portability.adapters.postgres.database import Connection
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneStanding
from portability.services.exchange.model import InstitutionId, Lane, StatusEntry

__all__ = ["PostgresBusinessStatuses", "PostgresLanes"]


class PostgresLanes:
    """The port `Lanes`. A lane in which everything went in turn has no row: the inbox says where it stands."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._plain: set[Lane] = set()

    async def load(self, lanes: Collection[Lane]) -> Mapping[Lane, LaneStanding]:
        """Lock lanes; where each stands."""
        ordered = sorted(lanes)
        senders, cases = [lane[0] for lane in ordered], [lane[1] for lane in ordered]
        found = await self._connection.execute(
            "SELECT sender, case_id, next_seq FROM lanes JOIN unnest(%b::text[], %b::uuid[]) AS wanted (one, two) "
            "ON sender = one AND case_id = two ORDER BY sender, case_id FOR UPDATE OF lanes",
            (senders, cases),
            binary=True,
        )
        known: dict[Lane, int] = {(row[0], row[1]): row[2] async for row in found}
        self._plain = set(lanes) - known.keys()
        entries = await self._entries(list(known)) if known else {}
        standings = {lane: LaneStanding(next_seq, entries.get(lane, ())) for lane, next_seq in known.items()}
        return {**standings, **await self._from_inbox(sorted(self._plain))}

    async def _from_inbox(self, lanes: Sequence[Lane]) -> Mapping[Lane, LaneStanding]:
        if not lanes:
            return {}
        found = await self._connection.execute(
            "SELECT wanted.sender, wanted.case_id, last.case_seq FROM unnest(%b::text[], %b::uuid[]) "
            "AS wanted (sender, case_id), LATERAL (SELECT case_seq FROM inbox WHERE inbox.case_id = wanted.case_id "
            "AND inbox.sender = wanted.sender ORDER BY case_seq DESC LIMIT 1) AS last",
            ([lane[0] for lane in lanes], [lane[1] for lane in lanes]),
            binary=True,
        )
        last = {(row[0], row[1]): row[2] async for row in found}
        return {lane: LaneStanding(last.get(lane, 0) + 1) for lane in lanes}

    async def _entries(self, lanes: Sequence[Lane]) -> Mapping[Lane, tuple[LaneEntry, ...]]:
        found = await self._connection.execute(
            "SELECT sender, case_id, case_seq, message_id, state, since FROM lane_entries "
            "JOIN unnest(%b::text[], %b::uuid[]) AS wanted (one, two) ON sender = one AND case_id = two "
            "ORDER BY sender, case_id, case_seq",
            ([lane[0] for lane in lanes], [lane[1] for lane in lanes]),
            binary=True,
        )
        entries: dict[Lane, list[LaneEntry]] = defaultdict(list)
        async for row in found:
            entries[(row[0], row[1])].append(_entry(row[2:]))
        return {lane: tuple(one) for lane, one in entries.items()}

    async def save(self, standings: Mapping[Lane, LaneStanding]) -> None:
        """Keep where lanes stand; those that were and are plain need nothing."""
        kept = {lane: one for lane, one in standings.items() if lane not in self._plain or not one.is_plain}
        if not kept:
            return
        senders, cases = [lane[0] for lane in kept], [lane[1] for lane in kept]
        await self._connection.execute(
            "INSERT INTO lanes SELECT * FROM unnest(%b::text[], %b::uuid[], %b::bigint[]) "
            "ON CONFLICT (sender, case_id) DO UPDATE SET next_seq = excluded.next_seq",
            (senders, cases, [one.next_seq for one in kept.values()]),
        )
        await self._connection.execute(
            "DELETE FROM lane_entries USING unnest(%b::text[], %b::uuid[]) AS wanted (one, two) "
            "WHERE sender = one AND case_id = two",
            (senders, cases),
        )
        rows = [(lane, entry) for lane, one in kept.items() for entry in one.entries]
        await self._connection.execute(
            "INSERT INTO lane_entries SELECT * FROM unnest("
            "%b::text[], %b::uuid[], %b::bigint[], %b::uuid[], %b::text[], %b::timestamptz[])",
            (
                [lane[0] for lane, _ in rows],
                [lane[1] for lane, _ in rows],
                [entry.case_seq for _, entry in rows],
                [entry.message_id for _, entry in rows],
                [entry.state.value for _, entry in rows],
                [entry.since for _, entry in rows],
            ),
        )
        self._plain -= kept.keys()

    async def held_since(self, before: datetime, *, limit: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """The first entries of lanes that wait since before an instant, the longest first."""
        found = await self._connection.execute(
            "SELECT * FROM (SELECT DISTINCT ON (sender, case_id) sender, case_id, case_seq, message_id, state, since "
            "FROM lane_entries WHERE (sender, case_id) IN (SELECT sender, case_id FROM lane_entries WHERE since < %s) "
            "ORDER BY sender, case_id, case_seq) AS first WHERE since < %s ORDER BY since, sender, case_id LIMIT %s",
            (before, before, limit),
            binary=True,
        )
        return [((row[0], row[1]), _entry(row[2:])) async for row in found]


class PostgresBusinessStatuses:
    """The port `BusinessStatuses`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note(self, recipient: InstitutionId, entries: Sequence[StatusEntry]) -> None:
        """Keep what the recipient says."""
        for entry in entries:
            await self._connection.execute(
                "INSERT INTO business_statuses VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    recipient,
                    entry.first_seq,
                    entry.last_seq,
                    entry.decided_at,
                    entry.status.value,
                    list(entry.reasons),
                ),
            )


def _entry(row: Sequence[Any]) -> LaneEntry:
    """case_seq, message_id, state, since."""
    return LaneEntry(row[0], row[1], LaneEntryState(row[2]), row[3])

"""Void numbers in PostgreSQL: ours, and those of the senders to us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from portability.adapters.postgres.arrays import bigints, byteas, texts, uuids
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import STANDING
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.voids import VoidNumber, VoidReason, contradicts
from portability.services.exchange.streams import SequenceRange

__all__ = ["PostgresVoidsReceived", "PostgresVoidsSent"]

HELD: Final = """
SELECT said.stream_seq, held.leaf_hash FROM unnest(%(numbers)b::bigint[], %(ids)b::uuid[], %(cases)b::uuid[],
    %(places)b::bigint[]) AS said (stream_seq, message_id, case_id, case_seq), LATERAL (
    SELECT leaf_hash FROM inbox WHERE inbox.sender = %(sender)s AND inbox.stream_seq = said.stream_seq
    UNION SELECT leaf_hash FROM inbox WHERE inbox.sender = %(sender)s AND inbox.message_id = said.message_id
    UNION SELECT leaf_hash FROM inbox WHERE inbox.sender = %(sender)s AND inbox.case_id = said.case_id
        AND inbox.case_seq = said.case_seq
) AS held
"""
IN_THE_WAY: Final = """
SELECT void.sender, stream_seq, message_id, leaf_hash, case_id, case_seq, reason
FROM stream_voids AS void JOIN lanes USING (sender, case_id)
WHERE void.case_seq = lanes.next_seq
    AND EXISTS (SELECT FROM lane_entries AS one WHERE one.sender = void.sender AND one.case_id = void.case_id
        AND one.state <> 'done')
    AND NOT EXISTS (SELECT FROM lane_entries AS one WHERE one.sender = void.sender AND one.case_id = void.case_id
        AND one.case_seq = void.case_seq)
ORDER BY void.sender, void.stream_seq LIMIT %s
"""
NEXT_TO_LOOK_AT: Final = """
SELECT void.sender, void.stream_seq FROM stream_voids AS void
WHERE belied_at IS NULL AND reason = 'erased_before_sent' AND (void.sender, void.stream_seq) >
    ((SELECT sender FROM void_looks FOR UPDATE), (SELECT stream_seq FROM void_looks))
ORDER BY void.sender, void.stream_seq LIMIT %s
"""


class PostgresVoidsSent:
    """The port `VoidsSent`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def among(
        self, recipient: InstitutionId, ranges: Sequence[SequenceRange], *, limit: int
    ) -> Sequence[VoidNumber]:
        """The lowest void numbers in these ranges."""
        found = await self._connection.execute(
            "SELECT outbox.stream_seq, message_id, leaf_hash, case_id, case_seq, CASE WHEN consignment.first_seq "  # noqa: S608 - a constant
            f"IS NULL THEN 'erased_before_sent' ELSE 'erased_before_receipt' END FROM outbox {STANDING} "
            "WHERE outbox.recipient = %s AND outcome.status = 'expired' AND EXISTS (SELECT FROM "
            "unnest(%b::bigint[], %b::bigint[]) AS span (first, last) WHERE outbox.stream_seq BETWEEN first AND last) "
            "ORDER BY outbox.stream_seq LIMIT %s",
            (recipient, bigints([one.first for one in ranges]), bigints([one.last for one in ranges]), limit),
            binary=True,
        )
        return [_void(row) async for row in found]


class PostgresVoidsReceived:
    """The port `VoidsReceived`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, sender: InstitutionId, voids: Sequence[VoidNumber], *, at: datetime) -> Sequence[VoidNumber]:
        """Keep what contradicts nothing; the others."""
        said = _columns(voids) | {"sender": sender, "at": at}
        found = await self._connection.execute(HELD, said, binary=True)
        held: dict[int, list[bytes]] = {}
        for number, leaf in await found.fetchall():
            held.setdefault(number, []).append(leaf)
        found = await self._connection.execute(
            "SELECT stream_seq, leaf_hash FROM stream_voids WHERE sender = %(sender)s "
            "AND stream_seq = ANY(%(numbers)b::bigint[])",
            said,
            binary=True,
        )
        known: dict[int, bytes] = dict(await found.fetchall())
        wrong = [
            one
            for one in voids
            if contradicts(one, held.get(one.stream_seq, ()))
            or known.get(one.stream_seq, one.leaf_hash) != one.leaf_hash
        ]
        fresh = [one for one in voids if one.stream_seq not in held and one.stream_seq not in known]
        await self._connection.execute(
            "INSERT INTO stream_voids (sender, stream_seq, message_id, leaf_hash, case_id, case_seq, reason, said_at) "
            "SELECT %(sender)s, said.*, %(at)s FROM unnest(%(numbers)b::bigint[], %(ids)b::uuid[], "
            "%(leaves)b::bytea[], %(cases)b::uuid[], %(places)b::bigint[], %(reasons)b::text[]) AS said "
            "ON CONFLICT DO NOTHING",
            _columns(fresh) | {"sender": sender, "at": at},
        )
        return wrong

    async def in_the_way(self, *, limit: int) -> Sequence[tuple[InstitutionId, VoidNumber]]:
        """Those that a lane waits for."""
        found = await self._connection.execute(IN_THE_WAY, (limit,), binary=True)
        return [(row[0], _void(row[1:])) async for row in found]

    async def belied(self, *, limit: int, at: datetime) -> Sequence[tuple[InstitutionId, int]]:
        """Those of the next `limit` that have come since, once."""
        found = await self._connection.execute(NEXT_TO_LOOK_AT, (limit,), binary=True)
        turn = await found.fetchall()
        last = turn[-1] if len(turn) == limit else ("", 0)
        await self._connection.execute("UPDATE void_looks SET sender = %s, stream_seq = %s", last)
        found = await self._connection.execute(
            "UPDATE stream_voids AS void SET belied_at = %s FROM unnest(%b::text[], %b::bigint[]) AS turn (one, two) "
            "WHERE void.sender = one AND void.stream_seq = two AND belied_at IS NULL AND EXISTS "
            "(SELECT FROM inbox WHERE inbox.sender = one AND inbox.stream_seq = two) RETURNING sender, stream_seq",
            (at, texts([row[0] for row in turn]), bigints([row[1] for row in turn])),
        )
        return sorted([(row[0], row[1]) async for row in found])


def _columns(voids: Sequence[VoidNumber]) -> dict[str, Any]:
    return {
        "numbers": bigints([one.stream_seq for one in voids]),
        "ids": uuids([one.message_id for one in voids]),
        "leaves": byteas([one.leaf_hash for one in voids]),
        "cases": uuids([one.case_id for one in voids]),
        "places": bigints([one.case_seq for one in voids]),
        "reasons": texts([one.reason.value for one in voids]),
    }


def _void(row: Sequence[Any]) -> VoidNumber:
    """stream_seq, message_id, leaf_hash, case_id, case_seq, reason."""
    return VoidNumber(row[0], row[1], row[2], row[3], row[4], VoidReason(row[5]))

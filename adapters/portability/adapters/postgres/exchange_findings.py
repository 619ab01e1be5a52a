"""How findings of comparisons stand, and what people have settled of them, in PostgreSQL."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.reconciliations import DifferenceKind, Finding, Settled, Settlement
from portability.services.exchange.streams import SequenceRange

__all__ = ["COLUMNS", "PLACES", "STANDS", "PostgresSettlements", "finding_of"]

# What is here under the numbers of a finding, as digests count it.
HERE: Final = """
    SELECT leaf_hash FROM inbox WHERE sender = one.partner AND stream_seq BETWEEN one.first_seq AND one.last_seq
    UNION ALL
    SELECT leaf_hash FROM stream_voids AS void WHERE sender = one.partner
        AND stream_seq BETWEEN one.first_seq AND one.last_seq AND NOT EXISTS
        (SELECT FROM inbox WHERE inbox.sender = void.sender AND inbox.stream_seq = void.stream_seq)
"""
LEAVES: Final = f"""
CASE one.kind WHEN 'differing'
    THEN coalesce((SELECT string_agg(leaf_hash, ''::bytea ORDER BY leaf_hash) FROM ({HERE}) AS here), '') ELSE '' END
"""  # noqa: S608 - a constant
# Where in the stream the numbers that were given up would have been: between what came before and after them in their
# case; and how much has come in each stretch between the ends of such places. Made once a statement: a place may span a
# whole stream, and nothing in it is to be counted anew for each finding.
PLACES: Final = """
given_up_places AS MATERIALIZED (
    SELECT given_up.*, place.first, place.last, last_seq - first_seq + 1 - (
        SELECT count(*) FROM (
            SELECT case_seq FROM inbox WHERE inbox.case_id = given_up.case_id AND inbox.sender = given_up.sender
                AND case_seq BETWEEN given_up.first_seq AND given_up.last_seq
            UNION
            SELECT case_seq FROM stream_voids AS void WHERE void.case_id = given_up.case_id
                AND void.sender = given_up.sender AND case_seq BETWEEN given_up.first_seq AND given_up.last_seq
        ) AS came
    ) AS outstanding
    FROM given_up, LATERAL (
        SELECT coalesce((
            SELECT stream_seq FROM inbox WHERE inbox.case_id = given_up.case_id AND inbox.sender = given_up.sender
                AND case_seq < given_up.first_seq ORDER BY case_seq DESC LIMIT 1
        ), 0) + 1 AS first, (
            SELECT stream_seq FROM inbox WHERE inbox.case_id = given_up.case_id AND inbox.sender = given_up.sender
                AND case_seq > given_up.last_seq ORDER BY case_seq LIMIT 1
        ) - 1 AS last
    ) AS place
    WHERE place.first <= place.last AND EXISTS (
        SELECT FROM reconciliation_findings AS known WHERE known.partner = given_up.sender AND known.kind = 'missing'
            AND known.first_seq <= place.last AND known.last_seq >= place.first
    )
), given_up_stretches AS MATERIALIZED (
    SELECT sender, start, (
        SELECT count(*) FROM (
            SELECT stream_seq FROM inbox WHERE inbox.sender = stretch.sender
                AND stream_seq >= stretch.start AND stream_seq < stretch.until
            UNION
            SELECT stream_seq FROM stream_voids AS void WHERE void.sender = stretch.sender
                AND stream_seq >= stretch.start AND stream_seq < stretch.until
        ) AS came
    ) AS came
    FROM (
        SELECT sender, start, lead(start) OVER (PARTITION BY sender ORDER BY start) AS until FROM (
            SELECT sender, first AS start FROM given_up_places UNION SELECT sender, last + 1 FROM given_up_places
        ) AS bounds
    ) AS stretch
    -- What lies between two places counts where one finding reaches from the one to the other.
    WHERE EXISTS (
        SELECT FROM given_up_places AS place WHERE place.sender = stretch.sender
            AND stretch.start BETWEEN place.first AND place.last
    ) OR EXISTS (
        SELECT FROM reconciliation_findings AS known WHERE known.partner = stretch.sender AND known.kind = 'missing'
            AND known.first_seq <= stretch.start AND known.last_seq >= stretch.until - 1
    )
)
"""
# Of what is missing in such a place nobody knows which message it is; so all of it counts as given up, or nothing.
GIVEN_UP: Final = """
SELECT aside.closed_by, near.given_up_at, array_to_string(near.reasons[2:], '; '), near.case_id, false FROM (
    SELECT place.*, min(first) OVER () AS from_seq, max(last) OVER () AS to_seq, sum(outstanding) OVER () AS given_up
    FROM given_up_places AS place
    WHERE place.sender = one.partner AND first <= one.last_seq AND last >= one.first_seq
) AS near JOIN quarantine AS aside ON aside.entry_id = near.entry_id
WHERE one.kind = 'missing' AND near.from_seq <= one.first_seq AND one.last_seq <= near.to_seq
    AND near.given_up = near.to_seq - near.from_seq + 1 - (
        SELECT sum(came) FROM given_up_stretches AS stretch
        WHERE stretch.sender = one.partner AND stretch.start BETWEEN near.from_seq AND near.to_seq
    )
"""
# Gaps of the stream that were refused, where nothing else of the finding has still to come.
GAPS: Final = """
SELECT aside.closed_by, aside.closed_at, gap.reason, NULL::uuid, true FROM gaps_given_up AS gap
JOIN quarantine AS aside ON aside.entry_id = gap.entry_id
WHERE one.kind = 'missing' AND gap.sender = one.partner
    AND gap.first_seq <= one.last_seq AND gap.last_seq >= one.first_seq
    AND one.last_seq - one.first_seq + 1 = (
        SELECT sum(least(upper(stretch) - 1, one.last_seq) - greatest(lower(stretch), one.first_seq) + 1)
        FROM (
            SELECT unnest(range_agg(int8range(first_seq, last_seq, '[]'))) AS stretch FROM gaps_given_up AS other
            WHERE other.sender = one.partner
                AND other.first_seq <= one.last_seq AND other.last_seq >= one.first_seq
        ) AS refused  -- each number once, where gaps overlap
    ) + (
        SELECT count(*) FROM (
            SELECT stream_seq FROM inbox
            WHERE sender = one.partner AND stream_seq BETWEEN one.first_seq AND one.last_seq
            UNION
            SELECT stream_seq FROM stream_voids
            WHERE sender = one.partner AND stream_seq BETWEEN one.first_seq AND one.last_seq
        ) AS came WHERE NOT EXISTS (
            SELECT FROM gaps_given_up AS other WHERE other.sender = one.partner
                AND came.stream_seq BETWEEN other.first_seq AND other.last_seq
        )
    )
"""
# Behind `FROM reconciliation_findings AS one`, in a statement with PLACES: what is here, and whether it is open or
# somebody has settled it.
STANDS: Final = f"""
CROSS JOIN LATERAL (
    SELECT count(*) AS held, count(*) FILTER (WHERE leaf_hash <> one.root) AS others FROM ({HERE}) AS known
) AS here CROSS JOIN LATERAL (
    SELECT CASE one.kind WHEN 'missing' THEN held < one.stated WHEN 'differing' THEN held <> one.stated OR others > 0
        ELSE true END AS differs
) AS found LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT settled_by, settled_at, reason, NULL::uuid AS settled_in, false AS is_gap
        FROM reconciliation_settlements AS known
        WHERE known.partner = one.partner AND known.kind = one.kind AND known.first_seq = one.first_seq
            AND known.last_seq = one.last_seq AND known.stated = one.stated AND known.root = one.root
            AND known.leaves = {LEAVES}
        UNION ALL ({GIVEN_UP})
        UNION ALL ({GAPS})
    ) AS said WHERE differs ORDER BY settled_at DESC LIMIT 1
) AS settled ON true CROSS JOIN LATERAL (
    SELECT differs AND settled_at IS NULL AS is_open
) AS now
"""  # noqa: S608 - a constant
COLUMNS: Final = (
    "kind, first_seq, last_seq, stated, held, found_at, asked_at, is_open, "
    "settled_by, settled_at, reason, settled_in, is_gap"
)
LOCK: Final = """
SELECT FROM reconciliation_findings WHERE partner = %s AND first_seq <= %s AND last_seq >= %s
ORDER BY day, kind, first_seq, last_seq FOR UPDATE
"""
OPEN: Final = f"""
WITH {PLACES} SELECT {COLUMNS} FROM reconciliation_findings AS one {STANDS}
WHERE one.partner = %s AND one.first_seq <= %s AND one.last_seq >= %s AND is_open
ORDER BY one.first_seq, one.last_seq, one.kind, one.day
"""  # noqa: S608 - a constant
# What is settled is judged again, should it be open again.
ADD: Final = f"""
WITH {PLACES}, open_ones AS (
    SELECT one.*, {LEAVES} AS leaves FROM reconciliation_findings AS one {STANDS}
    WHERE one.partner = %(partner)s AND one.first_seq >= %(first)s AND one.last_seq <= %(last)s AND is_open
), judged AS (
    UPDATE reconciliation_findings AS one SET is_judged = false FROM open_ones AS known
    WHERE one.partner = known.partner AND one.day = known.day AND one.kind = known.kind
        AND one.first_seq = known.first_seq AND one.last_seq = known.last_seq
)
INSERT INTO reconciliation_settlements
SELECT DISTINCT %(request)s::uuid, partner, kind, first_seq, last_seq, stated, root, leaves, %(first)s::bigint,
    %(last)s::bigint, %(by)s::text, %(at)s::timestamptz, %(reason)s::text
FROM open_ones
"""  # noqa: S608 - a constant


class PostgresSettlements:
    """The port `Settlements`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open_among(self, partner: InstitutionId, numbers: SequenceRange) -> Sequence[Finding]:
        """What is open among some numbers."""
        among = (partner, numbers.last, numbers.first)
        await self._connection.execute(LOCK, among)
        found = await self._connection.execute(OPEN, among)
        return [finding_of(row) async for row in found]

    async def of_request(self, request_id: UUID) -> tuple[Settlement, int] | None:
        """What a request has settled."""
        found = await self._connection.execute(
            "SELECT partner, asked_first, asked_last, settled_by, settled_at, reason, count(*) OVER () "
            "FROM reconciliation_settlements WHERE request_id = %s LIMIT 1",
            (request_id,),
        )
        row = await found.fetchone()
        if row is None:
            return None
        return Settlement(request_id, row[0], SequenceRange(row[1], row[2]), *row[3:6]), row[6]

    async def add(self, one: Settlement) -> int:
        """Settle what is open among the numbers."""
        said = {
            "request": one.request_id,
            "partner": one.partner,
            "first": one.numbers.first,
            "last": one.numbers.last,
            "by": one.by,
            "at": one.at,
            "reason": one.reason,
        }
        return (await self._connection.execute(ADD, said)).rowcount


def finding_of(row: Sequence[Any]) -> Finding:
    """A row of COLUMNS."""
    settled = Settled(*row[8:13]) if row[9] else None
    stated, held, found_at, asked_at, is_open = row[3:8]
    numbers = SequenceRange(row[1], row[2])
    return Finding(DifferenceKind(row[0]), numbers, stated, held, found_at, asked_at, is_open, settled)

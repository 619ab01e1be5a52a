"""What comparisons with partners came to, in PostgreSQL; whether something has come since is a look at the inbox."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from portability.adapters.postgres.arrays import bigints, byteas, texts
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_findings import COLUMNS, PLACES, STANDS, finding_of
from portability.services.exchange.model.messages import Direction, InstitutionId
from portability.services.exchange.model.reconciliations import (
    FINDINGS_SHOWN,
    GRACE,
    Comparison,
    Finding,
    Place,
    Reconciliation,
    StandingDifferences,
    Wanted,
)
from portability.services.exchange.streams import SequenceRange

__all__ = ["PostgresComparisonAlarms", "PostgresReconciliationReport"]

NOTE: Final = """
INSERT INTO reconciliations AS report
    (partner, direction, day, first_seq, last_seq, digests, questions, first_at, last_at)
SELECT %(partner)s, %(direction)s, CASE WHEN %(digests)s = 0 THEN coalesce((SELECT max(day) FROM reconciliations
    WHERE partner = %(partner)s AND direction = %(direction)s), %(day)s) ELSE %(day)s END,
    %(first)s::bigint, %(last)s::bigint, %(digests)s, %(questions)s, %(at)s::timestamptz, %(at)s::timestamptz
ON CONFLICT (partner, direction, day) DO UPDATE SET
    first_seq = least(report.first_seq, excluded.first_seq), last_seq = greatest(report.last_seq, excluded.last_seq),
    digests = report.digests + excluded.digests, questions = report.questions + excluded.questions,
    first_at = coalesce(report.first_at, excluded.first_at), last_at = coalesce(excluded.last_at, report.last_at)
"""
SETTLE: Final = """
DELETE FROM reconciliation_findings AS one USING unnest(%b::bigint[], %b::bigint[]) AS compared (first, last)
WHERE partner = %s AND kind = 'unsettled' AND first_seq <= compared.last AND last_seq >= compared.first
"""
FOUND: Final = """
INSERT INTO reconciliation_findings AS known
    (partner, day, kind, first_seq, last_seq, stated, root, found_at, asked_at)
SELECT DISTINCT ON (kind, first, last) %(partner)s, %(day)s, kind, first, last, stated, root, %(at)s,
    CASE WHEN kind <> 'differing' THEN %(at)s::timestamptz END
FROM unnest(%(kinds)b::text[], %(firsts)b::bigint[], %(lasts)b::bigint[], %(stated)b::bigint[], %(roots)b::bytea[])
    AS found (kind, first, last, stated, root)
ON CONFLICT (partner, day, kind, first_seq, last_seq) DO UPDATE SET
    stated = excluded.stated, root = excluded.root, asked_at = excluded.asked_at
"""
PAGE: Final = f"""
WITH {PLACES}
SELECT report.partner, report.direction, report.day, report.first_seq, report.last_seq, digests, questions, last_at,
    differences, open_differences, open_differences > 0 OR is_silent
FROM reconciliations AS report, LATERAL (
    SELECT count(*) AS differences, count(*) FILTER (WHERE is_open) AS open_differences
    FROM reconciliation_findings AS one {STANDS}
    WHERE report.direction = 'received' AND one.partner = report.partner AND one.day = report.day
) AS found, LATERAL (
    SELECT report.direction = 'received' AND digests = 0 AND NOT EXISTS (
        SELECT FROM reconciliations AS later WHERE later.partner = report.partner AND later.direction = 'received'
        AND later.day > report.day AND later.digests > 0
    ) AS is_silent
) AS quiet
WHERE report.day BETWEEN %(since)s AND %(last_day)s
    AND (report.day < %(last_day)s OR (report.partner, report.direction) > (%(last_partner)s, %(last_direction)s))
    AND (%(partner)s = '' OR report.partner = %(partner)s)
    AND (NOT %(only_open)s OR open_differences > 0 OR is_silent)
ORDER BY report.day DESC, report.partner, report.direction LIMIT %(limit)s
"""  # noqa: S608 - a constant
FINDINGS: Final = f"""
WITH {PLACES} SELECT partner, day, {COLUMNS} FROM (
    SELECT one.*, held, is_open, settled_by, settled_at, reason, settled_in, is_gap,
        row_number() OVER (PARTITION BY one.partner, one.day ORDER BY NOT is_open, first_seq, last_seq, kind) AS place
    FROM reconciliation_findings AS one {STANDS}
    WHERE (one.partner, one.day) IN (SELECT * FROM unnest(%(partners)s::text[], %(days)s::date[]))
) AS one WHERE place <= %(shown)s ORDER BY partner, day, place
"""  # noqa: S608 - a constant
# What is settled is left for the day on which it is open again.
STANDING: Final = f"""
WITH {PLACES}, judged AS (
    UPDATE reconciliation_findings AS known SET is_judged = true FROM (
        SELECT one.*, is_open FROM reconciliation_findings AS one {STANDS}
        WHERE NOT one.is_judged AND one.found_at <= %s AND settled_at IS NULL
    ) AS due
    WHERE known.partner = due.partner AND known.day = due.day AND known.kind = due.kind
        AND known.first_seq = due.first_seq AND known.last_seq = due.last_seq AND NOT known.is_judged
    RETURNING known.partner, known.first_seq, is_open
)
SELECT partner, count(*), min(first_seq) FROM judged WHERE is_open GROUP BY partner ORDER BY partner
"""  # noqa: S608 - a constant
FORGET: Final = """
DELETE FROM reconciliation_settlements AS one
WHERE settled_at < (%s::date)::timestamp AT TIME ZONE 'UTC' AND NOT EXISTS (
    SELECT FROM reconciliation_findings AS known WHERE known.partner = one.partner AND known.kind = one.kind
    AND known.first_seq = one.first_seq AND known.last_seq = one.last_seq
)
"""
SILENT: Final = """
INSERT INTO reconciliations (partner, direction, day)
SELECT watch.sender, 'received', quiet::date FROM silence_watches AS watch, generate_series(
    greatest(judged_on + 1, %(since)s)::timestamp, %(until)s::timestamp, interval '1 day') AS quiet
WHERE watch.sender = ANY(%(partners)s) AND NOT EXISTS (
    SELECT FROM reconciliations AS one WHERE one.partner = watch.sender AND one.direction = 'received'
    AND (one.day = quiet::date OR one.day = quiet::date + 1
        AND one.first_at < (quiet + interval '1 day' + %(grace)s) AT TIME ZONE 'UTC')
)
ON CONFLICT DO NOTHING RETURNING partner
"""


class PostgresReconciliationReport:
    """The port `ReconciliationReport`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note(self, one: Comparison) -> None:
        """Add a comparison to the report of its day."""
        said = {
            "partner": one.partner,
            "direction": one.direction.value,
            "day": one.at.date(),
            "first": one.numbers and one.numbers.first,
            "last": one.numbers and one.numbers.last,
            "digests": one.digests,
            "questions": one.questions,
            "at": one.at if one.digests else None,
        }
        await self._connection.execute(NOTE, said)
        if one.compared:
            spans = (bigints([span.first for span in one.compared]), bigints([span.last for span in one.compared]))
            await self._connection.execute(SETTLE, (*spans, one.partner))
        if one.differences:
            await self._connection.execute(FOUND, {"partner": one.partner, "day": one.at.date()} | _columns(one))

    async def page(self, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Reconciliation]:
        """Reports, the newest day first."""
        last_day, last_partner, last_direction = after or (date.max, "", "")
        found = await self._connection.execute(
            PAGE,
            {
                "since": wanted.since,
                "partner": wanted.partner,
                "only_open": wanted.only_open,
                "last_day": last_day,
                "last_partner": last_partner,
                "last_direction": str(last_direction),
                "limit": limit,
            },
        )
        rows = await found.fetchall()
        findings = await self._findings({(row[0], row[2]) for row in rows if row[1] == Direction.RECEIVED and row[8]})
        return [_report(row, findings.get((row[0], row[2]), ())) for row in rows]

    async def forget(self, *, before: date) -> int:
        """Delete what is older than a day."""
        await self._connection.execute("DELETE FROM reconciliation_findings WHERE day < %s", (before,))
        await self._connection.execute(FORGET, (before,))
        gone = await self._connection.execute("DELETE FROM reconciliations WHERE day < %s", (before,))
        return gone.rowcount

    async def _findings(
        self, places: Collection[tuple[InstitutionId, date]]
    ) -> Mapping[tuple[InstitutionId, date], Sequence[Finding]]:
        if not places:
            return {}
        partners, days = zip(*places, strict=True)
        found = await self._connection.execute(
            FINDINGS, {"partners": list(partners), "days": list(days), "shown": FINDINGS_SHOWN}
        )
        by_place: dict[tuple[InstitutionId, date], list[Finding]] = {}
        async for row in found:
            by_place.setdefault((row[0], row[1]), []).append(finding_of(row[2:]))
        return by_place


class PostgresComparisonAlarms:
    """The port `ComparisonAlarms`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def standing(self, *, found_before: datetime) -> Sequence[StandingDifferences]:
        """What is open still, once."""
        found = await self._connection.execute(STANDING, (found_before,))
        return [StandingDifferences(*row) async for row in found]

    async def unheard(self, *, today: date, until: date) -> Sequence[InstitutionId]:
        """The senders that are to be judged."""
        await self._connection.execute(
            "INSERT INTO silence_watches SELECT sender, %s FROM stream_watches ORDER BY sender ON CONFLICT DO NOTHING",
            (today,),
        )
        found = await self._connection.execute(
            "SELECT sender FROM silence_watches WHERE judged_on < %s ORDER BY sender FOR UPDATE SKIP LOCKED", (until,)
        )
        return [row[0] async for row in found]

    async def silent(
        self, partners: Collection[InstitutionId], *, since: date, until: date
    ) -> Mapping[InstitutionId, int]:
        """Put days without a digest into the report."""
        said = {"partners": list(partners), "since": since, "until": until, "grace": GRACE}
        found = await self._connection.execute(SILENT, said)
        days = Counter([row[0] async for row in found])
        await self._connection.execute(
            "UPDATE silence_watches SET judged_on = %(until)s WHERE sender = ANY(%(partners)s)", said
        )
        return dict(sorted(days.items()))


def _columns(one: Comparison) -> dict[str, Any]:
    found = one.differences
    return {
        "at": one.at,
        "kinds": texts([each.kind.value for each in found]),
        "firsts": bigints([each.numbers.first for each in found]),
        "lasts": bigints([each.numbers.last for each in found]),
        "stated": bigints([each.stated for each in found]),
        "roots": byteas([each.root for each in found]),
    }


def _report(row: Sequence[Any], findings: Sequence[Finding]) -> Reconciliation:
    """partner, direction, day, first_seq, last_seq, digests, questions, last_at, differences, open ones, is_open."""
    numbers = None if row[3] is None else SequenceRange(row[3], row[4])
    partner, direction, day, _, _, digests, questions, last_at, differences, open_differences, is_open = row
    return Reconciliation(
        partner,
        Direction(direction),
        day,
        numbers,
        digests,
        questions,
        last_at,
        differences,
        open_differences,
        is_open,
        tuple(findings),
    )

"""What comparisons with partners came to, in memory."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from portability.adapters.memory.exchange_findings import finding_of
from portability.adapters.memory.exchange_state import FindingRow, ReportRow, State
from portability.services.exchange.model.messages import Direction, InstitutionId
from portability.services.exchange.model.reconciliations import (
    FINDINGS_SHOWN,
    GRACE,
    Comparison,
    DifferenceKind,
    Place,
    Reconciliation,
    StandingDifferences,
    Wanted,
)
from portability.services.exchange.streams import SequenceRange

__all__ = ["MemoryComparisonAlarms", "MemoryReconciliationReport"]

DAY = timedelta(days=1)


class MemoryReconciliationReport:
    """The port `ReconciliationReport`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def note(self, one: Comparison) -> None:
        """Add a comparison to the report of its day."""
        rows, day = self._state.comparisons, one.at.date()
        if not one.digests:
            days = [at for at, partner, way in rows if (partner, way) == (one.partner, one.direction)]
            day = max(days, default=day)
        row = rows.get((day, one.partner, one.direction), ReportRow())
        at = one.at if one.digests else None
        rows[day, one.partner, one.direction] = ReportRow(
            _whole(row.numbers, one.numbers),
            row.digests + one.digests,
            row.questions + one.questions,
            row.first_at or at,
            at or row.last_at,
        )
        self._settle(one)
        for difference in one.differences:
            asked_at = None if difference.kind is DifferenceKind.DIFFERING else one.at
            found = FindingRow(difference.stated, difference.root, one.at, asked_at)
            key = (one.partner, day, difference.kind, difference.numbers)
            known = self._state.findings.get(key, found)
            self._state.findings[key] = replace(known, stated=found.stated, root=found.root, asked_at=asked_at)

    def _settle(self, one: Comparison) -> None:
        for key in list(self._state.findings):
            partner, _, kind, numbers = key
            if (partner, kind) == (one.partner, DifferenceKind.UNSETTLED) and any(
                numbers.first <= span.last and numbers.last >= span.first for span in one.compared
            ):
                del self._state.findings[key]

    async def page(self, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Reconciliation]:
        """Return reports, the newest day first."""
        places = sorted(self._state.comparisons, key=_order)
        chosen = [
            one
            for one in places
            if one[0] >= wanted.since
            and wanted.partner in {"", one[1]}
            and (after is None or _order(one) > _order(after))
        ]
        found: list[Reconciliation] = []
        for one in chosen:
            report = await self._report(one)
            if len(found) < limit and (report.is_open or not wanted.only_open):
                found.append(report)
        return found

    async def forget(self, *, before: date) -> int:
        """Delete what is older than a day."""
        old = [place for place in self._state.comparisons if place[0] < before]
        for place in old:
            del self._state.comparisons[place]
        for key in [key for key in self._state.findings if key[1] < before]:
            del self._state.findings[key]
        found = {(key[0], key[2], key[3]) for key in self._state.findings}
        for mark, one in list(self._state.settlements.items()):
            if one.at.date() < before and mark[1][:3] not in found:
                del self._state.settlements[mark]
        return len(old)

    async def _report(self, place: Place) -> Reconciliation:
        day, partner, direction = place
        row = self._state.comparisons[place]
        is_received = direction is Direction.RECEIVED
        keys = [key for key in self._state.findings if is_received and key[:2] == (partner, day)]
        found = [await finding_of(key, self._state) for key in keys]
        found.sort(key=lambda one: (not one.is_open, one.numbers, one.kind))
        is_silent = is_received and not row.digests and not self._heard_after(partner, day)
        open_ones = sum(one.is_open for one in found)
        return Reconciliation(
            partner,
            direction,
            day,
            row.numbers,
            row.digests,
            row.questions,
            row.last_at,
            differences=len(found),
            open_differences=open_ones,
            is_open=is_silent or open_ones > 0,
            findings=tuple(found[:FINDINGS_SHOWN]),
        )

    def _heard_after(self, partner: InstitutionId, day: date) -> bool:
        return any(
            at > day and (sender, way) == (partner, Direction.RECEIVED) and row.digests
            for (at, sender, way), row in self._state.comparisons.items()
        )


class MemoryComparisonAlarms:
    """The port `ComparisonAlarms`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def standing(self, *, found_before: datetime) -> Sequence[StandingDifferences]:
        """Return what is open still, once."""
        numbers: dict[InstitutionId, list[int]] = {}
        for key, row in list(self._state.findings.items()):
            finding = await finding_of(key, self._state)
            if not row.is_judged and row.found_at <= found_before and finding.settled is None:
                self._state.findings[key] = replace(row, is_judged=True)
                if finding.is_open:
                    numbers.setdefault(key[0], []).append(key[3].first)
        return [StandingDifferences(one, len(all_), min(all_)) for one, all_ in sorted(numbers.items())]

    async def unheard(self, *, today: date, until: date) -> Sequence[InstitutionId]:
        """Return the senders that are to be judged."""
        for sender, _ in self._state.inbox:
            self._state.judged_on.setdefault(sender, today)
        return sorted(one for one, day in self._state.judged_on.items() if day < until)

    async def silent(
        self, partners: Collection[InstitutionId], *, since: date, until: date
    ) -> Mapping[InstitutionId, int]:
        """Put days without a digest into the report."""
        found: Counter[InstitutionId] = Counter()
        for one in sorted(partners):
            for day in _days(max(self._state.judged_on[one] + DAY, since), until):
                if not self._heard_on(one, day):
                    self._state.comparisons[day, one, Direction.RECEIVED] = ReportRow()
                    found[one] += 1
            self._state.judged_on[one] = until
        return found

    def _heard_on(self, partner: InstitutionId, day: date) -> bool:
        row = self._state.comparisons.get((day, partner, Direction.RECEIVED), ReportRow())
        after = self._state.comparisons.get((day + DAY, partner, Direction.RECEIVED), ReportRow())
        over = datetime.combine(day + DAY, time(), UTC) + GRACE
        return bool(row.digests or (after.first_at and after.first_at < over))


def _whole(one: SequenceRange | None, other: SequenceRange | None) -> SequenceRange | None:
    if one is None or other is None:
        return one or other
    return SequenceRange(min(one.first, other.first), max(one.last, other.last))


def _order(place: Place) -> tuple[int, InstitutionId, Direction]:
    return -place[0].toordinal(), place[1], place[2]


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))

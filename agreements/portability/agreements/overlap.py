"""Coinciding periods: which one counts (987/2009 Art. 12(2) to (6), Art. 43(1)).

The rules look at the state and the kind of a period only, so all running periods of one state and kind share one
verdict. The calendar is swept once: wherever a period starts or ends the rules of the agreement choose, and a verdict
is noted where it changes; then each period reads the verdicts of its days. What the rules set aside is returned too,
with the citation, because the worker and the other institution must see it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import heappush
from itertools import pairwise

from portability.agreements.overlap_choice import Choice, CompulsoryHistory, Group, Order, all_equivalent, choose
from portability.agreements.periods import InsurancePeriod
from portability.agreements.rules import Overlap
from portability.agreements.spans import Span
from portability.agreements.values import StateCode

__all__ = ["CountedPeriod", "SetAside", "resolve_overlaps"]

Loss = tuple[str, str]  # the period that the days go to, and where the law says so


@dataclass(frozen=True, slots=True)
class CountedPeriod:
    """A period and the days of it that count; `spans` is empty for an undated period, which counts whole."""

    period: InsurancePeriod
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """Days of a period that do not count, what they coincide with, and where the law says so."""

    period: InsurancePeriod
    spans: tuple[Span, ...]
    because_of: str
    cite: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What becomes of one state's periods of one kind: from each of `days` on, the loss or None, until the next."""

    days: list[date] = field(default_factory=list)
    losses: list[Loss | None] = field(default_factory=list)

    def note(self, day: date, loss: Loss | None) -> None:
        if not self.days or self.losses[-1] != loss:
            self.days.append(day)
            self.losses.append(loss)

    def between(self, start: date, end: date) -> list[tuple[Loss | None, Span]]:
        """The verdicts on the days of a period, in order."""
        first, last = bisect_right(self.days, start) - 1, bisect_left(self.days, end)
        cuts = [start, *self.days[first + 1 : last], end]
        return list(zip(self.losses[first:last], pairwise(cuts), strict=True))


def resolve_overlaps(
    periods: Sequence[InsurancePeriod], *, rule: Overlap, applying_state: StateCode
) -> tuple[list[CountedPeriod], list[SetAside]]:
    """The periods that count for the institution of `applying_state`, no day in two states, and what was set aside.

    Undated periods are presumed not to overlap (987/2009 Art. 12(6)) where the rule cites it; elsewhere they are
    set aside. A period that was sent twice counts once.
    """
    ordered = sorted(periods, key=_calendar_order)
    dated = [one for one in dict.fromkeys(ordered) if one.start and one.end and one.start < one.end]
    counted: list[CountedPeriod] = []
    aside: list[SetAside] = []
    verdicts = _sweep(dated, rule, applying_state) if _some_coincide(dated) else defaultdict(_all_counts)
    for period in dated:
        kept, lost = _days_of(period, verdicts[period.state, period.kind])
        counted += [CountedPeriod(period, tuple(kept))] if kept else []
        aside += [SetAside(period, tuple(spans), *loss) for loss, spans in lost.items()]
    aside.sort(key=lambda entry: entry.spans[0][0])
    undated = [period for period in ordered if period.start is None]
    if rule.undated_do_not_overlap:
        counted += [CountedPeriod(period, ()) for period in undated]
        counted.sort(key=lambda entry: _calendar_order(entry.period))
    else:
        aside += [SetAside(period, (), "no dates", rule.cite) for period in undated]
    return counted, aside


def _some_coincide(dated: Sequence[InsurancePeriod]) -> bool:
    spans = sorted((one.start, one.end) for one in dated if one.start and one.end)
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def _all_counts() -> "Verdicts":
    return Verdicts([date.min], [None])


def _calendar_order(period: InsurancePeriod) -> tuple[object, ...]:
    """One order for all careers, so that the order in which periods arrive changes nothing."""
    time = period.duration
    counted = (time.unit, time.amount, time.day_regime or "") if time else ()
    start, end = period.start or date.min, period.end or date.min
    return (period.state, start, end, period.period_id, period.scheme, period.kind, counted)


def _days_of(period: InsurancePeriod, verdicts: Verdicts) -> tuple[list[Span], dict[Loss, list[Span]]]:
    """The days of a period that count, and those that it loses, by reason."""
    kept: list[Span] = []
    lost: dict[Loss, list[Span]] = {}
    assert period.start is not None and period.end is not None  # noqa: S101 - only dated ones are swept
    for loss, (start, end) in verdicts.between(period.start, period.end):
        spans = kept if loss is None else lost.setdefault(loss, [])
        joined = bool(spans) and spans[-1][1] == start
        spans[len(spans) - joined :] = [(spans[-1][0], end) if joined else (start, end)]
    return kept, lost


def _sweep(dated: Sequence[InsurancePeriod], rule: Overlap, applying_state: StateCode) -> dict[Group, Verdicts]:
    """The verdicts on every state and kind, noted from the first day on which each changes."""
    choices: dict[tuple[Order, StateCode | None], Choice] = {}
    history = CompulsoryHistory(dated)
    verdicts: dict[Group, Verdicts] = {}
    for span, named in _stretches(dated):
        order: Order = tuple(sorted(named))
        asked = order, history.state_beside(span) if len(order) > 1 and all_equivalent(order) else None
        if asked not in choices:
            choices[asked] = choose(order, rule, applying_state, asked[1])
        winner, lost = choices[asked]
        for group in order:
            loss = (named[winner].period_id, lost[group]) if group in lost else None
            verdicts.setdefault(group, Verdicts()).note(span[0], loss)
    return verdicts


def _stretches(dated: Sequence[InsurancePeriod]) -> Iterator[tuple[Span, Mapping[Group, InsurancePeriod]]]:
    """The calendar cut at every start and end, with the running states and kinds and one period to name for each.

    A period stays the one to name until it ends; then it is the one that runs longest, so that few are named.
    """
    touched = _starts_and_ends(dated)
    running: dict[Group, list[tuple[int, int]]] = {}  # heaps: the last day and the place, the longest at the head
    named: dict[Group, InsurancePeriod] = {}
    for day, until in pairwise(sorted(touched)):
        for place, period in touched[day]:
            group = (period.state, period.kind)
            heap = running.setdefault(group, [])
            if period.start == day and period.end is not None:
                heappush(heap, (-period.end.toordinal(), place))
            if group not in named or _has_ended(named[group], day):
                named[group] = dated[heap[0][1]]
            if _has_ended(named[group], day):
                del named[group]
        if named:
            yield (day, until), named


def _starts_and_ends(dated: Sequence[InsurancePeriod]) -> dict[date, list[tuple[int, InsurancePeriod]]]:
    touched: dict[date, list[tuple[int, InsurancePeriod]]] = {}
    for index, period in enumerate(dated):
        for day in (period.start, period.end):
            if day is not None:
                touched.setdefault(day, []).append((index, period))
    return touched


def _has_ended(period: InsurancePeriod, day: date) -> bool:
    return period.end is not None and period.end <= day

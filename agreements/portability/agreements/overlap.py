"""Coinciding periods: which one counts (987/2009 Art. 12(2) to (6), Art. 43(1)).

The rules look at the state and the kind of a period only, so all running periods of one state and kind share one
verdict. The calendar is swept once: wherever a period starts or ends the rules of the agreement choose, and a verdict
is noted where it changes; then each period reads the verdicts of its days. What the rules set aside is returned too,
with the citation, because the worker and the other institution must see it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import heappop, heappush
from itertools import pairwise

from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Overlap
from portability.agreements.spans import Span
from portability.agreements.values import StateCode

__all__ = ["CountedPeriod", "SetAside", "resolve_overlaps"]

Group = tuple[StateCode, PeriodKind]
Order = tuple[Group, ...]
Choice = tuple[Group, Mapping[Group, str]]  # who wins, and the provision by which each other loses
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
    history = _CompulsoryHistory(dated)
    verdicts: dict[Group, Verdicts] = {}
    for span, first in _stretches(dated):
        # In calendar order of their first periods; those of one state and kind are judged together.
        order: Order = tuple(sorted(first, key=first.__getitem__))
        asked = order, history.state_beside(span) if len(order) > 1 and _all_equivalent(order) else None
        if asked not in choices:
            choices[asked] = _choose(order, rule, applying_state, asked[1])
        winner, lost = choices[asked]
        because_of = dated[first[winner]].period_id
        for group in order:
            loss = (because_of, lost[group]) if group in lost else None
            verdicts.setdefault(group, Verdicts()).note(span[0], loss)
    return verdicts


def _stretches(dated: Sequence[InsurancePeriod]) -> Iterator[tuple[Span, Mapping[Group, int]]]:
    """The calendar cut at every start and end, with the first running period of each state and kind."""
    touched = _starts_and_ends(dated)
    running: dict[Group, list[int]] = {}  # heaps: the first in calendar order is at the head
    first: dict[Group, int] = {}
    for day, until in pairwise(sorted(touched)):
        for index, period in touched[day]:
            group = (period.state, period.kind)
            heap = running.setdefault(group, [])
            if period.start == day:
                heappush(heap, index)
            while heap and _has_ended(dated[heap[0]], day):
                heappop(heap)
            first.pop(group, None)
            first.update({group: heap[0]} if heap else {})
        if first:
            yield (day, until), first


def _starts_and_ends(dated: Sequence[InsurancePeriod]) -> dict[date, list[tuple[int, InsurancePeriod]]]:
    touched: dict[date, list[tuple[int, InsurancePeriod]]] = {}
    for index, period in enumerate(dated):
        for day in (period.start, period.end):
            if day is not None:
                touched.setdefault(day, []).append((index, period))
    return touched


def _has_ended(period: InsurancePeriod, day: date) -> bool:
    return period.end is not None and period.end <= day


def _choose(running: Order, rule: Overlap, applying_state: StateCode, beside: StateCode | None) -> Choice:
    """Which of the running states and kinds wins, and by which provision others lose.

    `beside` is where the person was compulsorily insured before or after, asked for equivalent periods only.
    """
    left: list[Group] = list(running)
    lost: dict[Group, str] = {}
    for giving_way, cite in (
        (_voluntary_beside_compulsory, rule.compulsory_before_voluntary),
        (_equivalent_beside_actual, rule.actual_before_equivalent),
    ):
        if cite:
            lost.update(dict.fromkeys(giving_way(left), cite))
            left = [group for group in left if group not in lost]
    if rule.equivalent_in_one_state and _all_equivalent(left):
        state = beside or left[0][0]
        if any(one == state for one, _ in left):
            lost.update({group: rule.equivalent_in_one_state for group in left if group[0] != state})
            left = [group for group in left if group not in lost]
    # Art. 12(2): other states' periods are added provided that they do not overlap, so the own period stays.
    winner = min(left, key=lambda group: (group[0] != applying_state, group[1] != PeriodKind.COMPULSORY))
    lost.update({group: rule.cite for group in left if group[0] != winner[0]})
    return winner, lost


def _all_equivalent(running: Iterable[Group]) -> bool:
    return all(kind == PeriodKind.EQUIVALENT for _, kind in running)


def _voluntary_beside_compulsory(running: list[Group]) -> list[Group]:
    """Voluntary periods beside a compulsory one of another state (987/2009 Art. 12(3))."""
    compulsory = {state for state, kind in running if kind in (PeriodKind.COMPULSORY, PeriodKind.RESIDENCE)}
    return [group for group in running if group[1] == PeriodKind.VOLUNTARY and compulsory - {group[0]}]


def _equivalent_beside_actual(running: list[Group]) -> list[Group]:
    """Equivalent periods beside another kind of another state (987/2009 Art. 12(4))."""
    actual = {state for state, kind in running if kind != PeriodKind.EQUIVALENT}
    return [group for group in running if group[1] == PeriodKind.EQUIVALENT and actual - {group[0]}]


class _CompulsoryHistory:
    """Where a person was compulsorily insured before and after a day (987/2009 Art. 12(5))."""

    def __init__(self, dated: Sequence[InsurancePeriod]) -> None:
        compulsory = [one for one in dated if one.kind == PeriodKind.COMPULSORY and one.start and one.end]
        self._ends = sorted((one.end, one.state) for one in compulsory if one.end)
        self._starts = sorted((one.start, one.state) for one in compulsory if one.start)

    def state_beside(self, span: Span) -> StateCode | None:
        """The state of the last compulsory period before the days, else of the first after; None where none is."""
        before = bisect_right(self._ends, span[0], key=_day)
        if before:
            return self._ends[before - 1][1]
        after = bisect_left(self._starts, span[1], key=_day)
        return self._starts[after][1] if after < len(self._starts) else None


def _day(entry: tuple[date, StateCode]) -> date:
    return entry[0]

"""Coinciding periods: which one counts (987/2009 Art. 12(2) to (6), Art. 43(1)).

The calendar is cut wherever a period starts or ends; in each stretch the rules of the agreement choose. What they
set aside is returned too, with the citation, because the worker and the other institution must see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Overlap
from portability.agreements.spans import Span, union
from portability.agreements.values import StateCode

__all__ = ["CountedPeriod", "SetAside", "resolve_overlaps"]


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


def resolve_overlaps(
    periods: Sequence[InsurancePeriod], *, rule: Overlap, applying_state: StateCode
) -> tuple[list[CountedPeriod], list[SetAside]]:
    """The periods that count for the institution of `applying_state`, no day in two states, and what was set aside.

    Undated periods are presumed not to overlap (987/2009 Art. 12(6)) where the rule cites it; elsewhere they are
    set aside.
    """
    ordered = sorted(periods, key=_calendar_order)
    kept: dict[InsurancePeriod, list[Span]] = {}
    lost: dict[tuple[InsurancePeriod, str, str], list[Span]] = {}
    for span, active in _stretches(ordered):
        winners, losers = _choose(active, span=span, everything=ordered, rule=rule, applying_state=applying_state)
        for winner in winners:
            kept.setdefault(winner, []).append(span)
        for loser, cite in losers:
            lost.setdefault((loser, winners[0].period_id, cite), []).append(span)
    counted = [CountedPeriod(period, tuple(union(spans))) for period, spans in kept.items()]
    aside = [SetAside(period, tuple(union(spans)), other, cite) for (period, other, cite), spans in lost.items()]
    for period in ordered:
        if period.start is None and rule.undated_do_not_overlap:
            counted.append(CountedPeriod(period, ()))
        elif period.start is None:
            aside.append(SetAside(period, (), "no dates", rule.cite))
    return sorted(counted, key=lambda entry: _calendar_order(entry.period)), aside


def _calendar_order(period: InsurancePeriod) -> tuple[str, ...]:
    """One order for all careers, so that the order in which periods arrive changes nothing."""
    day = str(period.start or ""), str(period.end or "")
    return (period.state, *day, period.period_id, period.scheme, period.kind, str(period.duration))


def _stretches(periods: Sequence[InsurancePeriod]) -> list[tuple[Span, list[InsurancePeriod]]]:
    """The calendar cut at every start and end, with the periods that cover each piece; empty pieces left out."""
    starting: dict[date, list[int]] = {}
    ending: dict[date, list[int]] = {}
    for index, period in enumerate(periods):
        if period.start and period.end and period.start < period.end:
            starting.setdefault(period.start, []).append(index)
            ending.setdefault(period.end, []).append(index)
    running: set[int] = set()
    pieces: list[tuple[Span, list[InsurancePeriod]]] = []
    for first, last in pairwise(sorted({*starting, *ending})):
        running |= set(starting.get(first, ()))
        running -= set(ending.get(first, ()))
        if running:
            pieces.append(((first, last), [periods[index] for index in sorted(running)]))
    return pieces


def _choose(
    active: list[InsurancePeriod],
    *,
    span: Span,
    everything: Sequence[InsurancePeriod],
    rule: Overlap,
    applying_state: StateCode,
) -> tuple[list[InsurancePeriod], list[tuple[InsurancePeriod, str]]]:
    """The periods of the one state that count in a stretch, and each that gives way with the citation of the reason."""
    losers: list[tuple[InsurancePeriod, str]] = []
    left = list(active)
    for giving_way, cite in (
        (_voluntary_beside_compulsory, rule.compulsory_before_voluntary),
        (_equivalent_beside_actual, rule.actual_before_equivalent),
    ):
        gone = giving_way(left) if cite else []
        losers += [(period, cite or "") for period in gone]
        left = [period for period in left if period not in gone]
    if rule.equivalent_in_one_state and len({period.state for period in left}) > 1 and _all_equivalent(left):
        state = _state_of_equivalent(span, everything) or left[0].state
        gone = [period for period in left if period.state != state]
        if len(gone) < len(left):
            losers += [(period, rule.equivalent_in_one_state) for period in gone]
            left = [period for period in left if period not in gone]
    # Art. 12(2): other states' periods are added provided that they do not overlap, so the own period stays.
    left.sort(key=lambda period: (period.state != applying_state, period.kind != PeriodKind.COMPULSORY))
    winners = [period for period in left if period.state == left[0].state]
    return winners, losers + [(period, rule.cite) for period in left if period not in winners]


def _voluntary_beside_compulsory(active: list[InsurancePeriod]) -> list[InsurancePeriod]:
    """Voluntary periods beside a compulsory one of another state (987/2009 Art. 12(3))."""
    compulsory = {period.state for period in active if period.kind in (PeriodKind.COMPULSORY, PeriodKind.RESIDENCE)}
    return [period for period in active if period.kind == PeriodKind.VOLUNTARY and compulsory - {period.state}]


def _equivalent_beside_actual(active: list[InsurancePeriod]) -> list[InsurancePeriod]:
    """Equivalent periods beside another kind of another state (987/2009 Art. 12(4))."""
    actual = {period.state for period in active if period.kind != PeriodKind.EQUIVALENT}
    return [period for period in active if period.kind == PeriodKind.EQUIVALENT and actual - {period.state}]


def _all_equivalent(active: list[InsurancePeriod]) -> bool:
    return all(period.kind == PeriodKind.EQUIVALENT for period in active)


def _state_of_equivalent(span: Span, everything: Sequence[InsurancePeriod]) -> StateCode | None:
    """Last compulsorily insured before, else first after (987/2009 Art. 12(5)); None where never compulsory."""
    compulsory = [
        (period.start, period.end, period.state)
        for period in everything
        if period.kind == PeriodKind.COMPULSORY and period.start and period.end
    ]
    before = [(end, state) for _, end, state in compulsory if end <= span[0]]
    after = [(start, state) for start, _, state in compulsory if start >= span[1]]
    if before:
        return max(before)[1]
    return min(after)[1] if after else None

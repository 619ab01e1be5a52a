"""Insured time in the unit of one national scheme: converted once, no day twice, no year longer than a year."""

from collections.abc import Iterable
from fractions import Fraction
from math import ceil

from portability.agreements.conversion import convert, units_per_year
from portability.agreements.national.legislation import Scheme
from portability.agreements.overlap import CountedPeriod
from portability.agreements.periods import Duration, PeriodUnit
from portability.agreements.rules import PeriodConversion
from portability.agreements.spans import Span, amount_of, days_of, without, years_of
from portability.agreements.values import exact_sum

__all__ = ["counted_duration", "time_in_unit"]

Timed = tuple[CountedPeriod, Duration]


def counted_duration(entry: CountedPeriod) -> Duration:
    """The communicated time of a period, less what was set aside.

    987/2009 Art. 13(1)(a) starts from what the institution communicated. Where only part of a period counts, its
    time is apportioned by calendar days: the articles are silent on this. Dates alone count as calendar months.
    """
    period = entry.period
    if period.duration is None:
        return Duration(amount_of(entry.spans, PeriodUnit.MONTHS), PeriodUnit.MONTHS)
    if period.start is None or period.end is None:
        return period.duration
    if entry.spans == ((period.start, period.end),):
        return period.duration
    share = Fraction(days_of(entry.spans), (period.end - period.start).days)
    return Duration(period.duration.amount * share, period.duration.unit, period.duration.day_regime)


def time_in_unit(entries: Iterable[CountedPeriod], scheme: Scheme, rule: PeriodConversion | None) -> Fraction:
    """One conversion for all that was communicated in one unit (987/2009 Art. 13(3)), then the sum.

    Days that two schemes of one state both cover count once.
    """
    groups: dict[tuple[str, str, str], list[Timed]] = {}
    everything = _each_day_once(entries)
    for entry in everything:
        duration = counted_duration(entry)
        groups.setdefault((entry.period.state, duration.unit, duration.day_regime or ""), []).append((entry, duration))
    amounts = [_group(group, scheme, rule) for group in groups.values()]
    total = exact_sum(amounts)
    if rule is None or len(amounts) == 1 or any(entry.period.start is None for entry in everything):
        return total
    # Art. 13(2): units that were each rounded up may not make more of a calendar year together than it holds.
    years = len(years_of(span for entry in everything for span in entry.spans))
    most = units_per_year(scheme.unit, scheme.day_regime, rule) * years
    return min(total, max(most, *amounts)) if amounts else total


def _each_day_once(entries: Iterable[CountedPeriod]) -> list[CountedPeriod]:
    given = list(entries)
    if len(given) == 1:
        return given
    kept: list[CountedPeriod] = []
    taken: list[Span] = []
    for entry in sorted(given, key=lambda one: (one.spans, one.period.period_id)):
        # In the order of their first days, what ends before this one begins meets none of those to come.
        taken = [span for span in taken if entry.spans and span[1] > entry.spans[0][0]]
        spans = without(entry.spans, taken) if taken else list(entry.spans)
        if spans or not entry.spans:
            kept.append(CountedPeriod(entry.period, tuple(spans)))
            taken += spans
    return kept


def _group(entries: list[Timed], scheme: Scheme, rule: PeriodConversion | None) -> Fraction:
    _, unit = entries[0]
    if (unit.unit, unit.day_regime) == (scheme.unit, scheme.day_regime):
        return _sum(entries).amount
    if rule is None:
        return amount_of([span for entry, _ in entries for span in entry.spans], scheme.unit)
    return exact_sum([_converted(part, scheme, rule) for part in _year_by_year(entries)])


def _year_by_year(entries: list[Timed]) -> list[list[Timed]]:
    """Each year apart where every period lies in one calendar year, else all at once (987/2009 Art. 13(3)).

    How the institution communicated is read from the periods themselves: an aggregate spans years.
    """
    years: dict[int, list[Timed]] = {}
    for entry, duration in entries:
        touched = years_of(((entry.period.start, entry.period.end),)) if entry.period.start and entry.period.end else ()
        if len(touched) != 1:
            return [entries]
        years.setdefault(next(iter(touched)), []).append((entry, duration))
    return [years[year] for year in sorted(years)]


def _converted(entries: list[Timed], scheme: Scheme, rule: PeriodConversion) -> Fraction:
    total = _sum(entries)
    spans = [span for entry, _ in entries for span in entry.spans]
    years = None if any(entry.period.start is None for entry, _ in entries) else _years_with_room(total, spans, rule)
    return convert(total, to=scheme.unit, day_regime=scheme.day_regime, rule=rule, calendar_years=years).amount


def _sum(entries: list[Timed]) -> Duration:
    _, first = entries[0]
    return Duration(exact_sum([duration.amount for _, duration in entries]), first.unit, first.day_regime)


def _years_with_room(total: Duration, spans: list[Span], rule: PeriodConversion) -> int:
    """Calendar years touched; never fewer than the time itself fills, lest a full year be cut."""
    return max(len(years_of(spans)), ceil(total.amount / units_per_year(total.unit, total.day_regime, rule)))

"""Half-open stretches of calendar days: what two of them share, and how much time they hold."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from portability.agreements.periods import PeriodUnit

__all__ = ["Span", "add_months", "amount_of", "days_of", "months_of", "shared", "union", "without", "years_of"]

Span = tuple[date, date]
EVERY_MONTH = 28  # the days that each month has


def shared(one: Span, other: Span) -> Span | None:
    """The days in both, or None."""
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None


def union(spans: Iterable[Span]) -> list[Span]:
    """The same days as sorted spans that neither touch nor overlap."""
    ordered = [span for span in spans if span[0] < span[1]]
    if len(ordered) < 2:
        return ordered
    ordered.sort()
    result: list[Span] = []
    for start, end in ordered:
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The days of `spans` that are not in `taken`."""
    gone, first = union(taken), 0
    rest: list[Span] = []
    for start, end in union(spans):
        while first < len(gone) and gone[first][1] <= start:
            first += 1
        for taken_start, taken_end in gone[first:]:
            if taken_start >= end:
                break
            if start < taken_start:
                rest.append((start, taken_start))
            start = max(start, taken_end)  # noqa: PLW2901 - what is left of the span
        if start < end:
            rest.append((start, end))
    return rest


def days_of(spans: Iterable[Span]) -> int:
    """Calendar days in all spans together, each counted once."""
    return sum((end - start).days for start, end in union(spans))


def months_of(spans: Iterable[Span]) -> Fraction:
    """Whole months from date to date, and days left over as thirtieths."""
    thirtieths = 0
    for start, end in union(spans):
        whole = (end.year - start.year) * 12 + end.month - start.month
        while (reached := add_months(start, whole)) > end:
            whole -= 1
        thirtieths += 30 * whole + min((end - reached).days, 29)
    return Fraction(thirtieths, 30)


def years_of(spans: Iterable[Span]) -> set[int]:
    """The calendar years that the spans touch."""
    return {year for start, end in spans for year in range(start.year, (end - timedelta(days=1)).year + 1)}


def amount_of(spans: Iterable[Span], unit: PeriodUnit) -> Fraction:
    """Time in a unit, by the calendar: weeks of seven days, months and years from date to date."""
    match unit:
        case PeriodUnit.DAYS:
            return Fraction(days_of(spans))
        case PeriodUnit.WEEKS:
            return Fraction(days_of(spans), 7)
        case PeriodUnit.MONTHS:
            return months_of(spans)
        case PeriodUnit.QUARTERS:
            return months_of(spans) / 3
    return months_of(spans) / 12


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, day.day if day.day <= EVERY_MONTH else min(day.day, monthrange(year, month + 1)[1]))

"""What states are known to do with periods and totals, as data: it explains a difference, and never mends one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise

import yaml

from portability.agreements.values import StateCode
from portability.services.records.career import CareerPeriod, CareerStatement, TotalScope

__all__ = ["Quirk", "QuirkNote", "known_quirks", "quirks_of"]


@dataclass(frozen=True, slots=True)
class Quirk:
    """`states` empty: any state; `types` empty: any type of period. `verified` only where its source was read."""

    id: str
    does: str
    says: str
    verified: bool
    states: tuple[StateCode, ...] = ()
    types: tuple[str, ...] = ()
    scope: TotalScope | None = None
    years: int = 0

    def concerns(self, state: StateCode, period_type: str) -> bool:
        return (not self.states or state in self.states) and (not self.types or period_type in self.types)


@dataclass(frozen=True, slots=True)
class QuirkNote:
    """A quirk met in a period: for a caseworker, not for a computation."""

    period_id: str
    quirk_id: str
    text: str


@cache
def known_quirks() -> tuple[Quirk, ...]:
    """All that ship with the package, in the order of their file."""
    text = (files("portability.services.records") / "quirk_data" / "eessi.yaml").read_text(encoding="utf-8")
    return tuple(
        Quirk(
            id=row["id"],
            does=row["does"],
            says=row["says"],
            verified=row["verified"],
            states=tuple(row.get("states", ())),
            types=tuple(row.get("types", ())),
            scope=TotalScope(row["scope"]) if "scope" in row else None,
            years=row.get("years", 0),
        )
        for row in yaml.safe_load(text)
    )


def quirks_of(
    statement: CareerStatement, *, today: date, contingency_on: date | None = None, quirks: Sequence[Quirk] = ()
) -> tuple[QuirkNote, ...]:
    """Every quirk met in the periods of a statement, by period."""
    notes: list[QuirkNote] = []
    for quirk in quirks or known_quirks():
        for period in _met(quirk, statement, today=today, contingency_on=contingency_on):
            notes.append(QuirkNote(period.period_id, quirk.id, quirk.says))
    return tuple(sorted(notes, key=lambda note: (note.period_id, note.quirk_id)))


def _met(
    quirk: Quirk, statement: CareerStatement, *, today: date, contingency_on: date | None
) -> Iterator[CareerPeriod]:
    concerned = [one for one in statement.periods if quirk.concerns(one.state or statement.state, one.period_type)]
    for period in concerned:
        first, last = period.first_day, period.last_day
        match quirk.does:
            case "only_in_calculation":
                met = True
            case "sum_without_dates":
                met = period.sum is not None and first is None and last is None
            case "end_in_the_future":
                met = last is not None and last.last > today
            case "after_contingency":
                met = contingency_on is not None and first is not None and first.first > contingency_on
            case "whole_months" | "sum_differs_from_dates":
                met = _differs(period, whole_months=quirk.does == "whole_months")
            case _:
                met = False
        if met:
            yield period
    if quirk.does == "adjacent":
        yield from _adjacent(concerned)


def _adjacent(periods: Sequence[CareerPeriod]) -> Iterator[CareerPeriod]:
    """Each period that begins on the day after another of its type and scheme ends, or before."""
    placed = sorted((one for one in periods if one.first_day and one.last_day), key=_place)
    for earlier, later in pairwise(placed):
        alike = (earlier.period_type, earlier.scheme) == (later.period_type, later.scheme)
        ends, begins = earlier.last_day, later.first_day
        if alike and ends and begins and begins.first <= ends.last + timedelta(days=1):
            yield later


def _place(period: CareerPeriod) -> tuple[str, str, date]:
    return period.period_type, period.scheme, period.first_day.first if period.first_day else date.max


def _differs(period: CareerPeriod, *, whole_months: bool) -> bool:
    """Whether the sum is not what the calendar gives, and (with `whole_months`) is the calendar months touched."""
    first, last, total = period.first_day, period.last_day, period.sum
    if total is None or first is None or last is None or not (first.is_exact and last.is_exact):
        return False
    end = last.last + timedelta(days=1)
    full = (end.year - first.year) * 12 + end.month - first.month - (end.day < first.day)
    touched = (last.year - first.year) * 12 + last.month - first.month + 1
    odd_days = end.day != first.day
    if whole_months:
        return not total.days and not total.weeks and odd_days and total.in_months == touched
    return bool(total.in_months) and abs(total.in_months - full) > 1

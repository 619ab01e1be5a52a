"""How many calendar quarters each foreign period claims, and which may hold them.

What a state certified is divided as the rule says; where it certified dates only, they are counted in its unit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

from portability.agreements.errors import InputError
from portability.agreements.periods import InsurancePeriod, PeriodUnit
from portability.agreements.rules import QuarterCredit

__all__ = ["Claim", "Quarter", "claims_of", "quarter_of"]

Quarter = tuple[int, int]
"""Calendar year, and quarter 1 to 4."""


@dataclass(frozen=True, slots=True)
class Claim:
    """So many quarters, to be placed on some of these."""

    name: str
    quarters: int
    places: tuple[Quarter, ...]
    rule: QuarterCredit


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period, or its part in one calendar year: first and last day, and the time certified for it."""

    name: str
    first: date
    last: date
    certified: Fraction | None


def claims_of(rules: Sequence[QuarterCredit], periods: Sequence[InsurancePeriod]) -> list[Claim]:
    """The claims of all periods, in the order of their first days."""
    by_rule: dict[QuarterCredit, list[Stretch]] = {}
    for period in sorted(periods, key=lambda one: one.start or date.max):
        rule = _rule_for(period, rules)
        if rule is not None and (stretch := _stretch(period, rule)) is not None:
            by_rule.setdefault(rule, []).append(stretch)
    claims = [
        claim
        for rule, stretches in by_rule.items()
        for claim in (_by_year(rule, stretches) if rule.per == "calendar_year" else _by_period(rule, stretches))
    ]
    return sorted(claims, key=lambda claim: claim.places[:1])


def quarter_of(day: date) -> Quarter:
    """The calendar quarter of a day."""
    return day.year, (day.month + 2) // 3


def _rule_for(period: InsurancePeriod, rules: Sequence[QuarterCredit]) -> QuarterCredit | None:
    """The rule for what was certified; None where such periods do not count, InputError where none takes the unit."""
    fitting = [rule for rule in rules if rule.from_state == period.state
               and (not rule.from_schemes or period.scheme in rule.from_schemes)
               and period.kind not in rule.not_kinds]  # fmt: skip
    if not fitting:
        return None
    if period.duration is None:
        return fitting[0]
    for rule in fitting:
        if rule.counted == period.duration.unit:
            return rule
    units = ", ".join(rule.counted for rule in fitting)
    raise InputError(
        f"A period of {period.state} comes in {period.duration.unit}; {fitting[0].cite} counts {units}: give it as "
        f"{period.state} certified it, or its dates alone.",
        field="periods",
    )


def _stretch(period: InsurancePeriod, rule: QuarterCredit) -> Stretch | None:
    if period.start is None or period.end is None:
        raise InputError(
            f"A period of {period.state} has no dates, and quarters stand in the calendar: ask for them.",
            field="periods",
        )
    last = period.end - timedelta(days=1)
    if rule.time_from is not None and last < rule.time_from:
        return None
    first = max(period.start, rule.time_from or period.start)
    # Time certified for a period that reaches back before the first day that counts is not known for the rest alone.
    certified = period.duration.amount if period.duration and first == period.start else None
    return Stretch(period.period_id, first, last, certified)


def _by_period(rule: QuarterCredit, stretches: Iterable[Stretch]) -> list[Claim]:
    return [Claim(one.name, _divided(rule, _time(rule, [one])), _places(rule, [one]), rule) for one in stretches]


def _by_year(rule: QuarterCredit, stretches: Iterable[Stretch]) -> list[Claim]:
    """All time of a calendar year together, at most four quarters."""
    parts: dict[int, list[Stretch]] = {}
    for one in stretches:
        for year in range(one.first.year, one.last.year + 1):
            parts.setdefault(year, []).append(_in_year(rule, one, year))
    return [
        Claim("+".join(part.name for part in of_year), min(_divided(rule, _time(rule, of_year)), 4),
              _places(rule, of_year), rule)
        for _, of_year in sorted(parts.items())
    ]  # fmt: skip


def _in_year(rule: QuarterCredit, one: Stretch, year: int) -> Stretch:
    """The part in one year; what was certified for several years must be what their dates hold."""
    if one.first.year == one.last.year:
        return one
    if one.certified is not None and one.certified != _by_dates(rule.counted, [one]):
        raise InputError(
            f"Period {one.name} lies in several years, and {rule.cite} counts each year: give one a year.",
            field="periods",
        )
    return Stretch(one.name, max(one.first, date(year, 1, 1)), min(one.last, date(year, 12, 31)), None)


def _time(rule: QuarterCredit, stretches: Sequence[Stretch]) -> Fraction:
    undated = [one for one in stretches if one.certified is None]
    certified = sum((one.certified for one in stretches if one.certified is not None), Fraction(0))
    return certified + (_by_dates(rule.counted, undated) if undated else 0)


def _by_dates(unit: PeriodUnit, stretches: Sequence[Stretch]) -> Fraction:
    """Days, weeks of seven days, and the months, quarters or years that hold at least a day (GN 01726.110 B.3)."""
    days = {day for one in stretches for day in _days(one)}
    match unit:
        case PeriodUnit.DAYS:
            return Fraction(len(days))
        case PeriodUnit.WEEKS:
            return Fraction(len(days), 7)
        case PeriodUnit.MONTHS:
            return Fraction(len({(day.year, day.month) for day in days}))
        case PeriodUnit.QUARTERS:
            return Fraction(len({quarter_of(day) for day in days}))
    return Fraction(len({day.year for day in days}))


def _divided(rule: QuarterCredit, time: Fraction) -> int:
    whole = ceil(time / rule.units) if rule.remainder == "one_quarter" else floor(time / rule.units)
    return whole * rule.quarters


def _places(rule: QuarterCredit, stretches: Sequence[Stretch]) -> tuple[Quarter, ...]:
    if rule.within == "calendar_year":
        years = {year for one in stretches for year in range(one.first.year, one.last.year + 1)}
        return tuple((year, quarter) for year in sorted(years) for quarter in range(1, 5))
    return tuple(sorted({quarter_of(day) for one in stretches for day in _days(one)}))


def _days(one: Stretch) -> Iterable[date]:
    return (one.first + timedelta(days=index) for index in range((one.last - one.first).days + 1))

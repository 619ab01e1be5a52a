"""Insured time from one unit to another (987/2009 Art. 13), exactly, rounded up once at the end."""

from fractions import Fraction
from math import ceil

from portability.agreements.errors import InputError, NoRuleInForceError
from portability.agreements.periods import DayRegime, Duration, PeriodUnit
from portability.agreements.rules import DayRow, PeriodConversion

__all__ = ["annual_maximum", "convert", "units_per_year"]


def convert(
    duration: Duration,
    *,
    to: PeriodUnit,
    day_regime: DayRegime | None = None,
    rule: PeriodConversion,
    calendar_years: int | None = None,
) -> Duration:
    """`duration` in the unit `to`: converted once, rounded up, capped by the year (987/2009 Art. 13(1) to (3)).

    `calendar_years` is the number of calendar years in which the time lies; the cap of paragraph 2 holds for that
    many years, and is not applied where it is None (an aggregate without dates). The unit `days`, on either side,
    needs its day regime (Art. 13(4)): InputError without one. The same unit and regime come back unchanged.
    """
    if (duration.unit, duration.day_regime) == (to, day_regime):
        return duration
    source_year = units_per_year(duration.unit, duration.day_regime, rule)
    target_year = units_per_year(to, day_regime, rule)
    exact = _exact(duration, to=to, day_regime=day_regime, rule=rule)
    amount = Fraction(ceil(exact))  # Art. 13(1)(e): a resulting fraction becomes the next higher integer
    if calendar_years is not None:
        maximum = target_year * calendar_years
        full_in_source = duration.amount >= source_year * calendar_years
        # Art. 13(2): never above the yearly maximum, and a full year stays a full year.
        amount = maximum if full_in_source else min(amount, maximum)
    return Duration(amount, to, day_regime)


def annual_maximum(unit: PeriodUnit, day_regime: DayRegime | None, rule: PeriodConversion) -> Duration:
    """The most that one calendar year can hold (987/2009 Art. 13(2), first subparagraph)."""
    return Duration(units_per_year(unit, day_regime, rule), unit, day_regime)


def units_per_year(unit: PeriodUnit, day_regime: DayRegime | None, rule: PeriodConversion) -> Fraction:
    """How many of a unit make a year (987/2009 Art. 13(1)(b), last column, and (c)(ii))."""
    match unit:
        case PeriodUnit.DAYS:
            return Fraction(_row(day_regime, rule).year_max)
        case PeriodUnit.WEEKS:
            return Fraction(rule.weeks_in_year)
        case PeriodUnit.MONTHS:
            return Fraction(rule.months_in_year)
        case PeriodUnit.QUARTERS:
            return Fraction(rule.quarters_in_year)
    return Fraction(1)


def _exact(duration: Duration, *, to: PeriodUnit, day_regime: DayRegime | None, rule: PeriodConversion) -> Fraction:
    """The ratio of the two units without rounding; fractions are carried, as Art. 13(1)(d) asks of smaller units."""
    if PeriodUnit.DAYS not in (duration.unit, to):
        via = _row(rule.between_weeks_and_months, rule)
        return duration.amount * _in_days(duration.unit, via, rule) / _in_days(to, via, rule)
    if duration.unit == to:
        # Day scheme to day scheme: by the month, whose ratios are those of the quarter and the yearly maximum too.
        return duration.amount * _row(day_regime, rule).month / _row(duration.day_regime, rule).month
    if duration.unit == PeriodUnit.DAYS:
        row = _row(duration.day_regime, rule)
        return duration.amount / _in_days(to, row, rule)
    return duration.amount * _in_days(duration.unit, _row(day_regime, rule), rule)


def _in_days(unit: PeriodUnit, row: DayRow, rule: PeriodConversion) -> Fraction:
    """One of a unit in days of one day scheme (987/2009 Art. 13(1)(b) and (c))."""
    match unit:
        case PeriodUnit.WEEKS:
            return Fraction(row.week)
        case PeriodUnit.MONTHS:
            return Fraction(row.month)
        case PeriodUnit.QUARTERS:
            return Fraction(row.quarter)
    return Fraction(row.month * rule.months_in_year)


def _row(day_regime: DayRegime | None, rule: PeriodConversion) -> DayRow:
    for row in rule.days:
        if row.regime == day_regime:
            return row
    known = ", ".join(str(row.regime) for row in rule.days)
    if day_regime is not None:
        raise NoRuleInForceError(
            f"{rule.cite} converts days of {known} a week, not of {day_regime}: determine it by hand.",
            citation=rule.cite,
        )
    raise InputError(
        f"Days need the day regime of their scheme ({known} days a week): ask the institution that counted them.",
        field="day_regime",
        citation="987/2009 Art. 13(4)",
    )

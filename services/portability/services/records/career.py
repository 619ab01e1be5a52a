"""The career record in full: what one institution states of a person's time, and how our knowledge of it grew.

The law core counts with `agreements.careers`, which is smaller; `counted` gives it what it can count and says what it
cannot. Absence is never silent: it is an `AnswerStatus`. Nothing here changes what an institution stated.
"""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from portability.agreements.careers import AnswerStatus, CareerRecord, Evidence, EvidenceLevel, RecordedPeriod
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, StateCode

__all__ = [
    "CareerPeriod",
    "CareerStatement",
    "CareerTotal",
    "NotCounted",
    "PartialDate",
    "PeriodStatus",
    "PeriodSum",
    "TotalScope",
    "as_known_at",
    "counted",
    "statement_of",
    "superseded",
]


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day of which the day, or the day and the month, may be unknown (zero)."""

    year: int
    month: int = 0
    day: int = 0

    @property
    def first(self) -> date:
        """The earliest day that it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The latest day that it can be."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def is_exact(self) -> bool:
        return bool(self.month and self.day)


@dataclass(frozen=True, slots=True)
class PeriodSum:
    """Time as an institution counted it. None: the unit is not told; zero is a real zero."""

    years: Fraction | None = None
    quarters: Fraction | None = None
    months: Fraction | None = None
    weeks: Fraction | None = None
    days: Fraction | None = None
    day_regime: DayRegime | None = None

    @property
    def in_months(self) -> Fraction:
        """Years, quarters and months together: they are months everywhere."""
        return (self.years or Fraction(0)) * 12 + (self.quarters or Fraction(0)) * 3 + (self.months or Fraction(0))


class PeriodStatus(StrEnum):
    CURRENT = "current"
    SUPERSEDED = "superseded"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class TotalScope(StrEnum):
    """What a total sums: time relevant to the contingency (form 5.1), or time that counts for the amount (5.2)."""

    RELEVANCE = "relevance"
    CALCULATION = "calculation"


@dataclass(frozen=True, slots=True)
class CareerPeriod:
    """One period as stated. `state` is empty where it is that of the statement; codes are those of EESSI."""

    period_id: str
    state: StateCode = ""
    first_day: PartialDate | None = None
    last_day: PartialDate | None = None  # inclusive
    sum: PeriodSum | None = None
    period_type: str = ""
    scheme: str = ""
    occupation: str = ""
    relevance: str = ""  # old age, survivor, invalidity: three digits of 0 and 1
    calculation: str = ""
    evidence: Evidence | None = None
    status: PeriodStatus = PeriodStatus.CURRENT
    superseded_by: str = ""


@dataclass(frozen=True, slots=True)
class CareerTotal:
    """A sum as the sender counted it, of one type or of all."""

    scope: TotalScope
    sum: PeriodSum
    period_type: str = ""


@dataclass(frozen=True, slots=True)
class CareerStatement:
    """What one institution stated. `known_at` is when this node came to know it, `as_of` what is true up to."""

    state: StateCode
    institution: str
    status: AnswerStatus
    known_at: datetime
    as_of: date | None = None
    periods: tuple[CareerPeriod, ...] = ()
    totals: tuple[CareerTotal, ...] = field(default=())
    entered_by: str = ""  # caseworker who entered it from a document; empty: it came by the exchange
    totals_differ: tuple[str, ...] = ()  # found when it came, with all that the document said


@dataclass(frozen=True, slots=True)
class NotCounted:
    """A period that the law core cannot count, and why; a person has to ask for what is missing."""

    period_id: str
    reason: str


def superseded(before: CareerStatement, after: CareerStatement) -> CareerStatement:
    """The later statement, with every period of the earlier one that it does not repeat.

    A period with the same id and another content stands under a new id; one that is gone is withdrawn. Where another
    period of the later statement has its scheme and shares a day with it, that one stands in its place.
    """
    kept = {period.period_id: period for period in after.periods}
    old: list[CareerPeriod] = []
    for period in before.periods:
        if kept.get(period.period_id) == period:
            continue
        if period.status in {PeriodStatus.SUPERSEDED, PeriodStatus.WITHDRAWN}:
            old.append(period)
        elif heir := _heir(period, after.periods):
            identity = (
                f"{period.period_id}@{before.known_at:%Y%m%dT%H%M%SZ}" if period.period_id in kept else period.period_id
            )
            old.append(
                replace(period, period_id=identity, status=PeriodStatus.SUPERSEDED, superseded_by=heir.period_id)
            )
        else:
            old.append(replace(period, status=PeriodStatus.WITHDRAWN))
    return replace(after, periods=(*after.periods, *old))


def as_known_at(history: Iterable[CareerStatement], at: datetime) -> tuple[CareerStatement, ...]:
    """What was known at an instant: for each country its latest statement by then, with the history of its periods."""
    latest: dict[StateCode, CareerStatement] = {}
    for one in sorted(history, key=lambda each: each.known_at):
        if one.known_at <= at:
            latest[one.state] = superseded(latest[one.state], one) if one.state in latest else one
    return tuple(latest[state] for state in sorted(latest))


def statement_of(career: CareerRecord, *, known_at: datetime) -> CareerStatement:
    """What a country answered, as a statement known since an instant."""
    return CareerStatement(
        state=career.state,
        institution=career.institution,
        status=career.status,
        known_at=known_at,
        as_of=career.as_of,
        periods=tuple(_stated(each) for each in career.periods),
        entered_by=career.entered_by,
        totals_differ=career.totals_differ,
    )


def counted(
    statement: CareerStatement, *, branch: Branch | None = None
) -> tuple[tuple[RecordedPeriod, ...], tuple[NotCounted, ...]]:
    """Periods as the law core counts them, and those that it cannot count.

    `branch` is what the case is about: a period that its institution calls not relevant to that stays out.
    """
    periods: list[RecordedPeriod] = []
    left: list[NotCounted] = []
    for period in statement.periods:
        if period.status in {PeriodStatus.SUPERSEDED, PeriodStatus.WITHDRAWN}:
            continue
        reason = _uncountable(period) or _irrelevant(period, branch)
        if reason:
            left.append(NotCounted(period.period_id, reason))
        else:
            periods.append(RecordedPeriod(_insured(period, statement.state), period.evidence or _NOBODY))
    return tuple(periods), tuple(left)


_NOBODY = Evidence(EvidenceLevel.DECLARED)
_UNITS = (
    ("years", PeriodUnit.YEARS),
    ("quarters", PeriodUnit.QUARTERS),
    ("months", PeriodUnit.MONTHS),
    ("weeks", PeriodUnit.WEEKS),
    ("days", PeriodUnit.DAYS),
)
_FLAGS = {Branch.OLD_AGE: 0, Branch.SURVIVORS: 1, Branch.INVALIDITY: 2}  # where each stands in `relevance`
_KINDS = {"1": PeriodKind.COMPULSORY, "2": PeriodKind.VOLUNTARY, "3": PeriodKind.RESIDENCE}


def _heir(period: CareerPeriod, later: Sequence[CareerPeriod]) -> CareerPeriod | None:
    return next(
        (
            one
            for one in later
            if one.period_id == period.period_id or (one.scheme == period.scheme and _share_a_day(one, period))
        ),
        None,
    )


def _share_a_day(one: CareerPeriod, other: CareerPeriod) -> bool:
    if one.first_day is None or other.first_day is None:
        return False
    ends = [period.last_day.last if period.last_day else date.max for period in (one, other)]
    return one.first_day.first <= ends[1] and other.first_day.first <= ends[0]


def _uncountable(period: CareerPeriod) -> str:
    stated = _told(period.sum)
    if len(stated) > 1 and period.sum is not None and set(dict(stated)) - {"years", "quarters", "months"}:
        return "Its sum mixes months with weeks or days: the agreement's conversion has to be applied first."
    if stated and stated[0][0] == "days" and (period.sum is None or period.sum.day_regime is None):
        return "It is counted in days, and how many days a week the scheme counts is not told (987/2009 Art. 13(4))."
    if not period.period_type or period.period_type[0] not in {*_KINDS, "4", "5"}:
        return "How it came about is not told: its type is missing or unknown."
    dates = (period.first_day, period.last_day)
    if any(one is None for one in dates):
        return "" if stated and dates == (None, None) else "It has one date only, or neither dates nor a sum."
    if not all(one is not None and one.is_exact for one in dates) and not stated:
        return "Its dates are not known to the day, and it has no sum."
    return ""


def _irrelevant(period: CareerPeriod, branch: Branch | None) -> str:
    place = _FLAGS.get(branch) if branch else None
    if place is None or period.relevance[place : place + 1] != "0":
        return ""
    return (
        f"Its institution says that it is not relevant to {str(branch).replace('_', ' ')}: ask it if you know better."
    )


def _told(total: PeriodSum | None) -> list[tuple[str, Fraction]]:
    return [] if total is None else [(name, amount) for name, _ in _UNITS if (amount := getattr(total, name))]


def _insured(period: CareerPeriod, state: StateCode) -> InsurancePeriod:
    first, last = period.first_day, period.last_day
    exact = first is not None and last is not None and first.is_exact and last.is_exact
    return InsurancePeriod(
        period_id=period.period_id,
        state=period.state or state,
        kind=_KINDS.get(period.period_type[0], PeriodKind.EQUIVALENT),
        scheme=period.scheme,
        start=first.first if exact and first else None,
        end=last.last + timedelta(days=1) if exact and last else None,
        duration=_duration(period.sum),
        period_type=period.period_type,
    )


def _duration(total: PeriodSum | None) -> Duration | None:
    stated = _told(total)
    if not stated or total is None:
        return None
    if len(stated) > 1:
        return Duration(total.in_months, PeriodUnit.MONTHS)
    ((name, amount),) = stated
    unit = dict(_UNITS)[name]
    return Duration(amount, unit, total.day_regime if unit is PeriodUnit.DAYS else None)


def _stated(recorded: RecordedPeriod) -> CareerPeriod:
    period, duration = recorded.period, recorded.period.duration
    last = period.end - timedelta(days=1) if period.end else None
    total = None
    if duration is not None:
        name = next(name for name, unit in _UNITS if unit is duration.unit)
        amounts: dict[str, Any] = {name: duration.amount}
        total = PeriodSum(**amounts, day_regime=duration.day_regime)
    return CareerPeriod(
        period_id=period.period_id,
        state=period.state,
        first_day=_exact(period.start),
        last_day=_exact(last),
        sum=total,
        period_type=period.period_type,
        scheme=period.scheme,
        evidence=recorded.evidence,
    )


def _exact(day: date | None) -> PartialDate | None:
    return PartialDate(day.year, day.month, day.day) if day else None

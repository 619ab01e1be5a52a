"""Totals of a statement, counted again and compared with those that were sent. A difference is noted, never mended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portability.agreements.conversion import convert
from portability.agreements.periods import DayRegime, Duration, PeriodUnit
from portability.agreements.rules.periods import PeriodConversion
from portability.agreements.values import StateCode
from portability.services.records.career import (
    CareerPeriod,
    CareerStatement,
    CareerTotal,
    PeriodStatus,
    PeriodSum,
    TotalScope,
)
from portability.services.records.quirks import Quirk, known_quirks

__all__ = ["CheckedTotal", "TotalOutcome", "check_totals", "in_words", "totals"]


class TotalOutcome(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    EXPLAINED = "explained"  # different, and a quirk of the sender's state says why it may be
    NOT_COMPARABLE = "not_comparable"  # a period has no sum, or its days need a conversion that no rule gives


@dataclass(frozen=True, slots=True)
class CheckedTotal:
    """A total that was sent, beside what its periods give."""

    sent: CareerTotal
    computed: PeriodSum
    outcome: TotalOutcome
    reason: str = ""


def totals(
    statement: CareerStatement, scope: TotalScope, *, quirks: Sequence[Quirk] | None = None
) -> tuple[CareerTotal, ...]:
    """One total for each type of period that counts in the scope, by type; nothing is converted between units."""
    known = known_quirks() if quirks is None else quirks
    by_type: dict[str, list[PeriodSum]] = {}
    for period in _counting(statement, scope, known):
        if period.sum is not None:
            by_type.setdefault(period.period_type, []).append(period.sum)
    return tuple(CareerTotal(scope, _added(by_type[one]), one) for one in sorted(by_type))


def check_totals(
    statement: CareerStatement, *, rule: PeriodConversion | None = None, quirks: Sequence[Quirk] | None = None
) -> tuple[CheckedTotal, ...]:
    """Each total that was sent, compared. `rule` is the agreement's, for totals that carry days into months."""
    known = known_quirks() if quirks is None else quirks
    return tuple(_checked(sent, statement, rule, known) for sent in statement.totals)


def in_words(checked: CheckedTotal) -> str:
    """A total that does not agree, with both figures, for a caseworker."""
    of_what = f"Total of type {checked.sent.period_type}" if checked.sent.period_type else "Total of all types"
    what = "relevant to the right" if checked.sent.scope is TotalScope.RELEVANCE else "for the amount"
    figures = f"{_said(checked.sent.sum)} sent, its periods give {_said(checked.computed)}"
    return f"{of_what}, {what}: {figures}. {checked.reason}"


def _said(total: PeriodSum) -> str:
    parts = [(name, getattr(total, name)) for name in ("years", "quarters", "months", "weeks", "days")]
    return (
        " ".join(
            f"{Decimal(amount.numerator) / amount.denominator:f} {name}" for name, amount in parts if amount is not None
        )
        or "nothing"
    )


def _checked(
    sent: CareerTotal, statement: CareerStatement, rule: PeriodConversion | None, quirks: Sequence[Quirk]
) -> CheckedTotal:
    periods = [
        one
        for one in _counting(statement, sent.scope, quirks)
        if not sent.period_type or one.period_type == sent.period_type
    ]
    computed = _added([one.sum for one in periods if one.sum is not None])
    if any(one.sum is None for one in periods):
        return CheckedTotal(sent, computed, TotalOutcome.NOT_COMPARABLE, "A period has dates and no sum.")
    same = _same(sent.sum, computed, rule)
    if same is None:
        reason = "The total carries days or weeks into months, and no conversion of an agreement was given."
        return CheckedTotal(sent, computed, TotalOutcome.NOT_COMPARABLE, reason)
    if same:
        return CheckedTotal(sent, computed, TotalOutcome.SAME)
    reason = _explained(sent, computed, len(periods), statement.state, quirks)
    outcome = TotalOutcome.EXPLAINED if reason else TotalOutcome.DIFFERENT
    return CheckedTotal(sent, computed, outcome, reason or "Ask the institution which is right; the periods count.")


def _counting(statement: CareerStatement, scope: TotalScope, quirks: Sequence[Quirk]) -> list[CareerPeriod]:
    only_amount = [one for one in quirks if one.does == "only_in_calculation"]
    found = []
    for period in statement.periods:
        flags = period.relevance if scope is TotalScope.RELEVANCE else period.calculation
        state = period.state or statement.state
        left_out = scope is TotalScope.RELEVANCE and any(one.concerns(state, period.period_type) for one in only_amount)
        gone = period.status in {PeriodStatus.SUPERSEDED, PeriodStatus.WITHDRAWN}
        if not (gone or left_out or flags == "000"):
            found.append(period)
    return found


def _added(sums: Iterable[PeriodSum]) -> PeriodSum:
    found = list(sums)
    regimes = {one.day_regime for one in found if one.days}
    return PeriodSum(
        years=_total([one.years for one in found]),
        quarters=_total([one.quarters for one in found]),
        months=_total([one.months for one in found]),
        weeks=_total([one.weeks for one in found]),
        days=_total([one.days for one in found]),
        day_regime=regimes.pop() if len(regimes) == 1 else None,
    )


def _total(amounts: Iterable[Fraction | None]) -> Fraction | None:
    told = [one for one in amounts if one is not None]
    return sum(told, Fraction(0)) if told else None


def _same(sent: PeriodSum, computed: PeriodSum, rule: PeriodConversion | None) -> bool | None:
    """None where the two cannot be compared."""
    rest = [(one.weeks or 0, one.days or 0) for one in (sent, computed)]
    if rest[0] == rest[1]:
        return sent.in_months == computed.in_months
    regime = sent.day_regime or computed.day_regime
    if rule is None or regime is None:
        return None
    return _in_days(sent, regime, rule) == _in_days(computed, regime, rule)


def _in_days(total: PeriodSum, regime: DayRegime, rule: PeriodConversion) -> Fraction:
    parts = [Duration(total.in_months, PeriodUnit.MONTHS), Duration(total.weeks or Fraction(0), PeriodUnit.WEEKS)]
    carried = sum(
        (convert(one, to=PeriodUnit.DAYS, day_regime=regime, rule=rule).amount for one in parts if one.amount),
        Fraction(0),
    )
    return carried + (total.days or 0)


def _explained(sent: CareerTotal, computed: PeriodSum, count: int, state: StateCode, quirks: Sequence[Quirk]) -> str:
    for quirk in quirks:
        if not quirk.concerns(state, sent.period_type):
            continue
        capped = quirk.does == "cap" and quirk.scope is sent.scope and sent.sum.in_months == quirk.years * 12
        if capped and computed.in_months > quirk.years * 12:
            return quirk.says
        if quirk.does == "whole_months" and abs(sent.sum.in_months - computed.in_months) <= count:
            return quirk.says
    return ""

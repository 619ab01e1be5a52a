"""What other states' time counts as under a bilateral agreement's own scale.

For example "a calendar year including at least 13 weeks" as a year of the Canada Pension Plan (Canada-Italy
Art. 13(2)(b)), or "a calendar year which is a creditable period" as 52 weeks (Art. 13(3)(a)). Time on days that
are own time already adds nothing: the periods may not overlap.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from portability.agreements.errors import InputError
from portability.agreements.model import Step
from portability.agreements.national.legislation import Scheme
from portability.agreements.overlap import CountedPeriod
from portability.agreements.periods import PeriodUnit
from portability.agreements.rules import PeriodCredit
from portability.agreements.spans import Span, add_months, amount_of, shared, union, without, years_of

__all__ = ["credited_time"]

IN_A_YEAR = {
    PeriodUnit.DAYS: 365,
    PeriodUnit.WEEKS: 52,
    PeriodUnit.MONTHS: 12,
    PeriodUnit.QUARTERS: 4,
    PeriodUnit.YEARS: 1,
}


def credited_time(
    rules: Sequence[PeriodCredit],
    foreign: Sequence[CountedPeriod],
    *,
    own: Sequence[Span],
    scheme: Scheme,
    born_on: date,
) -> tuple[Fraction, Step]:
    """Own-scheme time that the foreign periods count as, by all rules together, and the step that says how.

    InputError where a credit is not in the scheme's unit (a fault of the treaty file), or a period has no dates.
    """
    total, parts, used = Fraction(0), [], list[Span]()
    for rule in rules:
        if rule.credits.unit != scheme.unit:
            raise InputError(
                f"Rule '{rule.id}' credits {rule.credits.unit}; scheme '{scheme.id}' counts {scheme.unit}."
            )
        spans = without(
            _window(_spans(rule, foreign), rule, born_on), [*used, *_spans_of_schemes(rule.not_during, foreign)]
        )
        amount = _by_calendar_year(rule, spans, own) if rule.per == "calendar_year" else _by_unit(rule, spans, own)
        used += spans
        total += amount
        parts.append((rule, amount))
    values = (
        ("state", rules[0].from_state),
        ("scheme", scheme.name),
        ("parts", tuple((rule.cite, amount) for rule, amount in parts)),
        ("unit", scheme.unit),
    )
    return total, Step("period_credit", rules[0].citation, values, total)


def _by_calendar_year(rule: PeriodCredit, spans: list[Span], own: Sequence[Span]) -> Fraction:
    """A credit for each calendar year that holds the minimum, less own time in that year, never over a full year."""
    total = Fraction(0)
    for year in sorted(years_of(spans)):
        whole = (date(year, 1, 1), date(year + 1, 1, 1))
        within = [part for span in spans if (part := shared(span, whole))]
        if not _long_enough(rule, within):
            continue
        own_here = amount_of([part for span in own if (part := shared(span, whole))], rule.credits.unit)
        room = Fraction(max(IN_A_YEAR[rule.credits.unit] - floor(own_here), 0))
        total += min(rule.credits.amount, room)
    return total


def _long_enough(rule: PeriodCredit, within: list[Span]) -> bool:
    """Whether a year holds the least time, or one of two ("3 months or 13 weeks", Canada-Chile Art. XII(2)(b))."""
    least = [units for units in (rule.minimum, rule.or_minimum) if units is not None]
    return not least or any(amount_of(within, units.unit) >= units.amount for units in least)


def _by_unit(rule: PeriodCredit, spans: list[Span], own: Sequence[Span]) -> Fraction:
    """A credit for each whole month, week or day that is not own time already."""
    unit = {"month": PeriodUnit.MONTHS, "week": PeriodUnit.WEEKS, "day": PeriodUnit.DAYS}[rule.per]
    return floor(amount_of(without(spans, own), unit)) * rule.credits.amount


def _spans(rule: PeriodCredit, foreign: Sequence[CountedPeriod]) -> list[Span]:
    if rule.from_schemes:
        return _spans_of_schemes(rule.from_schemes, foreign)
    return union(span for entry in foreign for span in _dated(entry))


def _spans_of_schemes(schemes: tuple[str, ...], foreign: Sequence[CountedPeriod]) -> list[Span]:
    return union(span for entry in foreign if entry.period.scheme in schemes for span in _dated(entry))


def _dated(entry: CountedPeriod) -> tuple[Span, ...]:
    if entry.period.start is None:
        raise InputError(
            f"A period of {entry.period.state} has no dates, and this agreement counts by calendar: ask for its "
            "dates there.",
            field="periods",
        )
    return entry.spans


def _window(spans: list[Span], rule: PeriodCredit, born_on: date) -> list[Span]:
    """Only the time that the rule is about (`time_from`, `time_until`, both inclusive, and `from_age`)."""
    first = max(rule.time_from or date.min, add_months(born_on, 12 * rule.from_age) if rule.from_age else date.min)
    last = rule.time_until + timedelta(days=1) if rule.time_until else date.max
    return [part for span in spans if (part := shared(span, (first, last)))]

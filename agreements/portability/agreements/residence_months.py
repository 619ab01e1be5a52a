"""Months of residence, and the share of a full amount that they give.

Australia counts years, months and days of each period, both ends included, adds them up, takes thirty days for a
month and then one month more (Australia-Norway Art. 17; the agency's guide 7.2.2.40 does it in this order).
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from portability.agreements.errors import NoRuleInForceError
from portability.agreements.rules import OwnResidenceFraction, ProportionalForeignIncome
from portability.agreements.spans import Span, add_months

__all__ = [
    "DAYS_IN_MONTH",
    "longest_stay",
    "months_of_residence",
    "residence_divisor",
    "residence_fraction_of",
    "years_months_days",
]

DAYS_IN_MONTH = 30
ResidenceRule = OwnResidenceFraction | ProportionalForeignIncome


def years_months_days(span: Span) -> tuple[int, int, int]:
    """Whole years, whole months and days of a half-open span, counted from its first day."""
    start, end = span
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(start, months) > end:
        months -= 1
    days = (end - add_months(start, months)).days
    return months // 12, months % 12, days


def months_of_residence(spans: Iterable[Span], *, rule: ResidenceRule, born_on: date) -> int:
    """Months of all spans together, by the rule's way of counting; 0 for no residence at all."""
    first = add_months(born_on, 12 * rule.from_age) if rule.from_age is not None else date.min
    parts = [years_months_days((max(start, first), end)) for start, end in spans if end > first]
    days = sum(day for _, _, day in parts)
    whole = sum(12 * years + months for years, months, _ in parts) + days // DAYS_IN_MONTH
    one_more = rule.counting == "whole_months_plus_one" and (whole or days)
    return whole + 1 if one_more else whole


def residence_divisor(rule: ResidenceRule, *, born_on: date) -> int:
    """The months that make a full pension for a birth date; NoRuleInForceError for births before the table."""
    if rule.divisor is not None:
        return rule.divisor
    rows = [row for row in rule.divisor_by_birth if row.born_from <= born_on]
    if not rows:
        raise NoRuleInForceError(f"{rule.cite} gives no divisor for people born on {born_on}.", citation=rule.cite)
    return max(rows, key=lambda row: row.born_from).months


def residence_fraction_of(months: int, *, divisor: int) -> Fraction:
    """Months / divisor, at most one."""
    return min(Fraction(months, divisor), Fraction(1))


def longest_stay(spans: Iterable[Span]) -> int:
    """Whole months of the longest single stay; stays that touch are one."""
    longest = 0
    current: Span | None = None
    for start, end in sorted(spans):
        current = (current[0], max(end, current[1])) if current and start <= current[1] else (start, end)
        years, months, _ = years_months_days(current)
        longest = max(longest, 12 * years + months)
    return longest

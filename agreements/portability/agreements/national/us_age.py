"""What the age at entitlement does to a United States old-age benefit: earlier less, later more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from typing import Literal, TypeVar

from portability.agreements.errors import NoRuleInForceError
from portability.agreements.national.us_parameters import DelayedCredit, RetirementAge, UsParameters
from portability.agreements.national.us_pia import down_to_dime
from portability.agreements.national.us_record import UsRecord, months_between

__all__ = ["AgeAdjustment", "adjusted_benefit", "age_adjustment"]

AGE_70 = 840  # months
Row = TypeVar("Row", RetirementAge, DelayedCredit)


@dataclass(frozen=True, slots=True)
class AgeAdjustment:
    """Full retirement age and age at entitlement in months, the months between them that count, and the factor."""

    full_retirement_age: int
    age_at_entitlement: int
    kind: Literal["early", "none", "delayed"]
    months: int
    factor: Fraction
    cite: str


def age_adjustment(record: UsRecord, law: UsParameters) -> AgeAdjustment:
    """Reduced for each month before full retirement age, raised for each after it (42 USC 402(q), (w), 416(l))."""
    row = _row_of(law.retirement_age, record)
    age = months_between(record.reckoned_birth, record.entitled)
    if age < row.months:
        months = row.months - age
        return AgeAdjustment(row.months, age, "early", months, _early_factor(months, law), law.early_reduction.cite)
    credit = _row_of(law.delayed_credit, record)
    months = _delayed_months(record, row.months, age)
    kind: Literal["none", "delayed"] = "delayed" if months else "none"
    return AgeAdjustment(row.months, age, kind, months, 1 + months * credit.per_month, credit.cite)


def _row_of(rows: Sequence[Row], record: UsRecord) -> Row:
    """The row of a table by the year of age 62; NoRuleInForceError for people older than the table."""
    reached = [row for row in rows if row.reaches_62_from <= record.eligibility_year]
    if not reached:
        raise NoRuleInForceError(
            f"{rows[0].cite} is encoded for people who reached 62 from {rows[0].reaches_62_from}, not in "
            f"{record.eligibility_year}.",
            citation=rows[0].cite,
        )
    return reached[-1]


def adjusted_benefit(amount: Fraction, factor: Fraction) -> tuple[Fraction, Fraction]:
    """The benefit down to the dime (402(q)(8): the reduction up to it), then down to the dollar (42 USC 415(g))."""
    dime = down_to_dime(amount * factor)
    return dime, Fraction(floor(dime))


def _early_factor(months: int, law: UsParameters) -> Fraction:
    """5/9 of 1 percent a month for the first 36, 5/12 of 1 percent for each further one (402(q)(1), (9))."""
    rule = law.early_reduction
    first = min(months, rule.first_months)
    return 1 - first * rule.per_month - (months - first) * rule.per_further_month


def _delayed_months(record: UsRecord, full: int, age: int) -> int:
    """Months from full retirement age to entitlement, before 70 (402(w)(2)).

    In the year of entitlement only those until its January count, unless 70 has been attained (402(w)(3)).
    """
    until = min(age, AGE_70)
    at_benefit = months_between(record.reckoned_birth, record.benefit_month)
    if record.benefit_month.year == record.entitled.year and at_benefit < AGE_70:
        january = months_between(record.reckoned_birth, date(record.entitled.year, 1, 1))
        until = min(until, january)
    return max(until - full, 0)

"""The retirement pension of the Canada Pension Plan (s. 46): parts of average earnings, by the month it starts with."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Literal

from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.answered import answered_amount
from portability.agreements.national.base import Instruments, SchemeBase, citation_of
from portability.agreements.national.cpp_parameters import CppParameters, PartOfEarnings, rate_for
from portability.agreements.national.cpp_record import (
    CppRecord,
    adjusted_earnings,
    contributory_months,
    month_number,
    month_of_age,
)
from portability.agreements.rounding import half_up
from portability.agreements.values import Money

__all__ = ["CanadaPensionPlan", "canada_pension_plan"]

AGE = 65
LEAST_MONTHS = 120
FULL_ADDITIONAL_MONTHS = 480
FIRST_DAYS = {"base": date(1966, 1, 1), "first_additional": date(2019, 1, 1), "second_additional": date(2024, 1, 1)}
MOST_MONTHS_FROM_65 = 60


class CanadaPensionPlan(SchemeBase):
    """Parts of average monthly earnings, adjusted by the month of the start (`canada_pension_plan`).

    An answer of the institution goes before the computation, which needs the yearly figures `earnings`.
    """

    law: Literal["canada_pension_plan"]
    parameters: CppParameters


@dataclass(frozen=True, slots=True)
class MonthlyAverage:
    """Average monthly pensionable earnings, and the months that made it."""

    amount: Fraction
    total: Fraction
    months: int
    left_out: int


def canada_pension_plan(
    scheme: CanadaPensionPlan, facts: DeterminationFacts, *, theoretical: bool, instruments: Instruments
) -> SchemeOutcome:
    """The institution's answer, or the pension by the record (Canada Pension Plan s. 46(1), (3.1)).

    The record comes as yearly figures: `earnings` (base unadjusted pensionable earnings; those of first additional
    contributions are the same unless `first_additional_earnings` says otherwise) and `second_additional_earnings`.
    """
    record = record_of(scheme, facts)
    if scheme.id in facts.national_answers or theoretical:
        return answered_amount(scheme, facts, theoretical=theoretical)
    if record is None:
        raise DeterminationError(
            f"'{scheme.id}' needs the yearly figures 'earnings', and its institution has not answered the independent "
            "amount: give one of them with the facts."
        )
    law = scheme.parameters
    average = average_monthly_earnings(record, law)
    first = additional_monthly_earnings(record, law, which="first_additional")
    second = additional_monthly_earnings(record, law, which="second_additional")
    parts = (law.base, average.amount), (law.first_additional, first), (law.second_additional, second)
    # Each part is rounded: only so do the published highest pensions of 2023 to 2026 come out to the cent.
    basic = sum((half_up(part.rate * earnings, 2) for part, earnings in parts), Fraction(0))
    factor, step = _starting_age(record, law, instruments)
    amount = Money(half_up(basic * factor, 2), scheme.currency)
    children = (
        _average_step(scheme, record, average, instruments),
        *(_part_step(scheme, part, earnings, instruments) for part, earnings in parts if earnings),
        *step,
        Step("rounding_of_money", citation_of(law.rounding_cite, instruments), (), amount),
    )
    values = (("basic", Money(basic, scheme.currency)), ("factor", factor), ("source", law.maximum.status))
    cite = citation_of(law.base.cite, instruments)
    return SchemeOutcome(True, amount, (Step("parts_of_earnings", cite, values, amount, children),))


def record_of(scheme: CanadaPensionPlan, facts: DeterminationFacts) -> CppRecord | None:
    """The record that the facts give, from the month of the award; None where they hold no earnings."""
    yearly = facts.yearly_facts.get(scheme.id, {})
    if "earnings" not in yearly:
        return None
    base = yearly["earnings"]
    return CppRecord(
        facts.birth_date,
        facts.award_on.replace(day=1),
        base,
        yearly.get("first_additional_earnings", base),
        yearly.get("second_additional_earnings", {}),
    )


def average_monthly_earnings(record: CppRecord, law: CppParameters) -> MonthlyAverage:
    """Total earnings over the months, without those of the lowest earnings (s. 48(1), (3), (4)).

    Left out are as many months as lie after 65, then a part of the rest, as long as 120 remain; each time the lowest.
    """
    months = contributory_months(record, since=FIRST_DAYS["base"])
    each = adjusted_earnings(record, months, law, earned=record.base, maximum="base")
    from_65 = min(max(months.stop - month_of_age(record.born_on, AGE), 0), max(len(each) - LEAST_MONTHS, 0))
    rest = len(each) - from_65
    part = ceil(rate_for(law.left_out, record.starts).rate * rest)
    left_out = from_65 + min(part, max(rest - LEAST_MONTHS, 0))
    total = sum(sorted(each)[left_out:], Fraction(0))
    counted = max(len(each) - left_out, LEAST_MONTHS)
    return MonthlyAverage(total / counted, total, counted, left_out)


def additional_monthly_earnings(record: CppRecord, law: CppParameters, *, which: str) -> Fraction:
    """The 480 highest months of additional earnings over 480 (s. 48.1, 48.2); in part until 2022 (s. 51(1.1))."""
    months = contributory_months(record, since=FIRST_DAYS[which])
    first = which == "first_additional"
    earned = record.first_additional if first else record.second_additional
    each = adjusted_earnings(record, months, law, earned=earned, maximum="base" if first else which)
    parts = law.phased_in.values if first else {}
    counted = [one * parts.get(month // 12, Fraction(1)) for one, month in zip(each, months, strict=True)]
    return sum(sorted(counted, reverse=True)[:FULL_ADDITIONAL_MONTHS], Fraction(0)) / FULL_ADDITIONAL_MONTHS


def _starting_age(record: CppRecord, law: CppParameters, instruments: Instruments) -> tuple[Fraction, tuple[Step, ...]]:
    """Less for each month before that of 65, more for each after it, sixty at most (CPP Regulations s. 78.3, 78.4)."""
    apart = month_number(record.starts) - month_of_age(record.born_on, AGE)
    if not apart:
        return Fraction(1), ()
    row = rate_for(law.later if apart > 0 else law.earlier, record.starts)
    months = min(abs(apart), MOST_MONTHS_FROM_65)
    factor = 1 + row.rate * (months if apart > 0 else -months)
    values = (("months", months), ("percent", row.rate * 100), ("age", AGE))
    cite = citation_of(row.cite, instruments)
    return factor, (Step("start_after_65" if apart > 0 else "start_before_65", cite, values, factor),)


def _average_step(
    scheme: CanadaPensionPlan, record: CppRecord, average: MonthlyAverage, instruments: Instruments
) -> Step:
    law = scheme.parameters
    level = Money(law.average_maximum(record.starts.year, record.born_on), scheme.currency)
    ceiling = Step("earnings_level", citation_of(law.average_cite, instruments),
                   (("year", str(record.starts.year)), ("source", law.maximum.status)), level)  # fmt: skip
    values = (
        ("total", Money(average.total, scheme.currency)),
        ("months", average.months),
        ("left_out", average.left_out),
    )
    cite = citation_of(law.monthly_average_cite, instruments)
    return Step("average_monthly_earnings", cite, values, Money(average.amount, scheme.currency), (ceiling,))


def _part_step(scheme: CanadaPensionPlan, part: PartOfEarnings, earnings: Fraction, instruments: Instruments) -> Step:
    values = (("percent", part.rate * 100), ("earnings", Money(earnings, scheme.currency)))
    return Step("part_of_earnings", citation_of(part.cite, instruments), values,
                Money(half_up(part.rate * earnings, 2), scheme.currency))  # fmt: skip

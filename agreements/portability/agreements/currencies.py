"""Amounts in two currencies: which day's rate counts, and the exchange at a stated rate. Nothing is rounded."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from portability.agreements.calendar_months import months_after
from portability.agreements.errors import InputError
from portability.agreements.rules import CurrencyConversion
from portability.agreements.values import Money

__all__ = ["Rate", "exchange", "rate_day"]


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate that was published for a day: one unit of `base` is `value` of `quoted`."""

    base: str
    quoted: str
    value: Fraction
    published_on: date


def rate_day(reference: date, *, rule: CurrencyConversion) -> date:
    """The day whose rate counts (Decision H3 points 2 to 7, for 987/2009 Art. 90).

    `reference` is the day that the rule starts from: of the operation, the request or the payment; the last day of
    the period that is taken into account or reimbursed; a day of the month in which the provision is applied.
    """
    first = reference.replace(day=1)
    if rule.day == "first_day_of_the_preceding_month":
        return months_after(first, -1)
    return first if rule.day == "first_day_of_the_month_of_the_end" else reference


def exchange(money: Money, *, to: str, rate: Rate) -> Money:
    """The amount in another currency, exact. Raises InputError where the rate is not one between the two."""
    if (money.currency, to) == (rate.base, rate.quoted):
        return Money(money.amount * rate.value, to)
    if (money.currency, to) == (rate.quoted, rate.base):
        return Money(money.amount / rate.value, to)
    raise InputError(f"a rate of {rate.base} in {rate.quoted} does not turn {money.currency} into {to}", field="rate")

"""Amounts paid in more or fewer than twelve instalments a year, as amounts a month: so that two states' compare."""

from fractions import Fraction

from portability.agreements.errors import InputError
from portability.agreements.values import Money

__all__ = ["a_month"]


def a_month(instalment: Money, *, instalments_a_year: int) -> Money:
    """An instalment x instalments / 12. No provision is applied: it is the same money, told by the month."""
    if instalments_a_year < 1:
        raise InputError(f"{instalments_a_year} instalments a year: expected one or more", field="instalments_a_year")
    return instalment * Fraction(instalments_a_year, 12)

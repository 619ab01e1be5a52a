"""Insurance periods as the law counts them: what kind, whose, when, and how much.

A period keeps the amount and unit that its institution communicated, because conversion starts
from exactly that (987/2009 Art. 13(1)(a)). Inside, dates are half-open: [start, end).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from portability.agreements.values import StateCode

__all__ = ["DayRegime", "Duration", "InsurancePeriod", "PeriodKind", "PeriodUnit"]


class PeriodKind(StrEnum):
    """How a period came about; the order of overlap rules turns on it (987/2009 Art. 12(3) to (5))."""

    COMPULSORY = "compulsory"
    VOLUNTARY = "voluntary"  # voluntary or optional continued insurance
    EQUIVALENT = "equivalent"  # assimilated: credited as if insured
    RESIDENCE = "residence"


class PeriodUnit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    QUARTERS = "quarters"
    YEARS = "years"


class DayRegime(StrEnum):
    """Days that a scheme counts in a week; days mean nothing without it (987/2009 Art. 13(4))."""

    FIVE = "5"
    SIX = "6"
    SEVEN = "7"


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of insured time in the unit of the scheme that counted it."""

    amount: Fraction
    unit: PeriodUnit
    day_regime: DayRegime | None = None  # set exactly when the unit is days


@dataclass(frozen=True, slots=True)
class InsurancePeriod:
    """One period of insurance, employment, self-employment or residence under one legislation.

    `start` and `end` are None for a period whose time cannot be determined (987/2009 Art. 12(6));
    then `duration` must stand. `duration` is None where the institution gave dates only.
    """

    period_id: str
    state: StateCode
    kind: PeriodKind
    scheme: str
    start: date | None
    end: date | None
    duration: Duration | None = None
    period_type: str = ""  # the EESSI code, where the period came with one

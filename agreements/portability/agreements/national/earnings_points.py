"""Pensions from points: points x access factor x pension type factor x current value (Germany, SGB VI § 64)."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from pydantic import Field

from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.base import (
    DatedAmount,
    Instruments,
    SchemeBase,
    age_reached_on,
    citation_of,
    figure,
    in_force,
)
from portability.agreements.periods import PeriodUnit
from portability.agreements.rounding import half_up
from portability.agreements.rules import Text
from portability.agreements.values import Citation, Money, exact

__all__ = ["EarningsPoints", "earnings_points"]


class EarningsPoints(SchemeBase):
    """Points x access factor x pension type factor x current value (`earnings_points`)."""

    law: Literal["earnings_points"]
    amount_cite: Text
    access_cite: Text = Field(description="Access factor of a pension claimed at the pension age")
    decimals_cite: Text = Field(description="To how many decimals points are computed")
    current_value: tuple[DatedAmount, ...] = Field(min_length=1)
    pension_type_factor: DatedAmount
    later_claim_per_month: DatedAmount
    rounding_cite: Text


def earnings_points(
    scheme: EarningsPoints, facts: DeterminationFacts, *, own: Fraction, counted: Fraction, instruments: Instruments
) -> SchemeOutcome:
    """Points x access factor x pension type factor x current pension value (SGB VI § 64).

    Points of other states' time are the average of own time (883/2004 Art. 56(1)(c)). Points are computed to four
    decimals and money to two, the last raised from a following 5 (SGB VI § 121(1), (2), § 123(1)).
    """
    earned = figure(scheme, facts, "earnings_points")
    points = half_up(earned * (counted / own) if own else Fraction(0), 4)
    value = in_force(scheme.current_value, facts.award_on)
    late = _months_after(age_reached_on(scheme, facts.birth_date), facts.award_on)
    access = 1 + late * exact(scheme.later_claim_per_month.value)
    type_factor, worth = exact(scheme.pension_type_factor.value), exact(value.value)
    personal = half_up(points * access, 4)
    amount = Money(half_up(personal * type_factor * worth, 2), scheme.currency)
    values = (
        ("points", personal),
        ("type_factor", type_factor),
        ("current_value", Money(worth, scheme.currency)),
        ("value_cite", value.cite),
        ("source", value.status),
    )
    formula = Step(
        "earnings_points",
        citation_of(scheme.amount_cite, instruments),
        values,
        amount,
        (
            *_average_points(earned, points, own=own, counted=counted, unit=scheme.unit),
            _access_step(scheme, points, personal, access=access, late=late, instruments=instruments),
            Step("rounding_of_money", citation_of(scheme.rounding_cite, instruments), (), amount),
        ),
    )
    return SchemeOutcome(True, amount, (formula,))


def _average_points(
    earned: Fraction, points: Fraction, *, own: Fraction, counted: Fraction, unit: PeriodUnit
) -> tuple[Step, ...]:
    if counted == own:
        return ()
    # Of the agreements encoded only 883/2004 asks a scheme of points for a theoretical amount.
    values = (("earned", earned), ("own", own), ("counted", counted), ("unit", unit))
    return (Step("average_points", Citation("883/2004", "Art. 56(1)(c)"), values, points),)


def _access_step(
    scheme: EarningsPoints,
    points: Fraction,
    personal: Fraction,
    *,
    access: Fraction,
    late: int,
    instruments: Instruments,
) -> Step:
    cite = citation_of(scheme.later_claim_per_month.cite if late else scheme.access_cite, instruments)
    rounding = Step("rounding_of_points", citation_of(scheme.decimals_cite, instruments), (), personal)
    values = (("points", points), ("access_factor", access), ("late_months", late))
    return Step("access_factor_late" if late else "access_factor", cite, values, personal, (rounding,))


def _months_after(birthday: date, award_on: date) -> int:
    """Calendar months for which a pension could have begun and did not (SGB VI § 77(2) No. 2(b), § 99(1)).

    An age is completed at the end of the day before the birthday, so a birthday on the first of a month opens that
    month itself. Not read: BGB § 187(2), § 188(2), on which this rests.
    """
    completed = birthday - timedelta(days=1)
    return max((award_on.year - completed.year) * 12 + award_on.month - completed.month - 1, 0)

"""Pensions less a part for each year not insured (Netherlands, General Old Age Pensions Act, Art. 13)."""

from fractions import Fraction
from math import floor
from typing import Literal

from pydantic import Field

from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.base import DatedAmount, Instruments, SchemeBase, citation_of, figure
from portability.agreements.periods import PeriodUnit
from portability.agreements.rules import Text
from portability.agreements.values import Money

__all__ = ["MissingYears", "missing_years"]


class MissingYears(SchemeBase):
    """Full amount less so many per cent for each calendar year not insured between two ages (`missing_years`)."""

    law: Literal["missing_years"]
    amount_cite: Text
    years_insured: int = Field(ge=1, le=60, description="From the starting age to the pension age")
    whole_years_cite: Text = Field(description="Parts of years that were not insured, as whole years")
    percent_a_year: DatedAmount


def missing_years(
    scheme: MissingYears, facts: DeterminationFacts, *, counted: Fraction, instruments: Instruments
) -> SchemeOutcome:
    """Full amount less 2 % for each calendar year not insured (AOW Art. 13(1)(a)).

    The full amount of the month, `full_monthly_amount`, depends on the household and is the institution's figure.
    Only years that are missing whole reduce it.
    """
    full = Money(figure(scheme, facts, "full_monthly_amount"), scheme.currency)
    insured = counted if scheme.unit == PeriodUnit.YEARS else counted / 12
    exact = max(scheme.years_insured - insured, Fraction(0))
    missing = floor(exact)
    percent = Fraction(scheme.percent_a_year.value)
    amount = full * (1 - percent * missing / 100)
    values = (("full", full), ("missing", missing), ("percent", percent), ("between_ages", scheme.years_insured))
    step = Step(
        "less_for_missing_years",
        citation_of(scheme.amount_cite, instruments),
        values,
        amount,
        (
            Step("full_amount_answered", None, (), full),
            Step("whole_years", citation_of(scheme.whole_years_cite, instruments), (("exact", exact),), missing),
        ),
    )
    return SchemeOutcome(True, amount, (step,))

"""Pensions by years of residence: full amount x whole years / years for a full one (Canada, OAS Act s. 3)."""

from fractions import Fraction
from math import floor
from typing import Literal

from pydantic import Field

from portability.agreements.errors import DeterminationError, NoRuleInForceError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.base import (
    AgeIncrease,
    DatedAmount,
    Instruments,
    Minimum,
    SchemeBase,
    citation_of,
    in_force,
)
from portability.agreements.periods import PeriodUnit
from portability.agreements.rounding import half_up
from portability.agreements.rules import Text
from portability.agreements.spans import add_months
from portability.agreements.values import Money

__all__ = ["ResidenceFractions", "residence_fraction"]


class ResidenceFractions(SchemeBase):
    """Full amount x whole years of residence / years for a full one (`residence_fractions`).

    `minimum` is for residents of the state, `abroad_minimum` for everybody else.
    """

    law: Literal["residence_fractions"]
    amount_cite: Text
    years_for_full: int = Field(ge=1, le=60)
    whole_years_cite: Text
    rounding_cite: Text
    abroad_minimum: Minimum
    export_cite: Text
    full_amount: tuple[DatedAmount, ...] = Field(
        default=(), description="Full amounts a month that are known; the institution's own figure goes before them"
    )
    full_amount_increase: AgeIncrease | None = None


def residence_fraction(
    scheme: ResidenceFractions, facts: DeterminationFacts, *, own: Fraction, instruments: Instruments
) -> SchemeOutcome:
    """Full amount x whole years of residence / years for a full one (OAS Act s. 3(3), (4)).

    Only own residence counts towards the amount, whatever opened the right.
    """
    full, full_step = _full_amount(scheme, facts, instruments)
    exact_years = own if scheme.unit == PeriodUnit.YEARS else own / 12
    years = min(floor(exact_years), scheme.years_for_full)
    amount = Money(half_up((full * Fraction(years, scheme.years_for_full)).amount, 2), scheme.currency)
    step = Step(
        "residence_fraction",
        citation_of(scheme.amount_cite, instruments),
        (("years", years), ("years_for_full", scheme.years_for_full), ("full_amount", full)),
        amount,
        (
            full_step,
            Step("whole_years", citation_of(scheme.whole_years_cite, instruments), (("exact", exact_years),), years),
            Step("rounding_of_money", citation_of(scheme.rounding_cite, instruments), (), amount),
        ),
    )
    return SchemeOutcome(years > 0, amount, (step,))


def _full_amount(scheme: ResidenceFractions, facts: DeterminationFacts, instruments: Instruments) -> tuple[Money, Step]:
    """The institution's own figure, or the amount of the file, raised with age where the law says so."""
    given = facts.scheme_facts.get(scheme.id, {}).get("full_monthly_amount")
    if given is not None:
        full = Money(given, scheme.currency)
        return full, Step("full_amount_answered", None, (), full)
    try:
        row = in_force(scheme.full_amount, facts.award_on)
    except NoRuleInForceError as exc:
        raise DeterminationError(
            f"The full amount of '{scheme.id}' on {facts.award_on} is not known here: its institution gives it as the "
            "figure 'full_monthly_amount'.",
            citation=exc.citation,
        ) from exc
    full, cite, factor = Money(Fraction(row.value), scheme.currency), row.cite, Fraction(1)
    increase = scheme.full_amount_increase
    if increase is not None and increase.valid_from <= facts.award_on and _older(facts, increase.from_age):
        cite, factor = increase.cite, Fraction(increase.factor)
    values = (("on", facts.award_on), ("base", full), ("factor", factor), ("source", row.status))
    raised = full * factor
    rule = "full_amount" if factor == 1 else "full_amount_raised"
    return raised, Step(rule, citation_of(cite, instruments), values, raised)


def _older(facts: DeterminationFacts, age: int) -> bool:
    """Whether the month of the award is after the one in which an age was reached (OAS Act s. 7(5))."""
    reached = add_months(facts.birth_date, 12 * age)
    return (facts.award_on.year, facts.award_on.month) > (reached.year, reached.month)

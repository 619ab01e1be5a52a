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
from portability.agreements.national.later_claim import LaterClaim, Share, shares_of_later_claim
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
    later_claim: LaterClaim | None = Field(default=None, description="Increase for who claims later than possible")


def residence_fraction(
    scheme: ResidenceFractions, facts: DeterminationFacts, *, own: Fraction, instruments: Instruments
) -> SchemeOutcome:
    """Full amount x whole years of residence / years for a full one (OAS Act s. 3(3), (4)), more if claimed later.

    Only own residence counts towards the amount, whatever opened the right.
    """
    full, full_step = _full_amount(scheme, facts, instruments)
    share = _greatest_share(scheme, facts, own if scheme.unit == PeriodUnit.YEARS else own / 12)
    part = full * Fraction(share.years, scheme.years_for_full)
    raised = part * (1 + scheme.later_claim.per_month * share.later) if scheme.later_claim else part
    amount = Money(half_up(raised.amount, 2), scheme.currency)
    rounding = Step("rounding_of_money", citation_of(scheme.rounding_cite, instruments), (), amount)
    counted = citation_of(scheme.whole_years_cite, instruments)
    whole = Step("whole_years", counted, (("exact", share.exact),), share.years)
    step = Step(
        "residence_fraction",
        citation_of(scheme.amount_cite, instruments),
        (("years", share.years), ("years_for_full", scheme.years_for_full), ("full_amount", full)),
        part if share.later else amount,
        (full_step, whole) if share.later else (full_step, whole, rounding),
    )
    if scheme.later_claim is not None and share.later:
        step = _later_step(scheme.later_claim, share.later, amount, instruments, children=(step, rounding))
    return SchemeOutcome(share.years > 0, amount, (step,))


def _greatest_share(scheme: ResidenceFractions, facts: DeterminationFacts, own_years: Fraction) -> Share:
    """That of the residence at approval, or a greater one of who has waited (OAS Act s. 7.1(3))."""
    share = Share(own_years, min(floor(own_years), scheme.years_for_full))
    rule, full = scheme.later_claim, scheme.years_for_full
    if rule is None:
        return share
    later = shares_of_later_claim(scheme, facts, rule=rule, years_for_full=full)
    return max((share, *later), key=lambda one: one.of_full(full, rule.per_month))


def _later_step(
    rule: LaterClaim, months: int, amount: Money, instruments: Instruments, *, children: tuple[Step, ...]
) -> Step:
    values = (("months", months), ("percent", rule.per_month * 100), ("years", rule.until_age))
    limit = Step("later_months", citation_of(rule.limit_cite, instruments), values, months)
    greatest = Step("greatest_of_pensions", citation_of(rule.greatest_cite, instruments), (), amount)
    return Step("later_claim", citation_of(rule.cite, instruments), values, amount, (*children, limit, greatest))


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

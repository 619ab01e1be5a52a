"""Examples of shares by months of residence: what they give and what comes out."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import Field

from portability.agreements.errors import InputError
from portability.agreements.loading import Agreement
from portability.agreements.lookup import boundary_dates, rules_in_force
from portability.agreements.residence_months import (
    longest_stay,
    months_of_residence,
    residence_divisor,
    residence_fraction_of,
    years_months_days,
)
from portability.agreements.rules import Amount, Day, Entry, OwnResidenceFraction, ProportionalForeignIncome, State

__all__ = ["RESIDENCE_CASES"]


class Stay(Entry):
    """One period of residence, both days included."""

    first_day: Day
    last_day: Day


class ResidenceGiven(Entry):
    """Months, or the stays themselves; `rule` says which share where there are two, `full` is the full amount."""

    on: Day | None = None
    state: State
    rule: str = Field(
        default="own_residence_fraction", pattern="^(own_residence_fraction|proportional_foreign_income)$"
    )
    scheme: str = ""
    birth_date: Day = date(1950, 1, 1)
    stays: tuple[Stay, ...] = ()
    months: int | None = Field(default=None, ge=0)
    full: Amount | None = None


def _residence_fraction(given: ResidenceGiven, agreement: Agreement) -> dict[str, Any]:
    rule = _rule(given, agreement)
    spans = [(stay.first_day, stay.last_day + timedelta(days=1)) for stay in given.stays]
    counted = months_of_residence(spans, rule=rule, born_on=given.birth_date)
    months = counted if given.months is None else given.months
    fraction = residence_fraction_of(months, divisor=residence_divisor(rule, born_on=given.birth_date))
    return {
        "months": months,
        "fraction": fraction,
        "amount": given.full * fraction if given.full is not None else None,
        "stays": ["{}y {}m {}d".format(*years_months_days(span)) for span in spans],
        "payable": _payable(rule, months, longest_stay(spans) if spans else months),
    }


def _rule(given: ResidenceGiven, agreement: Agreement) -> OwnResidenceFraction | ProportionalForeignIncome:
    own = given.rule == "own_residence_fraction"
    kind: type[OwnResidenceFraction | ProportionalForeignIncome] = (
        OwnResidenceFraction if own else ProportionalForeignIncome
    )
    on = given.on or boundary_dates(agreement)[-1]
    branch = agreement.content.branches[0]
    found = rules_in_force(agreement, kind, branch=branch, on=on, state=given.state, scheme=given.scheme)
    if len(found) != 1:
        raise InputError(f"{len(found)} rules '{given.rule}' of {given.state} are in force on {on}: expected one")
    return found[0]


def _payable(rule: OwnResidenceFraction | ProportionalForeignIncome, months: int, longest: int) -> bool:
    if isinstance(rule, ProportionalForeignIncome):
        return True
    return months >= (rule.minimum_months or 0) and longest >= (rule.minimum_continuous_months or 0)


RESIDENCE_CASES: Mapping[str, tuple[Any, Callable[[Any, Agreement], dict[str, Any]]]] = {
    "residence_fraction": (ResidenceGiven, _residence_fraction),
}

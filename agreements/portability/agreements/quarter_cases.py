"""The example kind `quarters`: foreign periods and own quarters in, the grid of calendar quarters out."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from portability.agreements.errors import NoRuleInForceError
from portability.agreements.example_inputs import Dated, PeriodGiven
from portability.agreements.loading import Agreement
from portability.agreements.lookup import rules_in_force
from portability.agreements.quarter_amounts import Quarter
from portability.agreements.quarter_credits import credited_quarters, own_quarters
from portability.agreements.rules import QuarterCredit
from portability.agreements.values import Branch

__all__ = ["QuartersGiven", "evaluate_quarters"]


def _written_as_quarter(value: object) -> object:
    """`1952Q1` is the first quarter of 1952."""
    found = re.fullmatch(r"(\d{4})Q([1-4])", value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("quarter_parsing", "expected a calendar quarter written YYYYQn, for example 1952Q1")
    return int(found.group(1)), int(found.group(2))


class QuartersGiven(Dated):
    """Foreign periods, and own quarters of coverage: each by its place, or as many as a year has."""

    periods: tuple[PeriodGiven, ...]
    us_qcs: tuple[Annotated[Quarter, BeforeValidator(_written_as_quarter)], ...] = ()
    us_qcs_by_year: dict[int, int] = Field(default_factory=dict)


def evaluate_quarters(given: QuartersGiven, agreement: Agreement) -> dict[str, Any]:
    """The quarters credited, by period and on the calendar, and those that found no place."""
    on = given.on or max(rule.valid_from for rule in agreement.content.rules)
    found = credited_quarters(
        _rules(agreement, on),
        [period.period() for period in given.periods],
        own=set(given.us_qcs) | own_quarters(given.us_qcs_by_year),
    )
    by_period: dict[str, int] = {}
    for name, quarters in found.by_period:
        by_period[name] = by_period.get(name, 0) + quarters
    return {
        "grid": found.grid.rows(),
        "foreign_qcs": found.foreign,
        "total_qcs": found.foreign + len(found.grid.own),
        "by_period": by_period,
        "lost": found.lost,
        "review_up_to": found.reviewed_up_to,
    }


def _rules(agreement: Agreement, on: date) -> tuple[QuarterCredit, ...]:
    rules = rules_in_force(agreement, QuarterCredit, branch=Branch.OLD_AGE, on=on, state="US")
    if not rules:
        raise NoRuleInForceError(f"Agreement '{agreement.id}' has no rule 'quarter_credit' on {on}.")
    return rules

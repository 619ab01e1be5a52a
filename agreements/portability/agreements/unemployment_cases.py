"""Examples on unemployment benefits: periods, the state that pays, looking for work elsewhere, repayment."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field

from portability.agreements.applicable_rules import LawOn
from portability.agreements.loading import Agreement
from portability.agreements.rules import (
    Amount,
    Day,
    Entry,
    State,
    UnemploymentAggregation,
    UnemploymentCompetence,
    UnemploymentExport,
    UnemploymentReimbursement,
)
from portability.agreements.unemployment import UnemployedPerson, WorkPeriod, aggregate_work, paying_state
from portability.agreements.unemployment_abroad import JobSearch, export_result, reimbursement
from portability.agreements.values import Money

__all__ = [
    "ReimbursementGiven", "SearchGiven", "UnemployedGiven", "WorkGiven", "evaluate_paying_state",
    "evaluate_reimbursement", "evaluate_search", "evaluate_work",
]  # fmt: skip

Needed = Literal["insurance", "employment", "self_employment"]
Months = Annotated[int, Field(ge=0, le=600)]


class WorkPeriodGiven(Entry):
    """A period in the unit of the legislation that is asked."""

    state: State
    kind: Needed
    amount: Amount
    insured_here: bool | None = None


class WorkGiven(Entry):
    """Periods of several states, what is required, and where the last ones were completed."""

    on: Day
    state: State
    needs: Needed
    required: Amount
    last_completed_in: State
    claims_as_resident: bool = False
    periods: tuple[WorkPeriodGiven, ...]


def evaluate_work(given: WorkGiven, agreement: Agreement) -> dict[str, Any]:
    """Own and others' periods, and whether they suffice."""
    result = aggregate_work(
        [WorkPeriod(**dict(one)) for one in given.periods],
        state=given.state,
        needs=given.needs,
        required=given.required,
        last_completed_in=given.last_completed_in,
        claims_as_resident=given.claims_as_resident,
        rule=LawOn(agreement, given.on).rule(UnemploymentAggregation),
    )
    return {
        "own": result.own,
        "others": result.others,
        "qualifies": result.qualifies,
        "citation": str(result.citation),
    }


class UnemployedGiven(Entry):
    """What decides which state pays."""

    on: Day
    state_of_work: State
    residence_state: State
    wholly: bool = True
    frontier_worker: bool = False
    back_in_residence_state: bool = True
    paid_by_state_of_work_first: bool = False
    self_employed_without_scheme_at_home: bool = False
    special_scheme_for_civil_servants: bool = False


def evaluate_paying_state(given: UnemployedGiven, agreement: Agreement) -> dict[str, Any]:
    """The state that pays, and whose earnings count."""
    facts = {name: value for name, value in given if name != "on"}
    result = paying_state(UnemployedPerson(**facts), rule=LawOn(agreement, given.on).rule(UnemploymentCompetence))
    first = result.first_as_if_looking_for_work
    return {
        "state": result.state,
        "citation": str(result.citation),
        "earnings_in": result.earnings_in,
        "earnings_citation": str(result.earnings_citation),
        "first": str(first) if first else None,
    }


class SearchGiven(Entry):
    """A person who goes to another state to look for work."""

    on: Day
    unemployed_since: Day
    left_on: Day
    registered_on: Day | None = None
    entitled_until: Day
    may_leave_early: bool = False
    may_register_late: bool = False
    extended_to_months: int | None = None
    months_used: Months = 0


def evaluate_search(given: SearchGiven, agreement: Agreement) -> dict[str, Any]:
    """The first and last day of payment abroad."""
    facts = {name: value for name, value in given if name != "on"}
    result = export_result(JobSearch(**facts), rule=LawOn(agreement, given.on).rule(UnemploymentExport))
    return {"first_day": result.first_day, "last_day": result.last_day, "citation": str(result.citation)}


class ReimbursementGiven(Entry):
    """What the state of residence paid a month, and what the state of work would have paid."""

    on: Day
    paid_a_month: Amount
    state_of_work_would_pay: Amount
    months_paid: Months
    months_of_work_before: Amount = Fraction(0)
    exported_months: Months = 0
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"


def evaluate_reimbursement(given: ReimbursementGiven, agreement: Agreement) -> dict[str, Any]:
    """The months and the amount to be paid back."""
    result = reimbursement(
        Money(given.paid_a_month, given.currency),
        state_of_work_would_pay=Money(given.state_of_work_would_pay, given.currency),
        months_paid=given.months_paid,
        months_of_work_before=given.months_of_work_before,
        exported_months=given.exported_months,
        rule=LawOn(agreement, given.on).rule(UnemploymentReimbursement),
    )
    return {"months": result.months, "amount": result.amount.amount, "citation": str(result.citation)}

"""Unemployment benefits while a person looks for work in another state, and what one state pays back to another."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from portability.agreements.calendar_months import last_day_of
from portability.agreements.rules import UnemploymentExport, UnemploymentReimbursement
from portability.agreements.values import Citation, Money

__all__ = ["Export", "JobSearch", "Reimbursement", "export_result", "keeps_the_rest", "reimbursement"]


@dataclass(frozen=True, slots=True)
class JobSearch:
    """A person who goes to another state to look for work."""

    unemployed_since: date
    left_on: date  # the day on which she ceased to be available at home
    registered_on: date | None  # with the services of the other state
    entitled_until: date  # last day of the whole entitlement under the paying legislation
    may_leave_early: bool = False  # the services at home allowed it
    may_register_late: bool = False
    extended_to_months: int | None = None  # granted by the services at home
    months_used: int = 0  # in other states since the last job


@dataclass(frozen=True, slots=True)
class Export:
    """Paid abroad from and to these days (both inclusive; None: not paid abroad), and the provision that decided."""

    first_day: date | None
    last_day: date | None
    citation: Citation


@dataclass(frozen=True, slots=True)
class Reimbursement:
    """Months to be paid back, by which provision, and the amount (never above what the state of work would pay)."""

    months: int
    citation: Citation
    amount: Money


def export_result(search: JobSearch, *, rule: UnemploymentExport) -> Export:
    """From leaving, or from a late registration, for the months granted (883/2004 Art. 64(1) and (3))."""
    if search.left_on < search.unemployed_since + timedelta(weeks=rule.weeks_before) and not search.may_leave_early:
        return Export(None, None, Citation.of(rule.weeks_before_cite))
    if search.registered_on is None:
        return Export(None, None, Citation.of(rule.register_cite))
    granted = min(search.extended_to_months or rule.months, rule.extended_to_months or rule.months)
    left_over = granted - search.months_used
    if left_over <= 0:
        return Export(None, None, Citation.of(rule.between_jobs_cite))
    in_time = search.registered_on <= search.left_on + timedelta(days=rule.register_within_days)
    first = search.left_on if in_time or search.may_register_late else search.registered_on
    last = min(last_day_of(search.left_on, left_over), search.entitled_until)
    if first > last:
        return Export(None, None, Citation.of(rule.register_cite))
    return Export(first, last, rule.citation)


def keeps_the_rest(export: Export, *, returned_on: date | None, may_return_late: bool, law_is_kinder: bool) -> bool:
    """Back on or before the last day keeps what is left of the entitlement (883/2004 Art. 64(2)).

    `may_return_late` was granted in an exceptional case; `law_is_kinder` says that the paying legislation asks less.
    """
    in_time = returned_on is not None and export.last_day is not None and returned_on <= export.last_day
    return in_time or law_is_kinder or (may_return_late and returned_on is not None)


def reimbursement(
    paid_a_month: Money,
    *,
    state_of_work_would_pay: Money,
    months_paid: int,
    months_of_work_before: Fraction,
    exported_months: int,
    rule: UnemploymentReimbursement,
) -> Reimbursement:
    """Full benefits of the first three or five months, within the other state's amount (883/2004 Art. 65(6) and (7)).

    `months_of_work_before` are those in the state of work during the months that the rule looks back on;
    `exported_months` were paid by the state of work first and are deducted.
    """
    longer = months_of_work_before >= rule.longer_needs_months
    months = rule.longer_months if longer else rule.months
    if rule.exported_deducted_cite is not None:
        months = max(months - exported_months, 0)
    months = min(months, months_paid)
    a_month = paid_a_month if paid_a_month <= state_of_work_would_pay else state_of_work_would_pay
    cite = Citation.of(rule.longer_cite) if longer else rule.citation
    return Reimbursement(months, cite, a_month * months)

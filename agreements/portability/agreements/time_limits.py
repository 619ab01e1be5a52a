"""Until when an action is due, counted from the event that starts it."""

from datetime import date, timedelta

from portability.agreements.calendar_months import months_after
from portability.agreements.errors import AgreementError
from portability.agreements.rules import TimeLimit

__all__ = ["due_day"]


def due_day(event_on: date, *, rule: TimeLimit) -> date | None:
    """The last day for the action (987/2009 Art. 67 and 73, or the agreement's own rule).

    None where the law names no day: without delay, as soon as possible, or once the work is complete.
    """
    start = _start(event_on, rule)
    if rule.limit == "days":
        return start + timedelta(days=_named(rule.days, rule))
    if rule.limit == "months":
        return months_after(start + timedelta(days=1), _named(rule.months, rule)) - timedelta(days=1)
    return None


def _start(event_on: date, rule: TimeLimit) -> date:
    """The day after which the time runs: the event's own, or the last day of its month or half-year."""
    if rule.counted_from == "the_event":
        return event_on
    first = event_on.replace(day=1)
    if rule.counted_from == "end_of_its_half_year":
        first = first.replace(month=6 if first.month <= 6 else 12)
    return months_after(first, 1) - timedelta(days=1)


def _named(number: int | None, rule: TimeLimit) -> int:
    if number is None:
        raise AgreementError(f"the rule '{rule.id}' ({rule.cite}) has the limit '{rule.limit}' and names no number")
    return number

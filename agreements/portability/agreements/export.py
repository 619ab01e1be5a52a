"""Whether a benefit is paid to a person who lives in another state, and for how long."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from portability.agreements.calendar_months import last_day_of
from portability.agreements.errors import InputError
from portability.agreements.rules import Export
from portability.agreements.values import Citation, StateCode

__all__ = ["PaidAbroad", "paid_abroad"]


@dataclass(frozen=True, slots=True)
class PaidAbroad:
    """Paid, not paid, or for national law to say; until which day (None: no end), and by which provision."""

    answer: Literal["paid", "not_paid", "national_law"]
    until: date | None
    citation: Citation


def paid_abroad(
    benefit: str,
    *,
    rule: Export,
    parties: frozenset[StateCode],
    paying_state: StateCode,
    residence_state: StateCode,
    left_on: date | None,
    on: date,
) -> PaidAbroad:
    """The agreement's rule on residence elsewhere, with the benefits that it leaves out (883/2004 Art. 7, 70(4)).

    Raises InputError where a benefit is paid for some months after leaving and nobody says when that was.
    """
    if residence_state == paying_state:
        return PaidAbroad("paid", None, rule.citation)
    if benefit in rule.excluded:
        return _excluded(rule, left_on, on)
    if residence_state in parties or rule.to == "parties_and_third_states":
        return PaidAbroad("paid", None, rule.citation)
    return PaidAbroad("national_law", None, rule.citation)


def _excluded(rule: Export, left_on: date | None, on: date) -> PaidAbroad:
    cite = Citation.of(rule.excluded_cite or rule.cite)
    if not rule.excluded_months:
        return PaidAbroad("not_paid", None, cite)
    if left_on is None:
        raise InputError(
            f"{cite} pays for {rule.excluded_months} months after leaving: when was that?", field="left_on"
        )
    last = last_day_of(left_on, rule.excluded_months)
    return PaidAbroad("paid" if on <= last else "not_paid", last, cite)

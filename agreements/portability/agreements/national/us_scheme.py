"""The United States scheme as a file states it, and the record that the facts of a claim give it."""

from datetime import date
from fractions import Fraction
from typing import Literal

from pydantic import Field

from portability.agreements.errors import DeterminationError, InputError
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.base import SchemeBase
from portability.agreements.national.us_parameters import UsParameters
from portability.agreements.national.us_record import UsRecord, quarters_of
from portability.agreements.rules import Text

__all__ = ["UsOldAge", "earliest_record", "needed_quarters", "record_of"]


class UsOldAge(SchemeBase):
    """Old-age insurance benefit on indexed earnings; quarters of coverage open the right (`us_old_age`)."""

    law: Literal["us_old_age"]
    lower_minimum_cite: Text = Field(description="One quarter a year elapsed, where that is fewer than the minimum")
    parameters: UsParameters


def record_of(scheme: UsOldAge, facts: DeterminationFacts) -> UsRecord:
    """The worker's record: yearly facts `earnings` and (before 1978) `quarters_of_coverage`, date `benefit_month`.

    Entitlement begins with the month of the award; the benefit month is that one where none is given.
    DeterminationError without earnings, InputError where the facts contradict the law or each other.
    """
    yearly = facts.yearly_facts.get(scheme.id, {})
    if "earnings" not in yearly:
        raise DeterminationError(
            f"Scheme '{scheme.id}' needs the yearly figures 'earnings', which only its institution knows: give them "
            "with the facts."
        )
    entitled = facts.award_on.replace(day=1)
    month = facts.scheme_dates.get(scheme.id, {}).get("benefit_month", entitled).replace(day=1)
    if month < entitled:
        raise InputError(f"The benefit month {month:%Y-%m} is before entitlement ({entitled:%Y-%m}).")
    posted = {year: int(count) for year, count in yearly.get("quarters_of_coverage", {}).items()}
    record = UsRecord(facts.birth_date, entitled, month, yearly["earnings"], posted)
    _check_posted(record, scheme.parameters)
    return record


def needed_quarters(scheme: UsOldAge, born_on: date) -> tuple[Fraction, str]:
    """The least quarters that open the right, and where the law says it (42 USC 414(a)(1), (2))."""
    full = scheme.minimum.time.amount if scheme.minimum else Fraction(0)
    fewer = Fraction(earliest_record(born_on).required_quarters)
    cite = scheme.minimum.cite if scheme.minimum else scheme.lower_minimum_cite
    return (fewer, scheme.lower_minimum_cite) if fewer < full else (full, cite)


def earliest_record(born_on: date) -> UsRecord:
    """A record without earnings: what turns on the birth date alone."""
    first = date(born_on.year + 62, 1, 1)
    return UsRecord(born_on, first, first, {})


def _check_posted(record: UsRecord, law: UsParameters) -> None:
    """No year has more than four quarters; from 1978 on a count that is given is the one that earnings give."""
    for year, count in record.posted_quarters.items():
        if not 0 <= count <= 4 or (year >= 1978 and count != quarters_of(record, year, law)):
            raise InputError(
                f"{count} quarters of coverage in {year} do not agree with the law or the year's earnings "
                "(42 USC 413(a)(2)).",
                field="quarters_of_coverage",
            )

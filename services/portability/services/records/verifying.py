"""What was checked of a period before anybody relies on it, each check with its result and its reason.

Verified means more than arrived: signed, by an institution that is competent, about this person, possible, and not
contradicted. The checks are pure; what they need to know comes in as `Known`. What fails goes to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from portability.services.records.career import CareerPeriod, PeriodStatus, PeriodSum

__all__ = ["Check", "CheckCode", "CheckOutcome", "Known", "VerificationLevel", "checks_of", "for_a_person", "level_of"]

_INSURED = frozenset("12")  # compulsory and voluntary insurance
_LONGEST_LIFE = 125  # years; nobody of whom a birth is recorded became older than 122


class CheckCode(StrEnum):
    """In the order in which one rests on the other."""

    SIGNED = "signed"  # signature and directory, by the exchange
    COMPETENT = "competent"  # the sender, for the branch under the agreement on that day
    IDENTIFIED = "identified"  # it is this person
    PLAUSIBLE = "plausible"
    CONSISTENT = "consistent"  # with the other records of its scheme


class CheckOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_EXAMINED = "not_examined"


class VerificationLevel(IntEnum):
    """How many of the checks passed, each resting on those before it. A rule may demand a least one."""

    NONE = 0
    SIGNED = 1
    COMPETENT = 2
    IDENTIFIED = 3
    PLAUSIBLE = 4
    CONSISTENT = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one period. `reason` is for a caseworker and names no person."""

    code: CheckCode
    outcome: CheckOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around a period: why it is not signed, its sender not competent, its person not identified.

    Empty: it is. None: nobody has looked, which is no pass.
    """

    today: date
    signed: str | None = None
    competent: str | None = None
    identified: str | None = None
    birth_date: date | None = None
    others: tuple[CareerPeriod, ...] = ()  # of the same state and scheme, from any statement


def checks_of(period: CareerPeriod, known: Known) -> tuple[Check, ...]:
    """Every check, in the order of `CheckCode`."""
    # 1. Signed.  2. Competent.  3. Identified.  4. Plausible.  5. Consistent.
    return (
        # (1) the exchange
        _told(CheckCode.SIGNED, known.signed, "The exchange verified the signature against the directory."),
        # (2) the directory and the agreement
        _told(CheckCode.COMPETENT, known.competent, "Named for this branch, under an agreement that binds both."),
        # (3) the match
        _told(CheckCode.IDENTIFIED, known.identified, "Number and birth date are hers, or a caseworker said so."),
        # (4) the calendar
        _verdict(CheckCode.PLAUSIBLE, _implausible(period, known), examined=known.birth_date is not None),
        # (5) the other records
        _verdict(CheckCode.CONSISTENT, _contradiction(period, known.others), examined=True),
    )


def level_of(checks: Sequence[Check]) -> VerificationLevel:
    """How far the checks passed without a gap; no checks at all are no verification."""
    outcomes = {check.code: check.outcome for check in checks}
    level = VerificationLevel.NONE
    for code in CheckCode:
        if outcomes.get(code) is not CheckOutcome.PASSED:
            break
        level = VerificationLevel(level + 1)
    return level


def for_a_person(checks: Sequence[Check], *, least: VerificationLevel) -> tuple[str, ...]:
    """Why a person has to look: each check that failed, and each that is missing for the level that a rule demands.

    Empty where nothing failed and the level is reached.
    """
    if not checks:
        return ("Nothing was checked.",)
    needed = list(CheckCode)[:least]
    return tuple(
        f"{check.code}: {check.reason}"
        for check in checks
        if check.outcome is CheckOutcome.FAILED or (check.code in needed and check.outcome is CheckOutcome.NOT_EXAMINED)
    )


def _told(code: CheckCode, why_not: str | None, passed: str) -> Check:
    if why_not is None:
        return Check(code, CheckOutcome.NOT_EXAMINED, "Nobody has looked.")
    return Check(code, CheckOutcome.FAILED, why_not) if why_not else Check(code, CheckOutcome.PASSED, passed)


def _verdict(code: CheckCode, fault: str, *, examined: bool) -> Check:
    if fault:
        return Check(code, CheckOutcome.FAILED, fault)
    if not examined:
        return Check(code, CheckOutcome.NOT_EXAMINED, "The date of birth is not known.")
    return Check(code, CheckOutcome.PASSED, "Nothing speaks against it.")


def _implausible(period: CareerPeriod, known: Known) -> str:
    first, last = period.first_day, period.last_day
    if first is not None and last is not None and last.last < first.first:
        return "It ends before it begins."
    if first is not None and first.first > known.today:
        return "It begins in the future."
    if last is not None and last.first > known.today:
        return "It ends in the future: what is to come is not yet time."
    if known.birth_date is not None and last is not None and last.last < known.birth_date:
        return "It ends before the person was born."
    if known.birth_date is not None and first is not None and first.last < known.birth_date:
        return "It begins before the person was born."
    return _too_long(period)


def _too_long(period: CareerPeriod) -> str:
    if period.sum is None:
        return ""
    if period.sum.in_months > _LONGEST_LIFE * 12:
        return f"Its sum is longer than {_LONGEST_LIFE} years."
    first, last = period.first_day, period.last_day
    if first is None or last is None:
        return ""
    if period.sum.in_months > _touched_months(period.sum, first.first, last.last):
        return "Its sum is longer than the calendar between its dates."
    days = (last.last - first.first).days + 1
    return "Its days are more than its dates hold." if (period.sum.days or 0) > days else ""


def _touched_months(total: PeriodSum, first: date, last: date) -> int:
    """Schemes that count in years, quarters or months may count each that is touched as a whole one, at both ends."""
    size = 12 if total.years else 3 if total.quarters else 1
    touched = [(day.year * 12 + day.month - 1) // size for day in (first, last)]
    return (touched[1] - touched[0] + 1) * size


def _contradiction(period: CareerPeriod, others: Sequence[CareerPeriod]) -> str:
    """Another current record that has this id otherwise, or covers the same day of the scheme as another insurance.

    Credited time (types 40 and over) may stand beside insurance; the law has rules for which counts.
    """
    for other in others:
        if other.status is not PeriodStatus.CURRENT or other == period:
            continue
        if other.period_id == period.period_id:
            return "Another statement has the same period with another content: ask the institution which stands."
        insured = period.period_type[:1] in _INSURED and other.period_type[:1] in _INSURED
        if (
            insured
            and other.scheme == period.scheme
            and other.period_type != period.period_type
            and _overlap(period, other)
        ):
            return f"Another record of the scheme covers the same time as type {other.period_type or 'not told'}."
    return ""


def _overlap(one: CareerPeriod, other: CareerPeriod) -> bool:
    """Whether they share a day for certain; what may only overlap contradicts nothing."""
    if not (one.first_day and one.last_day and other.first_day and other.last_day):
        return False
    return one.first_day.last <= other.last_day.first and other.first_day.last <= one.last_day.first

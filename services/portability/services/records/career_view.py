"""The careers of a case as a caseworker looks at them: as known at an instant, checked, compared, explained."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from portability.agreements.careers import CareerRecord
from portability.services.records.career import CareerStatement, as_known_at, statement_of
from portability.services.records.career_totals import CheckedTotal, TotalOutcome, check_totals
from portability.services.records.quirks import QuirkNote, quirks_of
from portability.services.records.verifying import Check, Known, checks_of

__all__ = ["KnownCareer", "known_careers"]


@dataclass(frozen=True, slots=True)
class KnownCareer:
    """A statement, the checks of each of its periods, the totals that do not agree, and the quirks met."""

    statement: CareerStatement
    checks: tuple[tuple[str, tuple[Check, ...]], ...]
    totals: tuple[CheckedTotal, ...]
    quirks: tuple[QuirkNote, ...]


def known_careers(
    history: Iterable[tuple[datetime, CareerRecord]], *, at: datetime, known: Known
) -> tuple[KnownCareer, ...]:
    """What was known at an instant, by state. `known` is what is known around every period of the case."""
    statements = as_known_at((statement_of(career, known_at=since) for since, career in history), at)
    return tuple(_seen(one, known, at.date()) for one in statements)


def _seen(statement: CareerStatement, known: Known, today: date) -> KnownCareer:
    around = replace(known, today=today, others=statement.periods)
    return KnownCareer(
        statement,
        tuple((period.period_id, checks_of(period, around)) for period in statement.periods),
        tuple(one for one in check_totals(statement) if one.outcome is not TotalOutcome.SAME),
        quirks_of(statement, today=today),
    )

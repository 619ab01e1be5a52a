"""The careers of a case as a caseworker looks at them: as known at an instant, checked, compared, explained."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from portability.agreements.careers import CareerRecord, EvidenceLevel
from portability.agreements.values import Branch, StateCode
from portability.services.records.career import CareerStatement, as_known_at, statement_of
from portability.services.records.quirks import QuirkNote, quirks_of
from portability.services.records.verifying import Check, Known, VerificationLevel, checks_of

__all__ = ["AroundCase", "Demand", "KnownCareer", "Stater", "known_careers"]


@dataclass(frozen=True, slots=True)
class KnownCareer:
    """A statement, the checks of each of its periods, the totals that do not agree, and the quirks met."""

    statement: CareerStatement
    checks: tuple[tuple[str, tuple[Check, ...]], ...]
    totals: tuple[str, ...]
    quirks: tuple[QuirkNote, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a rule asks of a period before it is relied on; nothing where no rule does."""

    evidence: EvidenceLevel | None = None
    checks: VerificationLevel = VerificationLevel.NONE
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Stater:
    """Why an institution is not competent, and why what it states is not known to be of the person of the case.

    Empty: it is. None: nobody has looked. `demand` is what its agreement with us asks of its periods.
    """

    competent: str | None = None
    identified: str | None = None
    demand: Demand = field(default_factory=Demand)


@dataclass(frozen=True, slots=True)
class AroundCase:
    """What a case knows around the careers in it; `stated_by` as `SaidInCase` has it."""

    birth_date: date | None = None
    staters: Mapping[str, Stater] = field(default_factory=dict)  # by institution
    stated_by: Mapping[tuple[StateCode, str], str] = field(default_factory=dict)
    branch: Branch | None = None  # what the case is about

    def institution_of(self, statement: CareerStatement, period_id: str) -> str:
        """Who stated a period: of several institutions of a state, each answers for its own."""
        return self.stated_by.get((statement.state, period_id), statement.institution)

    def stater_of(self, statement: CareerStatement, period_id: str) -> Stater:
        """What is known of who stated a period."""
        return self.staters.get(self.institution_of(statement, period_id), Stater())


def known_careers(
    history: Iterable[tuple[datetime, CareerRecord]], *, at: datetime, around: AroundCase
) -> tuple[KnownCareer, ...]:
    """What was known at an instant, by state."""
    statements = as_known_at((statement_of(career, known_at=since) for since, career in history), at)
    return tuple(_seen(one, around, at.date()) for one in statements)


def _seen(statement: CareerStatement, around: AroundCase, today: date) -> KnownCareer:
    known = Known(
        today,
        signed=None if statement.entered_by else "",  # the exchange gives nothing on that it has not verified
        birth_date=around.birth_date,
        others=statement.periods,
    )
    checked = []
    for period in statement.periods:
        stater = around.stater_of(statement, period.period_id)
        by_stater = replace(known, competent=stater.competent, identified=stater.identified)
        checked.append((period.period_id, checks_of(period, by_stater)))
    return KnownCareer(
        statement,
        tuple(checked),
        statement.totals_differ,
        quirks_of(statement, today=today),
    )

"""Values of certificates: whom they are about, what they confirm, and where they stand in a status list. No I/O.

What they look like outside is in claims.py (verifiable credential) and code.py (on paper).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.careers import AnswerStatus
from portability.agreements.errors import InputError
from portability.agreements.periods import Duration
from portability.agreements.values import Branch, StateCode

__all__ = [
    "STATEMENT_LIFE",
    "Award",
    "Career",
    "CareerCountry",
    "Certificate",
    "CertificateKind",
    "Coverage",
    "CoverageStatus",
    "Employer",
    "Entitlement",
    "Holder",
    "Issuer",
    "Shown",
    "StatusPlace",
    "Workplace",
    "hidden_coverage",
]

STATEMENT_LIFE: Final = timedelta(days=365)
"""How long a statement of a career or an entitlement is relied on: careers and amounts change every year."""


UNTOLD: Final = "-"


class CertificateKind(StrEnum):
    COVERAGE = "coverage"
    CAREER = "career"
    ENTITLEMENT = "entitlement"


class CoverageStatus(StrEnum):
    """What a certificate of coverage confirms: the codes of the portable document A1, section 3."""

    POSTED_EMPLOYED = "01"
    EMPLOYED_IN_SEVERAL_STATES = "02"
    POSTED_SELF_EMPLOYED = "03"
    SELF_EMPLOYED_IN_SEVERAL_STATES = "04"
    CIVIL_SERVANT = "05"
    CONTRACT_STAFF = "06"
    MARINER = "07"
    EMPLOYED_AND_SELF_EMPLOYED = "08"
    CIVIL_SERVANT_AND_OTHER = "09"
    FLIGHT_CREW = "10"
    EXCEPTION = "11"
    LOCAL_EMPLOYMENT = "12"


@dataclass(frozen=True, slots=True)
class Holder:
    """The person of a certificate; `number` is the one under which the issuing institution insures her."""

    family_name: str
    given_names: str
    birth_date: date
    number: str


@dataclass(frozen=True, slots=True)
class Issuer:
    institution_id: str  # "it-inps"
    name: str
    country: StateCode


@dataclass(frozen=True, slots=True)
class Employer:
    employer_id: str
    name: str
    country: StateCode
    self_employed: bool = False


@dataclass(frozen=True, slots=True)
class Workplace:
    """A fixed place of work; for work without one, Coverage names the state."""

    country: StateCode
    locality: str
    street: str = ""
    postal_code: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whose legislation applies on the days [start, end), by which agreement."""

    agreement_id: str
    legislation: StateCode
    status: CoverageStatus
    start: date
    end: date
    employers: tuple[Employer, ...]
    workplaces: tuple[Workplace, ...] = ()
    no_fixed_place_in: StateCode = ""

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InputError("The last day is before the first day.", field="coverage.last_day")
        if not self.workplaces and not self.no_fixed_place_in:
            raise InputError("Name a place of work, or the state without a fixed one.", field="coverage.workplaces")


def hidden_coverage(coverage: Coverage) -> Coverage:
    """Without employers and places, for a protected person: countries stay, a dash stands where a name is asked for."""
    employers = (replace(one, employer_id=UNTOLD, name=UNTOLD) for one in coverage.employers)
    places = (Workplace(one.country, UNTOLD) for one in coverage.workplaces)
    return replace(coverage, employers=tuple(dict.fromkeys(employers)), workplaces=tuple(dict.fromkeys(places)))


@dataclass(frozen=True, slots=True)
class CareerCountry:
    """What one state has told: sums of insured time, one a unit, and its days [start, end)."""

    state: StateCode
    institution: str
    status: AnswerStatus
    totals: tuple[Duration, ...] = ()
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Career:
    as_of: date
    countries: tuple[CareerCountry, ...]


@dataclass(frozen=True, slots=True)
class Award:
    """An amount as it was decided: "480.00", "EUR", "month"."""

    amount: str
    currency: str
    frequency: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right to benefits of a branch from `start`; `end` is exclusive, None: without end."""

    branch: Branch
    start: date
    end: date | None = None
    awards: tuple[Award, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Where a status list says whether a certificate still holds."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A certificate as whoever it is shown to can read it: what its holder keeps back is empty or None."""

    number: str
    issuer: Issuer
    issued_at: datetime
    expires_at: datetime
    status: StatusPlace
    family_name: str = ""
    given_names: str = ""
    birth_date: date | None = None
    person_number: str = ""
    coverage: Coverage | None = None
    career: Career | None = None
    entitlement: Entitlement | None = None

    @property
    def kind(self) -> CertificateKind:
        if self.coverage is not None:
            return CertificateKind.COVERAGE
        return CertificateKind.CAREER if self.career is not None else CertificateKind.ENTITLEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate; exactly one of coverage, career and entitlement is there."""

    certificate_id: UUID
    case_id: UUID
    number: str
    holder: Holder
    issuer: Issuer
    issued_at: datetime
    expires_at: datetime
    status: StatusPlace
    coverage: Coverage | None = None
    career: Career | None = None
    entitlement: Entitlement | None = None

    @property
    def kind(self) -> CertificateKind:
        return self.shown().kind

    def shown(self) -> Shown:
        """All of it, as its holder reads it."""
        return Shown(
            number=self.number,
            issuer=self.issuer,
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            status=self.status,
            family_name=self.holder.family_name,
            given_names=self.holder.given_names,
            birth_date=self.holder.birth_date,
            person_number=self.holder.number,
            coverage=self.coverage,
            career=self.career,
            entitlement=self.entitlement,
        )

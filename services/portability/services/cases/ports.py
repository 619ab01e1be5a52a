"""What the use cases of cases need from outside. Each port is named for the need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.agreements.periods import InsurancePeriod
from portability.agreements.values import Branch, Citation, StateCode
from portability.services.cases.claims import ClaimCase
from portability.services.cases.model import (
    AgreementUsed,
    Explanation,
    InstitutionId,
    NationalAnswer,
    ProposedBenefit,
)

__all__ = [
    "CareerBook",
    "ClaimCases",
    "Clock",
    "DeterminationAnswer",
    "DeterminationQuestion",
    "Determiner",
    "InstitutionDirectory",
    "NewId",
    "OwnAccounts",
    "Reliance",
]

NewId = Callable[[], UUID]
"""Draws a time-ordered id (UUID version 7)."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class ClaimCases(Protocol):
    """Claims for an old-age pension, for whoever reads them."""

    async def get(self, case_id: UUID) -> ClaimCase | None:
        """The claim; None where the case is not here, or is none of such a claim."""
        ...


class OwnAccounts(Protocol):
    """The institution's own register of insured persons."""

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        """Accounts with exactly one of these identifiers or more."""
        ...

    async def get(self, account_id: str) -> InsuranceAccount | None: ...

    async def like(self, keys: frozenset[str]) -> Sequence[InsuranceAccount]:
        """Accounts filed under one of the search keys of a person, a hundred at most."""
        ...


class CareerBook(Protocol):
    """What each country has answered in a case."""

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, by state code."""
        ...


class InstitutionDirectory(Protocol):
    async def competent_institution(self, state: StateCode, *, branch: Branch, on: date) -> InstitutionId | None:
        """The institution of a state for a branch on a day; None where the directory has none."""
        ...

    async def agreement_between(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str | None:
        """Id of the agreement that binds two states for a branch on a day ("eu-883-2004"); None where none does."""
        ...

    async def why_no_agreement(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str:
        """Where none binds them: the reason and the next step, for people."""
        ...


@dataclass(frozen=True, slots=True)
class DeterminationQuestion:
    """All facts of one institution's determination, in plain values.

    `periods` are all known periods of every state. `agreements` names, by other state, the agreement between it and
    `state`. `unsatisfied_states` are those whose institutions have refused because a condition is not met yet
    (883/2004 Art. 50(2)).
    """

    case_id: UUID
    institution: InstitutionId
    state: StateCode
    branch: Branch
    birth_date: date
    residence_state: StateCode
    risk_materialised_on: date
    award_on: date
    periods: tuple[InsurancePeriod, ...]
    agreements: Mapping[StateCode, str]
    scheme_facts: Mapping[str, Mapping[str, Fraction]]
    national_answers: Mapping[str, NationalAnswer]
    unsatisfied_states: frozenset[StateCode]


@dataclass(frozen=True, slots=True)
class DeterminationAnswer:
    """What the rules give: one benefit a scheme, why, and the bytes that replay it."""

    benefits: tuple[ProposedBenefit, ...]
    citations: tuple[Citation, ...]
    explanation: tuple[Explanation, ...]
    summary: tuple[str, ...]
    agreements: tuple[AgreementUsed, ...]
    review_status: str
    banner: str
    trace: bytes


class Determiner(Protocol):
    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        """Apply the rules in force; raises DeterminationError where the law as encoded gives no answer."""
        ...


@dataclass(frozen=True, slots=True)
class Reliance:
    """What of the stated periods may be counted: `waiting` are reasons why nothing may be determined yet.

    `left_out`: state and id of periods that a named person does not rely on.
    """

    waiting: tuple[str, ...] = ()
    left_out: frozenset[tuple[StateCode, str]] = frozenset()

"""Values of a case: the claim, who takes part, what was answered, determined and decided. No I/O, no clock.

What may be done next, and who holds what, is in flow.py; the deadlines of the law are in procedure.py.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from portability.agreements.careers import AnswerStatus, PersonIdentifier
from portability.agreements.values import Branch, Citation, Money, StateCode

__all__ = [
    "UNMET_CONDITIONS",
    "AgreementUsed",
    "AwardBasis",
    "Case",
    "CaseSummary",
    "Claim",
    "DecidedAmount",
    "Decision",
    "DecisionResult",
    "DeclaredPeriod",
    "Determination",
    "Explanation",
    "Frequency",
    "Identification",
    "InstitutionId",
    "NationalAnswer",
    "Participant",
    "Person",
    "ProposedBenefit",
    "RefusalReason",
    "Remedy",
    "case_reference",
    "state_of",
]

InstitutionId = str  # "de-drv": lower-case country code and name


@dataclass(frozen=True, slots=True)
class Person:
    """The insured person as the claim names her."""

    family_name: str
    given_names: str
    birth_date: date
    residence_state: StateCode
    identifiers: tuple[PersonIdentifier, ...]


@dataclass(frozen=True, slots=True)
class DeclaredPeriod:
    """Time in one state as the claimant tells it (987/2009 Art. 46(1)); half-open. It proves nothing by itself."""

    state: StateCode
    start: date
    end: date
    activity: str = ""  # "work in a restaurant", "school", as she says it


@dataclass(frozen=True, slots=True)
class Claim:
    """An old-age claim.

    `lodged_on` is the date of the claim in every institution concerned (987/2009 Art. 45(5)). `deferred_states` are
    those in which she asks that the pension be put off (883/2004 Art. 50(1), 987/2009 Art. 46(2)).
    `asks_in_writing` says that she has asked in writing for the claim to count in the other states too.
    """

    person: Person
    lodged_on: date
    award_on: date  # from when she claims the pension
    declared: tuple[DeclaredPeriod, ...]
    deferred_states: frozenset[StateCode] = frozenset()
    asks_in_writing: bool = False
    language: str = ""  # BCP 47 tag in which she wants to be written to; empty: not told


@dataclass(frozen=True, slots=True)
class Participant:
    """One institution of a case and how far it has come, as this node knows it.

    `agreement_id` is the agreement between its state and that of the contact institution. `status` is ASKED_NO_ANSWER
    until its statement is here.
    """

    institution: InstitutionId
    state: StateCode
    agreement_id: str
    asked_at: datetime
    status: AnswerStatus = AnswerStatus.ASKED_NO_ANSWER
    answered_at: datetime | None = None

    @property
    def is_concerned(self) -> bool:
        """Whether the person was subject to its legislation, so that it has to decide (883/2004 Art. 50(1))."""
        return self.status in {AnswerStatus.KNOWN, AnswerStatus.MAY_NOT_DISCLOSE}


@dataclass(frozen=True, slots=True)
class Identification:
    """Which own account is the person's. `account_id` is empty while a person has to look.

    `outcome` says how the exact search ended; `linked_by` is a caseworker's name, empty for an exact match.
    """

    outcome: str
    searched_at: datetime
    candidates: tuple[str, ...] = ()
    account_id: str = ""
    linked_by: str = ""
    linked_at: datetime | None = None
    reason: str = ""

    @property
    def needs_a_person(self) -> bool:
        return not self.account_id


@dataclass(frozen=True, slots=True)
class NationalAnswer:
    """Amounts a month that the institution gives of a national scheme whose law is not encoded here.

    None: no right on national periods alone, no theoretical amount, no flat-rate part.
    """

    scheme: str
    independent: Money | None
    theoretical: Money | None
    flat_rate: Money | None
    answered_by: str  # the caseworker or system that gave it
    answered_at: datetime
    note: str = ""


class Frequency(StrEnum):
    MONTH = "month"
    YEAR = "year"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class AgreementUsed:
    """A file whose rules were applied, by its exact content."""

    agreement_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One step of how an amount came about: for the caseworker `text`, for the worker `plain` (may be empty); English.

    `values` are its exact values as named JSON (portability.agreements.exact), so that it can be told in any language.
    """

    rule: str
    citation: Citation | None
    text: str
    plain: str = ""
    output: str = ""
    children: tuple["Explanation", ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "Explanation"]]:
        """This step and those below it, each with its depth, in reading order."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True, slots=True)
class ProposedBenefit:
    """What the rules give for one national scheme; `award` None: no right. A proposal, not an award."""

    scheme: str
    agreement_id: str
    award: Money | None
    frequency: Frequency = Frequency.MONTH
    independent: Money | None = None
    theoretical: Money | None = None
    pro_rata: Money | None = None
    ratio: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Determination:
    """A projection of one institution, kept with the bytes that replay it."""

    determination_id: UUID
    institution: InstitutionId
    determined_at: datetime
    determined_by: str
    risk_materialised_on: date
    award_on: date
    benefits: tuple[ProposedBenefit, ...]
    citations: tuple[Citation, ...]
    explanation: tuple[Explanation, ...]
    summary: tuple[str, ...]
    agreements: tuple[AgreementUsed, ...]
    review_status: str  # "unverified", "drafted", "reviewed": the weakest of the files used
    banner: str  # warning to show with every amount; empty once reviewed
    trace: bytes

    def proposal(self, scheme: str) -> ProposedBenefit | None:
        return next((benefit for benefit in self.benefits if benefit.scheme == scheme), None)


class DecisionResult(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


class AwardBasis(StrEnum):
    WORK = "work"
    RESIDENCE = "residence"
    OTHER = "other"


class RefusalReason(StrEnum):
    NO_PERIODS = "no_periods"
    LESS_THAN_ONE_YEAR = "less_than_one_year"
    QUALIFYING_PERIOD_NOT_MET = "qualifying_period_not_met"
    INCOME_TOO_HIGH = "income_too_high"
    AGE_NOT_REACHED = "age_not_reached"
    INFORMATION_MISSING = "information_missing"
    NO_COOPERATION = "no_cooperation"
    OTHER = "other"


UNMET_CONDITIONS = frozenset({RefusalReason.QUALIFYING_PERIOD_NOT_MET, RefusalReason.AGE_NOT_REACHED})
"""Refusals that other institutions must know of when they calculate (883/2004 Art. 50(2))."""


@dataclass(frozen=True, slots=True)
class DecidedAmount:
    """What is paid for one scheme from a day on, gross; `end` exclusive, None: no end is set.

    `changed_because` says why it is not what the determination proposed; empty where it is.
    """

    scheme: str
    amount: Money
    frequency: Frequency
    start: date
    end: date | None = None
    changed_because: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """How to have a decision looked at again (987/2009 Art. 48(1)): which way, within what period, where."""

    text: str
    where: str
    period: str = ""  # "one month from receipt", as the national law says it
    until: date | None = None  # None: it runs from receipt, so no day is fixed
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One institution's decision, made by a named person (message decision.notify)."""

    decision_id: UUID
    institution: InstitutionId
    state: StateCode
    branch: Branch
    basis: AwardBasis
    result: DecisionResult
    effective_on: date
    amounts: tuple[DecidedAmount, ...]
    refusal_reasons: tuple[RefusalReason, ...]
    citations: tuple[Citation, ...]
    remedy: Remedy
    decided_by: str
    decided_at: datetime
    determination_id: UUID | None = None
    trace_sha256: str = ""  # of the determination's trace; empty where it was decided without one
    explanation: tuple[Explanation, ...] = ()
    agreements: tuple[AgreementUsed, ...] = ()
    review_status: str = ""
    banner: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """The contact institution's summary of all decisions (message decision.summary, 987/2009 Art. 48(1))."""

    summary_id: UUID
    sent_by: str
    sent_at: datetime
    decision_ids: tuple[UUID, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One international case as this node knows it: the claim, and all that came after."""

    case_id: UUID
    branch: Branch
    contact: InstitutionId
    claim: Claim
    opened_at: datetime  # at the contact institution
    known_since: datetime  # here
    participants: tuple[Participant, ...]
    identification: Identification | None = None
    national_answers: tuple[NationalAnswer, ...] = ()
    determination: Determination | None = None  # the last one of this node
    first_determined_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    decided_at: tuple[tuple[InstitutionId, datetime], ...] = ()  # when each decision was known here
    summary: CaseSummary | None = None

    @property
    def reference(self) -> str:
        return case_reference(self.case_id, self.contact)

    def participant(self, institution: InstitutionId) -> Participant | None:
        return next((each for each in self.participants if each.institution == institution), None)

    def decision_of(self, institution: InstitutionId) -> Decision | None:
        return next((each for each in self.decisions if each.institution == institution), None)

    def with_participant(self, changed: Participant) -> "Case":
        participants = tuple(changed if p.institution == changed.institution else p for p in self.participants)
        return replace(self, participants=participants)

    @property
    def all_answered_at(self) -> datetime | None:
        """When the last statement came in; None while one is missing."""
        answered = [each.answered_at for each in self.participants]
        known = [at for at in answered if at is not None]
        return max(known) if known and len(known) == len(answered) else None


def state_of(institution: InstitutionId) -> StateCode:
    """The state that an institution's id begins with."""
    return institution[:2].upper()


def case_reference(case_id: UUID, contact: InstitutionId) -> str:
    """The short name of a case, the same at every institution: "IT-7F3K-29QM".

    Taken from the last 40 bits of the id, which are random; the id itself stays the key.
    """
    letters = base64.b32encode(case_id.bytes[-5:]).decode()
    return f"{contact[:2].upper()}-{letters[:4]}-{letters[4:]}"

"""What a worker reads: her cases, career and decisions, as facts with codes; words.py says them in her language.

Names of institutions and officials, methods and notes come from outside and are text to escape.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portability.agreements.careers import AnswerStatus, EvidenceLevel
from portability.agreements.periods import InsurancePeriod
from portability.agreements.values import Branch, Citation, Money, StateCode
from portability.services.access import Role
from portability.services.workers.remembered import RememberedDay


@dataclass(frozen=True, slots=True)
class Institution:
    institution_id: str  # "de-drv"
    name: str
    state: StateCode


class StepKind(StrEnum):
    """What is being done with a case, one after the other; records and decisions go on in several countries."""

    CLAIM = "claim"  # the claim was received and passed on
    IDENTIFY = "identify"  # a person must look whether a record is hers
    RECORDS = "records"  # an institution looks up its records and sends a statement
    DETERMINE = "determine"  # an institution works out what it owes
    DECIDE = "decide"  # a named person decides
    SUMMARY = "summary"  # the contact institution sends the summary of all decisions


@dataclass(frozen=True, slots=True)
class Due:
    """Until when: a day set by law, or "as soon as possible" by law beside a day on which we expect it."""

    citation: Citation | None
    by_law_on: date | None = None
    expected_on: date | None = None  # a service standard, after which the holder is asked again; not law


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step and who holds it. `done_at` is None while it is open."""

    step_id: str
    kind: StepKind
    holder: Institution
    since: datetime
    due: Due | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SeenBy:
    """One look of staff at her case: when, which institution, in which role, and what for.

    The institution answers for its staff, so no caseworker is named (GDPR Art. 15(1); CJEU C-579/21, Pankki S).
    """

    at: datetime
    institution: Institution
    role: Role
    purpose: str  # code of portability.services.purposes
    by: str = ""  # who looked for her or with her, whom she named herself; empty: staff


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case of one worker. Steps stand in the order in which they began.

    Looks at it are told, the newest first, where one case is shown; they are left out where several are listed.
    """

    case_id: UUID
    worker_id: UUID
    reference: str  # the short name that a worker can say on the phone
    branch: Branch
    lodged_on: date
    contact_institution: Institution
    steps: tuple[CaseStep, ...]
    closed_on: date | None = None
    seen_by: tuple[SeenBy, ...] = ()


@dataclass(frozen=True, slots=True)
class CareerPeriod:
    """A period and who verified it; `verified_by` is None where she only declared it herself."""

    period: InsurancePeriod
    level: EvidenceLevel
    verified_by: Institution | None = None
    verified_on: date | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredTime:
    """Time that she told herself, both days included. It proves nothing by itself, and she can compare it."""

    first_day: RememberedDay
    last_day: RememberedDay
    activity: str = ""  # as she said it
    employer: str = ""

    @property
    def start(self) -> date:
        """The first day that it can have been."""
        return self.first_day.earliest

    @property
    def end(self) -> date:
        """The day after the last one that it can have been."""
        return self.last_day.latest + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CareerInCountry:
    """`periods` are those of a record; what she told herself, with her claim or later, stands in `declared`."""

    state: StateCode
    status: AnswerStatus
    institution: Institution | None = None  # None only where nobody was asked
    asked_on: date | None = None
    answered_on: date | None = None
    periods: tuple[CareerPeriod, ...] = ()
    declared: tuple[DeclaredTime, ...] = ()

    def __post_init__(self) -> None:
        if self.institution is None and self.status is not AnswerStatus.NOT_ASKED:
            raise ValueError(f"{self.state} is {self.status}: name the institution that was asked")


@dataclass(frozen=True, slots=True)
class CareerView:
    worker_id: UUID
    countries: tuple[CareerInCountry, ...]
    is_protected: bool = False  # True: places and employers are left out


class Outcome(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"
    PROVISIONAL = "provisional"  # paid now, may still change (987/2009 Art. 50)


class RefusalReason(StrEnum):
    """Why an institution pays nothing."""

    NO_PERIODS = "no_periods"
    LESS_THAN_ONE_YEAR = "less_than_one_year"
    QUALIFYING_PERIOD_NOT_MET = "qualifying_period_not_met"
    INCOME_TOO_HIGH = "income_too_high"
    AGE_NOT_REACHED = "age_not_reached"
    INFORMATION_MISSING = "information_missing"
    NO_COOPERATION = "no_cooperation"
    OTHER = "other"


class Frequency(StrEnum):
    MONTH = "month"
    YEAR = "year"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class AwardAmount:
    """What one scheme pays from a day on, before tax and other deductions; `until` is exclusive, None: no end set.

    `changed_because` is the reason of the person who decided otherwise than the rules proposed; empty where not.
    """

    amount: Money
    frequency: Frequency
    start: date
    until: date | None = None
    scheme: str = ""
    changed_because: str = ""


@dataclass(frozen=True, slots=True)
class WhyStep:
    """One step of how an amount came about, with the place in the law.

    `rule` names the sentence in the catalogues of explanations, which is filled with `values`: named exact values as
    JSON (portability.agreements.exact). Where no catalogue knows the rule, or a value is missing, the English sentence
    `what` is shown. An empty `what` is of no interest to a worker: only what lies below it is shown.
    """

    rule: str
    citation: Citation | None
    what: str
    values: tuple[tuple[str, str], ...] = ()
    children: tuple["WhyStep", ...] = ()


@dataclass(frozen=True, slots=True)
class Redress:
    """How to have a decision looked at again."""

    where: str  # name and address
    until: date | None = None  # last day; None where it is no fixed day
    period: str = ""  # "one month from receipt", as the institution says it; empty where not told
    way: str = ""  # which way there is, as the institution says it
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One institution's decision, made by a named person."""

    decision_id: str
    case_id: UUID
    worker_id: UUID
    institution: Institution
    outcome: Outcome
    decided_on: date
    decided_by: str
    amounts: tuple[AwardAmount, ...]
    why: tuple[WhyStep, ...]
    refusal_reasons: tuple[RefusalReason, ...] = ()
    redress: Redress | None = None
    agreement_name: str = ""  # "Regulation (EC) No 883/2004"
    agreement_reviewed: bool = False  # False: no authority has reviewed our reading of the agreement yet
    is_protected: bool = False  # True: places are left out

"""What a person does, where and for whom, and whose legislation follows from it. Plain frozen data.

What the rules do with these facts stands in `applicable_legislation`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from portability.agreements.model import Step
from portability.agreements.values import Citation, StateCode

__all__ = ["Activity", "ActivityKind", "AgreedException", "Condition", "LegislationResult", "PostingFacts", "WorkFacts"]


class ActivityKind(StrEnum):
    """What a person does; seafarers and crews of aircraft are employed persons with rules of their own."""

    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"
    CIVIL_SERVANT = "civil_servant"
    SEAFARER = "seafarer"
    AIR_CREW = "air_crew"
    CALLED_UP = "called_up"  # to armed or civilian service
    UNEMPLOYED = "unemployed"  # with unemployment benefits of the state of residence
    NOT_WORKING = "not_working"


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity. A person who receives a cash benefit because of an activity goes on pursuing it here.

    `share` is its part of all working time or pay, as expected for the next twelve months; None: not known.
    `employer` tells several employers apart; `employer_seat` is where its essential decisions are taken.
    """

    kind: ActivityKind
    state: StateCode
    share: Fraction | None = None
    employer: str = ""
    employer_seat: StateCode = ""
    flag: StateCode = ""  # of the ship
    home_base: StateCode = ""  # of the crew of an aircraft
    employing_state: StateCode = ""  # of a civil servant: whose administration employs her
    engaged_locally: bool = False  # a civil servant engaged where she works, not sent there
    chosen_state: StateCode = ""  # what a person engaged locally has chosen, where she may


@dataclass(frozen=True, slots=True)
class PostingFacts:
    """Sent for a time from one state to another; None where a fact is not known."""

    from_state: StateCode
    to_state: StateCode
    since: date
    expected_months: int | None
    replaces_another: bool | None = None
    insured_before: bool | None = None
    extended_until: date | None = None  # last day to which the authorities have agreed
    previous_ended_on: date | None = None  # last day of an earlier posting of the same person


@dataclass(frozen=True, slots=True)
class AgreedException:
    """What the authorities have agreed for this person: the state, and its last day where one is named."""

    state: StateCode
    until: date | None = None


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """All that decides whose legislation applies, as the person and the institutions have stated it."""

    residence_state: StateCode
    activities: tuple[Activity, ...]
    nationality: StateCode = ""
    posting: PostingFacts | None = None
    telework_share: Fraction | None = None  # done from the residence state, of all working time
    telework_requested: bool = False
    centre_of_interest: StateCode = ""  # of the activities of a self-employed person
    exception: AgreedException | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What the rule turns on and the facts do not settle: a person or an authority confirms it."""

    id: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class LegislationResult:
    """The one state whose legislation applies, by which rule, and until when (last day; None: while the facts last)."""

    agreement_id: str
    state: StateCode
    rule_id: str
    citation: Citation
    until: date | None
    status: str  # of the rule: verified or unverified
    provisional: bool
    to_confirm: tuple[Condition, ...]
    steps: tuple[Step, ...]

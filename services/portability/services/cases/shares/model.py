"""Values of a share: a claim on a flow as it is read, and what this institution has determined in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from portability.agreements.careers import CareerRecord
from portability.agreements.values import StateCode
from portability.services.cases.commands import GivenAmounts, RecordAnswer
from portability.services.cases.concerned import NotAsked
from portability.services.cases.flow import Due
from portability.services.cases.model import Case, Determination, Identification, InstitutionId, NationalAnswer

__all__ = [
    "DECIDE",
    "DECIDE_AGAIN",
    "STATE",
    "STATE_DEFERRED",
    "STATE_NONE",
    "SUMMARISE",
    "ClaimOnFlow",
    "DetermineShare",
    "Grounds",
    "Lodged",
    "SaidDocument",
    "SaidInCase",
    "Share",
    "StateOwnRecords",
    "SummariseShares",
]

# Actions of the flows of claims for pensions (flows/definitions/f05_old_age_claim.yaml, and what is based on it).
STATE, STATE_NONE, STATE_DEFERRED = "state", "state_none", "state_deferred"
DECIDE, DECIDE_AGAIN = "decide", "decide_again"
SUMMARISE = "summarise"


@dataclass(frozen=True, slots=True)
class SaidDocument:
    """Something said in a case that has its effect; `sender` and `at` are the signed header's."""

    document_id: UUID
    type: str
    sender: InstitutionId
    to: tuple[InstitutionId, ...]
    at: datetime
    content: bytes


@dataclass(frozen=True, slots=True)
class SaidInCase:
    """A case on a flow: who takes part, the documents that have effect, and what we may say now.

    `parties`: each institution of the claim with the agreement between its state and that of the one that opened it.
    `why_not`: by action of the flow, why it is not allowed now; empty where it is. `dues`: by track of the flow and
    institution, until when it is awaited. `ended_at` None: somebody is awaited, or may be.
    """

    case_id: UUID
    flow_id: str
    opened_by: InstitutionId
    known_since: datetime
    parties: tuple[tuple[InstitutionId, str], ...]
    documents: tuple[SaidDocument, ...]
    why_not: Mapping[str, str]
    dues: Mapping[tuple[str, InstitutionId], Due] = field(default_factory=dict)
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimOnFlow:
    """What the documents of a case add up to: the claim with the decisions, and what each country has stated.

    `request_id`: the document that asked us for our records.
    """

    case: Case
    careers: tuple[CareerRecord, ...]
    request_id: UUID


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a named person has said of own records.

    `account_id` empty: that there are none of the insured person, or that the one named before is another's.
    """

    account_id: str
    said_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Share:
    """What is determined, None: nothing yet, and what of ours it rests on: an account, amounts, a person's word.

    `rests_on`: SHA-256 of what others have stated, as it was counted; a decision is made on no other. `search`: how
    looking for her own account ended; None: nobody has looked yet.
    """

    determination: Determination | None = None
    account_id: str = ""
    grounds: Grounds | None = None
    answers: tuple[NationalAnswer, ...] = ()
    rests_on: str = ""
    search: Identification | None = None


@dataclass(frozen=True, slots=True)
class Lodged:
    """The case that was opened, and the states of which nobody could be asked."""

    case_id: UUID
    not_asked: tuple[NotAsked, ...] = ()


@dataclass(frozen=True, slots=True)
class StateOwnRecords:
    request_id: UUID
    case_id: UUID
    answer: RecordAnswer
    account_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DetermineShare:
    """`award_on` None: the day from which the pension is claimed. `residence_state` empty: as the claim tells it."""

    request_id: UUID
    case_id: UUID
    risk_materialised_on: date
    award_on: date | None = None
    account_id: str = ""
    reason: str = ""
    residence_state: StateCode = ""
    answers: tuple[GivenAmounts, ...] = ()


@dataclass(frozen=True, slots=True)
class SummariseShares:
    request_id: UUID
    case_id: UUID

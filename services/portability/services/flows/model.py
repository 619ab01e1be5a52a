"""Values of a case that runs on a flow: its documents, and the position that they add up to. No I/O, no clock."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from portability.agreements.values import Citation, StateCode
from portability.services.flows.definition import ANYBODY, CASE, EVERYONE, LIAISON_BODY, OWNER

__all__ = [
    "PASSED",
    "ActionState",
    "CaseFile",
    "Document",
    "DueState",
    "Instance",
    "InstanceKey",
    "InstitutionId",
    "KeptDocument",
    "Party",
    "PassedDeadline",
    "Placed",
    "Position",
    "Step",
    "case_reference",
    "state_of",
]

InstitutionId = str  # "de-drv": lower-case country code and name
InstanceKey = tuple[str, str]  # track, and whose or which: "", an institution, or "<document>/<institution>"
PASSED = "deadline_passed"  # action of the document that the clock writes


def state_of(institution: InstitutionId) -> StateCode:
    """The state that an institution's id begins with."""
    return institution[:2].upper()


def case_reference(case_id: UUID, opened_by: InstitutionId) -> str:
    """The short name of a case, the same at every institution: "IT-7F3K-29QM", from the random end of its id."""
    letters = base64.b32encode(case_id.bytes[-5:]).decode()
    return f"{opened_by[:2].upper()}-{letters[:4]}-{letters[4:]}"


@dataclass(frozen=True, slots=True)
class Party:
    """One institution of the case. `agreement_id` is what binds its state and that of the one that opened it."""

    institution: InstitutionId
    role: str
    agreement_id: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one instance of a track stands: what a newcomer to a case is told instead of all that came before."""

    track: str
    key: str
    state: str


@dataclass(frozen=True, slots=True)
class PassedDeadline:
    """A deadline that passed: which rule, of which instance, and since when that one had stood there."""

    rule_id: str
    track: str
    key: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """One thing said in a case, by an institution or by the clock. Content is not the engine's business.

    `at` is the signed time of sending. `target` is the document that this one voids, or an earlier one of the same
    action whose place it takes (an update moves nothing).
    `parties` are all that take part from now on, where it opens the case or changes them; `placed` comes with it.
    """

    document_id: UUID
    action: str
    sender: InstitutionId
    to: tuple[InstitutionId, ...]
    at: datetime
    in_reply_to: UUID | None = None
    target: UUID | None = None
    parties: tuple[Party, ...] = ()
    owner: InstitutionId = ""  # who opened the case, where a newcomer cannot know
    placed: tuple[Placed, ...] = ()
    due_on: date | None = None
    deadline_rule_id: str = ""
    passed: PassedDeadline | None = None

    @property
    def order(self) -> tuple[datetime, InstitutionId, UUID]:
        """The order that every node gives to the documents of a case, whichever arrived first."""
        return self.at, self.sender, self.document_id


@dataclass(frozen=True, slots=True)
class Instance:
    """Where one instance of a track stands, since when, and whose document brought it there.

    `by` None: it has not moved yet. `rule_id`: the deadline that moved it. `passed`: rules that have passed since.
    `extended_to`: a later day that its holder gave and that no law stands against.
    """

    state: str
    since: datetime
    by: UUID | None = None
    asker: InstitutionId = ""
    rule_id: str = ""
    passed: tuple[str, ...] = ()
    due_on: date | None = None  # as the request itself says
    deadline_rule_id: str = ""
    extended_to: date | None = None
    reminders: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """What the documents of a case add up to. `waiting`: documents without effect yet, each with the reason."""

    parties: Mapping[InstitutionId, Party] = field(default_factory=dict)
    instances: Mapping[InstanceKey, Instance] = field(default_factory=dict)
    owner: InstitutionId = ""
    applied: Mapping[UUID, Document] = field(default_factory=dict)
    waiting: Mapping[UUID, str] = field(default_factory=dict)
    void: Mapping[UUID, UUID] = field(default_factory=dict)  # by what voided them
    superseded: Mapping[UUID, UUID] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether the case as a whole is open; one that nobody has opened yet is not."""
        found = self.instances.get((CASE, ""))
        return found is not None and found.state == "open"

    @property
    def states(self) -> dict[InstanceKey, str]:
        """Where each instance stands."""
        return {key: instance.state for key, instance in self.instances.items()}

    def role_of(self, institution: InstitutionId) -> str:
        party = self.parties.get(institution)
        return party.role if party else ""

    def is_one_of(self, institution: InstitutionId, roles: tuple[str, ...]) -> bool:
        """Whether an institution plays one of the roles that an action, a track or a state names."""
        role = self.role_of(institution)
        if not role:
            return False
        if role in roles or EVERYONE in roles or (institution == self.owner and OWNER in roles):
            return True
        return ANYBODY in roles and role != LIAISON_BODY


@dataclass(frozen=True, slots=True)
class ActionState:
    """Whether an institution may send an action now; `why_not` is empty where it may."""

    action: str
    type: str
    says: str
    why_not: str
    needs_person: bool = False

    @property
    def allowed(self) -> bool:
        return not self.why_not


class DueState(StrEnum):
    NONE = "none"
    RUNNING = "running"
    NEAR = "near"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    SILENT_CONSENT = "silent_consent"


@dataclass(frozen=True, slots=True)
class Step:
    """Who holds what since when, until when and why, and what comes next. `holders` empty: nobody is awaited."""

    track: str
    key: str
    state: str
    says: str
    holders: tuple[InstitutionId, ...]
    since: datetime
    due_state: DueState
    due_on: date | None = None
    rule_id: str = ""
    basis: str = ""
    citation: Citation | None = None
    pace: str = ""
    asker: InstitutionId = ""
    next: tuple[str, ...] = ()

    @property
    def step_id(self) -> str:
        return f"{self.track}:{self.key}" if self.key else self.track


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as a node keeps it: the flow and version with which it was opened, and its documents."""

    case_id: UUID
    flow_id: str
    flow_version: int
    known_since: datetime
    documents: tuple["KeptDocument", ...] = ()

    @property
    def said(self) -> tuple[Document, ...]:
        """Its documents as the engine folds them."""
        return tuple(one.document for one in self.documents)


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document with what it carries; `type` and `content` are empty where the clock wrote it.

    `said_by` is the person or program of this institution who said it; of others, and of the clock, it is empty.
    """

    document: Document
    type: str = ""
    content: bytes = b""
    language: str = ""
    said_by: str = ""

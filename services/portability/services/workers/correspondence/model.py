"""Her messages as plain values: notices to her, and the messages between institutions in her cases. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from portability.agreements.errors import InputError
from portability.services.workers.views import Institution

__all__ = ["About", "Letter", "LetterState", "Page", "Place", "Subject", "Told", "ToldState", "place_of", "token_of"]

Place = tuple[datetime, UUID]  # of an entry in the list: the newer one is the greater one


class Subject(StrEnum):
    """What a message between institutions is about, as a worker would say it: many types come down to few subjects."""

    CLAIM = "claim"
    WITHDRAWAL = "withdrawal"
    QUESTION = "question"
    ANSWER = "answer"
    RECORDS_ASKED = "records_asked"
    RECORDS = "records"
    DECLARED = "declared"
    CORRECTION = "correction"
    DISPUTE = "dispute"
    DISPUTE_STATUS = "dispute_status"
    IDENTIFY = "identify"
    IDENTIFIED = "identified"
    CHANGE = "change"
    LIFE_ASKED = "life_asked"
    LIFE = "life"
    CERTIFICATE_ASKED = "certificate_asked"
    CERTIFICATE = "certificate"
    CERTIFICATE_ENDED = "certificate_ended"
    CERTIFICATE_CHECK = "certificate_check"
    LAW = "law"
    EXCEPTION = "exception"
    ADVANCE = "advance"
    DECISION = "decision"
    SUMMARY = "summary"
    MONEY = "money"
    CONTRIBUTIONS = "contributions"
    REMINDER = "reminder"
    END = "end"
    AGAIN = "again"  # whether a finished case is opened again
    PARTIES = "who_works"
    VOID = "void"
    OTHER = "other"

    @classmethod
    def of(cls, message_type: str) -> "Subject":
        """Of a type of message ("record.request"); what an institution's own systems send is something else."""
        parts = message_type.split(".")
        beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((_SUBJECTS[one] for one in beginnings if one in _SUBJECTS), cls.OTHER)


_SUBJECTS: Final[Mapping[str, Subject]] = MappingProxyType(
    {
        "claim": Subject.CLAIM,
        "claim.withdraw": Subject.WITHDRAWAL,
        "claim.info.request": Subject.QUESTION,
        "claim.info": Subject.ANSWER,
        "message.clarify.request": Subject.QUESTION,
        "message.clarify.reply": Subject.ANSWER,
        "message": Subject.VOID,
        "record.request": Subject.RECORDS_ASKED,
        "record.statement": Subject.RECORDS,
        "record.history.declared": Subject.DECLARED,
        "record.correction": Subject.CORRECTION,
        "record.dispute": Subject.DISPUTE,
        "record.dispute.status": Subject.DISPUTE_STATUS,
        "earnings.request": Subject.RECORDS_ASKED,
        "earnings.statement": Subject.RECORDS,
        "residence.request": Subject.RECORDS_ASKED,
        "residence.statement": Subject.RECORDS,
        "trace.request": Subject.RECORDS_ASKED,
        "trace.answer": Subject.RECORDS,
        "person.identify.request": Subject.IDENTIFY,
        "person.identify.reply": Subject.IDENTIFIED,
        "person": Subject.CHANGE,
        "life_check.request": Subject.LIFE_ASKED,
        "life_check.attest": Subject.LIFE,
        "certificate.request": Subject.CERTIFICATE_ASKED,
        "certificate.issue": Subject.CERTIFICATE,
        "certificate.revoke": Subject.CERTIFICATE_ENDED,
        "certificate.verify": Subject.CERTIFICATE_CHECK,
        "certificate.verified": Subject.CERTIFICATE_CHECK,
        "determination": Subject.LAW,
        "coverage": Subject.LAW,
        "exception": Subject.EXCEPTION,
        "provisional_award": Subject.ADVANCE,
        "decision": Subject.DECISION,
        "decision.summary": Subject.SUMMARY,
        "payment": Subject.MONEY,
        "offset": Subject.MONEY,
        "lump_sum": Subject.MONEY,
        "contribution": Subject.CONTRIBUTIONS,
        "reminder": Subject.REMINDER,
        "case": Subject.PARTIES,
        "case.close": Subject.END,
        "case.reopen": Subject.AGAIN,
        "participant": Subject.PARTIES,
    }
)
"""By type, or by how it begins: the longest that fits counts."""


@dataclass(frozen=True, slots=True)
class About:
    """A case that she can open: what it is about (a key of the catalogue), and whether it is a matter or a claim."""

    case_id: UUID
    title: str
    reference: str
    is_matter: bool


class ToldState(StrEnum):
    """What became of the text that told it."""

    WAITING = "waiting"
    TAKEN = "taken"  # nobody knows whether it went; it is not sent again
    SENT = "sent"
    FAILED = "failed"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice to her. `kind` is that of the notice ("decided"); `channel`: "phone", "email", or empty if not known."""

    place: Place
    kind: str
    state: ToldState
    channel: str = ""
    sent_at: datetime | None = None
    case_id: UUID | None = None  # in which of her cases; None: in none, or in several
    about: About | None = None  # that case, where she can open it


class LetterState(StrEnum):
    """How far a message has come."""

    ON_WAY = "on_way"
    ARRIVED = "arrived"
    OPENED = "opened"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message between institutions. It stands in the list when it was sent or came here; `sent`: from here."""

    place: Place
    about: About
    type: str
    sent: bool
    sender: Institution
    recipient: Institution
    state: LetterState
    arrived_at: datetime | None = None
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list, the newest first. `older`: after which the next one begins; None: this was the last."""

    entries: tuple[Told | Letter, ...]
    older: Place | None


def token_of(place: Place | None) -> str:
    """A place as a channel hands it back; empty for none."""
    return f"{place[0].isoformat()}_{place[1]}" if place else ""


def place_of(token: str) -> Place | None:
    """The place of a token; None for an empty one. Raises InputError for what is none of ours."""
    if not token:
        return None
    at, _, entry_id = token.partition("_")
    try:
        found = datetime.fromisoformat(at), UUID(entry_id)
    except ValueError:
        found = None
    if found is None or found[0].tzinfo is None:
        raise InputError("The page token is not from an earlier answer: start without one.", field="page_token")
    return found

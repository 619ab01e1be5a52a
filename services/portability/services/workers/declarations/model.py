"""Declared time as plain values: from when until when as she remembers, the papers, and what came of it. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError
from portability.agreements.values import StateCode
from portability.services.workers.remembered import RememberedDay

__all__ = [
    "ABOUT_LENGTH",
    "LARGEST_DOCUMENT",
    "MOST_ASKED",
    "MOST_BYTES",
    "MOST_DECLARATIONS",
    "MOST_DOCUMENTS",
    "NAME_LENGTH",
    "Answer",
    "CleanedPdf",
    "Declaration",
    "DeclaredDocument",
    "DocumentKind",
    "InstitutionId",
    "PdfFinding",
    "Progress",
    "Standing",
    "answered",
    "check_days",
    "check_withdrawable",
    "local_progress",
    "with_document",
]

InstitutionId = str
NAME_LENGTH: Final = 200  # of an employer, or of what she did
ABOUT_LENGTH: Final = 100
LARGEST_DOCUMENT: Final = 3 * 1024 * 1024  # a page photographed by a phone; a call takes 4 MiB in all
MOST_DOCUMENTS: Final = 5  # of one declaration
MOST_DECLARATIONS: Final = 50  # of one worker
MOST_BYTES: Final = 60 * 1024 * 1024  # of papers of one worker
MOST_ASKED: Final = 10  # institutions asked for one worker by declaring; staff may ask more


class DocumentKind(StrEnum):
    """What a paper is by its content; the name that it came with says nothing."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self is DocumentKind.PDF else f"image/{self}"

    @property
    def suffix(self) -> str:
        """Of a file that holds it."""
        return "jpg" if self is DocumentKind.JPEG else str(self)


class PdfFinding(StrEnum):
    """What became of a PDF."""

    CLEANED = "cleaned"
    SIGNED = "signed"  # kept as it came: anything taken out would break what the signature proves
    UNREADABLE = "unreadable"  # broken, or locked with a password: nobody at the office could open it either


@dataclass(frozen=True, slots=True)
class CleanedPdf:
    """A PDF as it is kept; `content` is empty where it is unreadable."""

    finding: PdfFinding
    content: bytes


class Standing(StrEnum):
    WAITING = "waiting"  # for a person of this institution
    ASKED = "asked"
    KNOWN = "known"
    UNKNOWN = "unknown"
    MAY_NOT_SAY = "may_not_say"
    NO_ANSWER = "no_answer"
    ON_RECORD = "on_record"  # as a person of this institution says
    NOT_ON_RECORD = "not_on_record"

    @property
    def is_abroad(self) -> bool:
        """Whether it is what the institution of the state says, or does not."""
        return self not in {Standing.WAITING, Standing.ON_RECORD, Standing.NOT_ON_RECORD}


@dataclass(frozen=True, slots=True)
class DeclaredDocument:
    """What is known of a paper. The name of the file that it came in is not kept."""

    document_id: UUID
    kind: DocumentKind
    size: int
    added_at: datetime
    about: str = ""
    added_by: str = ""  # who sent it for her or with her; empty: she did
    is_signed: bool = False  # a PDF with a signature over it, kept as it came: it may say who made it, when and where


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person of this institution said."""

    on_record: bool
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """Time in a state as she tells it, both days included. `case_id` is the case in which it is looked at.

    `asked` is the institution that was asked, in the case `flow_case_id` of the flow F14; empty and None: nobody was.
    """

    declaration_id: UUID
    worker_id: UUID
    case_id: UUID
    state: StateCode
    first_day: RememberedDay
    last_day: RememberedDay
    declared_at: datetime
    employer: str = ""
    activity: str = ""
    declared_by: str = ""
    documents: tuple[DeclaredDocument, ...] = ()
    asked: InstitutionId = ""
    flow_case_id: UUID | None = None
    answer: Answer | None = None

    @property
    def waits_for_us(self) -> bool:
        """Whether a person of this institution still has to say what came of it."""
        return self.answer is None

    @property
    def size(self) -> int:
        return sum(one.size for one in self.documents)


@dataclass(frozen=True, slots=True)
class Progress:
    """How a declaration stands, and since when."""

    standing: Standing
    since: datetime


def local_progress(declaration: Declaration) -> Progress | None:
    """How it stands by what is known here; None where whoever was asked has to be looked up."""
    if declaration.answer is not None:
        standing = Standing.ON_RECORD if declaration.answer.on_record else Standing.NOT_ON_RECORD
        return Progress(standing, declaration.answer.at)
    return None if declaration.flow_case_id else Progress(Standing.WAITING, declaration.declared_at)


def check_days(first_day: RememberedDay, last_day: RememberedDay, *, today: date) -> None:
    """Raise InputError by its field where time has not begun yet, or ends before it begins."""
    if first_day.earliest > today:
        raise InputError("The first day has not come yet: tell of time that has begun.", field="first_day")
    if last_day.latest < first_day.earliest:
        raise InputError("The last day lies before the first day: exchange them.", field="last_day")
    if last_day.earliest > today:
        raise InputError("The last day has not come yet: give today where it still goes on.", field="last_day")


def with_document(declaration: Declaration, document: DeclaredDocument) -> Declaration:
    """The declaration with one more paper; CaseStateError where it is answered."""
    if declaration.answer is not None:
        raise CaseStateError(
            "This is answered: tell of the time again to show more papers.", state="answered", allowed_actions=()
        )
    return replace(declaration, documents=(*declaration.documents, document))


def check_withdrawable(declaration: Declaration) -> None:
    """Raise CaseStateError where somebody was asked or has answered: what others hold by then stays."""
    if declaration.answer is not None or declaration.flow_case_id is not None:
        raise CaseStateError(
            "Somebody was asked about this or has answered it: it cannot be taken back any more.",
            state="answered" if declaration.answer else "asked",
            allowed_actions=(),
        )


def answered(declaration: Declaration, answer: Answer) -> Declaration:
    """The declaration with its answer; CaseStateError where it has one already."""
    if declaration.answer is not None:
        raise CaseStateError(
            "This declaration is answered: an answer is not taken back.", state="answered", allowed_actions=()
        )
    return replace(declaration, answer=answer)

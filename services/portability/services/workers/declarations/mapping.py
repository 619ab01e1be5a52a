"""Declarations to and from protobuf: the calls of worker and caseworker, and the question to another institution."""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from portability.agreements.careers import EvidenceLevel, PersonIdentifier
from portability.agreements.errors import InputError
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.common.v1 import common_pb2 as common
from portability.api.declarations.v1 import declarations_pb2 as pb
from portability.api.persons.v1 import messages_pb2 as persons
from portability.services.mapping.common import (
    EnumTable,
    read_uuid,
    write_date,
    write_identifier,
    write_instant,
    write_record,
)
from portability.services.workers.declarations.desk import SettleDeclaration
from portability.services.workers.declarations.handlers import AddDocument, DeclarationView, DeclarePeriod
from portability.services.workers.declarations.model import (
    Declaration,
    DeclaredDocument,
    DocumentKind,
    Standing,
)
from portability.services.workers.declarations.story import declaration_phrases
from portability.services.workers.remembered import Precision, RememberedDay
from portability.services.workers.words import Words

__all__ = [
    "read_add",
    "read_declare",
    "read_settle",
    "write_between_institutions",
    "write_desk",
    "write_document",
    "write_mine",
]

_KIND = EnumTable(DocumentKind, pb.DocumentKind, "DOCUMENT_KIND")
_STANDING = EnumTable(Standing, pb.DeclarationStanding, "DECLARATION_STANDING")
_PRECISION = EnumTable(Precision, persons.DatePrecision, "DATE_PRECISION")
_DECLARED = common.EvidenceLevel.Value(f"EVIDENCE_LEVEL_{EvidenceLevel.DECLARED.name}")
NameOf = Callable[[str], str]


def read_declare(request: pb.DeclarePeriodRequest, *, worker_id: UUID, by: str) -> DeclarePeriod:
    return DeclarePeriod(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=worker_id,
        state=request.state,
        first_day=_read_day(request.first_day, field="first_day"),
        last_day=_read_day(request.last_day, field="last_day"),
        employer=request.employer,
        activity=request.activity,
        may_ask=request.may_ask,
        by=by,
        language=request.language,
    )


def read_add(request: pb.AddDocumentRequest, *, worker_id: UUID, by: str) -> AddDocument:
    return AddDocument(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=worker_id,
        declaration_id=read_uuid(request.declaration_id, field="declaration_id"),
        digest=AddDocument.digest_of(request.content),
        about=request.about,
        by=by,
    )


def read_settle(request: pb.SettleDeclarationRequest) -> SettleDeclaration:
    return SettleDeclaration(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.declaration_id, field="declaration_id"),
        request.on_record,
        request.reason,
    )


def write_mine(view: DeclarationView, *, words: Words, me: str, name_of: NameOf) -> pb.Declaration:
    """As she reads it: the institution answers for its staff, so that nobody is named (docs/privacy.md)."""
    written = _declaration(view, name_of=name_of)
    written.answered_by = ""
    written.text.extend(words.say(one) for one in declaration_phrases(view, me=me, name_of=name_of))
    return written


def write_desk(view: DeclarationView, *, name_of: NameOf) -> pb.Declaration:
    return _declaration(view, name_of=name_of)


def write_document(document: DeclaredDocument) -> pb.DeclaredDocument:
    return pb.DeclaredDocument(
        document_id=str(document.document_id),
        kind=_KIND.write(document.kind),
        size_bytes=document.size,
        about=document.about,
        added_at=write_instant(document.added_at),
        added_by=document.added_by,
        is_signed=document.is_signed,
    )


def write_between_institutions(
    declaration: Declaration,
    *,
    names: tuple[str, str],
    birth_date: date,
    identifiers: Sequence[PersonIdentifier],
) -> bytes:
    """Content of the message "trace.request": who she is, when it was and for whom. `names`: family and given names.

    A day that she does not remember is asked for from the earliest to the latest that it can be.
    """
    person = persons.PersonDescription(
        names=[persons.PersonName(kind=persons.NameKind.NAME_KIND_CURRENT, family_name=names[0], given_names=names[1])],
        birth=_day(RememberedDay.of(birth_date)),
        identifiers=[write_identifier(one) for one in identifiers],
    )
    if declaration.employer:
        person.employers.add(name=declaration.employer)
    return write_record(
        careers.TraceRequest(
            person=person,
            first_day=write_date(declaration.first_day.earliest),
            last_day=write_date(declaration.last_day.latest),
        )
    )


def _read_day(message: persons.PartialDate, *, field: str) -> RememberedDay:
    try:
        day = RememberedDay(message.year, message.month, message.day)
    except InputError as error:
        raise InputError(error.message, field=field) from error
    if _PRECISION.read(message.precision, field=f"{field}.precision") is not day.precision:
        raise InputError(f"{field} says more or less than its precision: make the two agree.", field=field)
    return day


def _declaration(view: DeclarationView, *, name_of: NameOf) -> pb.Declaration:
    declaration, answer = view.declaration, view.declaration.answer
    written = pb.Declaration(
        declaration_id=str(declaration.declaration_id),
        case_id=str(declaration.case_id),
        state=declaration.state,
        first_day=_day(declaration.first_day),
        last_day=_day(declaration.last_day),
        employer=declaration.employer,
        activity=declaration.activity,
        level=_DECLARED,
        declared_at=write_instant(declaration.declared_at),
        declared_by=declaration.declared_by,
        documents=[write_document(one) for one in declaration.documents],
        standing=_STANDING.write(view.progress.standing),
        flow_case_id=str(declaration.flow_case_id) if declaration.flow_case_id else "",
        reason=answer.reason if answer else "",
        answered_by=answer.by if answer else "",
        answered_at=write_instant(answer.at) if answer else None,
    )
    if declaration.asked:
        written.asked.CopyFrom(
            common.InstitutionReference(institution_id=declaration.asked, name=name_of(declaration.asked))
        )
    return written


def _day(day: RememberedDay) -> persons.PartialDate:
    precision = _PRECISION.write(day.precision)
    return persons.PartialDate(year=day.year, month=day.month, day=day.day, precision=precision)

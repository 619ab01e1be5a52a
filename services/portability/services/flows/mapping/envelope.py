"""The envelope of a case message (cases.v1.CaseMessage) to and from a document."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from portability.agreements.errors import InputError
from portability.api.cases.v1 import envelope_pb2 as pb
from portability.services.flows.definition import FlowKey
from portability.services.flows.model import Document, InstitutionId, KeptDocument, Party, Placed, state_of
from portability.services.mapping.common import (
    read_date,
    read_record,
    read_uuid,
    write_date,
    write_institution,
    write_record,
)

__all__ = ["ENVELOPE_VERSION", "Envelope", "read_envelope", "write_envelope"]

ENVELOPE_VERSION = 2
"""Schema version of the messages of cases; there is no other."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an institution says in a case; who says it, when and to whom it went stand in the signed header."""

    flow: FlowKey
    kept: KeptDocument
    is_protected: bool = False  # its sender protects the person of the case
    profile_id: str = ""  # what the agreement asked of it; empty: the message's own rules alone


def write_envelope(
    kept: KeptDocument, *, flow: FlowKey, since: date, is_protected: bool = False, profile_id: str = ""
) -> bytes:
    """The record of the message that carries a document."""
    document = kept.document
    target = str(document.target) if document.target else ""
    return write_record(
        pb.CaseMessage(
            flow_id=flow[0],
            flow_version=flow[1],
            action=document.action,
            document_id=str(document.document_id),
            recipients=document.to,
            in_reply_to=str(document.in_reply_to) if document.in_reply_to else "",
            about=target,
            parties=[_party(one, since) for one in document.parties],
            placed=[pb.PlacedTrack(track=one.track, key=one.key, state=one.state) for one in document.placed],
            opened_by=document.owner,
            due_on=write_date(document.due_on),
            deadline_rule_id=document.deadline_rule_id,
            language=kept.language,
            content=kept.content,
            protected_person=is_protected,
            profile_id=profile_id,
        )
    )


def read_envelope(record: bytes, *, kind: str, sender: InstitutionId, me: InstitutionId, at: datetime) -> Envelope:
    """The document of a message that arrived. Raises InputError where it cannot be read or is not for us."""
    message = read_record(pb.CaseMessage, record)
    if me not in message.recipients:
        raise InputError(f"The message names other recipients than {me}.", field="recipients")
    parties = tuple(Party(one.institution.institution_id, one.role, one.agreement_id) for one in message.parties)
    if len({one.institution for one in parties}) != len(parties):
        raise InputError("The message names an institution twice.", field="parties")
    document = Document(
        document_id=read_uuid(message.document_id, field="document_id"),
        action=message.action,
        sender=sender,
        to=tuple(message.recipients),
        at=at,
        in_reply_to=_id(message.in_reply_to, field="in_reply_to"),
        target=_id(message.about or message.supersedes, field="about"),
        parties=parties,
        owner=message.opened_by,
        placed=tuple(Placed(one.track, one.key, one.state) for one in message.placed),
        due_on=read_date(message, "due_on", field="due_on"),
        deadline_rule_id=message.deadline_rule_id,
    )
    kept = KeptDocument(document, kind, message.content, message.language)
    return Envelope((message.flow_id, message.flow_version), kept, message.protected_person, message.profile_id)


def _party(party: Party, since: date) -> pb.CaseParty:
    return pb.CaseParty(
        institution=write_institution(party.institution),
        role=party.role,
        country=state_of(party.institution),
        since=write_date(since),
        agreement_id=party.agreement_id,
    )


def _id(text: str, *, field: str) -> UUID | None:
    return read_uuid(text, field=field) if text else None

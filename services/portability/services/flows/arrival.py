"""What a message of another institution does to a case on a flow.

The exchange calls `apply_flow_message` in the transaction that marks the message as received; an error makes it set the
message aside with the reason, while others flow. A message may come twice, or before what it builds on: a second time
changes nothing, and one that does not fit yet is kept and has its effect once it does.

Of each sender a limited number may wait in a case. More are set aside, to be replayed once what they build on is here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError, VerificationError
from portability.services.flows.definition import Flow
from portability.services.flows.desk import Desk
from portability.services.flows.engine import allowed, position
from portability.services.flows.mapping.envelope import read_envelope
from portability.services.flows.model import CaseFile, Document, InstitutionId, KeptDocument, state_of
from portability.services.flows.ports import FlowParts, FlowWork

__all__ = ["WAITING_OF_ONE_SENDER", "ArrivedMessage", "apply_flow_message"]

WAITING_OF_ONE_SENDER = 32


@dataclass(frozen=True, slots=True)
class ArrivedMessage:
    """A message whose sender the exchange has verified."""

    sender: InstitutionId
    case_id: UUID
    type: str
    record: bytes
    sent_at: datetime
    received_at: datetime  # by our clock, also where it has waited since


async def apply_flow_message(message: ArrivedMessage, *, work: FlowWork, parts: FlowParts) -> KeptDocument:
    """Take a verified message into its case; what it says, as it is kept.

    Raises InputError (it cannot be read, or its flow, version, action or content is wrong), of those
    RefusedContentError (no try makes it right), VerificationError (it speaks for somebody else) or CaseStateError (the
    case knows no such sender); then nothing has changed.
    """
    desk = Desk(work, parts, parts.clock.now())
    envelope = read_envelope(message.record, kind=message.type, sender=message.sender, me=parts.me, at=message.sent_at)
    flow = desk.flow(*envelope.flow)
    document = envelope.kept.document
    _check_action(flow, document, kind=message.type)
    sender = message.sender
    came_on = message.received_at.astimezone(UTC).date()
    await desk.check_content(message.type, envelope.kept.content, sender=sender, flow=flow, others=[sender], on=came_on)
    profile_id = await desk.profile(message.type, envelope.kept.content, flow=flow, state=state_of(sender))
    if envelope.profile_id != profile_id:
        raise InputError(
            f"The message was made by another profile than '{profile_id}', which applies here: one of the two "
            "institutions has another release or another agreement in force.",
            field="profile_id",
        )
    case = await work.shelf.get(message.case_id, for_change=True)
    if case is None:
        case = CaseFile(message.case_id, flow.flow, flow.version, desk.now)
    elif (case.flow_id, case.flow_version) != flow.key:
        raise InputError(
            f"The case runs on version {case.flow_version} of '{case.flow_id}', and the message on version "
            f"{flow.version} of '{flow.flow}'.",
            field="flow_version",
        )
    _check_sender(case, flow, document)
    _check_waiting(case, flow, document)
    await desk.keep(case, [envelope.kept])
    if envelope.is_protected:
        await work.persons.protect(case.case_id)
    else:
        await work.persons.protect_like_others(case.case_id)
    return envelope.kept


def _check_action(flow: Flow, document: Document, *, kind: str) -> None:
    action = flow.actions.get(document.action)
    if action is None:
        raise InputError(f"'{flow.flow}' version {flow.version} has no action of that name.", field="action")
    if action.type != kind:
        raise InputError(f"'{document.action}' is a message '{action.type}', not '{kind}'.", field="type")
    if action.opens and document.sender not in {one.institution for one in document.parties}:
        raise VerificationError(f"{document.sender} opens a case in which it takes no part.")


def _check_sender(case: CaseFile, flow: Flow, document: Document) -> None:
    """Who takes no part in a case that is open here is not heard; before it is opened here, what comes waits."""
    found = position(flow, case.said)
    if not found.parties or document.sender in found.parties:
        return
    names = tuple(one.action for one in allowed(flow, found, document.sender) if one.allowed)
    raise CaseStateError(
        f"{document.sender} takes no part in the case.",
        state="open" if found.is_open else "closed",
        allowed_actions=names,
    )


def _check_waiting(case: CaseFile, flow: Flow, document: Document) -> None:
    """Who sends ever more that builds on nothing is not kept for: each is tried again with every message that comes."""
    said = {one.document_id: one for one in (*case.said, document)}
    found = position(flow, said.values())
    waiting = sum(said[one].sender == document.sender for one in found.waiting)
    if document.document_id not in found.waiting or waiting <= WAITING_OF_ONE_SENDER:
        return
    raise CaseStateError(
        f"{WAITING_OF_ONE_SENDER} messages of {document.sender} wait in the case already for what they build on: "
        f"replay this one once that has come. It waits because {found.waiting[document.document_id]}",
        state="open" if found.is_open else "not open",
        allowed_actions=(),
    )

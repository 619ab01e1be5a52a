"""What a message of another institution does to a case on a flow.

The exchange calls `apply_flow_message` in the transaction that marks the message as received; an error makes it set the
message aside with the reason, while others flow. A message may come twice, or before what it builds on: a second time
changes nothing, and one that does not fit yet is kept and has its effect once it does.

Not modelled: a limit to how many messages of one sender may wait in a case.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError, VerificationError
from portability.services.flows.definition import Flow
from portability.services.flows.desk import Desk
from portability.services.flows.engine import allowed, position
from portability.services.flows.mapping.envelope import read_envelope
from portability.services.flows.model import CaseFile, Document, InstitutionId
from portability.services.flows.ports import FlowParts, FlowWork

__all__ = ["ArrivedMessage", "apply_flow_message"]


@dataclass(frozen=True, slots=True)
class ArrivedMessage:
    """A message whose sender the exchange has verified."""

    sender: InstitutionId
    case_id: UUID
    type: str
    record: bytes
    sent_at: datetime


async def apply_flow_message(message: ArrivedMessage, *, work: FlowWork, parts: FlowParts) -> None:
    """Take a verified message into its case.

    Raises InputError (it cannot be read, or its flow, version, action or content is wrong), VerificationError (it
    speaks for somebody else) or CaseStateError (the case knows no such sender); then nothing has changed.
    """
    desk = Desk(work, parts, parts.clock.now())
    envelope = read_envelope(message.record, kind=message.type, sender=message.sender, me=parts.me, at=message.sent_at)
    flow = desk.flow(*envelope.flow)
    document = envelope.kept.document
    _check_action(flow, document, kind=message.type)
    parts.contents.check(message.type, envelope.kept.content, purpose=flow.purpose)
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
    await desk.keep(case, [envelope.kept])


def _check_action(flow: Flow, document: Document, *, kind: str) -> None:
    action = flow.actions.get(document.action)
    if action is None:
        raise InputError(f"'{flow.flow}' version {flow.version} has no action '{document.action}'.", field="action")
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

"""FlowService's requests to commands, and a case as its institution sees it to protobuf; nothing is decided here."""

from collections.abc import Iterable
from uuid import UUID

from portability.api.cases.v1 import flows_pb2 as pb
from portability.services.flows.definition import Flow
from portability.services.flows.handlers import Act, FlowView, StartCase
from portability.services.flows.model import DueState, KeptDocument, Party, Position, Step, case_reference
from portability.services.flows.ports import CaseLine, OpenStep
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_uuid,
    write_citation,
    write_date,
    write_instant,
)

__all__ = ["read_act", "read_start", "write_flow", "write_line", "write_overdue", "write_view"]

_DUE = EnumTable(DueState, pb.DueState, "DUE_STATE")


def read_start(request: pb.StartCaseRequest) -> StartCase:
    return StartCase(
        request_id=read_uuid(request.request_id, field="request_id"),
        flow_id=request.flow_id,
        action=request.action,
        parties=_parties(request.parties),
        content=request.content,
        language=request.language,
    )


def read_act(request: pb.ActRequest) -> Act:
    return Act(
        request_id=read_uuid(request.request_id, field="request_id"),
        case_id=read_uuid(request.case_id, field="case_id"),
        action=request.action,
        content=request.content,
        recipients=tuple(request.recipients),
        in_reply_to=_id(request.in_reply_to, field="in_reply_to"),
        about=_id(request.about, field="about"),
        parties=_parties(request.parties),
        due_on=read_date(request, "due_on", field="due_on"),
        language=request.language,
    )


def write_flow(flow: Flow) -> pb.FlowSummary:
    return pb.FlowSummary(
        flow_id=flow.flow,
        number=flow.number,
        version=flow.version,
        title=flow.title,
        roles=flow.roles,
        opening_actions=[name for name, action in flow.actions.items() if action.opens],
    )


def write_view(view: FlowView) -> pb.FlowCase:
    case, found = view.case, view.position
    owner = found.owner or next((one.document.sender for one in case.documents), "")
    return pb.FlowCase(
        case_id=str(case.case_id),
        reference=case_reference(case.case_id, owner),
        flow_id=case.flow_id,
        flow_version=case.flow_version,
        open=found.is_open,
        parties=[_party(one) for one in found.parties.values()],
        steps=[_step(one) for one in view.steps],
        actions=[
            pb.FlowAction(
                action=one.action, type=one.type, says=one.says, why_not=one.why_not, needs_person=one.needs_person
            )
            for one in view.actions
        ],
        documents=[_document(one, found) for one in sorted(case.documents, key=lambda one: one.document.order)],
        known_since=write_instant(case.known_since),
    )


def write_line(line: CaseLine) -> pb.FlowCaseLine:
    return pb.FlowCaseLine(
        case_id=str(line.case_id),
        flow_id=line.flow_id,
        flow_version=line.flow_version,
        open=line.is_open,
        known_since=write_instant(line.known_since),
    )


def write_overdue(step: OpenStep) -> pb.OverdueStep:
    return pb.OverdueStep(
        case_id=str(step.case_id),
        flow_id=step.flow_id,
        step_id=step.step_id,
        holder=step.holder,
        due_on=write_date(step.due_on),
        rule_id=step.rule_id,
        since=write_instant(step.since),
    )


def _step(step: Step) -> pb.FlowStep:
    return pb.FlowStep(
        step_id=step.step_id,
        state=step.state,
        says=step.says,
        holders=step.holders,
        asker=step.asker,
        since=write_instant(step.since),
        due_on=write_date(step.due_on),
        rule_id=step.rule_id,
        basis=step.basis,
        citation=write_citation(step.citation),
        pace=step.pace,
        due_state=_DUE.write(step.due_state),
        next=step.next,
    )


def _document(kept: KeptDocument, found: Position) -> pb.FlowDocument:
    one = kept.document
    return pb.FlowDocument(
        document_id=str(one.document_id),
        action=one.action,
        type=kept.type,
        sender=one.sender,
        recipients=one.to,
        at=write_instant(one.at),
        in_reply_to=str(one.in_reply_to) if one.in_reply_to else "",
        due_on=write_date(one.due_on),
        without_effect=_without_effect(one.document_id, found),
        passed_rule_id=one.passed.rule_id if one.passed else "",
        content=kept.content,
        said_by=kept.said_by,
    )


def _without_effect(document_id: UUID, found: Position) -> str:
    if document_id in found.void:
        return "it was taken back, or refused."
    if document_id in found.superseded:
        return "another one has taken its place."
    return found.waiting.get(document_id, "")


def _party(party: Party) -> pb.FlowParty:
    return pb.FlowParty(institution_id=party.institution, role=party.role, agreement_id=party.agreement_id)


def _parties(parties: Iterable[pb.FlowParty]) -> tuple[Party, ...]:
    return tuple(Party(one.institution_id, one.role) for one in parties)


def _id(text: str, *, field: str) -> UUID | None:
    return read_uuid(text, field=field) if text else None

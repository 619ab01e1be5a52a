"""CaseService's requests to commands, and a case as its institution sees it to protobuf; nothing is decided here."""

from typing import cast
from uuid import UUID

from portability.agreements.values import Citation
from portability.api.cases.v1 import cases_pb2 as pb
from portability.api.common.v1 import common_pb2 as common
from portability.services.cases.commands import (
    AnswerRecordRequest,
    Decide,
    Determine,
    IdentifyPerson,
    LodgeClaim,
    RecordAnswer,
    RecordNationalAnswer,
    SendSummary,
)
from portability.services.cases.deciding import trace_sha256
from portability.services.cases.flow import ActionState, CaseAction, CaseStep, Due, StepKind, actions, stage
from portability.services.cases.handlers import CaseView
from portability.services.cases.mapping.parts import (
    BASIS,
    FREQUENCY,
    REFUSAL,
    RESULT,
    needed_date,
    read_amount,
    read_citations,
    read_claim,
    read_remedy,
    write_agreements,
    write_claim,
    write_decision,
    write_explanation,
)
from portability.services.cases.model import (
    AwardBasis,
    Case,
    CaseEvent,
    DecisionResult,
    Determination,
    Identification,
    InstitutionId,
    NationalAnswer,
    Participant,
    ProposedBenefit,
)
from portability.services.cases.ports import CaseQuery
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_identifier,
    read_money,
    read_uuid,
    write_career,
    write_citation,
    write_date,
    write_instant,
    write_institution,
    write_money,
    write_status,
)

__all__ = [
    "read_answer",
    "read_decide",
    "read_determine",
    "read_identify",
    "read_lodge",
    "read_national_answer",
    "read_query",
    "read_send_summary",
    "write_header",
    "write_view",
]

DEFAULT_PAGE = 20

_STEP = EnumTable(StepKind, pb.StepKind, "STEP_KIND")
_ACTION = EnumTable(CaseAction, pb.CaseAction, "CASE_ACTION")
_ANSWER = EnumTable(RecordAnswer, pb.RecordAnswer, "RECORD_ANSWER")


def read_lodge(request: pb.LodgeClaimRequest) -> LodgeClaim:
    return LodgeClaim(_request_id(request.request_id), read_claim(request.claim, field="claim"))


def read_query(request: pb.ListCasesRequest) -> CaseQuery:
    return CaseQuery(
        size=request.page_size or DEFAULT_PAGE,
        after=request.page_token,
        identifiers=tuple(read_identifier(each) for each in request.identifiers),
        open_only=request.open_only,
    )


def read_answer(request: pb.AnswerRecordRequestRequest) -> AnswerRecordRequest:
    return AnswerRecordRequest(
        request_id=_request_id(request.request_id),
        case_id=_case_id(request.case_id),
        answer=cast(RecordAnswer, _ANSWER.read(request.answer, field="answer")),
        reason=request.reason,
    )


def read_identify(request: pb.IdentifyPersonRequest) -> IdentifyPerson:
    return IdentifyPerson(
        _request_id(request.request_id), _case_id(request.case_id), request.account_id, request.reason
    )


def read_national_answer(request: pb.RecordNationalAnswerRequest) -> RecordNationalAnswer:
    answer = request.answer
    return RecordNationalAnswer(
        request_id=_request_id(request.request_id),
        case_id=_case_id(request.case_id),
        scheme=answer.scheme,
        independent=read_money(answer, "independent", field="answer.independent"),
        theoretical=read_money(answer, "theoretical", field="answer.theoretical"),
        flat_rate=read_money(answer, "flat_rate", field="answer.flat_rate"),
        note=answer.note,
    )


def read_determine(request: pb.DetermineRequest) -> Determine:
    place = "risk_materialised_on"
    return Determine(
        request_id=_request_id(request.request_id),
        case_id=_case_id(request.case_id),
        risk_materialised_on=needed_date(read_date(request, place, field=place), field=place),
        award_on=read_date(request, "award_on", field="award_on"),
    )


def read_decide(request: pb.DecideRequest) -> Decide:
    determination_id = request.determination_id
    place = "effective_on"
    return Decide(
        request_id=_request_id(request.request_id),
        case_id=_case_id(request.case_id),
        determination_id=read_uuid(determination_id, field="determination_id") if determination_id else None,
        result=cast(DecisionResult, RESULT.read(request.result, field="result")),
        basis=cast(AwardBasis, BASIS.read(request.basis, field="basis")),
        effective_on=needed_date(read_date(request, place, field=place), field=place),
        remedy=read_remedy(request.remedy, field="remedy"),
        amounts=tuple(read_amount(each, field=f"amounts[{i}]") for i, each in enumerate(request.amounts)),
        refusal_reasons=tuple(
            REFUSAL.read(reason, field=f"refusal_reasons[{index}]")
            for index, reason in enumerate(request.refusal_reasons)
        ),
        citations=read_citations(request.citations),
        note=request.note,
    )


def read_send_summary(request: pb.SendSummaryRequest) -> SendSummary:
    return SendSummary(_request_id(request.request_id), _case_id(request.case_id))


def write_header(case: Case, *, me: InstitutionId) -> pb.CaseHeader:
    return pb.CaseHeader(
        case_id=str(case.case_id),
        reference=case.reference,
        branch=case.branch.value,
        stage=stage(case),
        contact=write_institution(case.contact),
        lodged_on=write_date(case.claim.lodged_on),
        known_since=write_instant(case.known_since),
        allowed_actions=[_ACTION.write(each.action) for each in actions(case, me=me) if each.allowed],
    )


def write_view(view: CaseView, *, me: InstitutionId) -> pb.Case:
    case = view.case
    return pb.Case(
        header=write_header(case, me=me),
        claim=write_claim(case.claim),
        participants=[_participant(each) for each in case.participants],
        steps=[_step(each) for each in view.steps],
        actions=[_action(each) for each in view.actions],
        identification=_identification(case.identification),
        career=[write_career(each) for each in view.career],
        national_answers=[_national_answer(each) for each in case.national_answers],
        determination=_determination(case.determination),
        decisions=[write_decision(each) for each in case.decisions],
        timeline=[_event(each) for each in view.timeline],
        closed_at=write_instant(case.summary.sent_at) if case.summary else None,
    )


def _request_id(text: str) -> UUID:
    return read_uuid(text, field="request_id")


def _case_id(text: str) -> UUID:
    return read_uuid(text, field="case_id")


def _participant(each: Participant) -> pb.ParticipantState:
    return pb.ParticipantState(
        institution=write_institution(each.institution),
        state=each.state,
        agreement_id=each.agreement_id,
        status=write_status(each.status),
        asked_at=write_instant(each.asked_at),
        answered_at=write_instant(each.answered_at),
        totals_differ=each.totals_differ,
    )


def _step(step: CaseStep) -> pb.CaseStep:
    return pb.CaseStep(
        step_id=step.step_id,
        kind=_STEP.write(step.kind),
        holder=write_institution(step.holder),
        since=write_instant(step.since),
        due=_due(step.due),
        done_at=write_instant(step.done_at),
        next=_STEP.write(step.next) if step.next else pb.STEP_KIND_UNSPECIFIED,
    )


def _due(due: Due) -> pb.Due:
    return pb.Due(
        rule_id=due.rule_id,
        citation=write_citation(due.citation),
        pace=due.pace,
        by_law_on=write_date(due.by_law_on),
        ask_again_on=write_date(due.ask_again_on),
    )


def _action(each: ActionState) -> pb.ActionState:
    return pb.ActionState(action=_ACTION.write(each.action), allowed=each.allowed, why_not=each.why_not)


def _identification(found: Identification | None) -> pb.Identification | None:
    if found is None:
        return None
    return pb.Identification(
        outcome=found.outcome,
        candidates=found.candidates,
        account_id=found.account_id,
        linked_by=found.linked_by,
    )


def _national_answer(answer: NationalAnswer) -> pb.NationalAnswer:
    return pb.NationalAnswer(
        scheme=answer.scheme,
        independent=write_money(answer.independent),
        theoretical=write_money(answer.theoretical),
        flat_rate=write_money(answer.flat_rate),
        note=answer.note,
    )


def _benefit(benefit: ProposedBenefit) -> pb.ProposedBenefit:
    ratio = benefit.ratio
    return pb.ProposedBenefit(
        scheme=benefit.scheme,
        agreement_id=benefit.agreement_id,
        award=write_money(benefit.award),
        frequency=FREQUENCY.write(benefit.frequency),
        independent=write_money(benefit.independent),
        theoretical=write_money(benefit.theoretical),
        pro_rata=write_money(benefit.pro_rata),
        ratio=f"{ratio.numerator}/{ratio.denominator}" if ratio is not None else "",
    )


def _determination(determination: Determination | None) -> pb.Determination | None:
    if determination is None:
        return None
    return pb.Determination(
        determination_id=str(determination.determination_id),
        determined_at=write_instant(determination.determined_at),
        determined_by=determination.determined_by,
        risk_materialised_on=write_date(determination.risk_materialised_on),
        award_on=write_date(determination.award_on),
        benefits=[_benefit(each) for each in determination.benefits],
        citations=[_reference(each) for each in determination.citations],
        explanation=write_explanation(determination.explanation),
        summary=determination.summary,
        agreements=write_agreements(determination.agreements),
        review_status=determination.review_status,
        banner=determination.banner,
        trace_sha256=trace_sha256(determination.trace),
        trace=determination.trace,
    )


def _reference(citation: Citation) -> common.LegalReference:
    return common.LegalReference(instrument=citation.instrument, article=citation.article)


def _event(event: CaseEvent) -> pb.CaseEvent:
    return pb.CaseEvent(
        event_id=str(event.event_id),
        at=write_instant(event.at),
        kind=event.kind.value,
        institution=write_institution(event.institution),
        actor=event.actor,
        text=event.text,
        message_id=str(event.message_id) if event.message_id else "",
        citation=write_citation(event.citation),
    )

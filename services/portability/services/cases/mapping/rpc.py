"""CaseService's requests to commands, and a case as its institution sees it to protobuf; nothing is decided here."""

from typing import cast
from uuid import UUID

from portability.agreements.values import Citation
from portability.api.cases.v1 import cases_pb2 as pb
from portability.api.cases.v1 import shares_pb2 as shares
from portability.api.common.v1 import common_pb2 as common
from portability.services.cases.commands import (
    AnswerRecordRequest,
    Decide,
    Determine,
    GivenAmounts,
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
    "read_decision_given",
    "read_determine",
    "read_given_amounts",
    "read_identify",
    "read_lodge",
    "read_national_answer",
    "read_query",
    "read_record_answer",
    "read_send_summary",
    "write_determination",
    "write_header",
    "write_national_answer",
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
        answer=read_record_answer(request.answer),
        reason=request.reason,
    )


def read_identify(request: pb.IdentifyPersonRequest) -> IdentifyPerson:
    return IdentifyPerson(
        _request_id(request.request_id), _case_id(request.case_id), request.account_id, request.reason
    )


def read_record_answer(number: int) -> RecordAnswer:
    return cast(RecordAnswer, _ANSWER.read(number, field="answer"))


def read_national_answer(request: pb.RecordNationalAnswerRequest) -> RecordNationalAnswer:
    given = read_given_amounts(request.answer, field="answer")
    return RecordNationalAnswer(
        request_id=_request_id(request.request_id),
        case_id=_case_id(request.case_id),
        scheme=given.scheme,
        independent=given.independent,
        theoretical=given.theoretical,
        flat_rate=given.flat_rate,
        note=given.note,
    )


def read_given_amounts(answer: pb.NationalAnswer, *, field: str) -> GivenAmounts:
    return GivenAmounts(
        scheme=answer.scheme,
        independent=read_money(answer, "independent", field=f"{field}.independent"),
        theoretical=read_money(answer, "theoretical", field=f"{field}.theoretical"),
        flat_rate=read_money(answer, "flat_rate", field=f"{field}.flat_rate"),
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
    return read_decision_given(request)


def read_decision_given(request: pb.DecideRequest | shares.DecideShareRequest) -> Decide:
    """What is decided, in whichever kind of case: the two requests say the same."""
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
        national_answers=[write_national_answer(each) for each in case.national_answers],
        determination=write_determination(case.determination) if case.determination else None,
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


def write_national_answer(answer: NationalAnswer) -> pb.NationalAnswer:
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


def write_determination(determination: Determination) -> pb.Determination:
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

"""What is given and determined for a share, to and from protobuf; nothing is decided here."""

from typing import cast

from portability.agreements.values import Citation
from portability.api.cases.v1 import cases_pb2 as pb
from portability.api.cases.v1 import shares_pb2 as shares
from portability.api.common.v1 import common_pb2 as common
from portability.services.cases.commands import (
    Decide,
    GivenAmounts,
    RecordAnswer,
)
from portability.services.cases.deciding import trace_sha256
from portability.services.cases.mapping.parts import (
    BASIS,
    FREQUENCY,
    REFUSAL,
    RESULT,
    needed_date,
    read_amount,
    read_citations,
    read_remedy,
    write_agreements,
    write_explanation,
)
from portability.services.cases.model import (
    AwardBasis,
    DecisionResult,
    Determination,
    NationalAnswer,
    ProposedBenefit,
)
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_money,
    read_uuid,
    write_date,
    write_instant,
    write_money,
)

__all__ = [
    "read_decision_given",
    "read_given_amounts",
    "read_record_answer",
    "write_determination",
    "write_national_answer",
]

_ANSWER = EnumTable(RecordAnswer, pb.RecordAnswer, "RECORD_ANSWER")


def read_record_answer(number: int) -> RecordAnswer:
    return cast(RecordAnswer, _ANSWER.read(number, field="answer"))


def read_given_amounts(answer: pb.NationalAnswer, *, field: str) -> GivenAmounts:
    return GivenAmounts(
        scheme=answer.scheme,
        independent=read_money(answer, "independent", field=f"{field}.independent"),
        theoretical=read_money(answer, "theoretical", field=f"{field}.theoretical"),
        flat_rate=read_money(answer, "flat_rate", field=f"{field}.flat_rate"),
        note=answer.note,
    )


def read_decision_given(request: shares.DecideShareRequest) -> Decide:
    determination_id = request.determination_id
    place = "effective_on"
    return Decide(
        request_id=read_uuid(request.request_id, field="request_id"),
        case_id=read_uuid(request.case_id, field="case_id"),
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

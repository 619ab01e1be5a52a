"""Agreement files to protobuf: what stands in them, what is wrong with them, how their examples come out."""

import json
from collections.abc import Iterable

from portability.agreements.loading import Agreement
from portability.agreements.rules import RuleBase
from portability.agreements.values import Citation
from portability.api.agreements.v1 import agreements_pb2 as agreements_pb
from portability.services.determination.model import CaseReport, FileFault
from portability.services.mapping.common import write_citation, write_date

__all__ = ["write_agreement", "write_faults", "write_reports", "write_summary"]

_SAID_ELSEWHERE = {"id", "rule", "valid_from", "valid_until", "cite", "states", "schemes", "status"}


def write_summary(
    agreement: Agreement, *, standing: agreements_pb.Standing.ValueType
) -> agreements_pb.AgreementSummary:
    content = agreement.content
    return agreements_pb.AgreementSummary(
        agreement_id=content.id,
        title=content.title,
        parties=content.parties,
        branches=content.branches,
        review_status=agreements_pb.ReviewStatus.Value(f"REVIEW_STATUS_{content.status.upper()}"),
        sha256=agreement.sha256,
        standing=standing,
    )


def write_agreement(
    agreement: Agreement, *, standing: agreements_pb.Standing.ValueType
) -> agreements_pb.GetAgreementResponse:
    content = agreement.content
    return agreements_pb.GetAgreementResponse(
        summary=write_summary(agreement, standing=standing),
        instruments=[
            agreements_pb.Instrument(instrument_id=one.id, title=one.title, official=one.official, read=one.read)
            for one in content.instruments
        ],
        rules=[_rule(rule) for rule in content.rules],
        not_modelled=[
            agreements_pb.NotModelled(
                citation=write_citation(Citation.of(gap.cite)), what=gap.what, stops=gap.stops, states=gap.states
            )
            for gap in content.not_modelled
        ],
    )


def write_faults(faults: Iterable[FileFault]) -> list[agreements_pb.Fault]:
    return [
        agreements_pb.Fault(file=one.file, line=one.line, column=one.column, expectation=one.expectation)
        for one in faults
    ]


def write_reports(reports: Iterable[CaseReport]) -> list[agreements_pb.ExampleResult]:
    return [
        agreements_pb.ExampleResult(
            example_id=one.case.id,
            title=one.case.title,
            source=one.case.source,
            status=agreements_pb.ExampleStatus.Value(f"EXAMPLE_STATUS_{one.status.name}"),
            comparisons=[
                agreements_pb.Comparison(name=key, expected=_text(value), actual=_text(one.actual.get(key)))
                for key, value in one.expected.items()
            ],
            reason=one.reason,
        )
        for one in reports
    ]


def _rule(rule: RuleBase) -> agreements_pb.Rule:
    values = rule.model_dump(mode="json", exclude_none=True, exclude=_SAID_ELSEWHERE)
    return agreements_pb.Rule(
        rule_id=rule.id,
        kind=str(getattr(rule, "rule", "")),
        citation=write_citation(rule.citation),
        first_day=write_date(rule.valid_from),
        last_day=write_date(rule.valid_until),
        states=rule.states,
        schemes=rule.schemes,
        parameters=[
            agreements_pb.Parameter(name=name, json_value=json.dumps(value, ensure_ascii=False))
            for name, value in values.items()
            if value != []
        ],
        verified=rule.status == "verified",
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)

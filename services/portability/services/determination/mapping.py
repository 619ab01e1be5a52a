"""Determinations and agreement files to and from protobuf; nothing is decided here."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from portability.agreements.catalogues import catalogue, nearest_language
from portability.agreements.errors import InputError
from portability.agreements.exact import write_facts
from portability.agreements.explanation import Audience, exact_text
from portability.agreements.loading import Agreement
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, NationalAnswer, Step
from portability.agreements.rules import RuleBase
from portability.agreements.sentences import sentence
from portability.agreements.values import Branch, Citation, Money, StateCode
from portability.api.agreements.v1 import agreements_pb2 as agreements_pb
from portability.api.determination.v1 import determination_pb2 as pb
from portability.services.determination.model import CaseReport, DetermineQuery, ExplainedDetermination, FileFault
from portability.services.determination.treaties.model import VersionInForce
from portability.services.mapping.common import (
    read_date,
    read_decimal,
    read_money,
    read_period,
    write_citation,
    write_date,
    write_exact,
    write_money,
)

__all__ = [
    "read_audience",
    "read_query",
    "write_agreement",
    "write_determined",
    "write_explained",
    "write_faults",
    "write_reports",
    "write_summary",
]

_AUDIENCES: Mapping[int, Audience] = {
    pb.AUDIENCE_JURIST: "jurist",
    pb.AUDIENCE_CASEWORKER: "caseworker",
    pb.AUDIENCE_WORKER: "worker",
}
_SAID_ELSEWHERE = {"id", "rule", "valid_from", "valid_until", "cite", "states", "schemes", "status"}


def read_query(message: pb.ClaimFacts, agreement_ids: Iterable[str]) -> DetermineQuery:
    """Raises InputError with the path of the first thing that cannot be right."""
    try:
        branch = Branch(message.branch)
    except ValueError as error:
        raise InputError(
            f"facts.branch is '{message.branch}': expected one of {', '.join(Branch)}.", field="facts.branch"
        ) from error
    facts = DeterminationFacts(
        state=message.state,
        branch=branch,
        birth_date=_day(message, "birth_date"),
        residence_state=message.residence_state,
        risk_materialised_on=_day(message, "risk_materialised_on"),
        award_on=_day(message, "award_on"),
        periods=tuple(
            read_period(each, field=f"facts.periods[{index}]").period for index, each in enumerate(message.periods)
        ),
        scheme_facts=_figures(message.figures),
        national_answers=_answers(message.national_answers),
        unsatisfied_states=frozenset(message.unsatisfied_states),
    )
    return DetermineQuery(facts, tuple(agreement_ids))


def read_audience(number: int, *, field: str) -> Audience:
    """Raises InputError for zero and for audiences of a later version."""
    audience = _AUDIENCES.get(number)
    if audience is None:
        raise InputError(f"{field} is {number}: expected 1 (jurist), 2 (caseworker) or 3 (worker).", field=field)
    return audience


def write_determined(
    result: ExplainedDetermination, audiences: Sequence[pb.Audience.ValueType], *, language: str
) -> pb.DetermineResponse:
    """The proposal, each determination, the trace, and the text for each audience in the nearest language there is."""
    trace, spoken = result.trace, nearest_language(language)
    country = result.determinations[0].state
    return pb.DetermineResponse(
        benefits=[_benefit(each.benefit, each.agreement_id, country) for each in result.benefits],
        determinations=[
            _determination(each, version) for each, version in zip(result.determinations, result.versions, strict=True)
        ],
        choices=result.choice_said(spoken),
        review_status=result.review_status,
        banner=result.banner,
        trace=trace,
        trace_sha256=hashlib.sha256(trace).hexdigest(),
        explanations=[
            pb.ExplanationText(
                audience=each,
                text=result.rendered(read_audience(each, field=f"audiences[{index}]"), spoken),
                language=spoken,
            )
            for index, each in enumerate(audiences)
        ],
    )


def write_explained(result: ExplainedDetermination, audience: Audience, *, language: str) -> pb.ExplainResponse:
    spoken = nearest_language(language)
    return pb.ExplainResponse(
        text=result.rendered(audience, spoken),
        trace_sha256=hashlib.sha256(result.trace).hexdigest(),
        language=spoken,
    )


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


def _day(message: pb.ClaimFacts, name: str) -> date:
    day = read_date(message, name, field=f"facts.{name}")
    if day is None:
        raise InputError(f"facts.{name} is not given: give a date.", field=f"facts.{name}")
    return day


def _figures(messages: Iterable[pb.Figure]) -> dict[str, dict[str, Fraction]]:
    figures: dict[str, dict[str, Fraction]] = {}
    for index, each in enumerate(messages):
        of_scheme = figures.setdefault(each.scheme, {})
        if each.name in of_scheme:
            raise InputError(
                f"The figure '{each.name}' of '{each.scheme}' stands twice: give it once.",
                field=f"facts.figures[{index}]",
            )
        of_scheme[each.name] = read_decimal(each.value, field=f"facts.figures[{index}].value")
    return figures


def _answers(messages: Iterable[pb.NationalAnswer]) -> dict[str, NationalAnswer]:
    answers: dict[str, NationalAnswer] = {}
    for index, each in enumerate(messages):
        field = f"facts.national_answers[{index}]"
        if each.scheme in answers:
            raise InputError(f"'{each.scheme}' is answered twice: give one answer.", field=field)
        answers[each.scheme] = NationalAnswer(
            scheme=each.scheme,
            answered_by=each.answered_by,
            independent_amount=_amount(each, "independent", field=field),
            theoretical_amount=_amount(each, "theoretical", field=field),
            earnings_amount=_amount(each, "earnings_part", field=field),
            flat_rate_amount=_amount(each, "flat_rate", field=field),
        )
    return answers


def _amount(message: pb.NationalAnswer, name: str, *, field: str) -> Money | None:
    money = read_money(message, name, field=f"{field}.{name}")
    if money is not None and money.amount < 0:
        raise InputError(f"{field}.{name} is below zero: give an amount a month.", field=f"{field}.{name}")
    return money


def _determination(determination: Determination, version: VersionInForce) -> pb.Determination:
    return pb.Determination(
        agreement_id=determination.agreement_id,
        benefits=[_benefit(each, determination.agreement_id, determination.state) for each in determination.benefits],
        steps=[_step(each, determination.state) for each in determination.steps],
        files=[pb.AppliedFile(file=file, sha256=sha256) for file, sha256 in determination.files],
        version_sha256=version.agreement.sha256,
        bound=[pb.BoundState(state=one.pair[1], first_day=write_date(one.since)) for one in version.bindings],
    )


def _benefit(benefit: BenefitResult, agreement_id: str, country: StateCode) -> pb.Benefit:
    return pb.Benefit(
        scheme=benefit.scheme,
        agreement_id=agreement_id,
        independent=write_money(benefit.independent),
        theoretical=write_money(benefit.theoretical),
        pro_rata=write_money(benefit.pro_rata),
        ratio=str(benefit.ratio) if benefit.ratio is not None else "",
        award=write_money(benefit.award),
        steps=[_step(each, country) for each in benefit.steps],
    )


def _step(step: Step, country: StateCode) -> pb.Step:
    words = catalogue("en")
    return pb.Step(
        rule=step.rule,
        citation=write_citation(step.citation),
        said=sentence(step, "caseworker", words, country=country),
        plain=sentence(step, "worker", words, country=country),
        inputs=[pb.StepInput(name=name, value=exact_text(value)) for name, value in step.values],
        output=exact_text(step.output),
        children=[_step(each, country) for each in step.children],
        values=write_exact(write_facts(step)),
    )


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

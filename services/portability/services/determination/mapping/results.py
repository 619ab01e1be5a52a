"""Determinations to protobuf, with every step, and for whom they are explained."""

import hashlib
from collections.abc import Mapping, Sequence

from portability.agreements.catalogues import catalogue, nearest_language
from portability.agreements.errors import InputError
from portability.agreements.exact import write_facts
from portability.agreements.explanation import Audience, exact_text
from portability.agreements.model import BenefitResult, Determination, Step
from portability.agreements.sentences import sentence
from portability.agreements.values import StateCode
from portability.api.determination.v1 import determination_pb2 as pb
from portability.services.determination.model import ExplainedDetermination
from portability.services.determination.treaties.model import VersionInForce
from portability.services.mapping.common import write_citation, write_date, write_exact, write_money

__all__ = ["read_audience", "write_determined", "write_explained", "write_step"]

_AUDIENCES: Mapping[int, Audience] = {
    pb.AUDIENCE_JURIST: "jurist",
    pb.AUDIENCE_CASEWORKER: "caseworker",
    pb.AUDIENCE_WORKER: "worker",
}


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


def write_step(step: Step, country: StateCode) -> pb.Step:
    """A step with its values and its English sentences; `country` is the state whose law it is about."""
    words = catalogue("en")
    return pb.Step(
        rule=step.rule,
        citation=write_citation(step.citation),
        said=sentence(step, "caseworker", words, country=country),
        plain=sentence(step, "worker", words, country=country),
        inputs=[pb.StepInput(name=name, value=exact_text(value)) for name, value in step.values],
        output=exact_text(step.output),
        children=[write_step(each, country) for each in step.children],
        values=write_exact(write_facts(step)),
    )


def _determination(determination: Determination, version: VersionInForce) -> pb.Determination:
    return pb.Determination(
        agreement_id=determination.agreement_id,
        benefits=[_benefit(each, determination.agreement_id, determination.state) for each in determination.benefits],
        steps=[write_step(each, determination.state) for each in determination.steps],
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
        steps=[write_step(each, country) for each in benefit.steps],
    )

"""Facts of work and of a career from protobuf, and what applies to them to protobuf."""

from collections.abc import Iterable
from datetime import date

from google.protobuf.message import Message

from portability.agreements.catalogues import catalogue, nearest_language
from portability.agreements.model import Step
from portability.agreements.selection import Candidate
from portability.agreements.sentences import sentence
from portability.agreements.values import StateCode
from portability.agreements.work_facts import Activity, ActivityKind, AgreedException, PostingFacts, WorkFacts
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import work_pb2 as work_pb
from portability.services.determination.choice_model import (
    AgreementsFound,
    CareerQuery,
    LegislationFound,
    LegislationUnder,
    NotInForce,
    WorkQuery,
)
from portability.services.determination.mapping.facts import read_branch, read_needed_date, read_periods, read_person
from portability.services.determination.mapping.results import write_step
from portability.services.determination.proposing import gives_way
from portability.services.determination.treaties.model import VersionInForce
from portability.services.mapping.common import EnumTable, read_date, read_decimal, write_citation, write_date

__all__ = ["read_career", "read_work", "write_agreements_found", "write_legislation"]

_KIND = EnumTable(ActivityKind, work_pb.ActivityKind, "ACTIVITY_KIND")


def read_work(request: pb.DetermineApplicableLegislationRequest) -> WorkQuery:
    """Raises InputError with the path of the first thing that cannot be right."""
    work = request.work
    facts = WorkFacts(
        residence_state=work.residence_state,
        activities=tuple(
            _activity(one, field=f"work.activities[{index}]") for index, one in enumerate(work.activities)
        ),
        nationality=work.nationality,
        posting=_posting(work.posting) if work.HasField("posting") else None,
        telework_share=read_decimal(work.telework_share, field="work.telework_share") if work.telework_share else None,
        telework_requested=work.telework_requested,
        centre_of_interest=work.centre_of_interest,
        exception=AgreedException(
            work.exception.state, read_date(work.exception, "last_day", field="work.exception.last_day")
        )
        if work.HasField("exception")
        else None,
    )
    return WorkQuery(facts, read_needed_date(request, "on", field="on"), tuple(request.agreement_ids))


def read_career(request: pb.SelectAgreementsRequest) -> CareerQuery:
    """Raises InputError with the path of the first thing that cannot be right."""
    return CareerQuery(
        state=request.state,
        branch=read_branch(request.branch, field="branch"),
        on=read_needed_date(request, "on", field="on"),
        person=read_person(request.nationality, request.groups, field="groups"),
        periods=read_periods(request.periods, field="periods"),
    )


def write_legislation(found: LegislationFound, *, language: str) -> pb.DetermineApplicableLegislationResponse:
    spoken = nearest_language(language)
    return pb.DetermineApplicableLegislationResponse(
        state=found.state,
        legislations=[_under(one, spoken) for one in found.under],
        set_aside=[
            *(_choice(candidate, version, spoken) for candidate, version in found.gave_way),
            *(_not_in_force(one) for one in found.not_in_force),
        ],
        language=spoken,
    )


def write_agreements_found(found: AgreementsFound, *, language: str) -> pb.SelectAgreementsResponse:
    spoken, selection, versions = nearest_language(language), found.selection, found.versions
    return pb.SelectAgreementsResponse(
        applies=[_choice(one, versions[one.agreement_id], spoken) for one in selection.applies],
        set_aside=[
            *(_choice(one, versions[one.agreement_id], spoken) for one in selection.set_aside),
            *(_not_in_force(one) for one in found.not_in_force),
        ],
        decided_by=pb.SelectionRule.Value(f"SELECTION_RULE_{selection.how.upper()}"),
        citation=write_citation(selection.citation),
        language=spoken,
    )


def _activity(message: work_pb.Activity, *, field: str) -> Activity:
    return Activity(
        kind=_KIND.read(message.kind, field=f"{field}.kind"),
        state=message.state,
        share=read_decimal(message.share, field=f"{field}.share") if message.share else None,
        employer=message.employer,
        employer_seat=message.employer_seat,
        flag=message.flag,
        home_base=message.home_base,
        employing_state=message.employing_state,
        engaged_locally=message.engaged_locally,
        chosen_state=message.chosen_state,
    )


def _posting(message: work_pb.PostingFacts) -> PostingFacts:
    return PostingFacts(
        from_state=message.from_state,
        to_state=message.to_state,
        since=read_needed_date(message, "since", field="work.posting.since"),
        expected_months=message.expected_months or None,
        replaces_another=message.replaces_another if message.HasField("replaces_another") else None,
        insured_before=message.insured_before if message.HasField("insured_before") else None,
        extended_until=_posting_day(message, "extended_until"),
        previous_ended_on=_posting_day(message, "previous_ended_on"),
    )


def _posting_day(message: Message, name: str) -> date | None:
    return read_date(message, name, field=f"work.posting.{name}")


def _under(one: LegislationUnder, language: str) -> pb.ApplicableLegislation:
    result = one.result
    return pb.ApplicableLegislation(
        agreement_id=result.agreement_id,
        state=result.state,
        last_day=write_date(result.until),
        rule_id=result.rule_id,
        citation=write_citation(result.citation),
        rule_verified=result.status == "verified",
        provisional=result.provisional,
        to_confirm=[
            pb.Condition(condition_id=each.id, citation=write_citation(each.citation)) for each in result.to_confirm
        ],
        steps=[write_step(each, result.state) for each in result.steps],
        sentences=_said(result.steps, result.state, language),
        review_status=one.version.agreement.content.status,
        version_sha256=one.version.agreement.sha256,
        bound=_bound(one.version),
    )


def _said(steps: Iterable[Step], country: StateCode, language: str) -> list[str]:
    words = catalogue(language)
    said = ((sentence(step, "caseworker", words, country=country), step.citation) for step in steps)
    return [f"{text} ({cite})" if cite else text for text, cite in said]


def _choice(candidate: Candidate, version: VersionInForce, language: str) -> pb.AgreementChoice:
    way = gives_way(candidate)
    return pb.AgreementChoice(
        agreement_id=candidate.agreement_id,
        states=candidate.states,
        reason=pb.AgreementReason.Value(f"AGREEMENT_REASON_{candidate.reason.upper()}"),
        citation=write_citation(candidate.citation),
        gives_way_to=candidate.before,
        to_confirm=candidate.to_confirm,
        third_states=candidate.third_states,
        third_states_citation=write_citation(candidate.third_states_citation),
        said=sentence(way, "caseworker", catalogue(language)) if way else "",
        version_sha256=version.agreement.sha256,
        bound=_bound(version),
    )


def _not_in_force(one: NotInForce) -> pb.AgreementChoice:
    return pb.AgreementChoice(
        agreement_id=one.agreement_id,
        states=one.states,
        reason=pb.AGREEMENT_REASON_NOT_RATIFIED,
        said=one.error.message,
    )


def _bound(version: VersionInForce) -> list[pb.BoundPair]:
    return [pb.BoundPair(states=one.pair, first_day=write_date(one.since)) for one in version.bindings]

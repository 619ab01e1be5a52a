"""Requests of ratification to commands, and versions, statements and pairs of states to messages."""

from collections.abc import Iterable

from portability.agreements.difference_model import Affected, Change, Difference, OutcomeChange
from portability.agreements.difference_text import difference_text
from portability.api.agreements.v1 import agreements_pb2 as pb
from portability.services.determination.treaties.handlers import LawText, PublishVersion, TakeInStatement
from portability.services.determination.treaties.mapping.statements import (
    read_signed_statement,
    write_kind,
    write_signed_statement,
)
from portability.services.determination.treaties.model import ExaminedStatement, StatementKind
from portability.services.determination.treaties.standing import AgreementState, PairState, VersionState
from portability.services.mapping.common import read_uuid, write_date, write_instant

__all__ = [
    "read_choice",
    "read_publish",
    "read_ratify",
    "read_suspend",
    "write_difference",
    "write_pairs",
    "write_standing",
    "write_statement",
    "write_version",
]


def read_publish(request: pb.PublishAgreementRequest) -> PublishVersion:
    return PublishVersion(read_uuid(request.request_id, field="request_id"), request.file.file, request.file.text)


def read_choice(choice: pb.VersionChoice) -> str | LawText:
    return LawText(choice.file.file, choice.file.text) if choice.HasField("file") else choice.sha256


def read_ratify(request: pb.RatifyAgreementRequest) -> TakeInStatement:
    return TakeInStatement(
        read_uuid(request.request_id, field="request_id"),
        StatementKind.RATIFICATION,
        read_signed_statement(request.signed),
    )


def read_suspend(request: pb.SuspendAgreementRequest) -> TakeInStatement:
    return TakeInStatement(
        read_uuid(request.request_id, field="request_id"),
        StatementKind.SUSPENSION,
        read_signed_statement(request.signed),
    )


def write_standing(state: AgreementState) -> pb.Standing.ValueType:
    if state.version is None:
        return pb.STANDING_TRIAL
    return pb.STANDING_BINDING if state.binds_somebody else pb.STANDING_PUBLISHED


def write_version(state: VersionState) -> pb.AgreementVersion:
    version = state.version
    return pb.AgreementVersion(
        agreement_id=version.agreement_id,
        sha256=version.sha256,
        parties=version.parties,
        file=version.file,
        published_at=write_instant(version.published_at),
        published_by=version.published_by,
        ratified_by=state.ratified_by,
    )


def write_pairs(pairs: Iterable[PairState]) -> list[pb.PairStanding]:
    return [_pair(one) for one in pairs]


def write_statement(examined: ExaminedStatement) -> pb.TreatyStatement:
    statement, verified, kept = examined.statement, examined.verified, examined.kept
    return pb.TreatyStatement(
        kind=write_kind(statement.kind),
        party=statement.party,
        sha256=statement.version.sha256,
        incorporated_sha256=statement.version.incorporated,
        first_day=write_date(statement.first_day),
        towards=statement.towards,
        signers=verified.signers if verified else (),
        signed_at=write_instant(verified.signed_at if verified else None),
        received_at=write_instant(kept.received_at),
        received_by=kept.received_by,
        why_not=examined.why_not,
        signed=write_signed_statement(kept.signed),
    )


def write_difference(found: Difference) -> pb.DiffAgreementsResponse:
    return pb.DiffAgreementsResponse(
        old_sha256=found.old_sha256,
        new_sha256=found.new_sha256,
        changes=[_change(one) for one in found.changes],
        outcomes=[_outcome(one) for one in found.outcomes],
        examples_run=found.examples_run,
        affected=_affected(found.affected) if found.of_the_law else None,
        text=difference_text(found),
    )


def _change(change: Change) -> pb.AgreementChange:
    return pb.AgreementChange(
        kind=change.kind.value,
        about=change.about,
        rule_kind=change.rule_kind,
        parameter=change.parameter,
        before=change.before,
        after=change.after,
        old_citation=change.old_cite,
        new_citation=change.new_cite,
        said=change.said,
        affected=_affected(change.affected),
    )


def _outcome(outcome: OutcomeChange) -> pb.OutcomeChange:
    return pb.OutcomeChange(
        example_id=outcome.case_id,
        title=outcome.title,
        source=outcome.source,
        of=outcome.of,
        results=[pb.Comparison(name=one.name, expected=one.before, actual=one.after) for one in outcome.results],
    )


def _affected(affected: Affected) -> pb.Affected:
    return pb.Affected(
        states=affected.states,
        branches=affected.branches,
        groups=affected.groups,
        first_day=write_date(affected.since),
        last_day=write_date(affected.until),
    )


def _pair(state: PairState) -> pb.PairStanding:
    message = pb.PairStanding(state=state.pair[0], other=state.pair[1], binding=state.binding is not None)
    if state.binding is not None:
        message.sha256 = state.binding.version.sha256
        message.first_day.CopyFrom(write_date(state.binding.since))
    elif state.refused is not None:
        message.reason, message.why_not = state.refused.reason, state.refused.message
        if state.refused.first_day is not None:
            message.first_day.CopyFrom(write_date(state.refused.first_day))
    return message

"""Requests of ratification to commands, and versions, statements and pairs of states to messages."""

from collections.abc import Iterable

from portability.api.agreements.v1 import agreements_pb2 as pb
from portability.services.determination.treaties.handlers import PublishVersion, TakeInStatement
from portability.services.determination.treaties.mapping.statements import (
    read_signed_statement,
    write_kind,
    write_signed_statement,
)
from portability.services.determination.treaties.model import ExaminedStatement, StatementKind
from portability.services.determination.treaties.standing import AgreementState, PairState, VersionState
from portability.services.mapping.common import read_uuid, write_date, write_instant

__all__ = ["read_publish", "read_ratify", "read_suspend", "write_pairs", "write_standing", "write_statement",
           "write_version"]  # fmt: skip


def read_publish(request: pb.PublishAgreementRequest) -> PublishVersion:
    return PublishVersion(read_uuid(request.request_id, field="request_id"), request.file.file, request.file.text)


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

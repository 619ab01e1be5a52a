"""Statements as bytes, and back. Reading is strict, as for everything that a signature covers."""

import re
from datetime import date

from google.type.date_pb2 import Date

from portability.agreements.errors import VerificationError
from portability.api.agreements.v1 import statements_pb2 as pb
from portability.services.determination.treaties.model import (
    SignedStatement,
    Statement,
    StatementKind,
    StatementSignature,
    VersionId,
)
from portability.services.mapping import strict

__all__ = ["decode_signed_statement", "decode_statement", "encode_signed_statement", "encode_statement",
           "read_signed_statement", "write_kind", "write_signed_statement"]  # fmt: skip

HASH_BYTES = 32
_STATE = re.compile(r"[A-Z]{2}")
_AGREEMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KIND = {
    StatementKind.RATIFICATION: pb.STATEMENT_KIND_RATIFICATION,
    StatementKind.SUSPENSION: pb.STATEMENT_KIND_SUSPENSION,
}
_KIND_BACK = {number: kind for kind, number in _KIND.items()}


def encode_statement(statement: Statement) -> bytes:
    """The bytes that officials sign."""
    version, day = statement.version, statement.first_day
    message = pb.Statement(
        kind=_KIND[statement.kind],
        party=statement.party,
        agreement_id=statement.agreement_id,
        sha256=bytes.fromhex(version.sha256),
        incorporated_sha256=bytes.fromhex(version.incorporated),
        first_day=Date(year=day.year, month=day.month, day=day.day),
        towards=statement.towards,
    )
    return message.SerializeToString(deterministic=True)


def decode_statement(data: bytes) -> Statement:
    """The statement in bytes that officials have signed. Raises VerificationError."""
    message = strict.parse(pb.Statement, data, what="statement")
    kind = _KIND_BACK.get(message.kind)
    if kind is None:
        raise VerificationError(f"The statement is of kind {message.kind}, which is not known.")
    if not _AGREEMENT.fullmatch(message.agreement_id):
        raise VerificationError("The statement's agreement id is not such as 'ca-it'.")
    towards = tuple(_state(one) for one in message.towards)
    if towards != tuple(sorted(set(towards))) or (towards and kind is StatementKind.RATIFICATION):
        raise VerificationError("The statement names states that it may not name, or not each once in order.")
    other = message.incorporated_sha256
    return Statement(
        kind=kind,
        party=_state(message.party),
        agreement_id=message.agreement_id,
        version=VersionId(
            strict.exact(message.sha256, HASH_BYTES, what="hash of the version").hex(),
            strict.exact(other, HASH_BYTES, what="hash of the incorporated file").hex() if other else "",
        ),
        first_day=_day(message.first_day),
        towards=towards,
    )


def write_kind(kind: StatementKind) -> pb.StatementKind.ValueType:
    return _KIND[kind]


def encode_signed_statement(signed: SignedStatement) -> bytes:
    """A signed statement as a file."""
    return write_signed_statement(signed).SerializeToString(deterministic=True)


def decode_signed_statement(data: bytes) -> SignedStatement:
    """A signed statement from a file; nothing of it is verified yet."""
    return read_signed_statement(strict.parse(pb.SignedStatement, data, what="signed statement"))


def write_signed_statement(signed: SignedStatement) -> pb.SignedStatement:
    """A signed statement as a message."""
    return pb.SignedStatement(
        statement=signed.statement,
        signatures=[
            pb.StatementSignature(
                signer_id=one.signer_id,
                key_id=one.key_id,
                signed_at_ms=strict.milliseconds(one.signed_at),
                ed25519=one.ed25519,
                mldsa65=one.mldsa65,
            )
            for one in signed.signatures
        ],
    )


def read_signed_statement(message: pb.SignedStatement) -> SignedStatement:
    """A signed statement from a message; nothing of it is verified yet."""
    return SignedStatement(
        statement=message.statement,
        signatures=tuple(
            StatementSignature(
                signer_id=strict.text(one.signer_id, limit=64, what="id of an official"),
                key_id=strict.text(one.key_id, limit=64, what="key id of an official"),
                signed_at=strict.instant(one.signed_at_ms, what="instant of a signature"),
                ed25519=one.ed25519,
                mldsa65=one.mldsa65,
            )
            for one in message.signatures
        ),
    )


def _state(code: str) -> str:
    if not _STATE.fullmatch(code):
        raise VerificationError("A state in the statement is not two capital letters.")
    return code


def _day(message: Date) -> date:
    try:
        return date(message.year, message.month, message.day)
    except ValueError as exc:
        raise VerificationError("The statement has no first day, or an impossible one.") from exc

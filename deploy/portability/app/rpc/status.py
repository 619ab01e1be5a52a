"""Maps what the system raises to google.rpc.Status; the only place that knows both error tree and gRPC codes.

Each status carries an ErrorInfo (reason = the error's code, domain = "portability") and where it helps a
BadRequest, RetryInfo or PreconditionFailure. A person reads the message, a program the reason. An error that
nobody foresaw becomes INTERNAL with an id that also stands in the log, and says nothing else.
"""

from collections.abc import Iterable, Mapping

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details  # type: ignore[import-untyped]  # no py.typed in the wheel
from google.rpc import status_pb2
from grpc import StatusCode
from protovalidate import Violation

from portability.agreements.errors import (
    AgreementError,
    AgreementSyntaxError,
    CaseStateError,
    DeniedError,
    DeterminationError,
    GatewayError,
    IdempotencyConflictError,
    InputError,
    NoRuleInForceError,
    NotBindingError,
    NotFoundError,
    OverloadError,
    PortabilityError,
    VerificationError,
)

__all__ = [
    "DOMAIN",
    "crowded_request_status",
    "internal_status",
    "invalid_request_status",
    "late_status",
    "status_code",
    "to_status",
    "unreadable_request_status",
]

DOMAIN = "portability"
RETRY_AFTER_SECONDS = 1
MOST_VIOLATIONS = 32
"""A caller mends a few fields at a time; a request of a million bad items must not give a million answers."""

_CODES: tuple[tuple[type[PortabilityError], StatusCode], ...] = (
    (AgreementError, StatusCode.INVALID_ARGUMENT),
    (DeterminationError, StatusCode.FAILED_PRECONDITION),
    (InputError, StatusCode.INVALID_ARGUMENT),
    (NotFoundError, StatusCode.NOT_FOUND),
    (IdempotencyConflictError, StatusCode.ALREADY_EXISTS),
    (OverloadError, StatusCode.RESOURCE_EXHAUSTED),
    # Over gRPC only what a caller hands in is verified (a directory, an agreement): it is the caller's to mend.
    (VerificationError, StatusCode.INVALID_ARGUMENT),
    (CaseStateError, StatusCode.FAILED_PRECONDITION),
)
_BY_NUMBER = {code.value[0]: code for code in StatusCode}


def to_status(error: PortabilityError) -> status_pb2.Status:
    """Return the status of an error that the system raised on purpose."""
    packed = [details.ErrorInfo(reason=error.code, domain=DOMAIN, metadata=_metadata(error)), *_help(error)]
    return _status(_code(error), error.message, packed)


def invalid_request_status(violations: Iterable[Violation]) -> status_pb2.Status:
    """Return INVALID_ARGUMENT with a BadRequest that names each field (at most 32) by its path."""
    bad = details.BadRequest()
    for violation in list(violations)[:MOST_VIOLATIONS]:
        proto = violation.proto
        bad.field_violations.add(field=_field_path(proto.field), description=proto.message, reason=proto.rule_id)
    first = bad.field_violations[0]
    others = f" ({len(bad.field_violations) - 1} more)" if len(bad.field_violations) > 1 else ""
    info = details.ErrorInfo(reason=InputError.code, domain=DOMAIN, metadata={"field": first.field})
    place = f"'{first.field}' " if first.field else ""
    return _status(StatusCode.INVALID_ARGUMENT, f"{place}{first.description}{others}", [info, bad])


def unreadable_request_status() -> status_pb2.Status:
    """Return INVALID_ARGUMENT for bytes that are not the request of the RPC."""
    info = details.ErrorInfo(reason=InputError.code, domain=DOMAIN)
    message = "The request cannot be read as this RPC's message: generate the client from the protos of this node."
    return _status(StatusCode.INVALID_ARGUMENT, message, [info])


def crowded_request_status(most: int) -> status_pb2.Status:
    """Return RESOURCE_EXHAUSTED for a request of more parts than a node takes at once."""
    info = details.ErrorInfo(reason=OverloadError.code, domain=DOMAIN)
    return _status(StatusCode.RESOURCE_EXHAUSTED, f"The request has more than {most} parts: send several.", [info])


def internal_status(error_id: str) -> status_pb2.Status:
    """Return INTERNAL with nothing but the id under which the log has the rest."""
    info = details.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"error_id": error_id})
    message = f"Internal error {error_id}. Tell the operator of the node this id."
    return _status(StatusCode.INTERNAL, message, [info])


def late_status(seconds: float) -> status_pb2.Status:
    """Return DEADLINE_EXCEEDED for a call that took longer than this server allows."""
    info = details.ErrorInfo(reason="DEADLINE_EXCEEDED", domain=DOMAIN)
    return _status(StatusCode.DEADLINE_EXCEEDED, f"The call took longer than {seconds:g} s.", [info])


def status_code(status: status_pb2.Status) -> StatusCode:
    return _BY_NUMBER[status.code]


def _status(code: StatusCode, message: str, packed: Iterable[Message]) -> status_pb2.Status:
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in packed:
        status.details.add().Pack(detail)
    return status


def _code(error: PortabilityError) -> StatusCode:
    if isinstance(error, DeniedError):
        return StatusCode.PERMISSION_DENIED if error.authenticated else StatusCode.UNAUTHENTICATED
    if isinstance(error, GatewayError):
        return StatusCode.UNAVAILABLE if error.retryable else StatusCode.INTERNAL
    return next((code for kind, code in _CODES if isinstance(error, kind)), StatusCode.INTERNAL)


def _metadata(error: PortabilityError) -> Mapping[str, str]:
    known: dict[str, str] = {"citation": error.citation}
    if isinstance(error, AgreementSyntaxError):
        known |= {"file": error.file, "line": str(error.line), "column": str(error.column)}
    if isinstance(error, NotBindingError):
        known |= {"not_binding": error.reason, "states": ",".join(error.states or ())}
    if isinstance(error, NoRuleInForceError | NotBindingError) and error.first_day:
        known["first_day"] = error.first_day.isoformat()
    if isinstance(error, InputError):
        known["field"] = error.field
    if isinstance(error, OverloadError):
        known["limit"] = error.limit
    if isinstance(error, CaseStateError):
        known |= {"state": error.state, "allowed_actions": ",".join(error.allowed_actions)}
    return {key: value for key, value in known.items() if value}


def _help(error: PortabilityError) -> list[Message]:
    if isinstance(error, InputError) and error.field:
        violation = details.BadRequest.FieldViolation(field=error.field, description=error.message)
        return [details.BadRequest(field_violations=[violation])]
    if isinstance(error, CaseStateError):
        broken = details.PreconditionFailure.Violation(
            type="CASE_STATE", subject=error.state, description=error.message
        )
        return [details.PreconditionFailure(violations=[broken])]
    if isinstance(error, OverloadError) or (isinstance(error, GatewayError) and error.retryable):
        return [details.RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_SECONDS))]
    return []


def _field_path(path: object) -> str:
    """Write a protovalidate field path as people do: `periods[2].evidence.level`."""
    parts: list[str] = []
    for element in getattr(path, "elements", ()):
        subscript = element.subscript
        index = "" if subscript is None else f"[{subscript.value!r}]"
        parts.append(f"{element.field_name}{index}")
    return ".".join(parts)

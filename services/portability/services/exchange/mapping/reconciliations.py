"""RepairService's messages and the values of the report of reconciliations."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from portability.agreements.errors import InputError, VerificationError
from portability.api.exchange.v1 import repair_service_pb2 as pb
from portability.services.exchange.envelope import REASON_LENGTH
from portability.services.exchange.mapping.api import parse_uuid
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.reconciliations import (
    DifferenceKind,
    Finding,
    Place,
    Reconciliation,
    Settled,
    Settlement,
    Wanted,
)
from portability.services.exchange.streams import SequenceRange
from portability.services.mapping import strict
from portability.services.mapping.common import read_date, write_date, write_instant

__all__ = ["place_token", "read_listing", "read_settling", "reconciliation_message"]

_KINDS = {
    DifferenceKind.MISSING: pb.DIFFERENCE_KIND_MISSING,
    DifferenceKind.DIFFERING: pb.DIFFERENCE_KIND_DIFFERING,
    DifferenceKind.UNSETTLED: pb.DIFFERENCE_KIND_UNSETTLED,
}
_DIRECTIONS = {
    Direction.RECEIVED: pb.RECONCILIATION_DIRECTION_RECEIVED,
    Direction.SENT: pb.RECONCILIATION_DIRECTION_SENT,
}


def read_listing(request: pb.ListReconciliationsRequest) -> tuple[Wanted, Place | None]:
    """Which reports a caller wants, and behind which one the page begins. Raises InputError."""
    since = read_date(request, "since", field="since") or date.min
    return Wanted(request.partner, since, request.only_open), _place_after(request.page_token)


def read_settling(request: pb.SettleDifferencesRequest, *, by: str, at: datetime) -> Settlement:
    """What a person settles, and why. Raises InputError."""
    first, last = request.numbers.first_seq, request.numbers.last_seq
    if not 0 < first <= last <= strict.LAST_SEQ:
        raise InputError("Say the numbers as `portability reconciliations list --open` shows them.", field="numbers")
    reason = request.reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH:
        raise InputError(f"Say why, in 1 to {REASON_LENGTH} characters: it is kept for years.", field="reason")
    request_id = parse_uuid(request.request_id, field="request_id")
    return Settlement(request_id, request.partner, SequenceRange(first, last), by, at, reason)


def reconciliation_message(one: Reconciliation, *, hidden: Collection[UUID] = ()) -> pb.Reconciliation:
    """The report of a day; who gave something up in a hidden case, and why, is left out."""
    return pb.Reconciliation(
        partner=one.partner,
        day=write_date(one.day),
        direction=_DIRECTIONS[one.direction],
        result=_result(one),
        compared=_numbers(one.numbers) if one.numbers else None,
        digests=one.digests,
        last_at=write_instant(one.last_at),
        questions=one.questions,
        differences=one.differences,
        open_differences=one.open_differences,
        findings=[_finding(each, hidden) for each in one.findings],
        is_open=one.is_open,
    )


def place_token(place: Place) -> str:
    """Where the next page begins."""
    day, partner, direction = place
    return f"{day.isoformat()}/{partner}/{direction.value}"


def _place_after(token: str) -> Place | None:
    if not token:
        return None
    day, _, rest = token.partition("/")
    partner, _, direction = rest.partition("/")
    try:
        return date.fromisoformat(day), strict.institution(partner, what="partner"), Direction(direction)
    except (ValueError, VerificationError) as error:
        raise InputError("Take page_token from the page before.", field="page_token") from error


def _result(one: Reconciliation) -> pb.ReconciliationResult.ValueType:
    if one.direction is Direction.SENT:
        return pb.RECONCILIATION_RESULT_QUESTIONED if one.questions else pb.RECONCILIATION_RESULT_STATED
    if one.is_silent:
        return pb.RECONCILIATION_RESULT_SILENT
    return pb.RECONCILIATION_RESULT_DIFFERED if one.differences else pb.RECONCILIATION_RESULT_AGREED


def _finding(one: Finding, hidden: Collection[UUID]) -> pb.ReconciliationFinding:
    return pb.ReconciliationFinding(
        kind=_KINDS[one.kind],
        numbers=_numbers(one.numbers),
        stated=one.stated,
        held=one.held,
        found_at=write_instant(one.found_at),
        asked_at=write_instant(one.asked_at),
        is_open=one.is_open,
        settled=_settled(one.settled, is_shown=one.settled.case_id not in hidden) if one.settled else None,
    )


def _settled(one: Settled, *, is_shown: bool) -> pb.FindingSettled:
    return pb.FindingSettled(
        by=one.by if is_shown else "",
        at=write_instant(one.at),
        reason=one.reason if is_shown else "",
        is_given_up=one.is_given_up,
    )


def _numbers(numbers: SequenceRange) -> pb.StreamNumbers:
    return pb.StreamNumbers(first_seq=numbers.first, last_seq=numbers.last)

"""The career record in full, to protobuf and back; nothing is decided here."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.type.date_pb2 import Date

from portability.agreements.careers import EvidenceLevel
from portability.agreements.errors import InputError
from portability.agreements.periods import DayRegime
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import career_pb2 as pb
from portability.api.records.v1 import records_pb2 as rpc
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_decimal,
    read_status,
    read_uuid,
    write_date,
    write_decimal,
    write_evidence,
    write_instant,
    write_institution,
    write_status,
)
from portability.services.records.career import (
    CareerPeriod,
    CareerStatement,
    CareerTotal,
    PartialDate,
    PeriodStatus,
    PeriodSum,
    TotalScope,
)
from portability.services.records.career_view import KnownCareer
from portability.services.records.entering import EnterStatement
from portability.services.records.verifying import CheckCode, CheckOutcome

__all__ = ["read_enter", "write_known_career", "write_statement"]

_LEVEL = EnumTable(EvidenceLevel, common.EvidenceLevel, "EVIDENCE_LEVEL")
_NOT_KEPT_YET = datetime.min.replace(tzinfo=UTC)  # the same request again is the same statement
_PERIOD_STATUS = EnumTable(PeriodStatus, pb.PeriodStatus, "PERIOD_STATUS")
_SCOPE = EnumTable(TotalScope, pb.TotalScope, "TOTAL_SCOPE")
_CHECK = EnumTable(CheckCode, rpc.CheckCode, "CHECK_CODE")
_OUTCOME = EnumTable(CheckOutcome, rpc.CheckOutcome, "CHECK_OUTCOME")


def read_enter(request: rpc.EnterStatementRequest) -> EnterStatement:
    """Raises InputError with the path of the first value that cannot be read."""
    return EnterStatement(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.case_id, field="case_id"),
        _read_statement(request.statement),
        request.document,
        _LEVEL.read(request.level, field="level"),
    )


def write_known_career(career: KnownCareer) -> rpc.KnownCareer:
    """With its checks, and the totals and quirks that a person may look at."""
    return rpc.KnownCareer(
        statement=write_statement(career.statement),
        checks=[
            rpc.PeriodCheck(
                period_id=period_id,
                code=_CHECK.write(check.code),
                outcome=_OUTCOME.write(check.outcome),
                reason=check.reason,
            )
            for period_id, checks in career.checks
            for check in checks
        ],
        totals=[rpc.TotalNote(reason=one) for one in career.totals],
        quirks=[rpc.QuirkNote(period_id=one.period_id, quirk_id=one.quirk_id, text=one.text) for one in career.quirks],
    )


def write_statement(statement: CareerStatement) -> pb.CareerStatement:
    """As `records/v1/career.proto` has it; a statement of a case has no id of its own."""
    return pb.CareerStatement(
        institution=write_institution(statement.institution),
        state=statement.state,
        status=write_status(statement.status),
        as_of=write_date(statement.as_of),
        known_at=write_instant(statement.known_at),
        periods=_periods(statement.periods),
        totals=[_total(one) for one in statement.totals],
    )


def _periods(periods: Sequence[CareerPeriod]) -> list[pb.CareerPeriod]:
    return [
        pb.CareerPeriod(
            period_id=one.period_id,
            state=one.state,
            first_day=_date(one.first_day),
            last_day=_date(one.last_day),
            sum=_sum(one.sum),
            period_type=one.period_type,
            scheme=one.scheme,
            occupation=one.occupation,
            relevance=one.relevance,
            calculation=one.calculation,
            evidence=write_evidence(one.evidence) if one.evidence else None,
            status=_PERIOD_STATUS.write(one.status),
            superseded_by=one.superseded_by,
        )
        for one in periods
    ]


def _total(total: CareerTotal) -> pb.CareerTotal:
    return pb.CareerTotal(
        scope=_SCOPE.write(total.scope), total=pb.CareerPeriod(period_type=total.period_type, sum=_sum(total.sum))
    )


def _sum(total: PeriodSum | None) -> pb.PeriodSum | None:
    if total is None:
        return None
    amounts = {name: getattr(total, name) for name in ("years", "quarters", "months", "weeks", "days")}
    told = {name: write_decimal(amount, places=4) for name, amount in amounts.items() if amount is not None}
    return pb.PeriodSum(**told, day_regime=str(total.day_regime or ""))


def _date(day: PartialDate | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def _read_statement(message: pb.CareerStatement) -> CareerStatement:
    return CareerStatement(
        state=message.state,
        institution=message.institution.institution_id,
        status=read_status(message.status, field="statement.status"),
        known_at=_NOT_KEPT_YET,
        as_of=read_date(message, "as_of", field="statement.as_of"),
        periods=tuple(_read_period(one, field=f"statement.periods[{i}]") for i, one in enumerate(message.periods)),
        totals=tuple(
            _read_total(one, field=f"statement.totals[{i}]")
            for i, one in enumerate(message.totals)
            if one.total.HasField("sum")
        ),
    )


def _read_total(message: pb.CareerTotal, *, field: str) -> CareerTotal:
    scope = _SCOPE.read(message.scope, field=f"{field}.scope")
    return CareerTotal(scope, _read_sum(message.total.sum, field=f"{field}.total.sum"), message.total.period_type)


def _read_period(message: pb.CareerPeriod, *, field: str) -> CareerPeriod:
    return CareerPeriod(
        period_id=message.period_id,
        state=message.state,
        first_day=_read_partial(message, "first_day", field=field),
        last_day=_read_partial(message, "last_day", field=field),
        sum=_read_sum(message.sum, field=f"{field}.sum") if message.HasField("sum") else None,
        period_type=message.period_type,
        scheme=message.scheme,
        occupation=message.occupation,
        relevance=message.relevance,
        calculation=message.calculation,
    )


def _read_partial(message: pb.CareerPeriod, name: str, *, field: str) -> PartialDate | None:
    """A date of which parts may be missing; what is there has to be a day, a month or a year that exists."""
    if not message.HasField(name):  # type: ignore[arg-type]  # one of two names
        return None
    day: Date = getattr(message, name)
    found = PartialDate(day.year, day.month, day.day)
    try:
        if day.day and not day.month:
            raise ValueError
        _ = found.first, found.last
    except ValueError as error:
        raise InputError(
            f"{field}.{name} is {day.year}-{day.month}-{day.day}: give a date that exists, zero for what is unknown.",
            field=f"{field}.{name}",
        ) from error
    return found


def _read_sum(message: pb.PeriodSum, *, field: str) -> PeriodSum:
    told = {
        name: read_decimal(text, field=f"{field}.{name}")
        for name in ("years", "quarters", "months", "weeks", "days")
        if (text := getattr(message, name))
    }
    regimes = {str(int(one)): one for one in DayRegime}
    return PeriodSum(**told, day_regime=regimes.get(message.day_regime))

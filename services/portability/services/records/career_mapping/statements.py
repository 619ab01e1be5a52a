"""The career record in full, to protobuf; nothing is decided here."""

from collections.abc import Sequence

from google.type.date_pb2 import Date

from portability.api.records.v1 import career_pb2 as pb
from portability.api.records.v1 import records_pb2 as rpc
from portability.services.mapping.common import (
    EnumTable,
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
from portability.services.records.verifying import CheckCode, CheckOutcome

__all__ = ["write_known_career", "write_statement"]

_PERIOD_STATUS = EnumTable(PeriodStatus, pb.PeriodStatus, "PERIOD_STATUS")
_SCOPE = EnumTable(TotalScope, pb.TotalScope, "TOTAL_SCOPE")
_CHECK = EnumTable(CheckCode, rpc.CheckCode, "CHECK_CODE")
_OUTCOME = EnumTable(CheckOutcome, rpc.CheckOutcome, "CHECK_OUTCOME")


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
        totals=[
            rpc.TotalNote(sent=_total(one.sent), computed=_sum(one.computed), reason=one.reason)
            for one in career.totals
        ],
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

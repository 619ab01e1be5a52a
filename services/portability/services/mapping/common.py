"""Common values to and from protobuf: dates, instants, money, citations, periods, identifiers.

Reading raises InputError with the path of the field; what a message may hold beyond its type is said by its
field rules, which `read_record` checks for messages of other institutions and the RPC layer for calls.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import protovalidate
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from portability.agreements.careers import (
    AnswerStatus,
    CareerRecord,
    Evidence,
    EvidenceLevel,
    PeriodTotal,
    PersonIdentifier,
    RecordedPeriod,
    check_period,
)
from portability.agreements.errors import InputError
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Citation, Money
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as records

__all__ = [
    "EnumTable",
    "read_citation",
    "read_date",
    "read_day_after",
    "read_decimal",
    "read_exact",
    "read_identifier",
    "read_instant",
    "read_money",
    "read_period",
    "read_record",
    "read_status",
    "read_total",
    "read_uuid",
    "write_career",
    "write_citation",
    "write_date",
    "write_decimal",
    "write_evidence",
    "write_exact",
    "write_identifier",
    "write_instant",
    "write_institution",
    "write_last_day",
    "write_money",
    "write_period",
    "write_record",
    "write_status",
    "write_total",
]

M = TypeVar("M", bound=Message)
E = TypeVar("E", bound=Enum)


class ProtoEnum(Protocol):
    """A generated enum, as its module offers it."""

    def Value(self, name: str, /) -> Any: ...  # noqa: N802 (the generated name)


class EnumTable:
    """A Python enum and its protobuf twin: `PREFIX_NAME` stands for the member NAME."""

    def __init__(self, python: type[E], proto: ProtoEnum, prefix: str) -> None:
        self._numbers: dict[Any, int] = {member: proto.Value(f"{prefix}_{member.name}") for member in python}
        self._members = {number: member for member, number in self._numbers.items()}

    def write(self, member: Any) -> Any:
        return self._numbers[member]

    def read(self, number: int, *, field: str) -> Any:
        """The member of a number; raises InputError for zero and for numbers of a later version."""
        member = self._members.get(number)
        if member is None:
            expected = ", ".join(f"{each.name} ({known})" for known, each in sorted(self._members.items()))
            raise InputError(f"{field} is {number}: expected one of {expected}.", field=field)
        return member


# A scheme counts 5, 6 or 7 days a week; DayRegime is spelled as the number itself.
_KIND = EnumTable(PeriodKind, common.PeriodKind, "PERIOD_KIND")
_UNIT = EnumTable(PeriodUnit, common.PeriodUnit, "PERIOD_UNIT")
_LEVEL = EnumTable(EvidenceLevel, common.EvidenceLevel, "EVIDENCE_LEVEL")
_STATUS = EnumTable(AnswerStatus, records.AnswerStatus, "ANSWER_STATUS")

_CENTS = 2

_VALIDATOR = protovalidate.Validator()


def read_record(kind: type[M], record: bytes) -> M:
    """Parse the bytes of a message and check its field rules; raises InputError with the path of the first fault."""
    try:
        message = kind.FromString(record)
    except DecodeError as error:
        raise InputError(f"The record is not a {kind.DESCRIPTOR.full_name}: its bytes do not parse.") from error
    _require_rules(message)
    if b"\0" in record:
        _require_storable(message)
    return message


def write_record(message: Message) -> bytes:
    """The bytes of a message for other institutions.

    Checked by the rules that they will check it by: raises InputError here, so that nobody there has to set it aside.
    """
    _require_rules(message)
    return message.SerializeToString()


def read_uuid(text: str, *, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InputError(f"{field} is not an id: give a UUID.", field=field) from error


def write_date(day: date | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def write_last_day(end: date | None) -> Date | None:
    """The last day of a half-open time, as the law writes it."""
    return write_date(date.fromordinal(end.toordinal() - 1)) if end else None


def read_date(message: Message, name: str, *, field: str) -> date | None:
    """The date in the field `name` of a message; None where it is unset. Raises InputError for no such day."""
    if not message.HasField(name):
        return None
    day = getattr(message, name)
    try:
        return date(day.year, day.month, day.day)
    except ValueError as error:
        raise InputError(
            f"{field} is {day.year}-{day.month}-{day.day}: give a full date that exists.", field=field
        ) from error


def read_day_after(message: Message, name: str, *, field: str) -> date | None:
    """The end of a half-open time, given by its last day."""
    last_day = read_date(message, name, field=field)
    if last_day == date.max:
        raise InputError(f"{field} is {last_day}: leave it out where there is no end.", field=field)
    return date.fromordinal(last_day.toordinal() + 1) if last_day else None


def write_instant(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant.astimezone(UTC))
    return message


def read_instant(message: Message, name: str, *, field: str) -> datetime:
    """The instant in the field `name` of a message, aware UTC; raises InputError where it is unset or impossible."""
    if not message.HasField(name):
        raise InputError(f"{field} is not given: give an instant.", field=field)
    try:
        instant: datetime = getattr(message, name).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{field} is no instant between the years 1 and 9999.", field=field) from error
    return instant


def write_decimal(value: Fraction, *, places: int) -> str:
    """Decimal text with at most so many places; exact where the value has no more of them."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    text = f"{exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_decimal(text: str, *, field: str) -> Fraction:
    try:
        return Fraction(Decimal(text))
    except (ArithmeticError, ValueError) as error:
        raise InputError(f"{field} is no number: give decimal text, for example 12.5.", field=field) from error


def write_money(money: Money | None) -> common.Money | None:
    """Money with its exact decimals, two of them at least.

    To the cent where a ratio between two roundings has no exact decimal: such an amount is shown, never paid.
    """
    if money is None:
        return None
    try:
        exact = money.decimal()
    except ValueError:
        exact = Decimal(money.shown().split(" ")[0])
    places = max(_CENTS, -int(exact.as_tuple().exponent))
    return common.Money(currency_code=money.currency, amount=f"{exact:.{places}f}")


def read_money(message: Message, name: str, *, field: str) -> Money | None:
    """The money in the field `name` of a message; None where it is unset."""
    if not message.HasField(name):
        return None
    money = getattr(message, name)
    return Money(read_decimal(money.amount, field=f"{field}.amount"), money.currency_code)


def write_citation(citation: Citation | None) -> common.LegalReference | None:
    if citation is None:
        return None
    return common.LegalReference(instrument=citation.instrument, article=citation.article)


def read_citation(reference: common.LegalReference) -> Citation | None:
    """The citation; None for a reference that names no instrument."""
    return Citation(reference.instrument, reference.article) if reference.instrument else None


def write_exact(facts: Iterable[tuple[str, str]]) -> list[common.ExactValue]:
    """Exact values of a step: each a name, and JSON that keeps its type (portability.agreements.exact)."""
    return [common.ExactValue(name=name, json_value=text) for name, text in facts]


def read_exact(messages: Iterable[common.ExactValue]) -> tuple[tuple[str, str], ...]:
    """Names and JSON as they came: whoever tells the step reads them, and falls back to the text sent with it."""
    return tuple((each.name, each.json_value) for each in messages)


def write_institution(institution: str) -> common.InstitutionReference | None:
    return common.InstitutionReference(institution_id=institution) if institution else None


def write_identifier(identifier: PersonIdentifier) -> records.PersonIdentifier:
    return records.PersonIdentifier(country=identifier.country, sector=identifier.sector, value=identifier.value)


def read_identifier(message: records.PersonIdentifier) -> PersonIdentifier:
    return PersonIdentifier(message.country, message.sector, message.value)


def write_period(recorded: RecordedPeriod) -> common.InsurancePeriod:
    period, evidence = recorded.period, recorded.evidence
    duration = period.duration
    return common.InsurancePeriod(
        period_id=period.period_id,
        state=period.state,
        kind=_KIND.write(period.kind),
        scheme=period.scheme,
        first_day=write_date(period.start),
        last_day=write_last_day(period.end),
        amount=write_decimal(duration.amount, places=4) if duration else "",
        unit=_UNIT.write(duration.unit) if duration else common.PERIOD_UNIT_UNSPECIFIED,
        day_regime=int(duration.day_regime) if duration and duration.day_regime else 0,
        period_type=period.period_type,
        evidence=write_evidence(evidence),
    )


def write_evidence(evidence: Evidence) -> common.Evidence:
    return common.Evidence(
        level=_LEVEL.write(evidence.level),
        method=evidence.method,
        verified_by=evidence.verified_by,
        verified_on=write_date(evidence.verified_on),
    )


def read_period(message: common.InsurancePeriod, *, field: str) -> RecordedPeriod:
    """A period with its evidence, checked; raises InputError with the path of what contradicts itself."""
    period = InsurancePeriod(
        period_id=message.period_id,
        state=message.state,
        kind=_KIND.read(message.kind, field=f"{field}.kind"),
        scheme=message.scheme,
        start=read_date(message, "first_day", field=f"{field}.first_day"),
        end=read_day_after(message, "last_day", field=f"{field}.last_day"),
        duration=_duration(message, field=field),
        period_type=message.period_type,
    )
    check_period(period, field=field)
    evidence = message.evidence
    return RecordedPeriod(
        period,
        Evidence(
            level=_LEVEL.read(evidence.level, field=f"{field}.evidence.level"),
            method=evidence.method,
            verified_by=evidence.verified_by,
            verified_on=read_date(evidence, "verified_on", field=f"{field}.evidence.verified_on"),
        ),
    )


def write_total(total: PeriodTotal) -> records.PeriodTotal:
    return records.PeriodTotal(
        scheme=total.scheme,
        kind=_KIND.write(total.kind),
        unit=_UNIT.write(total.unit) if total.unit else common.PERIOD_UNIT_UNSPECIFIED,
        day_regime=int(total.day_regime) if total.day_regime else 0,
        amount=write_decimal(total.amount, places=4),
        count=total.count,
    )


def read_total(message: records.PeriodTotal, *, field: str) -> PeriodTotal:
    unit = _UNIT.read(message.unit, field=f"{field}.unit") if message.unit else None
    return PeriodTotal(
        scheme=message.scheme,
        kind=_KIND.read(message.kind, field=f"{field}.kind"),
        unit=unit,
        day_regime=DayRegime(str(message.day_regime)) if message.day_regime else None,
        amount=read_decimal(message.amount, field=f"{field}.amount"),
        count=message.count,
    )


def write_status(status: AnswerStatus) -> records.AnswerStatus.ValueType:
    return cast("records.AnswerStatus.ValueType", _STATUS.write(status))


def read_status(number: int, *, field: str) -> AnswerStatus:
    return cast(AnswerStatus, _STATUS.read(number, field=field))


def write_career(career: CareerRecord) -> records.CareerRecord:
    return records.CareerRecord(
        state=career.state,
        institution=write_institution(career.institution),
        status=_STATUS.write(career.status),
        asked_on=write_date(career.asked_on),
        answered_on=write_date(career.answered_on),
        as_of=write_date(career.as_of),
        periods=_by_first_day(career.periods),
    )


def _by_first_day(periods: Iterable[RecordedPeriod]) -> list[common.InsurancePeriod]:
    ordered = sorted(periods, key=lambda each: (each.period.start or date.max, each.period.period_id))
    return [write_period(each) for each in ordered]


def _duration(message: common.InsurancePeriod, *, field: str) -> Duration | None:
    if not message.amount:
        if message.unit or message.day_regime:
            raise InputError(
                f"{field} has a unit but no amount: give the amount, or leave both out.",
                field=f"{field}.amount",
            )
        return None
    if not message.unit:
        raise InputError(f"{field} has an amount but no unit: say what it counts.", field=f"{field}.unit")
    regime = DayRegime(str(message.day_regime)) if message.day_regime in {5, 6, 7} else None
    return Duration(
        read_decimal(message.amount, field=f"{field}.amount"),
        _UNIT.read(message.unit, field=f"{field}.unit"),
        regime,
    )


def _require_rules(message: Message) -> None:
    violations = _VALIDATOR.collect_violations(message)
    if violations:
        proto = violations[0].proto
        path = _path(proto.field.elements) if proto.field else ""
        raise InputError(f"{message.DESCRIPTOR.name}.{path}: {proto.message or proto.rule_id}.", field=path)


def _require_storable(message: Message) -> None:
    """Raise InputError for the character U+0000, which no database keeps; it is told apart from a fault of ours."""
    for descriptor, value in message.ListFields():
        for each in [value] if isinstance(value, str | Message) else value if descriptor.is_repeated else ():
            if isinstance(each, Message):
                _require_storable(each)
            elif isinstance(each, str) and "\0" in each:
                raise InputError(f"{descriptor.name} holds the character U+0000: leave it out.", field=descriptor.name)


def _path(elements: Sequence[Any]) -> str:
    """A field path as people write it: `periods[2].evidence.level`."""
    parts: list[str] = []
    for element in elements:
        subscript = element.subscript
        index = "" if subscript is None else f"[{subscript.value!r}]"
        parts.append(f"{element.field_name}{index}")
    return ".".join(parts)

"""The institution's own register: put, find by exact identifier, and what is refused with nothing stored."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2 as details
from google.type.date_pb2 import Date
from grpc_status import rpc_status

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.fake import FixedClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryRecordWork
from portability.agreements.careers import PersonIdentifier, check_period, period_totals
from portability.agreements.errors import IdempotencyConflictError, InputError, NotFoundError
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as messages
from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import records_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.matching import MatchOutcome
from portability.services.records.handlers import find_records, get_career, put_records
from portability.services.records.mapping.register import read_put_records
from portability.services.records.servicer import RecordServicer

CLOCK = FixedClock(datetime(2025, 3, 3, 9, tzinfo=UTC))
NUMBER = PersonIdentifier("DE", "pension", "12 100358 R 501")


def request(*accounts: pb.InsuranceAccount) -> pb.PutRecordsRequest:
    return pb.PutRecordsRequest(request_id=str(time_ordered_id()), accounts=accounts or [account()])


def account(account_id: str = "DE-1") -> pb.InsuranceAccount:
    evidence = common.Evidence(level=common.EVIDENCE_LEVEL_FINAL_ACCOUNT, method="account", verified_by="de-drv")
    return pb.InsuranceAccount(
        account_id=account_id,
        name="Rossi, Maria",
        birth_date=Date(year=1958, month=3, day=10),
        identifiers=[messages.PersonIdentifier(country="DE", sector="pension", value=NUMBER.value)],
        periods=[
            common.InsurancePeriod(
                period_id="d1",
                state="DE",
                kind=common.PERIOD_KIND_COMPULSORY,
                scheme="de-rente",
                first_day=Date(year=1980, month=1, day=1),
                last_day=Date(year=1984, month=12, day=31),
                amount="60",
                unit=common.PERIOD_UNIT_MONTHS,
                evidence=evidence,
            ),
            common.InsurancePeriod(
                period_id="d2",
                state="DE",
                kind=common.PERIOD_KIND_COMPULSORY,
                scheme="de-rente",
                first_day=Date(year=1985, month=1, day=1),
                last_day=Date(year=1985, month=1, day=1),
                evidence=evidence,
            ),
        ],
        as_of=Date(year=2025, month=3, day=1),
        scheme_facts=[pb.SchemeFact(scheme="de-rente", name="earnings_points", value="31.5012")],
    )


async def put(work: MemoryRecordWork, message: pb.PutRecordsRequest) -> int:
    return await put_records(read_put_records(message), register=work.register, commands=work.commands, clock=CLOCK)


async def test_accounts_are_kept_with_half_open_periods(work: MemoryRecordWork) -> None:
    assert await put(work, request(account(), account("DE-2"))) == 2
    kept = await work.register.get("DE-1")
    assert kept is not None
    first, second = (recorded.period for recorded in kept.periods)
    assert (first.start, first.end) == (date(1980, 1, 1), date(1985, 1, 1))
    # A period of one day ends on the day after.
    assert (second.start, second.end) == (date(1985, 1, 1), date(1985, 1, 2))


async def test_the_same_request_stores_nothing_new_and_another_content_conflicts(work: MemoryRecordWork) -> None:
    message = request()
    assert await put(work, message) == 1
    changed = account()
    changed.name = "Rossi, Maria Pia"
    await put(work, request(changed))
    assert await put(work, message) == 1
    kept = await work.register.get("DE-1")
    assert kept is not None
    assert kept.name == "Rossi, Maria Pia"
    message.accounts[0].name = "Bianchi"
    with pytest.raises(IdempotencyConflictError):
        await put(work, message)


def one_date(each: pb.InsuranceAccount) -> None:
    each.periods[0].ClearField("last_day")


def ends_before_it_starts(each: pb.InsuranceAccount) -> None:
    each.periods[0].last_day.year = 1979


def days_without_regime(each: pb.InsuranceAccount) -> None:
    each.periods[0].unit = common.PERIOD_UNIT_DAYS


def regime_without_days(each: pb.InsuranceAccount) -> None:
    each.periods[0].day_regime = 6


def amount_without_unit(each: pb.InsuranceAccount) -> None:
    each.periods[0].unit = common.PERIOD_UNIT_UNSPECIFIED


def unit_without_amount(each: pb.InsuranceAccount) -> None:
    each.periods[0].amount = ""


def nothing_counted(each: pb.InsuranceAccount) -> None:
    each.periods[0].amount = "0"


def neither_dates_nor_amount(each: pb.InsuranceAccount) -> None:
    for name in ("first_day", "last_day"):
        each.periods[1].ClearField(name)


def unknown_state(each: pb.InsuranceAccount) -> None:
    each.periods[0].state = "DD"


def unknown_country(each: pb.InsuranceAccount) -> None:
    each.identifiers[0].country = "XX"


def empty_number(each: pb.InsuranceAccount) -> None:
    each.identifiers[0].value = " - "


def same_period_twice(each: pb.InsuranceAccount) -> None:
    each.periods[1].period_id = "d1"


def born_tomorrow(each: pb.InsuranceAccount) -> None:
    each.birth_date.CopyFrom(Date(year=2025, month=3, day=4))


def no_identifier(each: pb.InsuranceAccount) -> None:
    del each.identifiers[:]


def no_end(each: pb.InsuranceAccount) -> None:
    each.periods[0].last_day.CopyFrom(Date(year=9999, month=12, day=31))


FAULTS = [
    (one_date, "periods[0].last_day"),
    (ends_before_it_starts, "periods[0].last_day"),
    (days_without_regime, "periods[0].day_regime"),
    (regime_without_days, "periods[0].day_regime"),
    (amount_without_unit, "periods[0].unit"),
    (unit_without_amount, "periods[0].amount"),
    (nothing_counted, "periods[0].amount"),
    (neither_dates_nor_amount, "periods[1].amount"),
    (unknown_state, "periods[0].state"),
    (unknown_country, "identifiers[0].country"),
    (empty_number, "identifiers[0].value"),
    (same_period_twice, "periods[1].period_id"),
    (born_tomorrow, "birth_date"),
    (no_identifier, "identifiers"),
    (no_end, "periods[0].last_day"),
]


@pytest.mark.parametrize(("spoil", "field"), [pytest.param(*each, id=each[0].__name__) for each in FAULTS])
async def test_one_wrong_account_stores_none_and_is_named_by_its_place(
    work: MemoryRecordWork, spoil: Callable[[pb.InsuranceAccount], None], field: str
) -> None:
    wrong = account("DE-2")
    spoil(wrong)
    with pytest.raises(InputError) as refused:
        await put(work, request(account(), wrong))
    assert refused.value.field == f"accounts[1].{field}"
    # Message, and what to do next.
    assert ":" in refused.value.message
    assert await work.register.get("DE-1") is None


async def test_an_account_stands_once_in_a_call(work: MemoryRecordWork) -> None:
    with pytest.raises(InputError) as refused:
        await put(work, request(account(), account()))
    assert refused.value.field == "accounts[1].account_id"


async def test_search_ends_in_one_of_four_ways(work: MemoryRecordWork) -> None:
    born = date(1958, 3, 10)
    none = await find_records(register=work.register, people=work.people, identifiers=[NUMBER], birth_date=born)
    await put(work, request())
    found = await find_records(register=work.register, people=work.people, identifiers=[NUMBER], birth_date=born)
    other = await find_records(
        register=work.register, people=work.people, identifiers=[NUMBER], birth_date=date(1958, 3, 11)
    )
    await put(work, request(account("DE-2")))
    several = await find_records(register=work.register, people=work.people, identifiers=[NUMBER], birth_date=born)
    outcomes = [each.outcome for each in (none, found, other, several)]
    assert outcomes == [MatchOutcome.NONE, MatchOutcome.FOUND, MatchOutcome.CONTRADICTION, MatchOutcome.SEVERAL]
    assert [each.needs_a_person for each in (none, found, other, several)] == [True, False, True, True]
    assert len(several.accounts) == 2


async def test_a_search_for_nothing_is_refused(work: MemoryRecordWork) -> None:
    with pytest.raises(InputError):
        await find_records(register=work.register, people=work.people)
    assert (
        await find_records(register=work.register, people=work.people, account_id="DE-9")
    ).outcome is MatchOutcome.NONE


async def test_a_career_of_no_case_is_not_found(work: MemoryRecordWork) -> None:
    with pytest.raises(NotFoundError):
        await get_career(time_ordered_id(), careers=work.careers, facts=work.facts, at=CLOCK.now())


def test_totals_are_by_scheme_kind_and_unit_and_convert_nothing() -> None:
    def period(number: int, duration: Duration | None, kind: PeriodKind = PeriodKind.COMPULSORY) -> InsurancePeriod:
        return InsurancePeriod(f"p{number}", "DE", kind, "s", date(2020, 1, 1), date(2020, 2, 1), duration)

    months = [Duration(amount, PeriodUnit.MONTHS) for amount in (3, 4)]  # type: ignore[arg-type]  # whole numbers
    days = Duration(10, PeriodUnit.DAYS, DayRegime.FIVE)  # type: ignore[arg-type]  # a whole number
    periods = [period(1, months[0]), period(2, months[1]), period(3, days), period(4, None)]
    periods.append(period(5, months[0], PeriodKind.VOLUNTARY))
    totals = {(t.kind, t.unit, t.day_regime): (t.amount, t.count) for t in period_totals(periods)}
    assert totals == {
        (PeriodKind.COMPULSORY, PeriodUnit.MONTHS, None): (7, 2),
        (PeriodKind.COMPULSORY, PeriodUnit.DAYS, DayRegime.FIVE): (10, 1),
        # January has 31 calendar days.
        (PeriodKind.COMPULSORY, None, None): (31, 1),
        (PeriodKind.VOLUNTARY, PeriodUnit.MONTHS, None): (3, 1),
    }
    for each in periods:
        check_period(each, field="period")


class OneCaller:
    async def find(self, context: Any) -> Caller:
        values = dict(context.invocation_metadata())
        return Caller("de-drv", Role(values.get("test-role", "caseworker")), "anna.berg")


class NoObserver:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@pytest.fixture
def work() -> MemoryRecordWork:
    return MemoryRecordWork()


@pytest.fixture
async def stub(work: MemoryRecordWork) -> AsyncIterator[Any]:
    @asynccontextmanager
    async def unit_of_work() -> AsyncIterator[MemoryRecordWork]:
        yield work

    gate = CallGate(
        callers=OneCaller(),  # type: ignore[arg-type]  # stands in for certificates
        policy=CedarPolicy.shipped("de-drv"),
        observer=NoObserver(),
        new_id=time_ordered_id,
    )
    server = grpc.aio.server(interceptors=(gate,))
    records_pb2_grpc.add_RecordServiceServicer_to_server(
        RecordServicer(unit_of_work=unit_of_work, clock=CLOCK, new_id=time_ordered_id), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield records_pb2_grpc.RecordServiceStub(channel)
    await server.stop(None)


async def test_a_person_is_found_by_a_description_in_another_script_with_reasons(stub: Any) -> None:
    await stub.PutRecords(request(account(), account("DE-2")))
    described = pb.PersonDescription(family_names=["Росси"], given_names="Мария", birth_date="1958-03-10")
    both = await stub.FindRecords(pb.FindRecordsRequest(person=described))
    assert (both.outcome, [each.account_id for each in both.accounts]) == (pb.FIND_OUTCOME_SEVERAL, ["DE-1", "DE-2"])
    assert [each.strong_keys for each in both.likenesses] == [1, 1]
    reasons = {each.reason: (each.found, each.weight) for each in both.likenesses[0].findings}
    assert reasons["birth"] == ("same", 8)
    assert reasons["family_name"][1] > 0
    described.birth_date = "1958"
    assert (await stub.FindRecords(pb.FindRecordsRequest(person=described))).outcome == pb.FIND_OUTCOME_SEVERAL
    nobody = pb.PersonDescription(family_names=["Weber"], given_names="Anna", birth_date="1971-01-02")
    assert (await stub.FindRecords(pb.FindRecordsRequest(person=nobody))).outcome == pb.FIND_OUTCOME_NONE


async def test_no_account_is_found_without_two_independent_strong_keys(stub: Any) -> None:
    await stub.PutRecords(request())
    described = pb.PersonDescription(family_names=["Rossi"], given_names="Maria", birth_date="1958-03-10")
    by_name = await stub.FindRecords(pb.FindRecordsRequest(person=described))
    assert by_name.outcome == pb.FIND_OUTCOME_LIKELY
    described.identifiers.add(country="DE", sector="pension", value=NUMBER.value)
    assert (await stub.FindRecords(pb.FindRecordsRequest(person=described))).outcome == pb.FIND_OUTCOME_FOUND
    described.given_names = "Giulia"
    by_number = await stub.FindRecords(pb.FindRecordsRequest(person=described))
    assert by_number.outcome == pb.FIND_OUTCOME_CONTRADICTION


async def test_what_was_put_is_found_unchanged(stub: Any) -> None:
    assert (await stub.PutRecords(request())).stored_accounts == 1
    found = await stub.FindRecords(pb.FindRecordsRequest(account_id="DE-1"))
    assert found.outcome == pb.FIND_OUTCOME_FOUND
    assert list(found.accounts) == [account()]


async def test_a_period_that_ends_before_it_starts_is_refused_through_grpc(stub: Any) -> None:
    wrong = account()
    ends_before_it_starts(wrong)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.PutRecords(request(wrong))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(refused.value)
    bad = details.BadRequest()
    assert any(detail.Unpack(bad) for detail in status.details)
    assert bad.field_violations[0].field == "accounts[0].periods[0].last_day"
    assert (await stub.FindRecords(pb.FindRecordsRequest(account_id="DE-1"))).outcome == pb.FIND_OUTCOME_NONE


@pytest.mark.parametrize(
    ("role", "code"),
    [
        # Without a session it is not known which worker asks.
        ("worker", grpc.StatusCode.UNAUTHENTICATED),
        ("peer", grpc.StatusCode.PERMISSION_DENIED),
        ("administrator", grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_the_register_is_closed_to_all_but_the_staff(stub: Any, role: str, code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.FindRecords(pb.FindRecordsRequest(account_id="DE-1"), metadata=(("test-role", role),))
    assert refused.value.code() is code

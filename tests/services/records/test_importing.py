"""ImportRecords through an in-process gRPC server: each item answered, a wrong one refused alone, streams resumed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import grpc
import pytest
from google.type.date_pb2 import Date
from hypothesis import given
from hypothesis import strategies as st

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.fake import FixedClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryImportWork
from portability.agreements.errors import InputError
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import imports_pb2 as pb
from portability.api.records.v1 import imports_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.mapping.common import read_period, read_record
from portability.services.records.mapping import importing
from portability.services.records.mapping.familiar import is_familiar
from portability.services.records.servicer import ImportServicer

from .imported import period, record

CLOCK = FixedClock(datetime(2025, 3, 3, 9, tzinfo=UTC))
ACCEPTED, UNCHANGED, REFUSED, HELD = 1, 2, 3, 4


class TheSystem:
    async def find(self, context: Any) -> Caller:
        return Caller("de-drv", Role.SYSTEM, "pensions")


class Seen:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@pytest.fixture
def work() -> MemoryImportWork:
    return MemoryImportWork()


@pytest.fixture
async def stub(work: MemoryImportWork) -> AsyncIterator[Any]:
    @asynccontextmanager
    async def unit_of_work() -> AsyncIterator[MemoryImportWork]:
        yield work

    gate = CallGate(
        callers=TheSystem(),  # type: ignore[arg-type]  # stands in for certificates
        policy=CedarPolicy.shipped("de-drv"),
        observer=Seen(),
        new_id=time_ordered_id,
    )
    server = grpc.aio.server(interceptors=(gate,))
    imports_pb2_grpc.add_ImportServiceServicer_to_server(ImportServicer(unit_of_work=unit_of_work, clock=CLOCK), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield imports_pb2_grpc.ImportServiceStub(channel)
    await server.stop(None)


def opening(import_id: str) -> pb.ImportRecordsRequest:
    return pb.ImportRecordsRequest(opening=pb.ImportOpening(import_id=import_id, as_of=Date(year=2025, month=3, day=1)))


async def imported(stub: Any, *requests: pb.ImportRecordsRequest) -> list[pb.ImportRecordsResponse]:
    async def send() -> AsyncIterator[pb.ImportRecordsRequest]:
        for request in requests:
            yield request

    return [response async for response in stub.ImportRecords(send(), timeout=10)]


def outcomes(response: pb.ImportRecordsResponse) -> list[tuple[int, int, int]]:
    return [(run.first_item, run.count, run.outcome) for run in response.runs]


def batch(first_item: int, *records: pb.ImportedRecord) -> pb.ImportRecordsRequest:
    return pb.ImportRecordsRequest(first_item=first_item, records=records)


async def test_each_item_is_answered_and_a_wrong_one_is_refused_alone(stub: Any, work: MemoryImportWork) -> None:
    wrong = record(2001)
    wrong.period.last_day.year = 1999
    ready, first, second = await imported(
        stub, opening(str(time_ordered_id())), batch(1, record(2000), wrong, record(2002)), batch(4, record(2003))
    )
    assert (ready.held_up_to, ready.ready) == (0, True)
    assert outcomes(first) == [(1, 1, ACCEPTED), (2, 1, REFUSED), (3, 1, ACCEPTED)]
    assert [(one.item, one.field, one.code) for one in first.refused] == [(2, "period.last_day", "INVALID_INPUT")]
    assert "ends on 1999-12-31 before it starts" in first.refused[0].message
    assert (second.held_up_to, outcomes(second)) == (4, [(4, 1, ACCEPTED)])
    account = await work.register.get("DE-1")
    assert account is not None
    assert [each.period.start for each in account.periods] == [date(year, 1, 1) for year in (2000, 2002, 2003)]


async def test_a_stream_that_broke_goes_on_and_is_told_what_was_refused_before(stub: Any) -> None:
    this = opening(str(time_ordered_id()))
    wrong = record(2001)
    wrong.period.state = "QQ"
    await imported(stub, this, batch(1, record(2000), wrong))
    ready, answer = await imported(stub, this, batch(2, wrong, record(2002)))
    assert (ready.held_up_to, [one.item for one in ready.refused]) == (2, [2])
    assert outcomes(answer) == [(2, 1, HELD), (3, 1, ACCEPTED)]


async def test_more_refusals_than_one_answer_holds_come_in_several(stub: Any) -> None:
    this = opening(str(time_ordered_id()))
    await imported(stub, this, batch(1, *[pb.ImportedRecord(account_id="DE-1")] * 1100))
    answers = await imported(stub, this)
    assert [(len(each.refused), each.ready) for each in answers] == [(500, False), (500, False), (100, True)]


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [batch(1, record(2000))],
        [opening(str(time_ordered_id())), batch(2, record(2000))],
        [opening(str(time_ordered_id())), batch(1)],
        [opening(str(time_ordered_id())), opening(str(time_ordered_id()))],
        [opening(str(time_ordered_id())), batch(1, *[record(2000)] * 2001)],
        [pb.ImportRecordsRequest(opening=pb.ImportOpening(import_id="x", as_of=Date(year=2025, month=3, day=1)))],
    ],
    ids=["nothing", "no opening", "a gap", "no records", "two openings", "too many", "no id"],
)
async def test_a_stream_that_is_none_is_refused(stub: Any, requests: list[pb.ImportRecordsRequest]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await imported(stub, *requests)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def no_account(each: pb.ImportedRecord) -> None:
    each.account_id = ""


def no_period(each: pb.ImportedRecord) -> None:
    each.ClearField("period")


def no_such_day(each: pb.ImportedRecord) -> None:
    each.period.first_day.day = 32


def amount_of_zero(each: pb.ImportedRecord) -> None:
    each.period.amount = "0.0"


def days_without_regime(each: pb.ImportedRecord) -> None:
    each.period.unit = 1


def no_evidence(each: pb.ImportedRecord) -> None:
    each.period.ClearField("evidence")


def unknown_kind(each: pb.ImportedRecord) -> None:
    each.period.kind = 9  # type: ignore[assignment]  # of a later version


def character_that_no_database_keeps(each: pb.ImportedRecord) -> None:
    each.period.scheme = "de\0rente"


def born_tomorrow(each: pb.ImportedRecord) -> None:
    each.person.birth_date.CopyFrom(Date(year=2025, month=3, day=4))


def number_without_a_digit(each: pb.ImportedRecord) -> None:
    each.person.identifiers[0].value = "--"


WRONG: list[tuple[Callable[[pb.ImportedRecord], None], str]] = [
    (no_account, "account_id"),
    (no_period, "period"),
    (no_such_day, "period.first_day"),
    (amount_of_zero, "period.amount"),
    (days_without_regime, "period.day_regime"),
    (no_evidence, "period.evidence"),
    (unknown_kind, "period.kind"),
    (character_that_no_database_keeps, "scheme"),
    (born_tomorrow, "person.birth_date"),
    (number_without_a_digit, "person.identifiers[0].value"),
]


@pytest.mark.parametrize(("spoil", "field"), WRONG, ids=[spoil.__name__ for spoil, _ in WRONG])
def test_a_record_that_cannot_be_right_is_refused_by_the_field(
    spoil: Callable[[pb.ImportedRecord], None], field: str
) -> None:
    wrong = record(2000)
    spoil(wrong)
    read = importing.read_batch(batch(1, wrong), today=date(2025, 3, 3))
    assert (read.items, [one.field for one in read.refused]) == ((), [field])


AMOUNTS = st.sampled_from(["", "0", "12", "12.5", "0.5", "30", "0.00", "1e3", "-1", "1234567", "1.23456"])
DAYS = st.builds(
    Date, year=st.sampled_from([0, 1, 2000, 9999]), month=st.integers(0, 13), day=st.sampled_from([0, 1, 29, 31])
)


@given(data=st.data())
def test_what_is_familiar_the_rules_find_right_as_well(data: st.DataObject) -> None:
    each = period("p", 2000)
    each.period_id = data.draw(st.sampled_from(["p", "", "p\0", "x" * 64, "x" * 65]))
    each.state = data.draw(st.sampled_from(["DE", "XK", "de", "QQ", ""]))
    each.scheme = data.draw(st.sampled_from(["de-rente", "*\x07\x08Z", "Z", ""]))
    each.amount = data.draw(AMOUNTS)
    each.unit = data.draw(st.integers(0, 6))  # type: ignore[assignment]  # also those that are none
    each.day_regime = data.draw(st.integers(0, 8))
    each.period_type = data.draw(st.sampled_from(["", "10", "Z", "12345"]))
    each.kind = data.draw(st.integers(0, 5))  # type: ignore[assignment]  # the same
    each.evidence.level = data.draw(st.integers(0, 6))  # type: ignore[assignment]  # the same
    each.first_day.CopyFrom(data.draw(DAYS))
    each.last_day.CopyFrom(data.draw(DAYS))
    if data.draw(st.booleans()):
        each.evidence.verified_on.CopyFrom(data.draw(DAYS))
    # A field of a later version, and one that is written a second time.
    each.MergeFromString(data.draw(st.sampled_from([b"", b"\xf8\x01\x01", b"\x12\x02QQ", b"*\x02\x08\x01"])))
    familiar = is_familiar(each.SerializeToString())
    try:
        read_period(read_record(common.InsurancePeriod, each.SerializeToString()), field="period")
    except InputError:
        assert not familiar


def test_most_periods_are_familiar() -> None:
    assert all(is_familiar(period(f"y{year}", year).SerializeToString()) for year in range(1950, 2025))

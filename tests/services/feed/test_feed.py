"""The change feed: every change once committed, in order per case, at least once, and nothing readable of a person."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import grpc
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.kafka.feed import KafkaFeed
from portability.adapters.kafka.stream import KafkaStream
from portability.adapters.postgres.change_store import PostgresChanges, PostgresFlowChanges, change_unit_of_work
from portability.adapters.postgres.database import Connection, Database
from portability.agreements.errors import GatewayError, InputError
from portability.api.feed.v1 import feed_pb2 as pb
from portability.api.feed.v1 import feed_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.feed.mapping import write_cloud_event
from portability.services.feed.model import Change
from portability.services.feed.publishing import forget_changes, publish_changes
from portability.services.feed.servicer import FeedServicer
from portability.services.flows.model import Document, KeptDocument, PassedDeadline
from tests.brokers import BrokerInUse
from tests.conftest import NewDatabase

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KINDS = ("claim_received", "statement_sent", "decided")


# What each kind of event is made of: an action, its message, and who said it.
SAID = {
    "claim_received": ("lodge", "claim.old_age", "it-inps"),
    "claim_sent": ("lodge", "claim.old_age", "de-drv"),
    "statement_sent": ("state", "record.statement", "de-drv"),
    "decided": ("decide", "decision.notify", "de-drv"),
    "summary_sent": ("summarise", "decision.summary", "de-drv"),
}
CONTENT = b"Statement with 12 periods of Rossi, Maria, 1184.60 EUR, by jonas weber."


async def add(connection: Connection, case_id: UUID, *kinds: str) -> None:
    """Note what was said in a case, as one step each."""
    book = PostgresFlowChanges(connection, me="de-drv", new_id=time_ordered_id)
    for kind in kinds:
        action, message, sender = SAID[kind]
        said = Document(time_ordered_id(), action, sender, ("it-inps", "de-drv"), NOON)
        await book.note(case_id, [KeptDocument(said, message, CONTENT, "it", "jonas weber")], at=NOON)


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    opened = await Database.open(new_database())
    yield opened
    await opened.close()


async def note(database: Database, case_id: UUID | None = None, *kinds: str) -> UUID:
    async with database.transaction() as connection:
        case_id = case_id or time_ordered_id()
        await add(connection, case_id, *(kinds or KINDS))
    return case_id


class Sent:
    """Stands in for a topic; fails as often as it is told to, after it has taken the events."""

    def __init__(self, *, failing: int = 0) -> None:
        self.changes: list[Change] = []
        self._failing = failing

    async def send(self, changes: Sequence[Change]) -> None:
        self.changes += changes
        if self._failing:
            self._failing -= 1
            raise GatewayError("The brokers did not acknowledge.", retryable=True)


async def test_what_is_said_in_a_case_on_a_flow_is_in_the_feed_and_a_type_that_tells_of_health_is_not(
    database: Database,
) -> None:
    case_id, at = time_ordered_id(), NOON - timedelta(days=1)
    passed = PassedDeadline("eu.pension_statement", "records", "it-inps", at)
    new = [
        KeptDocument(Document(time_ordered_id(), "lodge", "it-inps", ("de-drv",), at), "claim.old_age"),
        KeptDocument(Document(time_ordered_id(), "state", "de-drv", ("it-inps",), at), "record.statement"),
        KeptDocument(Document(time_ordered_id(), "send", "it-inps", ("de-drv",), at), "medical.report"),
        KeptDocument(Document(time_ordered_id(), "deadline_passed", "clock", (), at, passed=passed)),
    ]
    async with database.transaction(acting="node") as connection:
        await PostgresFlowChanges(connection, me="de-drv", new_id=time_ordered_id).note(case_id, new, at=NOON)
        await PostgresFlowChanges(connection, me="de-drv", new_id=time_ordered_id).note(case_id, [], at=NOON)
        book = PostgresChanges(connection)
        await book.number()
        found = await book.after(0, limit=10)
    assert [(one.kind, one.institution) for one in found] == [
        ("claim_received", "it-inps"),
        ("statement_sent", "de-drv"),
        ("message_received", "it-inps"),
        ("deadline_passed", "de-drv"),
    ]
    assert {(one.case_id, one.occurred_at, one.message_id) for one in found} == {(case_id, NOON, None)}


def test_an_event_is_a_cloud_event_and_tells_nothing_of_a_person() -> None:
    change = Change(7, time_ordered_id(), time_ordered_id(), "statement_received", NOON, "it-inps", time_ordered_id())
    written = write_cloud_event(change, node="de-drv")
    headers = {"content-type": b"application/cloudevents+json; charset=UTF-8"}
    read = from_kafka_event(KafkaMessage(headers=headers, key=str(change.case_id).encode(), value=written))
    assert (read.get_specversion(), read.get_id(), read.get_source()) == ("1.0", str(change.event_id), "/nodes/de-drv")
    assert read.get_type() == "portability.case.statement_received.v1"
    assert read.get_time() == NOON
    assert read.get_data() == {
        "case_id": str(change.case_id),
        "institution_id": "it-inps",
        "message_id": str(change.message_id),
    }
    assert set(json.loads(written)) == {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data",
    }  # fmt: skip


async def test_what_a_case_tells_is_in_the_feed_in_its_order_and_only_when_it_is_committed(database: Database) -> None:
    first = await note(database)
    with suppress(RuntimeError):
        async with database.transaction() as connection:
            await add(connection, first, "summary_sent")
            raise RuntimeError("undone")
    second = await note(database, None, "claim_sent")
    topic = Sent()
    assert await publish_changes(unit_of_work=change_unit_of_work(database), topic=topic) == 4
    assert [(one.case_id, one.kind) for one in topic.changes] == [
        *((first, kind) for kind in KINDS),
        (second, "claim_sent"),
    ]
    assert [one.number for one in topic.changes] == [1, 2, 3, 4]
    assert await publish_changes(unit_of_work=change_unit_of_work(database), topic=topic) == 0


async def test_what_is_committed_late_is_numbered_late_and_never_passed_over(database: Database) -> None:
    work, topic = change_unit_of_work(database), Sent()
    async with database.transaction() as slow:
        late = time_ordered_id()
        await add(slow, late, "claim_sent")
        early = await note(database)
        assert await publish_changes(unit_of_work=work, topic=topic) == 3
    assert await publish_changes(unit_of_work=work, topic=topic) == 1
    assert [one.case_id for one in topic.changes] == [early] * 3 + [late]
    assert [one.number for one in topic.changes] == [1, 2, 3, 4]


async def test_what_was_not_acknowledged_is_sent_again_and_one_publisher_goes_at_a_time(database: Database) -> None:
    await note(database)
    work, topic = change_unit_of_work(database), Sent(failing=1)
    with pytest.raises(GatewayError):
        await publish_changes(unit_of_work=work, topic=topic)
    await publish_changes(unit_of_work=work, topic=topic)
    assert [one.number for one in topic.changes] == [1, 2, 3, 1, 2, 3]

    class Slow(Sent):
        async def send(self, changes: Sequence[Change]) -> None:
            await asyncio.sleep(0.2)
            await super().send(changes)

    await note(database)
    one, other = Slow(), Slow()
    await asyncio.gather(*(publish_changes(unit_of_work=work, topic=each) for each in (one, other)))
    assert len(one.changes) + len(other.changes) == 3


async def test_what_was_kept_long_enough_is_forgotten_and_who_comes_later_is_told(database: Database) -> None:
    work = change_unit_of_work(database)
    await note(database)
    await publish_changes(unit_of_work=work, topic=Sent())
    await note(database)  # committed, and not published yet
    async with work(True) as book:
        await book.number()
    later = NOON + timedelta(seconds=1)

    async def forget(before: datetime, *, published: bool) -> int:
        return await forget_changes(work=partial(work, True), before=before, published=published)

    assert await forget(NOON, published=False) == 0  # nothing is older
    assert await forget(later, published=True) == 3
    assert await forget(later, published=True) == 0
    async with work(True) as book:
        assert [one.number for one in await book.after(0, limit=9)] == [4, 5, 6]
        assert [one.number for one in await book.after(3, limit=9)] == [4, 5, 6]
        with pytest.raises(InputError, match="Events up to 3 are not kept any more") as refused:
            await book.after(1, limit=9)
        assert refused.value.field == "resume_token"
    assert await forget(later, published=False) == 3
    await note(database, None, "claim_sent")  # numbers go on where they were
    topic = Sent()
    await publish_changes(unit_of_work=work, topic=topic)
    assert [one.number for one in topic.changes] == [7]


class TheSystem:
    async def find(self, context: Any) -> Caller:
        return Caller("de-drv", Role.SYSTEM, "pensions")


class Seen:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


async def test_a_system_watches_changes_from_a_token_on(new_database: NewDatabase) -> None:
    url = new_database()
    database, fenced = await Database.open(url), await Database.open(url, fenced=True)
    gate = CallGate(
        callers=TheSystem(),  # type: ignore[arg-type]  # stands in for certificates
        policy=CedarPolicy.shipped("de-drv"),
        observer=Seen(),
        new_id=time_ordered_id,
    )
    server = grpc.aio.server(interceptors=(gate,))
    servicer = FeedServicer(change_unit_of_work(fenced), look_again=timedelta(seconds=0.05))
    feed_pb2_grpc.add_FeedServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    case_id = await note(database)
    hidden = await note(database)
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO protected_scopes VALUES (%s)", (hidden,))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = feed_pb2_grpc.FeedServiceStub(channel)

        async def some(token: str, count: int) -> list[pb.WatchChangesResponse]:
            call = stub.WatchChanges(pb.WatchChangesRequest(resume_token=token), timeout=10)
            found = [await call.read() for _ in range(count)]
            call.cancel()
            return found

        first = await some("", 3)
        assert [(one.case_id, one.type) for one in first] == [
            (str(case_id), f"portability.case.{kind}.v1") for kind in KINDS
        ]
        # What is of protected persons is not shown to a system; what comes later is.
        watching = asyncio.create_task(some(first[-1].resume_token, 1))
        await asyncio.sleep(0.2)
        await note(database, case_id, "summary_sent")
        (later,) = await watching
        assert (later.case_id, later.type) == (str(case_id), "portability.case.summary_sent.v1")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await anext(aiter(stub.WatchChanges(pb.WatchChangesRequest(resume_token="x"))))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    await server.stop(None)
    await fenced.close()
    await database.close()


@pytest.mark.kafka
async def test_events_are_on_the_topic_of_the_institution_in_order_per_case(
    database: Database, kafka_broker: BrokerInUse
) -> None:
    node = f"de-{str(time_ordered_id())[-12:]}"
    stream = await KafkaStream.open(kafka_broker.bootstrap, create_topics=kafka_broker.has_admin)
    cases = [await note(database) for _ in range(20)]
    work = change_unit_of_work(database)
    assert await publish_changes(unit_of_work=work, topic=KafkaFeed(stream, node=node)) == 60
    for case_id in cases:
        await note(database, case_id, "summary_sent")
    assert await publish_changes(unit_of_work=work, topic=KafkaFeed(stream, node=node)) == 20
    await stream.close()

    topic = f"portability.events.v1.{node}"
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    seen: dict[str, list[str]] = {}
    try:
        partitions = [TopicPartition(topic, number) for number in await partitions_of(consumer, topic)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async with asyncio.timeout(30):
            while sum(len(kinds) for kinds in seen.values()) < 80:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        read = from_kafka_event(KafkaMessage(dict(record.headers), record.key, record.value))
                        assert record.key.decode() == read.get_data()["case_id"]
                        assert b"Rossi" not in record.value
                        assert b"weber" not in record.value
                        seen.setdefault(read.get_data()["case_id"], []).append(read.get_type())
    finally:
        await consumer.stop()
    expected = [f"portability.case.{kind}.v1" for kind in (*KINDS, "summary_sent")]
    assert seen == {str(case_id): expected for case_id in cases}


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    for _ in range(50):
        await consumer._client.force_metadata_update()
        consumer._client.add_topic(topic)
        found = consumer.partitions_for_topic(topic)
        if found:
            return sorted(found)
        await asyncio.sleep(0.1)
    raise AssertionError(f"{topic} has no partitions")

"""What every event stream must keep to: in memory, in PostgreSQL and on Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.kafka.stream import KafkaStream
from portability.adapters.memory.stream import MemoryStream
from portability.adapters.postgres.stream import PostgresStream
from portability.agreements.errors import GatewayError
from portability.services.exchange.model.receiving import StreamRecord
from portability.services.exchange.ports.world import EventStream

SOON = timedelta(seconds=10)
FULL_BUNDLE = 1024 * 1024

Opener = Callable[[], Awaitable[EventStream]]


@pytest.fixture(params=["memory", "postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens streams that share their topics, as the nodes of a pilot do, and closes them after the test."""
    open_one = _opener(request)
    streams: list[EventStream] = []

    async def opener() -> EventStream:
        streams.append(await open_one())
        return streams[-1]

    yield opener
    for one in streams:
        await one.close()


def _opener(request: pytest.FixtureRequest) -> Opener:
    if request.param == "postgres":
        url = request.getfixturevalue("empty_database")()
        return lambda: PostgresStream.open(url)
    if request.param == "kafka":
        broker = request.getfixturevalue("kafka_broker")
        return lambda: KafkaStream.open(broker.bootstrap, create_topics=broker.has_admin)
    memory = MemoryStream(partitions=4)

    async def same() -> EventStream:
        return memory

    return same


@pytest.fixture
async def stream(opened: Opener) -> EventStream:
    return await opened()


@pytest.fixture
def topic() -> str:
    return f"portability.exchange.v1.{time_ordered_id()}"


async def from_the_start(stream: EventStream, topic: str) -> dict[int, int]:
    return dict.fromkeys(range(await stream.partitions(topic)), -1)


async def read_all(stream: EventStream, topic: str, wanted: int, *, limit: int = 100) -> list[StreamRecord]:
    """Read on from the start of every partition until `wanted` records are here."""
    found: list[StreamRecord] = []
    after = await from_the_start(stream, topic)
    async with asyncio.timeout(30):
        while len(found) < wanted:
            found += await stream.read(topic, after=after, limit=limit, wait=SOON)
            after |= {one.partition: one.offset for one in found}
    return found


async def read_after(
    stream: EventStream, last: StreamRecord, *, limit: int = 9, wait: timedelta = SOON
) -> Sequence[StreamRecord]:
    """Read on behind one record, in its partition."""
    return await stream.read(last.topic, after={last.partition: last.offset}, limit=limit, wait=wait)


async def test_records_come_back_in_order_with_their_bytes(stream: EventStream, topic: str) -> None:
    written = [(b"de-drv", b"first"), (b"de-drv", bytes(range(256))), (b"de-drv", b"x")]
    await stream.append(topic, written)
    found = await read_all(stream, topic, 3)
    assert [(one.key, one.value) for one in found] == written
    assert {one.topic for one in found} == {topic}
    assert len({one.partition for one in found}) == 1
    assert [one.offset for one in found] == sorted({one.offset for one in found})


async def test_offsets_start_at_zero_so_that_minus_one_reads_from_the_start(stream: EventStream, topic: str) -> None:
    await stream.append(topic, [(b"k", b"v")])
    assert [one.offset for one in await read_all(stream, topic, 1)] == [0]


async def test_a_read_begins_after_the_offset_given_and_can_go_back(stream: EventStream, topic: str) -> None:
    await stream.append(topic, [(b"k", b"%d" % number) for number in range(5)])
    everything = await read_all(stream, topic, 5)
    assert [one.value for one in await read_after(stream, everything[2])] == [b"3", b"4"]
    again = await read_after(stream, everything[0], limit=2)
    assert [one.value for one in again] == [b"1", b"2"]


async def test_a_read_gives_at_most_the_limit(stream: EventStream, topic: str) -> None:
    await stream.append(topic, [(b"k", b"%d" % number) for number in range(7)])
    assert len(await stream.read(topic, after=await from_the_start(stream, topic), limit=3, wait=SOON)) == 3
    assert len(await read_all(stream, topic, 7, limit=2)) == 7


async def test_an_empty_topic_gives_nothing_after_the_wait(stream: EventStream, topic: str) -> None:
    after = await from_the_start(stream, topic)
    await stream.read(topic, after=after, limit=1, wait=timedelta(0))  # connections are opened here
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert list(await stream.read(topic, after=after, limit=1, wait=timedelta(seconds=0.5))) == []
    assert 0.4 < loop.time() - started < 3


async def test_a_reader_that_waits_is_woken_by_an_append(opened: Opener, topic: str) -> None:
    reader, writer = await opened(), await opened()
    await writer.append(topic, [(b"k", b"first")])
    (first,) = await read_all(reader, topic, 1)
    waiting = asyncio.create_task(read_after(reader, first, wait=timedelta(seconds=20)))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    loop = asyncio.get_running_loop()
    appended = loop.time()
    await writer.append(topic, [(b"k", b"second")])
    assert [one.value for one in await waiting] == [b"second"]
    assert loop.time() - appended < 5


async def test_what_has_one_key_stays_in_one_partition_also_where_several_write(opened: Opener, topic: str) -> None:
    writers = [await opened() for _ in range(2)]
    keys = [b"%02d-institution" % number for number in range(24)]
    for turn, writer in enumerate(writers):
        await writer.append(topic, [(key, b"%d" % turn) for key in keys])
    found = await read_all(writers[0], topic, 2 * len(keys))
    places = {key: {one.partition for one in found if one.key == key} for key in keys}
    assert all(len(one) == 1 for one in places.values())
    # By hand: 24 keys in n partitions leave one empty with chance n x (1 - 1/n)^24, 0.4 % for 4; these do not.
    assert set.union(*places.values()) == set(range(await writers[0].partitions(topic)))


async def test_readers_of_different_partitions_get_each_their_own(opened: Opener, topic: str) -> None:
    reader, other = await opened(), await opened()
    await reader.append(topic, [(b"%02d-institution" % number, b"x") for number in range(24)])
    after = await from_the_start(reader, topic)
    (mine, *_), theirs = after, list(after)[1:]
    found = await reader.read(topic, after={mine: -1}, limit=100, wait=SOON)
    assert {one.partition for one in found} == {mine}
    rest = 24 - len(found)
    if theirs:
        found = list(found)
        asked = dict.fromkeys(theirs, -1)
        async with asyncio.timeout(30):
            while rest > 0:
                more = await other.read(topic, after=asked, limit=100, wait=SOON)
                asked |= {one.partition: one.offset for one in more}
                rest -= len(more)
    assert rest == 0


async def test_a_reader_takes_on_a_partition_and_lets_go_of_it_without_missing_anything(
    stream: EventStream, topic: str
) -> None:
    await stream.append(topic, [(b"%02d-institution" % number, b"x") for number in range(24)])
    after = await from_the_start(stream, topic)
    found: list[StreamRecord] = []
    async with asyncio.timeout(30):
        while len(found) < 24:
            for partition in after:  # each read assigns another one
                one = await stream.read(topic, after={partition: after[partition]}, limit=2, wait=timedelta(seconds=1))
                after |= {record.partition: record.offset for record in one}
                found += one
    assert len({(one.partition, one.offset) for one in found}) == 24


async def test_topics_are_apart(stream: EventStream, topic: str) -> None:
    other = topic + ".other"
    await stream.append(topic, [(b"k", b"here")])
    await stream.append(other, [(b"k", b"there")])
    assert [one.value for one in await read_all(stream, topic, 1)] == [b"here"]
    assert [one.value for one in await read_all(stream, other, 1)] == [b"there"]


async def test_a_record_as_large_as_a_full_bundle_passes(stream: EventStream, topic: str) -> None:
    large = bytes(range(256)) * (FULL_BUNDLE // 256)
    await stream.append(topic, [(b"k", large), (b"k", large)])
    assert [one.value == large for one in await read_all(stream, topic, 2)] == [True, True]


async def test_what_is_appended_is_there_for_whoever_opens_the_stream_later(opened: Opener, topic: str) -> None:
    first = await opened()
    await first.append(topic, [(b"k", b"kept")])
    assert [one.value for one in await read_all(await opened(), topic, 1)] == [b"kept"]


async def test_appending_nothing_changes_nothing(stream: EventStream, topic: str) -> None:
    await stream.append(topic, [])
    await stream.append(topic, [(b"k", b"v")])
    assert len(await read_all(stream, topic, 1)) == 1


async def test_a_reader_beside_many_writers_sees_each_record_once_and_misses_none(opened: Opener, topic: str) -> None:
    writers = [await opened() for _ in range(4)]
    reader = await opened()
    appends, batch = 20, 3

    async def write(writer: EventStream, number: int) -> None:
        for turn in range(appends):
            await writer.append(topic, [(b"%d" % number, b"%d.%d" % (turn, place)) for place in range(batch)])

    total = len(writers) * appends * batch
    reading = asyncio.create_task(read_all(reader, topic, total, limit=7))
    await asyncio.gather(*(write(writer, number) for number, writer in enumerate(writers)))
    found = await reading
    for partition in range(await reader.partitions(topic)):
        offsets = [one.offset for one in found if one.partition == partition]
        assert offsets == sorted(set(offsets))
    expected = [b"%d.%d" % (turn, place) for turn in range(appends) for place in range(batch)]
    for number in range(len(writers)):
        assert [one.value for one in found if one.key == b"%d" % number] == expected


async def test_a_reader_ahead_of_a_topic_that_was_lost_and_made_anew_begins_again(
    stream: EventStream, topic: str
) -> None:
    await stream.append(topic, [(b"k", b"after the loss")])
    lost = dict.fromkeys(await from_the_start(stream, topic), 41)
    found = await stream.read(topic, after=lost, limit=9, wait=SOON)
    assert [one.value for one in found] == [b"after the loss"]


async def test_a_reader_at_the_end_of_a_topic_does_not_begin_again(stream: EventStream, topic: str) -> None:
    await stream.append(topic, [(b"k", b"seen")])
    (seen,) = await read_all(stream, topic, 1)
    assert list(await read_after(stream, seen, wait=timedelta(seconds=0.5))) == []


@pytest.mark.parametrize("kind", ["postgres", "kafka"])
async def test_where_nothing_answers_the_error_names_the_place_and_may_pass(kind: str) -> None:
    with pytest.raises(GatewayError, match=r"127\.0\.0\.1:9\b") as raised:
        if kind == "kafka":
            await KafkaStream.open("127.0.0.1:9")
        else:
            await PostgresStream.open("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1")
    assert raised.value.retryable

"""The event stream on Apache Kafka: idempotent, acks=all, assigned partitions, offsets kept by the caller.

No consumer groups, no auto-commit, no transactions: the guarantees stand above the broker
(docs/decisions/0003-guarantees-above-the-broker.md).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

from portability.adapters.kafka.tls import KafkaTls
from portability.agreements.errors import GatewayError
from portability.services.exchange.model.receiving import StreamRecord

__all__ = ["MAX_RECORD_BYTES", "PARTITIONS", "KafkaStream"]

MAX_RECORD_BYTES = 2_097_152  # a full bundle is 1 MiB; broker topics are created with the same limit
PARTITIONS = 4  # of a topic that this node makes; so many processes can share an inbox
REQUEST_MILLISECONDS = 20_000
TOPIC_SECONDS = 2.0  # for the brokers to say where a topic is; the driver would ask for as long as a request may take
ABSENT_SECONDS = 10.0
"""How long a topic that they do not know is not asked for again: all other recipients wait meanwhile."""


class KafkaStream:
    """EventStream on a Kafka cluster. Topics are created on first use where the cluster allows it.

    One reader at a time: a process that runs several consumers gives each a stream of its own.
    """

    def __init__(self, bootstrap: str, *, tls: KafkaTls | None, replication: int, create_topics: bool) -> None:
        self._bootstrap = bootstrap
        self._tls = tls
        self._replication = replication
        self._create_topics = create_topics
        self._producer: AIOKafkaProducer | None = None
        self._consumers: dict[str, AIOKafkaConsumer] = {}
        self._known: set[str] = set()
        self._seen: set[str] = set()
        self._absent: dict[str, float] = {}  # until when, by the clock of the loop
        self._lock = asyncio.Lock()
        self._reading = asyncio.Lock()

    @classmethod
    async def open(
        cls, bootstrap: str, *, tls: KafkaTls | None = None, replication: int = 1, create_topics: bool = True
    ) -> Self:
        """Connect to the brokers at `bootstrap` ("host:port,host:port"); GatewayError where none lets this node in."""
        stream = cls(bootstrap, tls=tls, replication=replication, create_topics=create_topics)
        try:
            await stream._started_producer()
        except KafkaError as exc:
            raise GatewayError(
                f"No Kafka broker lets this node in at {bootstrap}: start one (deploy/kafka), or correct "
                "PORTABILITY_KAFKA, the certificates beside it, or this institution's rights.",
                retryable=True,
            ) from exc
        return stream

    async def partitions(self, topic: str) -> int:
        """How many partitions the brokers say; more are noticed within five minutes."""
        try:
            await self._ensure_topic(topic)
            producer = await self._started_producer()
            return len(await producer.partitions_for(topic))
        except (KafkaError, TimeoutError, OSError) as exc:
            await self._drop_producer()
            self._known.discard(topic)
            raise GatewayError("The Kafka brokers do not know the topic or did not answer.", retryable=True) from exc

    async def append(
        self, topic: str, records: Sequence[tuple[bytes, bytes]], *, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Append (key, value) pairs, each to its key's partition; returns when all in-sync replicas have them.

        After any error the producer is rebuilt: whether its records arrived is unknown, and the caller sends again.
        """
        try:
            await self._ensure_topic(topic)
            producer = await self._started_producer()
            if not self._create_topics:
                await self._find(topic, producer)
            sent = [await producer.send(topic, value=value, key=key, headers=[*headers]) for key, value in records]
            await asyncio.gather(*sent)
        except (KafkaError, TimeoutError, OSError) as exc:
            await self._drop_producer()
            self._known.discard(topic)
            raise GatewayError("The Kafka brokers did not acknowledge the records.", retryable=True) from exc

    async def _find(self, topic: str, producer: AIOKafkaProducer) -> None:
        """Raise where the brokers do not know a topic, such as the inbox of a partner that has not been made yet."""
        now = asyncio.get_running_loop().time()
        if now < self._absent.get(topic, now):
            raise UnknownTopicOrPartitionError(topic)
        try:
            async with asyncio.timeout(TOPIC_SECONDS):
                await producer.partitions_for(topic)
        except TimeoutError:
            self._absent[topic] = now + ABSENT_SECONDS
            raise

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        """Records with higher offsets; waits up to `wait` for a first one."""
        positions = {TopicPartition(topic, partition): offset + 1 for partition, offset in after.items()}
        async with self._reading:
            try:
                await self._ensure_topic(topic)
                consumer = await self._started_consumer(topic)
                await _seek(consumer, positions)
                found = await _fetch(consumer, limit=limit, wait=wait)
                self._notice_loss(topic, consumer)
                return found
            except (KafkaError, TimeoutError, OSError) as exc:
                await self._drop_consumer(topic)
                raise GatewayError("The Kafka brokers did not answer a read.", retryable=True) from exc

    def _notice_loss(self, topic: str, consumer: AIOKafkaConsumer) -> None:
        """A topic that was there and is not any more was deleted: reading it would bring nothing for ever."""
        if consumer.partitions_for_topic(topic):
            self._seen.add(topic)
        elif topic in self._seen:
            raise UnknownTopicOrPartitionError(topic)

    async def close(self) -> None:
        """Flush what is pending and disconnect."""
        for topic in list(self._consumers):
            await self._drop_consumer(topic)
        await self._drop_producer()

    def _connection(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self._bootstrap,
            "security_protocol": "SSL" if self._tls else "PLAINTEXT",
            "ssl_context": self._tls.context() if self._tls else None,
            "request_timeout_ms": REQUEST_MILLISECONDS,
        }

    async def _started_producer(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._connection(),
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=MAX_RECORD_BYTES,
                    linger_ms=0,  # the relay lingers already
                )
                try:
                    await producer.start()
                except KafkaError:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _started_consumer(self, topic: str) -> AIOKafkaConsumer:
        if topic not in self._consumers:
            consumer = AIOKafkaConsumer(
                **self._connection(),
                enable_auto_commit=False,
                auto_offset_reset="none",
                max_partition_fetch_bytes=2 * MAX_RECORD_BYTES,
                fetch_max_wait_ms=200,
            )
            await consumer.start()
            self._consumers[topic] = consumer
        return self._consumers[topic]

    async def _ensure_topic(self, topic: str) -> None:
        if topic in self._known or not self._create_topics:
            return
        admin = AIOKafkaAdminClient(**self._connection())
        await admin.start()
        try:
            limits = {
                "max.message.bytes": str(MAX_RECORD_BYTES),
                "min.insync.replicas": str(max(self._replication - 1, 1)),
            }
            await admin.create_topics([NewTopic(topic, PARTITIONS, self._replication, topic_configs=limits)])
        except TopicAlreadyExistsError:
            pass
        finally:
            await admin.close()
        self._known.add(topic)

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                await producer.stop()
            except (KafkaError, OSError, TimeoutError):
                return

    async def _drop_consumer(self, topic: str) -> None:
        consumer = self._consumers.pop(topic, None)
        self._known.discard(topic)
        self._seen.discard(topic)
        if consumer is not None:
            try:
                await consumer.stop()
            except (KafkaError, OSError, TimeoutError):
                return


async def _seek(consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
    """Read these partitions from these positions on; what was fetched already is kept where it goes on from there."""
    anew = consumer.assignment() != positions.keys()
    if anew:
        consumer.assign(list(positions))
    for partition, position in positions.items():
        if anew or await consumer.position(partition) != position:
            consumer.seek(partition, position)


async def _fetch(consumer: AIOKafkaConsumer, *, limit: int, wait: timedelta) -> list[StreamRecord]:
    while True:
        try:
            found = await consumer.getmany(timeout_ms=int(wait.total_seconds() * 1000), max_records=limit)
        except OffsetOutOfRangeError as lost:
            # The topic was lost and made anew: begin with what it holds now. Inboxes refuse what they know already.
            (offsets,) = lost.args
            await consumer.seek_to_beginning(*offsets)
            continue
        return [
            StreamRecord(place.topic, place.partition, record.offset, record.key or b"", record.value or b"")
            for place, records in found.items()
            for record in records
        ]

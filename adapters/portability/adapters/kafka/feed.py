"""The change feed on the institution's own Kafka topic: CloudEvents 1.0, structured mode, the case id as key.

The Kafka protocol binding of CloudEvents (kafka-protocol-binding.md) tells structured events by their content type. The
key keeps the events of one case in one partition, in order.
"""

from collections.abc import Sequence

from portability.adapters.kafka.stream import KafkaStream
from portability.services.feed.mapping import write_cloud_event
from portability.services.feed.model import Change, topic_of

__all__ = ["KafkaFeed"]

CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")


class KafkaFeed:
    """ChangeTopic."""

    def __init__(self, stream: KafkaStream, *, node: str) -> None:
        self._stream = stream
        self._node = node

    async def send(self, changes: Sequence[Change]) -> None:
        """Send in this order; returns when all in-sync replicas have them."""
        records = [(str(change.case_id).encode(), write_cloud_event(change, node=self._node)) for change in changes]
        await self._stream.append(topic_of(self._node), records, headers=[CONTENT_TYPE])

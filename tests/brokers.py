"""The Kafka broker of tests and measurements: Apache Kafka where Java and Maven are, else librdkafka's mock cluster."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.kafka import local_kafka

__all__ = ["BrokerInUse", "start_test_broker"]

MOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class BrokerInUse:
    """A running broker. `line` names it in one line; the mock cluster has no admin API and creates topics itself."""

    bootstrap: str
    line: str
    has_admin: bool
    stop: Callable[[], None]


def start_test_broker() -> BrokerInUse:
    """Start Apache Kafka, or the mock cluster where `local_kafka.missing()` names something."""
    lacking = local_kafka.missing()
    if lacking:
        return _mock_cluster(lacking)
    broker = local_kafka.start_broker()
    return BrokerInUse(broker.bootstrap, broker.line, has_admin=True, stop=broker.stop)


def _mock_cluster(lacking: list[str]) -> BrokerInUse:
    from confluent_kafka import Producer

    # The cluster lives as long as this handle; `stop` lets go of it.
    handles: list[Any] = [
        Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "message.max.bytes": 2_097_152})
    ]
    (broker,) = handles[0].list_topics(timeout=MOCK_SECONDS).brokers.values()
    line = f"broker: librdkafka mock (no {' and no '.join(lacking)} for Apache Kafka)"
    return BrokerInUse(f"{broker.host}:{broker.port}", line, has_admin=False, stop=handles.clear)

"""Three Apache Kafka brokers on this machine, as copies of each other: for tests that take one away.

The copies are those of production.properties: three of each topic, two of them before an acknowledgement.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.kafka.local_kafka import PROPERTIES, KafkaBroker, begin_broker, free_port, wait_until_up

__all__ = ["COPIES", "start_cluster"]

COPIES = 3
HEAP_MEGABYTES = 256

# What stands later in a broker's settings counts.
ONE_OF_THREE = """
node.id={number}
controller.quorum.voters={voters}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
"""


def start_cluster() -> Sequence[KafkaBroker]:
    """Start three brokers that also elect their controller, and wait until each of them listens.

    Their numbers are 1, 2 and 3, in this order. RuntimeError, with nothing left running, where one does not start.
    """
    controllers = [free_port() for _ in range(COPIES)]
    voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controllers, 1))
    brokers: list[KafkaBroker] = []
    try:
        for number, controller in enumerate(controllers, 1):
            brokers.append(_begin(number, controller, voters))
        for broker in brokers:
            wait_until_up(broker)
    except RuntimeError:
        for broker in brokers:
            broker.stop()
        raise
    return brokers


def _begin(number: int, controller: int, voters: str) -> KafkaBroker:
    port = free_port()
    data = Path(tempfile.mkdtemp(prefix=f"local-kafka-{number}-"))
    settings, administrator = data / "server.properties", data / "administrator.properties"
    common = PROPERTIES.format(port=port, controller=controller, data=data / "log")
    settings.write_text(common + ONE_OF_THREE.format(number=number, voters=voters))
    administrator.touch()
    return begin_broker(data, port=port, settings=settings, administrator=administrator, heap_megabytes=HEAP_MEGABYTES)

"""Her name and numbers stand nowhere in the clear after the demo (T28): files, write-ahead log, rows, stream.

The demo runs whole, then every byte that it has left is searched. Her contact stands in two files only, which are
the hand-over to whoever sends one-time codes and notices.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from psycopg import sql

from portability.adapters.postgres.embedded import start_embedded
from portability.app.demo.story import INSTITUTIONS, WORKER
from tests.brokers import BrokerInUse
from tests.demo.test_demo import run_demo

NUMBERS = [one.account.number[1] for one in INSTITUTIONS]
TEXTS = [
    "Moretti",
    WORKER.phone,
    WORKER.phone.replace(" ", ""),
    *NUMBERS,
    *(re.sub(r"[^0-9A-Za-z]", "", number) for number in NUMBERS),
]
CANARIES = [text.encode(code) for text in sorted(set(TEXTS)) for code in ("utf-8", "utf-16-le")]
HANDED_OVER = {"worker-codes.jsonl", "worker-notices.jsonl"}


def leaks(content: bytes) -> list[bytes]:
    return [canary for canary in CANARIES if canary in content]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.name not in HANDED_OVER)


def rows(url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, as text and, where it is bytes, as those."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))):
                for value in row:
                    yield name, value if isinstance(value, bytes) else str(value).encode()


def test_the_demo_leaves_her_name_and_numbers_nowhere_in_the_clear() -> None:
    assert len(CANARIES) > 8
    with tempfile.TemporaryDirectory(prefix="canary-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # the embedded server runs as an account of its own
        told = run_demo("--data-folder", str(folder / "d"), PORTABILITY_LOG_LEVEL="DEBUG")
        assert "Moretti" in told  # so the run was hers
        searched = 0
        found = []
        for path in files(folder):
            content = path.read_bytes()
            searched += len(content)
            found += [(str(path.relative_to(folder)), canary) for canary in leaks(content)]
        assert found == []
        # Tens of megabytes: tables, indexes and write-ahead log of three nodes and of the stream between them.
        assert searched > 30 * 1024 * 1024
        # Once more by rows, since a page can hold what it compresses.
        (data,) = {path.parent for path in folder.rglob("PG_VERSION") if (path.parent / "base").is_dir()}
        server = start_embedded(data)
        try:
            with psycopg.connect(server.url_for("postgres")) as connection:
                names = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
                databases = [row[0] for row in names.fetchall()]
            read = 0
            for database in databases:
                for table, value in rows(server.url_for(database)):
                    read += 1
                    found += [(f"{database}.{table}", canary) for canary in leaks(value)]
        finally:
            server.stop()
        assert found == []
        assert read > 1_000


@pytest.mark.kafka
async def test_over_kafka_no_key_header_or_value_tells_of_her(
    kafka_broker: BrokerInUse, empty_database: Callable[[], str]
) -> None:
    assert "Moretti" in run_demo("--kafka", kafka_broker.bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_broker.bootstrap, enable_auto_commit=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    await admin.start()
    await consumer.start()
    try:
        described = await admin.describe_topics(
            [name for name in await consumer.topics() if name.startswith("portability.")]
        )
        places = [
            TopicPartition(topic["topic"], place["partition"]) for topic in described for place in topic["partitions"]
        ]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        records = 0
        for place, end in ends.items():
            while await consumer.position(place) < end:
                for record in (await consumer.getmany(place, timeout_ms=5_000)).get(place, ()):
                    records += 1
                    parts = [record.key or b"", record.value or b"", place.topic.encode()]
                    parts += [part for name, value in record.headers for part in (name.encode(), value)]
                    assert [leaks(part) for part in parts] == [[] for _ in parts]
        assert records >= 3
    finally:
        await consumer.stop()
        await admin.close()

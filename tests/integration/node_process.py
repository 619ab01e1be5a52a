"""One node as a process of its own, for tests that kill it: relay and consumer on real adapters, effects in a table.

    python -m tests.integration.node_process SETTINGS.json

It writes a line to standard output when it runs. With a door it submits what it reads from standard input, each line
the ids of messages that come at the same moment, and writes the id of each that it has answered. Effects go to the
table `applied`, which has no key on purpose: a message applied twice would show there as two rows.
"""

import asyncio
import json
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import uvloop

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.kafka.stream import KafkaStream
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import PostgresExchangeWork, exchange_unit_of_work
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.adapters.postgres.stream import PostgresStream
from portability.app.garbage import collect_seldom
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.departures import Departures
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.model.messages import OutgoingMessage, ReceivedMessage
from portability.services.exchange.node import ExchangeNode, SilentObserver
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.ports.world import Clock, EventStream, Observer
from portability.services.exchange.relay import run_relay
from portability.services.purposes import PENSION_CLAIM
from portability.services.registry.model import Directory, Institution
from tests.at_rest import at_rest_on
from tests.integration.crash_points import CrashPoint

READY = "ready"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """All that a node needs to run.

    Its clock runs `clock_rate` times as fast from `fast_from` on (seconds since 1970), so that resends are due sooner.
    """

    me: str
    database_url: str
    stream_url: str  # "kafka:HOST:PORT" or the URL of a PostgreSQL database
    keys_folder: str  # one folder of keys for each institution
    institutions: tuple[str, ...]
    create_topics: bool = True
    replication: int = 1  # copies of each topic
    fast_from: float = 0.0
    clock_rate: float = 1.0
    effect_seconds: float = 0.0
    crash_at: str = ""  # a name of crash_points.POINTS; empty: it does not kill itself
    crash_times: int = 1
    crash_signal: int = signal.SIGKILL  # or SIGSTOP: it stands still there
    has_door: bool = False
    has_effects: bool = True  # without, a message taken in is in the inbox and nowhere else

    def save(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def load(cls, path: Path) -> "NodeSettings":
        content = json.loads(path.read_text())
        return cls(**{**content, "institutions": tuple(content["institutions"])})


class FastClock:
    """The system clock, run at another rate from one instant on; all nodes with the same settings agree."""

    def __init__(self, since: datetime, rate: float) -> None:
        self._system = SystemClock()
        self._since = since
        self._rate = rate

    def now(self) -> datetime:
        return self._since + (self._system.now() - self._since) * self._rate


class Applied:
    """The effect of a message: one row. It takes a moment, so that a kill often falls inside a transaction."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        assert isinstance(work, PostgresExchangeWork)
        await work.connection.execute("INSERT INTO applied VALUES (%s)", (message.message_id,))
        if self._seconds:
            await asyncio.sleep(self._seconds)


class NoEffects:
    """Nothing happens."""

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        return


def directory_of(settings: NodeSettings, clock: Clock) -> Directory:
    now = clock.now()
    return Directory(
        version=1,
        issued_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=1),
        institutions=tuple(
            Institution(
                name, name, name[:2].upper(), keys=FileKeyRing.load(Path(settings.keys_folder, name)).public_keys()
            )
            for name in settings.institutions
        ),
    )


async def open_stream(settings: NodeSettings) -> EventStream:
    if settings.stream_url.startswith("kafka:"):
        bootstrap = settings.stream_url.removeprefix("kafka:")
        return await KafkaStream.open(bootstrap, create_topics=settings.create_topics, replication=settings.replication)
    return await PostgresStream.open(settings.stream_url)


async def node_of(settings: NodeSettings, *, observer: Observer | None = None) -> tuple[ExchangeNode, Database]:
    """The node on its adapters, and its database."""
    clock = FastClock(datetime.fromtimestamp(settings.fast_from, UTC), settings.clock_rate)
    directory = directory_of(settings, clock)
    database = await Database.open(settings.database_url)
    node = ExchangeNode(
        me=settings.me,
        process=time_ordered_id(),
        unit_of_work=exchange_unit_of_work(database, await at_rest_on(database)),
        stream=await open_stream(settings),
        keys=FileKeyRing.load(Path(settings.keys_folder, settings.me)),
        trust=DirectoryTrust(lambda: directory, clock=clock),
        clock=clock,
        new_id=time_ordered_id,
        observer=observer or SilentObserver(),
    )
    return node, database


def message_of(message_id: UUID, to: str, *, case_id: UUID | None = None, size: int = 64) -> OutgoingMessage:
    """A message whose key and content are its id; of a case of its own where none is named."""
    return OutgoingMessage(
        message_id=message_id,
        idempotency_key=str(message_id),
        recipient=to,
        case_id=case_id or message_id,
        type="record.request",
        schema_version=1,
        record=message_id.bytes * (size // 16),
        purpose=PENSION_CLAIM.code,
        legal_basis=str(PENSION_CLAIM.citation),
    )


async def serve_door(node: ExchangeNode, to: str) -> None:
    """Submit as the process does that serves calls, what is read from standard input."""
    departures = Departures(node)
    submits = GatheredSubmits(
        node.unit_of_work, me=node.me, recipients=node.trust, clock=node.clock, departures=departures
    )
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    async def submit(message_id: UUID) -> None:
        await submits.submit(message_of(message_id, to))
        print(message_id, flush=True)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(departures.run())
        async for line in lines:
            for one in line.decode().split():
                tasks.create_task(submit(UUID(one)))


async def run(settings: NodeSettings) -> None:
    node, database = await node_of(settings)
    point = CrashPoint(settings.crash_at, settings.crash_times, settings.crash_signal)
    effects = Applied(settings.effect_seconds) if settings.has_effects else NoEffects()
    collect_seldom()
    print(READY, flush=True)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_relay(point.around(node, "relay"), PostgresOutboxSignal(database)))
        if settings.has_door:
            (other,) = {*settings.institutions} - {settings.me}
            tasks.create_task(serve_door(point.around(node, "door"), other))
        tasks.create_task(run_consumer(point.around(node, "consumer"), point.around_effects(effects)))


if __name__ == "__main__":
    uvloop.run(run(NodeSettings.load(Path(sys.argv[1]))))

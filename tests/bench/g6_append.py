"""G6: durable append in groups of 100 records of 1 KiB, beside an append log: write and fdatasync on the same disk.

`stream`: what a node appends to the event stream kept in PostgreSQL, acknowledged when committed. `outbox`: messages
taken on for delivery, with number, header, salted commitment and content sealed at rest. Both with fsync on. Pairs
are interleaved, and the ratio is the median of the pairs.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Database, migrate
from portability.adapters.postgres.embedded import start_embedded
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.adapters.postgres.stream import PostgresStream
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.purposes import COOPERATION
from tests.at_rest import at_rest_on

PAIRS = 5
GROUPS = 40
GROUP = 100
RECORD = bytes(1024)
CASE_OF = 10  # messages of one case that follow each other


def run() -> list[dict[str, Any]]:
    """Records a second of both appends beside the append log's."""
    folder = Path(tempfile.mkdtemp(prefix="portability-g6-"))
    server = start_embedded(folder / "pg")
    try:
        url, stream_url = server.url_for("node"), server.url_for("stream")
        migrate(url)
        return uvloop.run(_measure(folder, url, stream_url))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(folder: Path, url: str, stream_url: str) -> list[dict[str, Any]]:
    stream = await PostgresStream.open(stream_url)
    database = await Database.open(url)
    work = exchange_unit_of_work(database, await at_rest_on(database))

    async def to_stream() -> None:
        await stream.append("topic", [(b"de-drv", RECORD)] * GROUP)

    async def to_outbox() -> None:
        messages = _messages()
        async with work() as opened:
            await submit_many(messages, me="de-drv", outbox=opened.outbox, recipients=_Everybody(), clock=SystemClock())

    ways = {"stream": to_stream, "outbox": to_outbox}
    rates: dict[str, list[float]] = {"log": [], **{name: [] for name in ways}}
    try:
        for append in ways.values():
            await _records_a_second(append, GROUPS // 4)  # warm
        for _ in range(PAIRS):
            rates["log"].append(_log_records_a_second(folder / "append.log", GROUPS * 5))
            for name, append in ways.items():
                rates[name].append(await _records_a_second(append, GROUPS))
    finally:
        await stream.close()
        await database.close()
    return [_line(name, rates[name], rates["log"]) for name in ways]


async def _records_a_second(append: Callable[[], Awaitable[None]], groups: int) -> float:
    started = time.perf_counter()
    for _ in range(groups):
        await append()
    return groups * GROUP / (time.perf_counter() - started)


def _log_records_a_second(path: Path, groups: int) -> float:
    with path.open("ab", buffering=0) as log:
        started = time.perf_counter()
        for _ in range(groups):
            log.write(b"".join(len(one).to_bytes(4, "big") + one for one in [RECORD] * GROUP))
            os.fdatasync(log.fileno())
        return groups * GROUP / (time.perf_counter() - started)


def _messages() -> list[OutgoingMessage]:
    made = []
    for place in range(GROUP):
        message_id = time_ordered_id()
        case_id = message_id if place % CASE_OF == 0 else made[-1].case_id
        made.append(
            OutgoingMessage(
                message_id,
                str(message_id),
                "it-inps",
                case_id,
                "record.note",
                1,
                RECORD,
                purpose=COOPERATION.code,
                legal_basis=str(COOPERATION.citation),
            )
        )
    return made


class _Everybody:
    def knows(self, institution: str) -> bool:
        return True


def _line(name: str, ours: list[float], log: list[float]) -> dict[str, Any]:
    return {
        "name": f"g6_durable_append_{name}",
        "value": round(statistics.median(ours), 1),
        "unit": "records/s",
        "baseline": round(statistics.median(log), 1),
        "ratio": round(statistics.median(mine / base for mine, base in zip(ours, log, strict=True)), 3),
    }

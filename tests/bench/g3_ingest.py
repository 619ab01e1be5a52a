"""G3: records taken in through one stream beside bare unary echo calls, and beside bare COPY of the same rows.

The stream is ImportRecords of a node: mTLS, the gate, each record checked, its content sealed by its account's key,
and each batch of 500 durable (fsync on) before it is answered. Accounts are new: each opens with its first record.
Server and client are processes of their own; rounds are interleaved, and a ratio is the median of the rounds' ratios.
"""

import asyncio
import contextlib
import multiprocessing
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import uvloop
from google.type.date_pb2 import Date

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Database
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import imports_pb2 as pb
from portability.api.records.v1 import imports_pb2_grpc
from portability.api.records.v1.messages_pb2 import PersonIdentifier
from portability.app.garbage import collect_seldom
from portability.app.logging import configure_logging
from portability.app.metrics import NodeMetrics
from portability.app.rpc.client import DeadlineChannel, open_channel
from portability.app.rpc.identity import CallerFinder, NoSessions
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.observer import NodeObserver
from portability.app.rpc.server import NodeServer, RpcService
from portability.app.rpc_services import import_unit_of_work
from portability.services.access import Role
from portability.services.records.servicer import ImportServicer
from tests.at_rest import at_rest_on
from tests.bench import g2_unary as g2

IMPORT_SERVICE = pb.DESCRIPTOR.services_by_name["ImportService"].full_name
ROUNDS = 5
RECORDS = 100_000
BATCH = 500
OF_ONE_ACCOUNT = 40  # periods: years of a working life
SEALED_BYTES = 120


def run() -> list[dict[str, Any]]:
    """Records a second through the stream beside echo calls and beside COPY; the server's memory at its peak."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, there), daemon=True)
        server.start()
        try:
            return uvloop.run(_measure(here.recv(), folder, server.pid or 0))
        finally:
            here.send("stop")
            server.join(timeout=30)


async def _measure(served: dict[str, Any], folder: str, pid: int) -> list[dict[str, Any]]:
    files = g2._tls(folder).caller(Role.SYSTEM, "bench")
    rates: dict[str, list[float]] = {"echo": [], "ingest": [], "copy": []}
    async with (
        open_channel(f"localhost:{served['bare']}", files) as bare,
        open_channel(f"localhost:{served['gate']}", files) as gate,
    ):
        await g2._calls_a_second(bare, g2.ECHO, 0.5)
        await _ingest(gate, RECORDS // 10)
        before = _peak_mebibytes(pid)
        for _ in range(ROUNDS):
            rates["echo"].append(await g2._calls_a_second(bare, g2.ECHO, g2.SECONDS))
            rates["ingest"].append(await _ingest(gate, RECORDS))
            rates["copy"].append(await asyncio.to_thread(_copy, served["url"], RECORDS))
    peak = _peak_mebibytes(pid)
    return [
        _line("g3_stream_ingest", rates["ingest"], rates["echo"]),
        _line("g3_stream_ingest_beside_copy", rates["ingest"], rates["copy"]),
        {
            "name": "g3_server_peak_memory",
            "value": round(peak, 1),
            "unit": "MiB",
            "baseline": round(before, 1),
            "ratio": round(peak / before, 3),
        },
    ]


def _line(name: str, ours: list[float], base: list[float]) -> dict[str, Any]:
    ratio = statistics.median(mine / other for mine, other in zip(ours, base, strict=True))
    return {
        "name": name,
        "value": round(statistics.median(ours), 1),
        "unit": "records/s",
        "baseline": round(statistics.median(base), 1),
        "ratio": round(ratio, 3),
    }


async def _ingest(channel: DeadlineChannel, count: int) -> float:
    """Records a second, from the opening to the last answer; requests are made beforehand."""
    run = secrets.token_hex(4)
    requests = [_batch(run, first) for first in range(0, count, BATCH)]
    call = channel.stream_stream(
        f"/{IMPORT_SERVICE}/ImportRecords", response_deserializer=pb.ImportRecordsResponse.FromString
    )
    opening = pb.ImportOpening(import_id=str(time_ordered_id()), as_of=Date(year=2026, month=1, day=1))

    async def send() -> AsyncIterator[bytes]:
        yield pb.ImportRecordsRequest(opening=opening).SerializeToString()
        for request in requests:
            yield request

    started, accepted = time.perf_counter(), 0
    async for answer in call(send()):
        accepted += sum(run.count for run in answer.runs if run.outcome == pb.ITEM_OUTCOME_ACCEPTED)
    seconds = time.perf_counter() - started
    if accepted != count:
        raise AssertionError(f"{accepted} of {count} records were accepted")
    return count / seconds


def _batch(run: str, first: int) -> bytes:
    records = [_record(run, place) for place in range(first, first + BATCH)]
    return pb.ImportRecordsRequest(first_item=first + 1, records=records).SerializeToString()


def _record(run: str, place: int) -> pb.ImportedRecord:
    account, year = divmod(place, OF_ONE_ACCOUNT)
    number = f"{run}{account:06}"
    person = pb.InsuredPerson(
        name="Rossi, Maria",
        birth_date=Date(year=1958, month=3, day=10),
        identifiers=[PersonIdentifier(country="DE", sector="pension", value=number)],
    )
    return pb.ImportedRecord(
        account_id=number,
        person=person if not year else None,
        period=common.InsurancePeriod(
            period_id=f"{1980 + year}",
            state="DE",
            kind=common.PERIOD_KIND_COMPULSORY,
            scheme="de-rente",
            first_day=Date(year=1980 + year, month=1, day=1),
            last_day=Date(year=1980 + year, month=12, day=31),
            amount=f"{1 + place % 12}",
            unit=common.PERIOD_UNIT_MONTHS,
            evidence=common.Evidence(
                level=common.EVIDENCE_LEVEL_FINAL_ACCOUNT,
                method="contribution account",
                verified_by="de-drv",
                verified_on=Date(year=1981 + year, month=4, day=1),
            ),
        ),
    )


def _copy(url: str, count: int) -> float:
    """Rows a second by bare COPY into a table of the same columns and key, in transactions of as many rows."""
    rows = [(_random_id(), _random_id(), 1, os.urandom(SEALED_BYTES)) for _ in range(count)]
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS copied")
        connection.execute("CREATE TABLE copied (LIKE account_periods INCLUDING ALL)")
        connection.commit()
        started = time.perf_counter()
        for first in range(0, count, BATCH):
            with connection.cursor().copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["uuid", "uuid", "int8", "bytea"])
                for row in rows[first : first + BATCH]:
                    copy.write_row(row)
            connection.commit()
        return count / (time.perf_counter() - started)


def _random_id() -> UUID:
    return UUID(bytes=os.urandom(16))


def _peak_mebibytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _serve(folder: str, pipe: Connection) -> None:
    with Path(folder, "log").open("w") as log, g2._postgresql(folder) as url:
        configure_logging(stream=log)
        collect_seldom()  # as every node does when it starts
        uvloop.run(_serve_both(folder, url, pipe))


async def _serve_both(folder: str, url: str, pipe: Connection) -> None:
    tls = g2._tls(folder)
    database = await Database.open(url, fenced=True)
    try:
        await g2._refuse_unsafe(database)
        async with g2._bare(tls) as bare, _gated(tls, database, url) as gate:
            pipe.send({"bare": bare, "gate": gate, "url": url})
            await asyncio.to_thread(pipe.recv)
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def _gated(tls: Any, database: Database, url: str) -> AsyncIterator[int]:
    gate = CallGate(
        callers=CallerFinder(NoSessions()),
        policy=CedarPolicy.shipped("de-drv"),
        observer=NodeObserver(NodeMetrics(), node="de-drv"),
        new_id=time_ordered_id,
    )
    keys = await Database.open(url)
    servicer = ImportServicer(unit_of_work=import_unit_of_work(database, await at_rest_on(keys)), clock=SystemClock())
    services: Sequence[RpcService] = (
        RpcService(IMPORT_SERVICE, imports_pb2_grpc.add_ImportServiceServicer_to_server, servicer),
    )
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=services)
    yield await server.start()
    await server.stop(grace_seconds=0)
    await keys.close()

"""G2: unary calls to a node beside a bare grpc.aio echo of the same request; all over mTLS, one server process.

Two measurements: `validated_authorised` (the node's gate before an echo: identity, policy, field rules, metrics, log)
and `durable_submit` (the same gate before SubmitMessage into PostgreSQL with fsync on). The server runs in a process
of its own and the client here, as between two machines; rounds are interleaved, so that what else the machine does
hits all alike, and a ratio is the median of the rounds' ratios.
"""

import asyncio
import contextlib
import multiprocessing
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import uvloop

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Database, migrate
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.api.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from portability.api.exchange.v1.exchange_pb2 import SubmitMessageRequest, SubmitMessageResponse
from portability.app.logging import configure_logging
from portability.app.metrics import NodeMetrics
from portability.app.rpc.allowance import CallRates
from portability.app.rpc.client import DeadlineChannel, open_channel
from portability.app.rpc.credentials import CallerFiles, NodeTls
from portability.app.rpc.identity import CallerFinder, NoSessions
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.observer import NodeObserver
from portability.app.rpc.server import NodeServer, RpcService
from portability.services.access import Role
from portability.services.exchange.model.messages import InstitutionId, ReceivedMessage
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.receipt_levels import ReceiptTimes
from portability.services.exchange.servicer import ExchangeServicer
from tests.at_rest import at_rest_on

ECHO_SERVICE = "bench.v1.EchoService"
EXCHANGE_SERVICE = exchange_pb2.DESCRIPTOR.services_by_name["ExchangeService"].full_name
ECHO = f"/{ECHO_SERVICE}/Echo"
SUBMIT = f"/{EXCHANGE_SERVICE}/SubmitMessage"
ECHO_ACTION = f"""action "{ECHO_SERVICE}/Echo" in ["submit messages"]
appliesTo {{ principal: [System], resource: [Node] }};"""
ROUNDS = 7
SECONDS = 1.0
IN_FLIGHT = 16
RECORD = bytes(range(256)) * 4
"""One KiB, as a record of a career is."""
CASES = {"bare": ("bare", ECHO), "validated_authorised": ("gate", ECHO), "durable_submit": ("gate", SUBMIT)}


def run() -> list[dict[str, Any]]:
    """Return calls a second of each case, beside bare calls a second."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, there), daemon=True)
        server.start()
        try:
            ports = here.recv()
            return uvloop.run(_measure(ports, _tls(folder).caller(Role.SYSTEM, "bench")))
        finally:
            here.send("stop")
            server.join(timeout=30)


async def _measure(ports: dict[str, int], files: CallerFiles) -> list[dict[str, Any]]:
    rates: dict[str, list[float]] = {name: [] for name in CASES}
    async with contextlib.AsyncExitStack() as stack:
        channels = {
            name: await stack.enter_async_context(open_channel(f"localhost:{port}", files))
            for name, port in ports.items()
        }
        for port, method in CASES.values():
            await _calls_a_second(channels[port], method, SECONDS / 2)  # warm
        for _ in range(ROUNDS):
            for name, (port, method) in CASES.items():
                rates[name].append(await _calls_a_second(channels[port], method, SECONDS))
    return [_line(name, rates[name], rates["bare"]) for name in CASES if name != "bare"]


def _line(name: str, ours: list[float], bare: list[float]) -> dict[str, Any]:
    ratio = statistics.median(mine / base for mine, base in zip(ours, bare, strict=True))
    return {
        "name": f"g2_unary_{name}",
        "value": round(statistics.median(ours), 1),
        "unit": "calls/s",
        "baseline": round(statistics.median(bare), 1),
        "ratio": round(ratio, 3),
    }


async def _calls_a_second(channel: DeadlineChannel, method: str, seconds: float) -> float:
    answer = SubmitMessageResponse if method == SUBMIT else SubmitMessageRequest
    call = channel.unary_unary(
        method,
        request_serializer=SubmitMessageRequest.SerializeToString,
        response_deserializer=answer.FromString,
    )
    started = time.perf_counter()

    async def caller() -> int:
        count = 0
        while time.perf_counter() - started < seconds:
            await call(_request())
            count += 1
        return count

    done = sum(await asyncio.gather(*(caller() for _ in range(IN_FLIGHT))))
    return done / (time.perf_counter() - started)


def _request() -> SubmitMessageRequest:
    return SubmitMessageRequest(
        request_id=str(time_ordered_id()),
        recipient="it-inps",
        case_id=str(uuid.UUID(int=1)),
        type="record.note",
        schema_version=1,
        record=RECORD,
        purpose="administrative-cooperation",
    )


def _tls(folder: str) -> NodeTls:
    return NodeTls(Path(folder, "tls"), "de-drv", hosts=("localhost",), clock=SystemClock())


def _serve(folder: str, pipe: Connection) -> None:
    with Path(folder, "log").open("w") as log, _postgresql(folder) as url:
        configure_logging(stream=log)
        uvloop.run(_serve_both(folder, url, pipe))


@contextlib.contextmanager
def _postgresql(folder: str) -> Any:
    server: EmbeddedServer = start_embedded(Path(folder, "pg"))
    try:
        url = server.url_for("bench")
        migrate(url)
        yield url
    finally:
        server.stop()


async def _serve_both(folder: str, url: str, pipe: Connection) -> None:
    tls = _tls(folder)
    database = await Database.open(url)
    try:
        await _refuse_unsafe(database)
        async with _bare(tls) as bare, _gated(tls, database) as gate:
            pipe.send({"bare": bare, "gate": gate})
            await asyncio.to_thread(pipe.recv)
    finally:
        await database.close()


async def _refuse_unsafe(database: Database) -> None:
    async with database.transaction() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            row = await (await connection.execute(f"SHOW {setting}".encode())).fetchone()
            if row != ("on",):
                raise AssertionError(f"{setting} is {row}: a measurement without durability says nothing.")


async def _echo(request: SubmitMessageRequest, context: Any) -> SubmitMessageRequest:
    return request


def _add_echo(_: object, server: grpc.aio.Server) -> None:
    handler = grpc.unary_unary_rpc_method_handler(
        _echo,
        request_deserializer=SubmitMessageRequest.FromString,
        response_serializer=SubmitMessageRequest.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(ECHO_SERVICE, {"Echo": handler}),))


class _NoEffects:
    """Nothing is received here."""

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        raise NotImplementedError("this node receives nothing")


async def _none(case_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    return frozenset()


class _Everybody:
    def knows(self, institution: InstitutionId) -> bool:
        return True


@contextlib.asynccontextmanager
async def _bare(tls: NodeTls) -> AsyncIterator[int]:
    server = grpc.aio.server()
    _add_echo(None, server)
    port = server.add_secure_port("localhost:0", tls.server_credentials())
    await server.start()
    yield port
    await server.stop(0)


@contextlib.asynccontextmanager
async def _gated(tls: NodeTls, database: Database) -> AsyncIterator[int]:
    gate = CallGate(
        callers=CallerFinder(NoSessions()),
        policy=CedarPolicy.shipped("de-drv", more_schema=ECHO_ACTION),
        observer=NodeObserver(NodeMetrics(), node="de-drv"),
        new_id=time_ordered_id,
        rates=CallRates(system=1e9),
    )
    exchange = ExchangeServicer(
        exchange_unit_of_work(database, await at_rest_on(database)),
        me="de-drv",
        recipients=_Everybody(),
        clock=SystemClock(),
        new_id=time_ordered_id,
        reserved_types=frozenset(),
        hidden=_none,
        effects=_NoEffects(),
        receipt_times=ReceiptTimes(),
    )
    services = (
        RpcService(ECHO_SERVICE, _add_echo, None),
        RpcService(EXCHANGE_SERVICE, exchange_pb2_grpc.add_ExchangeServiceServicer_to_server, exchange),
    )
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=services)
    yield await server.start()
    await server.stop(grace_seconds=0)

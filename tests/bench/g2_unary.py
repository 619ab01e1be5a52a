"""G2: a unary call through the gate of a node, beside a bare grpc.aio echo; both over mTLS, one server process.

The server runs in a process of its own and the client here, as between two machines. Pairs are interleaved
(bare, ours, bare, ours, ...), so that what else the machine does hits both; the ratio is the median of the pairs.
"""

import asyncio
import contextlib
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import uvloop

from portability.api.common.v1.common_pb2 import Money
from portability.app.logging import configure_logging
from portability.app.metrics import NodeMetrics
from portability.app.rpc.client import DeadlineChannel, open_channel
from portability.app.rpc.credentials import CallerFiles, NodeTls
from portability.app.rpc.identity import CallerFinder, NoSessions
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.observer import NodeObserver
from portability.app.rpc.server import NodeServer, RpcService
from portability.services.access import Role, RolePolicy

SERVICE = "portability.bench.v1.EchoService"
PAIRS = 7
SECONDS = 1.0
IN_FLIGHT = 16
CODING = {"request_deserializer": Money.FromString, "response_serializer": Money.SerializeToString}


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 (TLS reads the machine's clock)


def run() -> list[dict[str, Any]]:
    """Return one measurement: calls a second through the gate, beside bare calls a second."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, there), daemon=True)
        server.start()
        try:
            ports = here.recv()
            return uvloop.run(_measure(ports, _tls(folder).caller(Role.CASEWORKER, "bench")))
        finally:
            here.send("stop")
            server.join(timeout=10)


async def _measure(ports: dict[str, int], files: CallerFiles) -> list[dict[str, Any]]:
    async with contextlib.AsyncExitStack() as stack:
        channels = {
            name: await stack.enter_async_context(open_channel(f"localhost:{port}", files))
            for name, port in ports.items()
        }
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for name in ports:
            await _calls_a_second(channels[name], 0.5)  # warm
        for _ in range(PAIRS):
            for name in ports:
                rates[name].append(await _calls_a_second(channels[name], SECONDS))
    ratios = [ours / bare for ours, bare in zip(rates["gate"], rates["bare"], strict=True)]
    return [
        {
            "name": "g2_unary_validated_authorised",
            "value": round(statistics.median(rates["gate"]), 1),
            "unit": "calls/s",
            "baseline": round(statistics.median(rates["bare"]), 1),
            "ratio": round(statistics.median(ratios), 3),
        }
    ]


async def _calls_a_second(channel: DeadlineChannel, seconds: float) -> float:
    call = channel.unary_unary(
        f"/{SERVICE}/Echo", request_serializer=Money.SerializeToString, response_deserializer=Money.FromString
    )
    request = Money(currency_code="EUR", amount="480.00")
    started = time.perf_counter()

    async def caller() -> int:
        count = 0
        while time.perf_counter() - started < seconds:
            await call(request)
            count += 1
        return count

    done = sum(await asyncio.gather(*(caller() for _ in range(IN_FLIGHT))))
    return done / (time.perf_counter() - started)


def _tls(folder: str) -> NodeTls:
    return NodeTls(Path(folder), "de-drv", hosts=("localhost",), clock=_Clock())


def _serve(folder: str, pipe: Connection) -> None:
    with Path(folder, "log").open("w") as log:
        configure_logging(stream=log)
        uvloop.run(_serve_both(folder, pipe))


async def _serve_both(folder: str, pipe: Connection) -> None:
    tls = _tls(folder)
    async with _bare(tls) as bare, _gated(tls) as gated:
        pipe.send({"bare": bare, "gate": gated})
        await asyncio.to_thread(pipe.recv)


@contextlib.asynccontextmanager
async def _bare(tls: NodeTls) -> AsyncIterator[int]:
    server = grpc.aio.server()
    _add_echo(None, server)
    port = server.add_secure_port("localhost:0", tls.server_credentials())
    await server.start()
    yield port
    await server.stop(0)


@contextlib.asynccontextmanager
async def _gated(tls: NodeTls) -> AsyncIterator[int]:
    gate = CallGate(
        callers=CallerFinder("de-drv", NoSessions()),
        policy=RolePolicy({f"/{SERVICE}/Echo": {Role.CASEWORKER}}, without_session=frozenset()),
        observer=NodeObserver(NodeMetrics(), node="de-drv"),
        new_id=_no_id,
    )
    services = (RpcService(SERVICE, _add_echo, None),)
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=services)
    yield await server.start()
    await server.stop(grace_seconds=0)


def _add_echo(servicer: object, server: grpc.aio.Server) -> None:
    async def echo(request: Money, context: Any) -> Money:
        return request

    handler = grpc.unary_unary_rpc_method_handler(echo, **CODING)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Echo": handler}),))


def _no_id() -> UUID:
    raise AssertionError("no call of the bench fails")

"""A real server on a real port over mTLS, whose one service echoes amounts of money and fails on request."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest

from portability.adapters.access.cedar import CedarPolicy
from portability.agreements.errors import DeniedError
from portability.api.common.v1.common_pb2 import Money
from portability.app.rpc.client import DeadlineChannel, open_channel
from portability.app.rpc.credentials import CallerFiles, NodeTls
from portability.app.rpc.identity import CallerFinder
from portability.app.rpc.interceptor import CallGate, CallLimits, CallRecord
from portability.app.rpc.server import NodeServer, RpcService, ServerLimits
from portability.services.access import Role, current_caller

SERVICE = "test.v1.EchoService"
ERROR_ID = UUID("0199d0f0-0000-7000-8000-000000000001")
WORKER = UUID("0199d0f0-0000-7000-8000-0000000000aa")
SESSION = "session-of-the-worker-1"

ANYBODY = "appliesTo { principal: [Caseworker, System, Administrator, Peer, Worker], resource: [Node] };"
TEST_POLICY = CedarPolicy.shipped(
    "de-drv",
    more_schema=f"""
        action "{SERVICE}/Echo", "{SERVICE}/Every" in ["decide"] {ANYBODY}
        action "{SERVICE}/Own" in ["see what is mine"] {ANYBODY}
        action "{SERVICE}/SignIn" in ["sign in"] {ANYBODY}
        action "{SERVICE}/Greet" {ANYBODY}
    """,
    more_policies=f"""
        permit (principal, action == Action::"{SERVICE}/Greet", resource)
        when {{ principal is Peer || principal is Administrator }};
    """,
)


@dataclass
class SystemTime:
    """Certificates are checked by OpenSSL against the real time, so the tests issue them by it, moved at will."""

    moved: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved  # noqa: TID251 (TLS reads the machine's clock)


@dataclass
class Seen:
    """The observer of the tests: keeps what it is told."""

    finished: list[CallRecord] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    unforeseen: list[tuple[str, str, Exception]] = field(default_factory=list)

    async def first(self) -> CallRecord:
        """The first call that ended; a client may have its answer a moment before."""
        async with asyncio.timeout(5):
            await self.ended.wait()
        return self.finished[0]

    def call_started(self, rpc: str, kind: str) -> None:
        pass

    def call_finished(self, record: CallRecord) -> None:
        self.finished.append(record)
        self.ended.set()

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        self.unforeseen.append((rpc, error_id, error))


class OneSession:
    async def resolve_session(self, token: str) -> UUID:
        if token != SESSION:
            raise DeniedError("The session is unknown or has ended.", authenticated=False)
        return WORKER


@dataclass
class Echo:
    """`behave` is called with each request, so that a test says what the handler does."""

    behave: Callable[[Money], Any] = lambda request: request
    calls: int = 0

    async def echo(self, request: Money, context: Any) -> Money:
        self.calls += 1
        result = self.behave(request)
        if asyncio.iscoroutine(result):
            result = await result
        assert isinstance(result, Money)
        return result

    async def whoami(self, request: Money, context: Any) -> Money:
        caller = current_caller()
        return Money(currency_code="EUR", amount=f"{caller.institution}/{caller.role}/{caller.name}/{caller.worker_id}")

    async def every(self, requests: AsyncIterator[Money], context: Any) -> AsyncIterator[Money]:
        async for request in requests:
            yield await self.echo(request, context)
            assert current_caller().name == "anna"

    def add_to(self, server: grpc.aio.Server) -> None:
        coding = {"request_deserializer": Money.FromString, "response_serializer": Money.SerializeToString}
        unary = {
            "Echo": self.echo,
            "Own": self.whoami,
            "SignIn": self.whoami,
            "Greet": self.whoami,
            "Hidden": self.echo,
        }
        handlers = {name: grpc.unary_unary_rpc_method_handler(call, **coding) for name, call in unary.items()}
        handlers["Every"] = grpc.stream_stream_rpc_method_handler(self.every, **coding)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


@dataclass
class Node:
    """A node under test and the means to call it."""

    tls: NodeTls
    echo: Echo
    seen: Seen
    address: str
    server: NodeServer
    gate: CallGate

    def channel(self, files: CallerFiles | None = None, **options: Any) -> DeadlineChannel:
        return open_channel(self.address, files or self.tls.caller(Role.CASEWORKER, "anna"), **options)

    async def call(self, method: str, request: Money, files: CallerFiles | None = None, **options: Any) -> Money:
        async with self.channel(files, **options) as channel:
            answer = await rpc(channel, method)(request)
            assert isinstance(answer, Money)
            return answer


def rpc(channel: DeadlineChannel, method: str) -> Callable[..., Any]:
    return channel.unary_unary(
        f"/{SERVICE}/{method}",
        request_serializer=Money.SerializeToString,
        response_deserializer=Money.FromString,
    )


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    tls = NodeTls(tmp_path / "tls", "de-drv", hosts=("localhost", "127.0.0.1"), clock=SystemTime())
    echo, seen = Echo(), Seen()
    gate = CallGate(
        callers=CallerFinder(OneSession()),
        policy=TEST_POLICY,
        observer=seen,
        new_id=lambda: ERROR_ID,
        limits=CallLimits(unary_seconds=0.5, stream_seconds=1.0),
    )
    service = RpcService(SERVICE, lambda servicer, server: servicer.add_to(server), echo)
    server = NodeServer(
        "127.0.0.1:0",
        credentials=tls.server_credentials(),
        gate=gate,
        services=(service,),
        limits=ServerLimits(message_bytes=64 * 1024),
    )
    port = await server.start()
    yield Node(tls, echo, seen, f"127.0.0.1:{port}", server, gate)
    await server.stop(grace_seconds=0)

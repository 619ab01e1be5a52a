"""The gRPC server of one node: mTLS, limits, health, reflection, graceful stop; its gate is interceptor.py."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from portability.agreements.errors import GatewayError
from portability.app.rpc.interceptor import CallGate

__all__ = ["NodeServer", "RpcService", "ServerLimits"]

LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
"""What gRPC clients accept without being told otherwise."""
REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"


@dataclass(frozen=True, slots=True)
class RpcService:
    """One service: its full proto name, the generated `add_..._to_server`, and the servicer."""

    name: str
    add: Callable[[Any, grpc.aio.Server], None]
    servicer: object


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What protects the node; a call over a limit gets RESOURCE_EXHAUSTED."""

    message_bytes: int = 4 * 1024 * 1024
    """Largest request."""
    concurrent_calls: int = 512
    concurrent_streams: int = 128
    """Calls at once on one connection."""
    metadata_bytes: int = 16 * 1024
    connection_age_seconds: int = 600
    """A connection is asked to reconnect after this, so that an expired certificate does not live on in it."""
    connection_idle_seconds: int = 300
    connections: int = 1024
    """Open connections in all, so that idle ones cannot use up the file handles of the process."""
    handshake_seconds: int = 10
    """A connection that has not shown its certificate by then is closed."""
    keepalive_seconds: int = 60
    """After this long in silence the server pings, and drops the connection when nothing comes back in 20 s."""


class NodeServer:
    """Serves the RPCs of one node on one address until it is stopped."""

    def __init__(
        self,
        address: str,
        *,
        credentials: grpc.ServerCredentials,
        gate: CallGate,
        services: Sequence[RpcService],
        limits: ServerLimits | None = None,
    ) -> None:
        limits = limits or ServerLimits()
        self._address = address
        self._server = grpc.aio.server(
            interceptors=(gate,),
            options=_options(limits),
            maximum_concurrent_rpcs=limits.concurrent_calls,
        )
        self._credentials = credentials
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # the stubs know the sync half
        self._names = tuple(service.name for service in services)
        for service in services:
            service.add(service.servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        _add_reflection((*self._names, health_name), self._server)

    async def start(self) -> int:
        """Listen and report SERVING; returns the port. Raises GatewayError where the address cannot be had."""
        try:
            port = self._server.add_secure_port(self._address, self._credentials)
        except RuntimeError as error:
            raise GatewayError(
                f"Cannot listen on {self._address}: is it in use? Set PORTABILITY_LISTEN to another host:port.",
                retryable=False,
            ) from error
        await self._server.start()
        for name in ("", *self._names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def stop(self, *, grace_seconds: float) -> None:
        """Report NOT_SERVING, take no new calls, and let running calls end within the grace period."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)

    async def wait(self) -> None:
        """Return once the server has stopped."""
        await self._server.wait_for_termination()


def _options(limits: ServerLimits) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", limits.message_bytes),
        ("grpc.max_send_message_length", LARGEST_ANSWER_BYTES),
        ("grpc.max_concurrent_streams", limits.concurrent_streams),
        ("grpc.max_metadata_size", limits.metadata_bytes),
        ("grpc.absolute_max_metadata_size", limits.metadata_bytes),
        ("grpc.max_connection_age_ms", limits.connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", 60_000),
        ("grpc.max_connection_idle_ms", limits.connection_idle_seconds * 1000),
        ("grpc.max_allowed_incoming_connections", limits.connections),
        ("grpc.server_handshake_timeout_ms", limits.handshake_seconds * 1000),
        ("grpc.keepalive_time_ms", limits.keepalive_seconds * 1000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # Pings of a client more often than this close its connection.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        # Identity only: nothing is ever inflated, so a small message cannot become a large one.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        # Two nodes on one port would share its connections by chance.
        ("grpc.so_reuseport", 0),
    ]


def _add_reflection(names: Sequence[str], server: grpc.aio.Server) -> None:
    # The reflection wheel speaks v1alpha; v1 has the same messages on the wire under another package name.
    listed = (*names, reflection.SERVICE_NAME, REFLECTION_V1)
    servicer = reflection.aio.ReflectionServicer(listed)  # type: ignore[attr-defined]  # the same
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(REFLECTION_V1, {"ServerReflectionInfo": handler}),)
    )

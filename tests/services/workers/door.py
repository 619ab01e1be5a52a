"""One service of the worker through an in-process gRPC server, behind the same gate as on a node."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc

from portability.adapters.access.cedar import CedarPolicy
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role

__all__ = ["served", "session_of"]


class _Callers:
    """Stands in for client certificates; a session token is looked up for real."""

    def __init__(self, use_cases: Any) -> None:
        self._use_cases = use_cases

    async def find(self, context: Any) -> Caller:
        token = dict(context.invocation_metadata()).get("authorization", "").removeprefix("Bearer ")
        worker_id = await self._use_cases.resolve_session(token) if token else None
        return Caller("it-inps", Role.WORKER, "pages", worker_id)


class _NoObserver:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@asynccontextmanager
async def served(
    desk: Any, servicer: Any, *, add: Callable[[Any, Any], Any], stub: Callable[[Any], Any]
) -> AsyncIterator[Any]:
    """A stub of the generated class that calls the servicer; `add` is the generated function that adds it."""
    gate = CallGate(
        callers=_Callers(desk.use_cases),  # type: ignore[arg-type]
        policy=CedarPolicy.shipped("it-inps"),
        observer=_NoObserver(),
        new_id=lambda: UUID(int=1),
    )
    server = grpc.aio.server(interceptors=(gate,))
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield stub(channel)
    await server.stop(None)


async def session_of(desk: Any, contact: str) -> tuple[tuple[str, str], ...]:
    """Metadata of a worker who has signed in by one-time code."""
    asked = await desk.use_cases.request_sign_in_code(desk.ask(contact))
    signed_in = await desk.use_cases.sign_in(challenge=asked.challenge, code=desk.sender.sent[-1].code, origin="")
    return (("authorization", f"Bearer {signed_in.token}"),)

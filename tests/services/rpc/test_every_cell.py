"""Every RPC and every role, over the wire, through the node's policy: who is refused never reaches a handler."""

import importlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor

import portability.api.field_rules
from portability.app.rpc.credentials import NodeTls
from portability.app.rpc.identity import CallerFinder
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.server import NodeServer, RpcService
from portability.services.access import Role
from portability.services.access_table import NODE_POLICY, POLICY, WITHOUT_SESSION

from .conftest import ERROR_ID, SESSION, OneSession, Seen, SystemTime

# Raised by each handler instead of work: the call has come through.
REACHED = grpc.StatusCode.DATA_LOSS
PERSONAL = ("portability.api.cases.", "portability.api.records.", "portability.api.workers.")


def rpcs() -> Iterator[MethodDescriptor]:
    root = Path(portability.api.field_rules.__file__).parent
    for path in sorted(root.rglob("*_pb2.py")):
        name = ".".join(("portability", "api", *path.relative_to(root).with_suffix("").parts))
        for service in importlib.import_module(name).DESCRIPTOR.services_by_name.values():
            yield from service.methods


NAMES = [f"/{method.containing_service.full_name}/{method.name}" for method in rpcs()]


def add_every_rpc(_: object, server: grpc.aio.Server) -> None:
    async def reached(request: Any, context: Any) -> Any:
        await context.abort(REACHED, "reached")

    services: dict[str, dict[str, Any]] = {}
    for method in rpcs():
        handler = grpc.unary_unary_rpc_method_handler(reached, request_deserializer=Anything)
        services.setdefault(method.containing_service.full_name, {})[method.name] = handler
    for name, handlers in services.items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))


def Anything(received: bytes) -> Any:  # noqa: N802 (stands for a message type)
    """A request without field rules, so that what is refused is refused for who calls and not for what."""
    return importlib.import_module("google.protobuf.empty_pb2").Empty()


@pytest.fixture
async def every_rpc(tmp_path: Path) -> AsyncIterator[tuple[str, NodeTls]]:
    tls = NodeTls(tmp_path / "tls", "de-drv", hosts=("localhost",), clock=SystemTime())
    gate = CallGate(
        callers=CallerFinder("de-drv", OneSession()), policy=NODE_POLICY, observer=Seen(), new_id=lambda: ERROR_ID
    )
    services = (RpcService("portability", add_every_rpc, None),)
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=services)
    port = await server.start()
    yield f"localhost:{port}", tls
    await server.stop(grace_seconds=0)


@pytest.mark.parametrize(("role", "token"), [*((role, "") for role in Role), (Role.WORKER, SESSION)])
async def test_a_role_reaches_the_rpcs_of_its_rows_and_no_other(
    every_rpc: tuple[str, NodeTls], role: Role, token: str
) -> None:
    address, tls = every_rpc
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    reached = set()
    async with grpc.aio.secure_channel(address, tls.caller(role, "somebody").channel_credentials()) as channel:
        for name in NAMES:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary(name)(b"", timeout=10, metadata=metadata)
            code = caught.value.code()
            assert code in {REACHED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}, (name, code)
            if code is REACHED:
                reached.add(name)
    open_to_role = {name for name in NAMES if role in POLICY.get(name, frozenset())}
    if role is Role.WORKER and not token:
        open_to_role &= WITHOUT_SESSION
    assert reached == open_to_role


@pytest.mark.parametrize("name", NAMES)
def test_personal_data_is_open_to_nobody_but_staff_and_the_worker(name: str) -> None:
    if name.startswith(tuple(f"/{package}" for package in PERSONAL)):
        assert POLICY.get(name, frozenset()) <= {Role.CASEWORKER, Role.SYSTEM, Role.WORKER}


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_has_only_the_workers_service(name: str) -> None:
    if not name.startswith("/portability.api.workers."):
        assert Role.WORKER not in POLICY.get(name, frozenset())

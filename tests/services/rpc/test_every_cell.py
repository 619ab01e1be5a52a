"""Every RPC and every role, over the wire, through the node's policy: who is refused never reaches a handler."""

import importlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor

import portability.api.field_rules
from portability.adapters.access.cedar import CedarPolicy
from portability.agreements.errors import DeniedError
from portability.app.rpc.credentials import Authority, CallerFiles, NodeTls
from portability.app.rpc.identity import CallerFinder
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.server import NodeServer, RpcService
from portability.services.access import Caller, Role

from .conftest import ERROR_ID, SESSION, WORKER, OneSession, Seen, SystemTime

# Raised by each handler instead of work: the call has come through.
REACHED = grpc.StatusCode.DATA_LOSS
NODE = "de-drv"
POLICY = CedarPolicy.shipped(NODE)


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
    tls = NodeTls(tmp_path / "tls", NODE, hosts=("localhost",), clock=SystemTime())
    gate = CallGate(callers=CallerFinder(OneSession()), policy=POLICY, observer=Seen(), new_id=lambda: ERROR_ID)
    services = (RpcService("portability", add_every_rpc, None),)
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=services)
    port = await server.start()
    yield f"localhost:{port}", tls
    await server.stop(grace_seconds=0)


CALLERS = [
    pytest.param(role, institution, token, id=f"{role} of {institution}{' with a session' * bool(token)}")
    for role in Role
    for institution in (NODE, "it-inps")
    for token in ("", SESSION)
    if role is Role.WORKER or not token
]


@pytest.mark.parametrize(("role", "institution", "token"), CALLERS)
async def test_the_gate_opens_what_the_policies_open_and_nothing_else(
    every_rpc: tuple[str, NodeTls], tmp_path: Path, role: Role, institution: str, token: str
) -> None:
    address, tls = every_rpc
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    reached = set()
    files = certificate(tls, role, institution, tmp_path)
    async with grpc.aio.secure_channel(address, files.channel_credentials()) as channel:
        for name in NAMES:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary(name)(b"", timeout=10, metadata=metadata)
            code = caught.value.code()
            assert code in {REACHED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}, (name, code)
            if code is REACHED:
                reached.add(name)
    caller = Caller(institution, role, "somebody", WORKER if token else None)
    assert reached == {name for name in NAMES if permitted(caller, name)}


def certificate(tls: NodeTls, role: Role, institution: str, folder: Path) -> CallerFiles:
    """One that our own key has signed, also where our authority would refuse to."""
    issued = Authority.load(tls.authority.issued(), institution).issue_caller(role, "somebody", now=SystemTime().now())
    files = CallerFiles(folder / "tls" / "authority.crt", folder / "caller.crt", folder / "caller.key")
    files.certificate.write_bytes(issued.certificate)
    files.key.write_bytes(issued.key)
    return files


def permitted(caller: Caller, rpc: str) -> bool:
    try:
        POLICY.check(caller, rpc)
    except DeniedError:
        return False
    return True

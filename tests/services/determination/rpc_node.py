"""An in-process node with the two services of the law, behind the same gate as on a real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from portability.adapters.access.cedar import CedarPolicy
from portability.api.agreements.v1 import agreements_pb2_grpc
from portability.api.determination.v1 import determination_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Caller, Role
from portability.services.determination.servicer import AgreementServicer, DeterminationServicer

from .treaty_world import World


class CallersByMetadata:
    """Stands in for client certificates: the metadata names the role."""

    async def find(self, context: Any) -> Caller:
        role = dict(context.invocation_metadata()).get("test-role", "caseworker")
        return Caller("de-drv", Role(role), "anna")


class NoObserver:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: Any) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@asynccontextmanager
async def node_channel(world: World) -> AsyncIterator[grpc.aio.Channel]:
    gate = CallGate(
        callers=CallersByMetadata(),  # type: ignore[arg-type]
        policy=CedarPolicy.shipped("de-drv"),
        observer=NoObserver(),
        new_id=lambda: UUID(int=1),
    )
    server = grpc.aio.server(interceptors=(gate,))
    determination_pb2_grpc.add_DeterminationServiceServicer_to_server(DeterminationServicer(law=world.law), server)
    agreements_pb2_grpc.add_AgreementServiceServicer_to_server(AgreementServicer(world.desk), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    await server.stop(None)


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


def fields_of(refused: grpc.aio.AioRpcError) -> list[str]:
    """The fields that a refusal names."""
    kept = dict(refused.trailing_metadata() or ())["grpc-status-details-bin"]
    found = []
    for detail in status_pb2.Status.FromString(kept).details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            found += [one.field for one in bad.field_violations]
    return found

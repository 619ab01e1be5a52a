"""What the server itself offers: health, reflection, a graceful stop, clear trouble at start."""

import asyncio
import ssl
import warnings

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from portability.agreements.errors import GatewayError
from portability.api.common.v1.common_pb2 import Money
from portability.app.rpc.server import NodeServer

from .conftest import SERVICE, Node, rpc

EUR = Money(currency_code="EUR", amount="480.00")


@pytest.mark.parametrize("service", ["", SERVICE])
async def test_health_says_serving(node: Node, service: str) -> None:
    async with node.channel() as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_health_can_be_watched_until_the_server_stops(node: Node) -> None:
    async with node.channel() as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stopping = asyncio.create_task(node.server.stop(grace_seconds=2))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        await stopping


async def test_reflection_lists_the_services(node: Node) -> None:
    async with node.channel() as channel:
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        answer = await call.read()
        await call.done_writing()
    names = {service.name for service in answer.list_services_response.service}
    assert {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= names


async def test_reflection_describes_the_field_rules_too(node: Node) -> None:
    # Without validate.proto a client such as `buf curl` cannot link our files.
    async with node.channel() as channel:
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(file_by_filename="buf/validate/validate.proto"))
        answer = await call.read()
        await call.done_writing()
    assert len(answer.file_descriptor_response.file_descriptor_proto) > 0


async def test_a_running_call_ends_well_while_the_server_stops(node: Node) -> None:
    begun = asyncio.Event()

    async def slow() -> Money:
        begun.set()
        await asyncio.sleep(0.2)
        return EUR

    node.echo.behave = lambda request: slow()
    async with node.channel() as channel:
        call = rpc(channel, "Echo")(EUR)
        await begun.wait()
        await node.server.stop(grace_seconds=5)
        assert await call == EUR


async def test_a_port_in_use_gives_one_clear_error(node: Node) -> None:
    second = NodeServer(node.address, credentials=node.tls.server_credentials(), gate=node.gate, services=())
    with pytest.raises(GatewayError, match="PORTABILITY_LISTEN"):
        await second.start()


async def test_the_call_record_names_the_caller_and_the_time(node: Node) -> None:
    async with node.channel() as channel:
        await rpc(channel, "Echo")(EUR)
    record = await node.seen.first()
    assert node.seen.finished == [record]
    assert (record.rpc, record.kind, record.code) == (f"/{SERVICE}/Echo", "unary", "OK")
    assert record.caller is not None
    assert record.caller.name == "anna"
    assert 0 < record.seconds < 5


async def test_tls_older_than_1_2_is_refused(node: Node) -> None:
    context = ssl.create_default_context(cadata=node.tls.authority.certificate_pem().decode())
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    host, port = node.address.split(":")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        await asyncio.open_connection(host, int(port), ssl=context)

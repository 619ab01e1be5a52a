"""What a person writes into a call is in no error, log, metric or row in the clear, whatever else is wrong (T28).

Every RPC of the protos is called on a running node with a canary in each text of its request.
"""

import asyncio
import io
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from prometheus_client import generate_latest

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.agreements.errors import DeniedError
from portability.api.determination.v1 import determination_pb2
from portability.api.workers.v1 import linking_pb2
from portability.app.demo.desks import lodge_claim, put_records
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.logging import configure_logging
from portability.app.rpc.client import open_channel
from portability.services.access import Caller, Role
from portability.services.exchange.node import inbox_topic
from tests.demo.planting import NAME, is_in, planted_requests
from tests.demo.test_canary import rows
from tests.demo.test_demo import PORTABILITY
from tests.fuzz.good_records import good_requests
from tests.integration.test_protected_cases import requests_about
from tests.services.rpc.test_every_cell import rpcs

NODE = "it-inps"
POLICY = CedarPolicy.shipped(NODE)
TODAY = date(2026, 11, 21)
ROLES = (Role.SYSTEM, Role.ADMINISTRATOR, Role.CLEARED_CASEWORKER, Role.PEER, Role.WORKER)
CALLS_A_PERSON = 150  # below what the node allows one caller at once
# What treaty administrators hand in is public law: an error shows the line of their file that is wrong.
PUBLIC = "portability.api.agreements.v1.AgreementService"


@dataclass
class Told:
    """What the node answered: how often with which code, and every text with a canary in it."""

    codes: Counter[str] = field(default_factory=Counter)
    leaks: dict[str, str] = field(default_factory=dict)

    def take(self, place: str, error: grpc.aio.AioRpcError) -> None:
        self.codes[error.code().name] += 1
        parts = [error.details() or "", *(value for _, value in error.trailing_metadata() or ())]
        if any(is_in(part) for part in parts):
            self.leaks[place] = str(parts[0])


async def test_no_call_brings_the_canary_out(tmp_path: Path, postgres_server: EmbeddedServer) -> None:
    logged = io.StringIO()
    configure_logging(level="DEBUG", stream=logged)
    told = Told()
    served = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=served, only=NODE) as nodes:
        desk = nodes[NODE]
        await put_records(desk, TODAY)
        case_id = await lodge_claim(desk, today=TODAY, award_on=date(2026, 12, 1))
        await enrol(desk, case_id)
        token = (await sign_in(desk)).token
        for method in rpcs():
            if method.containing_service.full_name != PUBLIC:
                await call_with_canaries(method, UUID(case_id), desk, told, token)
        await desk.node.exchange.stream.append(inbox_topic(NODE), [(b"de-drv", NAME.encode())])
        listed = [
            await told_by("quarantine", "list", "--all", "--as", "karl", desk=desk),
            await told_by("privacy", "erasures", "--out", str(tmp_path / "erasures"), desk=desk),
            await told_by("fsck", desk=desk),
        ]
        metrics = generate_latest(desk.node.metrics.registry)
        database = desk.node.settings.database_url.get_secret_value()
    assert told.leaks == {}
    assert "VERIFICATION_FAILED" in listed[0]
    assert [one for one in listed if is_in(one)] == []
    assert told.codes["INTERNAL"] == told.codes["UNKNOWN"] == 0
    assert logged.getvalue().count("call_handled") > 1_000
    assert [line for line in logged.getvalue().splitlines() if is_in(line)] == []
    assert b"grpc_server_handled_total" in metrics
    assert not is_in(metrics)
    # In the place of a code, such as the type of a message, a lower-case word is a code.
    assert {table for table, value in rows(database) if NAME.encode() in value} == set()


async def test_what_treaty_administrators_send_is_public_and_in_no_log_and_no_metric(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    """An error shows them the line of their own file that is wrong; nobody else is shown anything."""
    logged = io.StringIO()
    configure_logging(level="DEBUG", stream=logged)
    told, case_id = Told(), time_ordered_id()
    served = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=served, only=NODE) as nodes:
        desk = nodes[NODE]
        for method in rpcs():
            if method.containing_service.full_name == PUBLIC:
                await call_with_canaries(method, case_id, desk, told, token="")
        metrics = generate_latest(desk.node.metrics.registry)
    assert told.codes["INTERNAL"] == told.codes["UNKNOWN"] == 0
    assert sum(told.codes.values()) > 100
    assert logged.getvalue().count("call_handled") > 100
    assert [line for line in logged.getvalue().splitlines() if is_in(line)] == []
    assert not is_in(metrics)


async def call_with_canaries(method: MethodDescriptor, case_id: UUID, desk: DemoNode, told: Told, token: str) -> None:
    name = f"/{method.containing_service.full_name}/{method.name}"
    role = next(one for one in ROLES if may_call(caller_in(one), name))
    seeds = requests_about(case_id) | of_no_case(case_id)
    good = seeds.get(method.input_type.full_name) or GetMessageClass(method.input_type)()
    metadata = (("authorization", f"Bearer {token}"),) if role is Role.WORKER and "SignIn" not in name else ()
    for number, batch in enumerate(batches(planted_requests(good))):
        institution = caller_in(role).institution if role is Role.PEER else ""
        files = desk.node.tls.caller(role, f"{method.name.lower()}-{number}", institution=institution)
        async with open_channel(f"localhost:{desk.node.port}", files) as channel:
            call = channel.unary_stream(name) if method.server_streaming else channel.unary_unary(name)
            for place, request in batch:
                made = call(request.SerializeToString(), timeout=30, metadata=metadata)
                try:
                    await (made.read() if method.server_streaming else made)
                    made.cancel()  # of a stream the rest
                except grpc.aio.AioRpcError as error:
                    told.take(f"{method.name}: {place}", error)


def of_no_case(case_id: UUID) -> dict[str, Message]:
    """Requests that work on facts which the caller states alone, by the name of their message."""
    facts = [one for one in good_requests(case_id) if isinstance(one, determination_pb2.ClaimFacts)]
    files = (determination_pb2.DESCRIPTOR, linking_pb2.DESCRIPTOR)
    others = [one for one in good_requests(case_id) if one.DESCRIPTOR.file in files]
    asked = {"facts": facts[-1], "agreement_ids": ["de-us"]}
    made = [*others, determination_pb2.DetermineRequest(**asked), determination_pb2.ExplainRequest(**asked, audience=1)]
    return {one.DESCRIPTOR.full_name: one for one in made}


def caller_in(role: Role) -> Caller:
    worker = time_ordered_id() if role is Role.WORKER else None
    return Caller("de-drv" if role is Role.PEER else NODE, role, "somebody", worker)


async def told_by(*command: str, desk: DemoNode) -> str:
    """What a command of `portability` prints at this node."""
    settings = desk.node.settings
    environment = {
        "PORTABILITY_INSTITUTION": NODE,
        "PORTABILITY_DATA_FOLDER": str(settings.data_folder),
        "PORTABILITY_DATABASE_URL": settings.database_url.get_secret_value(),
        "PORTABILITY_LISTEN": f"127.0.0.1:{desk.node.port}",
    }
    running = await asyncio.create_subprocess_exec(
        str(PORTABILITY), *command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    told, _ = await asyncio.wait_for(running.communicate(), timeout=60)
    assert running.returncode == 0, told.decode()
    return told.decode()


def may_call(caller: Caller, rpc: str) -> bool:
    try:
        POLICY.check(caller, rpc)
    except DeniedError:
        return False
    return True


def batches(requests: Iterator[tuple[str, Message]]) -> Iterator[list[tuple[str, Message]]]:
    batch: list[Any] = []
    for one in requests:
        batch.append(one)
        if len(batch) == CALLS_A_PERSON:
            yield batch
            batch = []
    yield batch

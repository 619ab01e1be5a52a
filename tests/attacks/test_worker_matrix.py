"""Every RPC of a worker, called by everybody who must not: generated from the protos and the access policies.

On a running node with its fence, for two workers. An RPC that is new stands here without a line of ours.
"""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
import pytest_asyncio
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.claims_store import PostgresClaims
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.declarations.v1 import declarations_pb2 as declarations
from portability.api.declarations.v1 import declarations_pb2_grpc
from portability.api.disputes.v1 import disputes_pb2 as disputes
from portability.api.disputes.v1 import disputes_pb2_grpc
from portability.api.mandates.v1 import mandates_pb2 as mandates
from portability.api.mandates.v1 import mandates_pb2_grpc
from portability.api.persons.v1 import messages_pb2 as persons
from portability.api.takeout.v1 import takeout_pb2_grpc
from portability.api.takeout.v1.takeout_pb2 import DownloadEverythingRequest, DownloadEverythingResponse
from portability.api.workers.v1 import matters_pb2, matters_pb2_grpc, workers_pb2_grpc
from portability.api.workers.v1 import workers_pb2 as workers
from portability.app.demo.desks import lodge_claim, put_records
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import AWARD_ON, BIRTH, WORKER
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.workers.claims.model import Claimant, SentClaim, Wanted
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.services.rpc.test_every_cell import rpcs
from tests.services.workers.papers import PNG

pytestmark = pytest.mark.asyncio(loop_scope="module")
IT = "it-inps"
SCHEMA = Path("services/portability/services/policies/access.cedarschema")
GROUPS = ("see what is mine", "act for myself", "keep for myself")
ADAS_CONTACT, ACTING, READING, ENDED = (f"{who}@example.org" for who in ("ada", "acting", "reading", "ended"))
NAME_OF = {ACTING: "acting", READING: "reading", ENDED: "ended"}
IDS = {"case_id", "dispute_id", "mandate_id", "declaration_id", "document_id", "claim_id"}
EMPLOYER = "Hotel Canary"
NOTHING_LEARNED = {
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
}
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def groups() -> dict[str, str]:
    """Group of each RPC of a worker, by its name on the wire."""
    text = (Path(__file__).parents[2] / SCHEMA).read_text(encoding="utf-8")
    found = {}
    for names, group in re.findall(r'action\s+((?:"[^"]+",?\s*)+)in \["([^"]+)"\]', text):
        if group in GROUPS:
            found |= {f"/portability.api.{name}": group for name in re.findall(r'"([^"]+)"', names)}
    return found


GROUP_OF = groups()
METHODS: dict[str, MethodDescriptor] = {
    name: method for method in rpcs() if (name := f"/{method.containing_service.full_name}/{method.name}") in GROUP_OF
}
# Signing out ends the session that it is called with; it is tried last, by itself.
NAMES = sorted(name for name in METHODS if not name.endswith("/SignOut"))


@dataclass
class World:
    """A node, the ids of what is one worker's, and a session for each who calls."""

    desk: DemoNode
    channel: Any
    hers: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    async def call(self, name: str, token: str, *, channel: Any = None) -> tuple[grpc.StatusCode, bytes]:
        """Ask for what is hers; the status, and all that came back."""
        method = METHODS[name]
        hers = self.hers
        if "MatterService" in name and "matter_id" in hers:  # a matter is a case between institutions, not the claim
            hers = {**hers, "case_id": hers["matter_id"]}
        request = asking(method.input_type, hers)
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        if method.server_streaming:
            return await self._streamed(name, request, metadata, channel=channel)
        call = (channel or self.channel).unary_unary(name, request_serializer=lambda one: one.SerializeToString())
        try:
            return grpc.StatusCode.OK, await call(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return error.code(), (error.details() or "").encode()

    async def _streamed(
        self, name: str, request: Message, metadata: Any, *, channel: Any
    ) -> tuple[grpc.StatusCode, bytes]:
        """The same of a call that gives a file in parts: what the files in it hold."""
        call = (channel or self.channel).unary_stream(name, request_serializer=lambda one: one.SerializeToString())
        try:
            parts = [DownloadEverythingResponse.FromString(one).part async for one in call(request, metadata=metadata)]
        except grpc.aio.AioRpcError as error:
            return error.code(), (error.details() or "").encode()
        return grpc.StatusCode.OK, b"".join(held(b"".join(parts)).values())


def held(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def asking(kind: Any, hers: Mapping[str, Any], *, deep: int = 0) -> Message:
    """A request whose fields name what is hers; what has no name here is filled with the least that its kind allows."""
    message = message_factory.GetMessageClass(kind)()
    for one in kind.fields:
        for name, value in fields_of(one, hers, deep):
            if isinstance(value, Message):
                getattr(message, name).CopyFrom(value)
            else:
                setattr(message, name, value)
    return message


def fields_of(one: FieldDescriptor, hers: Mapping[str, Any], deep: int) -> Iterator[tuple[str, Any]]:
    if one.is_repeated or one.containing_oneof is not None:
        return
    if one.message_type is not None:
        if one.message_type.full_name == "google.type.Date":
            day = datetime.now(UTC).date() + timedelta(days=30)  # noqa: TID251 (the node's clock is the machine's)
            value = message_factory.GetMessageClass(one.message_type)()
            value.year, value.month, value.day = day.year, day.month, day.day
            yield one.name, value
        elif not one.message_type.full_name.startswith("google.") and deep < 2:
            yield one.name, asking(one.message_type, hers, deep=deep + 1)
    elif one.enum_type is not None:
        yield one.name, hers.get(one.name, 1)
    elif one.type == FieldDescriptor.TYPE_STRING:
        yield one.name, str(time_ordered_id()) if one.name == "request_id" else hers.get(one.name, "")
    elif one.type == FieldDescriptor.TYPE_BOOL:
        yield one.name, False
    elif one.type in {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_BYTES} and one.name in hers:
        yield one.name, hers[one.name]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedServer) -> AsyncIterator[World]:
    url = postgres_server.url_for("postgres")
    folder = tmp_path_factory.mktemp("matrix")
    async with demo_nodes(folder, kafka="", pages=False, database_url=url, only=IT) as desks:
        desk = desks[IT]
        today = SystemClock().now().astimezone(UTC).date()
        await put_records(desk, today)
        case_id = await lodge_claim(desk, today=today, award_on=AWARD_ON)
        await enrol(desk, case_id)
        async with desk.node.worker.unit_of_work() as work:
            directory: Any = work.directory
            await directory.keep(WorkerOnFile(time_ordered_id(), parse_contact(ADAS_CONTACT), ("ADA1",)))
        files = desk.node.tls.caller(Role.WORKER, "page")
        async with open_channel(f"localhost:{desk.node.port}", files) as channel:
            made = World(desk, channel)
            made.tokens["she"] = (await sign_in(desk)).token
            await prepare(made, case_id)
            yield made


async def prepare(world: World, case_id: str) -> None:
    """She disputes, gives three mandates and ends one of them; each holder signs in while it is in force."""
    session = (("authorization", f"Bearer {world.tokens['she']}"),)
    said = disputes.DisputeSubject(matter=disputes.DISPUTE_MATTER_DETAILS)
    mine: Any = disputes_pb2_grpc.MyDisputeServiceStub(world.channel)
    raised = await mine.RaiseDispute(
        disputes.RaiseDisputeRequest(request_id=str(time_ordered_id()), subject=said, grounds="My name is Elena."),
        metadata=session,
    )
    elsewhere = disputes.DisputeSubject(matter=disputes.DISPUTE_MATTER_MISSING, state="DE")
    elsewhere.first_day.year, elsewhere.first_day.month, elsewhere.first_day.day = 2002, 1, 1
    elsewhere.last_day.year, elsewhere.last_day.month, elsewhere.last_day.day = 2002, 1, 31
    missing = disputes.RaiseDisputeRequest(request_id=str(time_ordered_id()), subject=elsewhere, grounds="I was there.")
    await mine.RaiseDispute(missing, metadata=session)
    matters: Any = matters_pb2_grpc.MatterServiceStub(world.channel)
    (matter,) = (await matters.ListMyMatters(matters_pb2.ListMyMattersRequest(), metadata=session)).matters
    told = await declared(world)
    claim_id = await sent_claim(world)
    stub: Any = mandates_pb2_grpc.MandateServiceStub(world.channel)
    given = {}
    for contact in (ACTING, READING, ENDED):
        given[contact] = (await stub.GrantMandate(granting(contact), metadata=session)).mandate.mandate_id
        world.tokens[contact] = await signed_in(world, contact)
    await stub.RevokeMandate(mandates.RevokeMandateRequest(mandate_id=given[ENDED]), metadata=session)
    listed = await stub.ListMyMandates(mandates.ListMyMandatesRequest(), metadata=session)
    assert [one.in_force for one in listed.mandates] == [False, True, True]
    world.tokens["ada"] = await signed_in(world, ADAS_CONTACT)
    world.hers = {
        "case_id": case_id,
        "matter_id": matter.case_id,
        "dispute_id": raised.dispute.dispute_id,
        "mandate_id": given[ENDED],
        "declaration_id": told.declaration_id,
        "claim_id": claim_id,
        "document_id": told.documents[0].document_id,
        "state": "DE",
        "year": 1984,
        "month": 5,
        "day": 3,
        "content": PNG,
        "name": "Somebody",
        "contact": "somebody@example.org",
        "grounds": "It is wrong.",
        "language": "en",
        "matter": disputes.DISPUTE_MATTER_DETAILS,
    }


async def declared(world: World) -> declarations.Declaration:
    """She declares time with a paper; Germany was asked, so that no call takes it back."""
    session = (("authorization", f"Bearer {world.tokens['she']}"),)
    stub: Any = declarations_pb2_grpc.MyDeclarationServiceStub(world.channel)
    request = declarations.DeclarePeriodRequest(
        request_id=str(time_ordered_id()), state="DE", employer=EMPLOYER, may_ask=True
    )
    for day in (request.first_day, request.last_day):
        day.year, day.precision = 1984, persons.DATE_PRECISION_YEAR
    told = (await stub.DeclarePeriod(request, metadata=session)).declaration
    assert told.flow_case_id
    adding = declarations.AddDocumentRequest(
        request_id=str(time_ordered_id()), declaration_id=told.declaration_id, content=PNG
    )
    return (await stub.AddDocument(adding, metadata=session)).declaration  # type: ignore[no-any-return]


async def sent_claim(world: World) -> str:
    """A claim of hers that waits; sending one is refused while her case is open."""
    node = world.desk.node
    worker_id = await node.worker.resolve_session(world.tokens["she"])
    now = node.parts.clock.now()
    herself = Claimant(WORKER.family_name, WORKER.given_names, BIRTH, "IT", ())
    waiting = SentClaim(time_ordered_id(), worker_id, Wanted(herself, AWARD_ON, ()), now.date(), now, now.date())
    async with node.database.transaction(acting="node") as connection:
        await PostgresClaims(connection, node.parts.at_rest).put(waiting)
    return str(waiting.claim_id)


def granting(contact: str) -> mandates.GrantMandateRequest:
    day = datetime.now(UTC).date() + timedelta(days=30)  # noqa: TID251 (the node's clock is the machine's)
    request = mandates.GrantMandateRequest(
        request_id=str(time_ordered_id()), name=NAME_OF[contact], contact=contact, may_act=contact == ACTING
    )
    request.last_day.year, request.last_day.month, request.last_day.day = day.year, day.month, day.day
    return request


async def signed_in(world: World, contact: str) -> str:
    stub: Any = workers_pb2_grpc.WorkerServiceStub(world.channel)
    asked = await stub.RequestSignInCode(
        workers.RequestSignInCodeRequest(request_id=str(time_ordered_id()), contact=contact)
    )
    await world.desk.node.codes.drain()
    path = world.desk.node.settings.data_folder / "worker-codes.jsonl"
    code = re.findall(r'"code": "(\d{6})"', path.read_text(encoding="utf-8"))[-1]
    return str((await stub.SignIn(workers.SignInRequest(challenge=asked.challenge, code=code))).session_token)


async def test_every_rpc_of_a_worker_stands_in_the_matrix() -> None:
    assert GROUP_OF.keys() == METHODS.keys()
    assert len(NAMES) > 10
    assert {GROUP_OF[name] for name in NAMES} == set(GROUPS)


@pytest.mark.parametrize("name", NAMES)
async def test_who_is_signed_out_or_holds_an_ended_mandate_is_nobody(world: World, name: str) -> None:
    for token in ("", "x" * 43, world.tokens[ENDED]):
        code, told = await world.call(name, token)
        assert code is grpc.StatusCode.UNAUTHENTICATED, (name, code, told)


@pytest.mark.parametrize("name", NAMES)
async def test_staff_and_programs_are_refused_with_or_without_her_session(world: World, name: str) -> None:
    for channel in (world.desk.caseworker, world.desk.system):
        for token in ("", world.tokens["she"]):
            code, _ = await world.call(name, token, channel=channel)
            assert code in REFUSED, (name, code)


@pytest.mark.parametrize("name", NAMES)
async def test_a_mandate_reaches_as_far_as_she_said(world: World, name: str) -> None:
    group = GROUP_OF[name]
    for contact in (ACTING, READING):
        code, told = await world.call(name, world.tokens[contact])
        closed = group == "keep for myself" or (group == "act for myself" and contact == READING)
        assert (code is grpc.StatusCode.PERMISSION_DENIED) is closed, (name, contact, code, told)
        assert code is not grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("name", NAMES)
async def test_another_worker_learns_nothing_of_her(world: World, name: str) -> None:
    code, told = await world.call(name, world.tokens["ada"])
    assert code not in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}, (name, told)
    if code is grpc.StatusCode.OK:
        secret = (*(world.hers[one] for one in IDS), WORKER.family_name, WORKER.phone, "My name is Elena.", EMPLOYER)
        assert [one for one in secret if one.encode() in told] == [], name
    else:
        assert code in NOTHING_LEARNED, (name, code, told)
    if IDS & {one.name for one in METHODS[name].input_type.fields}:
        # It reads like what does not exist.
        nobodys = World(world.desk, world.channel, world.hers | dict.fromkeys({*IDS, "matter_id"}, str(UUID(int=5))))
        assert (await nobodys.call(name, world.tokens["ada"]))[0] is code


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("/NameHelper")])
async def test_she_herself_comes_through(world: World, name: str) -> None:
    code, told = await world.call(name, world.tokens["she"])
    unlike = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
    assert code not in REFUSED | unlike, (name, told)


async def test_who_sits_beside_her_is_named_once_in_a_session(world: World) -> None:
    stub: Any = mandates_pb2_grpc.MandateServiceStub(world.channel)
    session = (("authorization", f"Bearer {await signed_in(world, WORKER.phone)}"),)
    named = await stub.NameHelper(mandates.NameHelperRequest(name="Cousin Luca"), metadata=session)
    assert named.mandate.in_force
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.NameHelper(mandates.NameHelperRequest(name="Somebody else"), metadata=session)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    reading: Any = workers_pb2_grpc.WorkerServiceStub(world.channel)
    case = await reading.GetMyCase(workers.GetMyCaseRequest(case_id=world.hers["case_id"]), metadata=session)
    assert any("Cousin Luca" in one.text for one in case.seen_by)
    assert {"acting", "reading", "ended"} <= {one.text.split(" ")[0] for one in case.seen_by}


async def test_what_she_takes_with_her_is_all_of_hers_and_noted(world: World) -> None:
    session = (("authorization", f"Bearer {await signed_in(world, WORKER.phone)}"),)
    stub: Any = takeout_pb2_grpc.TakeoutServiceStub(world.channel)
    parts = [
        one.part async for one in stub.DownloadEverything(DownloadEverythingRequest(language="it"), metadata=session)
    ]
    files = held(b"".join(parts))
    case_id, told = world.hers["case_id"], world.hers["declaration_id"]
    for name in ("cases", "career", "decisions", "matters", "disputes", "declared", "claims", "people", "certificates"):
        assert json.loads(files[f"{name}.json"]) is not None
    assert files[f"papers/{world.hers['document_id']}.png"] == PNG
    assert json.loads(files["on_file.json"])["contact"] == WORKER.phone.replace(" ", "")
    assert told in [one["declaration_id"] for one in json.loads(files["declared.json"])["declarations"]]
    assert f"cases/{case_id}.json" in files
    messages = json.loads(files["messages.json"])["messages"]
    assert case_id in {one["between"]["case_id"] for one in messages if "between" in one}
    page = files["index.html"].decode()
    assert '<html lang="it"' in page
    assert "My name is Elena." in page
    assert EMPLOYER in page
    assert "<script" not in page
    reading: Any = workers_pb2_grpc.WorkerServiceStub(world.channel)
    case = await reading.GetMyCase(workers.GetMyCaseRequest(case_id=case_id), metadata=session)
    assert any("You took everything" in one.text for one in case.seen_by)


async def test_a_session_that_was_ended_opens_nothing(world: World) -> None:
    token = await signed_in(world, ADAS_CONTACT)
    reading: Any = workers_pb2_grpc.WorkerServiceStub(world.channel)
    await reading.SignOut(workers.SignOutRequest(), metadata=(("authorization", f"Bearer {token}"),))
    for name in METHODS:
        code, _ = await world.call(name, token)
        assert code is grpc.StatusCode.UNAUTHENTICATED

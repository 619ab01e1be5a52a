"""T27, by case: every RPC of the protos that names a case, each role, on a real node, where the person is protected.

The list of RPCs comes from the protos: a new one that names a case needs a request here, or this fails.
"""

import importlib
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

import portability.api.field_rules
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.cases.v1 import flows_pb2, shares_pb2
from portability.api.certificates.v1 import certificates_pb2
from portability.api.exchange.v1 import exchange_pb2, exchange_pb2_grpc, repair_service_pb2
from portability.api.privacy.v1 import privacy_pb2, privacy_pb2_grpc
from portability.api.records.v1 import career_pb2, records_pb2, reviews_pb2
from portability.api.voice.v1 import voice_pb2
from portability.api.workers.v1 import linking_pb2, matters_pb2, workers_pb2
from portability.app.demo.desks import lodge_claim
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.exchange.model.set_aside import QuarantineEntry
from tests.fuzz.good_records import good_requests

NODE = "it-inps"
REFUSED = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}


def rpcs_that_name_a_case() -> Iterator[MethodDescriptor]:
    root = Path(portability.api.field_rules.__file__).parent
    for path in sorted(root.rglob("*_pb2.py")):
        name = ".".join(("portability", "api", *path.relative_to(root).with_suffix("").parts))
        for service in importlib.import_module(name).DESCRIPTOR.services_by_name.values():
            yield from (method for method in service.methods if "case_id" in method.input_type.fields_by_name)


def requests_about(case_id: UUID) -> dict[str, Message]:
    """A request in earnest of each kind that names a case, by the name of its message."""
    case, request = str(case_id), str(time_ordered_id())
    made: list[Message] = [
        *good_requests(case_id),
        flows_pb2.ActRequest(request_id=request, case_id=case, action="close"),
        flows_pb2.GetFlowCaseRequest(case_id=case),
        shares_pb2.GetShareRequest(case_id=case),
        shares_pb2.StateOwnRecordsRequest(request_id=request, case_id=case, answer="RECORD_ANSWER_FROM_OWN_RECORDS"),
        shares_pb2.SummariseSharesRequest(request_id=request, case_id=case),
        exchange_pb2.ListMessagesRequest(case_id=case),
        repair_service_pb2.AskForMissingRequest(request_id=request, sender="it-inps", case_id=case),
        repair_service_pb2.GiveUpMissingRequest(
            request_id=request,
            sender="it-inps",
            case_id=case,
            missing=repair_service_pb2.CaseNumbers(first_seq=1, last_seq=1),
            reasons=["curious"],
        ),
        privacy_pb2.EraseRequest(request_id=request, case_id=case),
        privacy_pb2.HoldCaseRequest(request_id=request, case_id=case, citation="Art. 18"),
        privacy_pb2.GetPrivacyRequest(case_id=case),
        privacy_pb2.ProtectPersonRequest(request_id=request, case_id=case, is_protected=False, reason="curious"),
        records_pb2.GetCareerRequest(case_id=case),
        records_pb2.EnterStatementRequest(
            request_id=request,
            case_id=case,
            statement=career_pb2.CareerStatement(statement_id=request, state="FR", status="ANSWER_STATUS_NONE"),
            document="EESSI P5000",
            level="EVIDENCE_LEVEL_DECLARED",
        ),
        reviews_pb2.ListReviewsRequest(case_id=case),
        reviews_pb2.SettleReviewRequest(
            request_id=request, case_id=case, state="IT", period_id="it-1978", stands=False, reason="curious"
        ),
        certificates_pb2.IssueCertificateRequest(request_id=request, case_id=case, kind="CERTIFICATE_KIND_CAREER"),
        certificates_pb2.ListCertificatesRequest(case_id=case),
        workers_pb2.GetMyCaseRequest(case_id=case, language="en"),
        workers_pb2.GetMyDecisionsRequest(case_id=case, language="en"),
        matters_pb2.GetMyMatterRequest(case_id=case, language="en"),
        linking_pb2.LinkCaseRequest(request_id=request, case_id=case, same_as_case_id=case),
        voice_pb2.SayHowItWentRequest(request_id=request, case_id=case, score="SCORE_GOOD"),
    ]
    return {one.DESCRIPTOR.full_name: one for one in made if "case_id" in one.DESCRIPTOR.fields_by_name}


@pytest.fixture
async def desk(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[DemoNode]:
    async with demo_nodes(
        tmp_path, kafka="", pages=False, database_url=postgres_server.url_for("postgres"), only=NODE
    ) as nodes:
        yield nodes[NODE]


async def the_quarantine_keeps_it(case_id: UUID, desk: DemoNode) -> None:
    """A message of the case that was set aside is there for cleared staff; administrators see that one waits."""
    entry = QuarantineEntry(
        time_ordered_id(),
        "X",
        "x",
        "inbox",
        0,
        1,
        b"x",
        desk.node.exchange.clock.now(),
        "de-drv",
        time_ordered_id(),
        case_id,
    )
    async with desk.node.exchange.unit_of_work() as work:
        await work.quarantine.add([entry])
    listed = {}
    for role in (Role.CASEWORKER, Role.SYSTEM, Role.ADMINISTRATOR, Role.CLEARED_CASEWORKER):
        async with open_channel(f"localhost:{desk.node.port}", desk.node.tls.caller(role, "somebody")) as channel:
            stub: Any = exchange_pb2_grpc.ExchangeServiceStub(channel)
            found = (await stub.ListQuarantined(exchange_pb2.ListQuarantinedRequest())).entries
            listed[role] = [one.case_id for one in found]
            show = stub.ShowQuarantined(exchange_pb2.ShowQuarantinedRequest(entry_id=str(entry.entry_id)))
            if listed[role]:
                assert [(await show).entry.case_id] == listed[role]
            else:
                with pytest.raises(grpc.aio.AioRpcError, match="Nothing was set aside"):
                    await show
    assert listed == {
        Role.CASEWORKER: [],
        Role.SYSTEM: [],
        Role.ADMINISTRATOR: [""],
        Role.CLEARED_CASEWORKER: [str(case_id)],
    }


async def outcome(channel: Any, method: MethodDescriptor, request: Message, session: str = "") -> grpc.StatusCode:
    call = channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}")
    try:
        metadata = (("authorization", f"Bearer {session}"),) if session else ()
        await call(request.SerializeToString(), timeout=30, metadata=metadata)
    except grpc.aio.AioRpcError as refused:
        return refused.code()
    return grpc.StatusCode.OK


async def test_a_protected_case_is_shown_to_nobody_who_is_not_cleared(desk: DemoNode) -> None:
    case_id = UUID(await lodge_claim(desk, today=date(2026, 11, 21), award_on=date(2026, 12, 1)))
    await enrol(desk, str(time_ordered_id()))  # a worker with a case of her own, which is another one
    session = (await sign_in(desk)).token
    target, tls = f"localhost:{desk.node.port}", desk.node.tls
    protect = privacy_pb2.ProtectPersonRequest(
        request_id=str(time_ordered_id()), case_id=str(case_id), is_protected=True, reason="threatened"
    )
    async with open_channel(target, tls.caller(Role.CLEARED_CASEWORKER, "vera")) as cleared:
        privacy: Any = privacy_pb2_grpc.PrivacyServiceStub(cleared)
        await privacy.ProtectPerson(protect)
        seen = {}
        requests = requests_about(case_id)
        for role in (Role.CASEWORKER, Role.SYSTEM, Role.PEER, Role.WORKER):
            institution = "de-drv" if role is Role.PEER else ""
            async with open_channel(target, tls.caller(role, "somebody", institution=institution)) as channel:
                for method in rpcs_that_name_a_case():
                    signed_in = session if role is Role.WORKER else ""
                    code = await outcome(channel, method, requests[method.input_type.full_name], signed_in)
                    if code not in REFUSED:
                        seen[role.value, method.name] = code.name
        # A case without messages and one whose messages are not shown look alike.
        looks_empty = {("caseworker", "ListMessages"), ("system", "ListMessages")}
        assert seen == dict.fromkeys(looks_empty, "OK")
        listed = exchange_pb2.ListMessagesRequest(case_id=str(case_id))
        messages: Any = exchange_pb2_grpc.ExchangeServiceStub(desk.system)
        assert await messages.ListMessages(listed) == exchange_pb2.ListMessagesResponse()
        everything: Any = exchange_pb2_grpc.ExchangeServiceStub(cleared)
        shown_messages = (await everything.ListMessages(listed)).messages
        assert shown_messages
        with pytest.raises(grpc.aio.AioRpcError, match="is not known here"):
            await messages.GetMessageStatus(
                exchange_pb2.GetMessageStatusRequest(message_id=shown_messages[0].message_id)
            )
        await the_quarantine_keeps_it(case_id, desk)
        # It is there all the same.
        (reading,) = [one for one in rpcs_that_name_a_case() if one.name == "GetFlowCase"]
        assert await outcome(cleared, reading, requests[reading.input_type.full_name]) is grpc.StatusCode.OK

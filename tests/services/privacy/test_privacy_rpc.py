"""PrivacyService through an in-process gRPC server, behind the same gate as on a node, on real PostgreSQL."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.type.date_pb2 import Date

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.api.privacy.v1 import privacy_pb2 as pb
from portability.api.privacy.v1 import privacy_pb2_grpc
from portability.app.rpc.interceptor import CallGate
from portability.services.access import Role
from portability.services.looking import Look
from portability.services.privacy.servicer import PrivacyServicer
from tests.services.cases.test_share_rpc import CallersByMetadata, NoObserver
from tests.services.privacy.privacy_world import LONG_AFTER, ME, PrivacyWorld

ADMINISTRATOR = (("test-role", "administrator"),)
CLEARED = (("test-role", "cleared-caseworker"),)
STAFF = [(("test-role", role),) for role in ("caseworker", "system")]


@pytest.fixture
async def stub(world: PrivacyWorld) -> AsyncIterator[Any]:
    gate = CallGate(
        callers=CallersByMetadata(ME),  # type: ignore[arg-type]  # stands in for certificates
        policy=CedarPolicy.shipped(ME),
        observer=NoObserver(),
        new_id=time_ordered_id,
    )
    server = grpc.aio.server(interceptors=(gate,))
    privacy_pb2_grpc.add_PrivacyServiceServicer_to_server(PrivacyServicer(world.use_cases), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield privacy_pb2_grpc.PrivacyServiceStub(channel)
    await server.stop(None)


def new_id() -> str:
    return str(time_ordered_id())


async def test_a_case_is_held_shown_released_and_erased(world: PrivacyWorld, stub: Any) -> None:
    (one,) = await world.fill(1)
    case_id = str(one.case_id)
    look = Look(time_ordered_id(), one.case_id, world.clock.now(), "anna", Role.CASEWORKER, "pension-claim")
    async with world.work() as work:
        await work.looks.add([look])
    asked = pb.HoldCaseRequest(request_id=new_id(), case_id=case_id, citation="Order 12 C 34/26")
    hold = (await stub.HoldCase(asked, metadata=ADMINISTRATOR)).hold
    assert (hold.citation, hold.set_by) == ("Order 12 C 34/26", "anna.berg")
    shown = await stub.GetPrivacy(pb.GetPrivacyRequest(case_id=case_id), metadata=ADMINISTRATOR)
    assert shown.kept_until == Date(year=2036, month=3, day=10)
    assert (shown.retention_years, shown.citation.instrument) == (10, "Regulation (EU) 2016/679")
    assert [one.hold_id for one in shown.holds] == [hold.hold_id]
    assert [(one.by, one.role, one.purpose) for one in shown.looks] == [("anna", "caseworker", "pension-claim")]
    world.clock.set(LONG_AFTER)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Erase(pb.EraseRequest(request_id=new_id(), case_id=case_id), metadata=ADMINISTRATOR)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    released = pb.ReleaseHoldRequest(request_id=new_id(), hold_id=hold.hold_id, reason="judgment final")
    await stub.ReleaseHold(released, metadata=ADMINISTRATOR)
    erased = await stub.Erase(pb.EraseRequest(request_id=new_id(), case_id=case_id), metadata=ADMINISTRATOR)
    assert (erased.scopes, erased.basis) == (1, "Regulation (EU) 2016/679 Art. 5(1)(e)")
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await stub.GetPrivacy(pb.GetPrivacyRequest(case_id=case_id), metadata=ADMINISTRATOR)
    assert gone.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_caseworker_erases_a_person_and_reads_what_has_to_stay(world: PrivacyWorld, stub: Any) -> None:
    (one,) = await world.fill(1)
    asked = pb.ErasePersonRequest(request_id=new_id(), worker_id=str(one.worker_id))
    for others in (STAFF[1], ADMINISTRATOR):
        with pytest.raises(grpc.aio.AioRpcError) as denied:
            await stub.ErasePerson(asked, metadata=others)
        assert denied.value.code() is grpc.StatusCode.PERMISSION_DENIED
    erased = await stub.ErasePerson(asked, metadata=STAFF[0])
    assert (erased.worker_id, erased.scopes, erased.is_off_file) == (str(one.worker_id), 1, True)
    assert [(kept.kind, kept.item_id, kept.kept_until) for kept in erased.kept] == [
        (pb.KEPT_ITEM_KIND_CASE, str(one.case_id), Date(year=2036, month=3, day=10))
    ]
    assert await stub.ErasePerson(asked, metadata=STAFF[0]) == erased
    nobody = pb.PersonOnFile(contact=f"w{one.number}@example.org", insurance_number=one.number)
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await stub.ErasePerson(pb.ErasePersonRequest(request_id=new_id(), on_file=nobody), metadata=STAFF[0])
    assert gone.value.code() is grpc.StatusCode.NOT_FOUND


async def test_only_cleared_caseworkers_protect_and_only_administrators_erase(world: PrivacyWorld, stub: Any) -> None:
    (one,) = await world.fill(1)
    case_id = str(one.case_id)
    protect = pb.ProtectPersonRequest(request_id=new_id(), case_id=case_id, is_protected=True, reason="threatened")
    for others in (*STAFF, ADMINISTRATOR):
        with pytest.raises(grpc.aio.AioRpcError) as denied:
            await stub.ProtectPerson(protect, metadata=others)
        assert denied.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await stub.ProtectPerson(protect, metadata=CLEARED)
    shown = await stub.GetPrivacy(pb.GetPrivacyRequest(case_id=case_id), metadata=ADMINISTRATOR)
    assert shown.is_protected
    for others in (*STAFF, CLEARED):
        with pytest.raises(grpc.aio.AioRpcError) as denied:
            await stub.Erase(pb.EraseRequest(request_id=new_id(), case_id=case_id), metadata=others)
        assert denied.value.code() is grpc.StatusCode.PERMISSION_DENIED

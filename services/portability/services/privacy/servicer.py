"""PrivacyService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.api.privacy.v1 import privacy_pb2 as pb
from portability.api.privacy.v1 import privacy_pb2_grpc
from portability.services.access import current_caller
from portability.services.mapping.common import read_uuid
from portability.services.privacy.handlers import PrivacyUseCases
from portability.services.privacy.mapping import (
    read_erase,
    read_erase_person,
    read_hold,
    read_protect,
    read_release,
    write_erased_person,
    write_erasure,
    write_hold,
    write_privacy,
)

__all__ = ["PrivacyServicer"]


class PrivacyServicer(privacy_pb2_grpc.PrivacyServiceServicer):
    """Each use case opens its own transaction."""

    def __init__(self, use_cases: PrivacyUseCases) -> None:
        self._use_cases = use_cases

    async def Erase(self, request: pb.EraseRequest, context: Any) -> pb.EraseResponse:
        return write_erasure(await self._use_cases.erase(read_erase(request), caller=current_caller()))

    async def ErasePerson(self, request: pb.ErasePersonRequest, context: Any) -> pb.ErasePersonResponse:
        erased = await self._use_cases.erase_person(read_erase_person(request), caller=current_caller())
        return write_erased_person(erased)

    async def HoldCase(self, request: pb.HoldCaseRequest, context: Any) -> pb.HoldCaseResponse:
        return pb.HoldCaseResponse(
            hold=write_hold(await self._use_cases.hold(read_hold(request), caller=current_caller()))
        )

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, context: Any) -> pb.ReleaseHoldResponse:
        await self._use_cases.release(read_release(request), caller=current_caller())
        return pb.ReleaseHoldResponse()

    async def GetPrivacy(self, request: pb.GetPrivacyRequest, context: Any) -> pb.GetPrivacyResponse:
        return write_privacy(*await self._use_cases.show(read_uuid(request.case_id, field="case_id")))

    async def ProtectPerson(self, request: pb.ProtectPersonRequest, context: Any) -> pb.ProtectPersonResponse:
        await self._use_cases.protect(read_protect(request), caller=current_caller())
        return pb.ProtectPersonResponse()

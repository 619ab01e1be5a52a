"""MandateService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any
from uuid import UUID

from portability.agreements.errors import DeniedError
from portability.api.mandates.v1 import mandates_pb2 as pb
from portability.api.mandates.v1 import mandates_pb2_grpc
from portability.services.access import Caller, Role, current_caller
from portability.services.mapping.common import read_uuid
from portability.services.workers.mandates.handlers import MandateUseCases
from portability.services.workers.mandates.mapping import read_grant, write_mandate
from portability.services.workers.mandates.model import Mandate

__all__ = ["MandateServicer"]


class MandateServicer(mandates_pb2_grpc.MandateServiceServicer):
    """The policy lets no representative come here; it is checked again for each worker."""

    def __init__(self, use_cases: MandateUseCases) -> None:
        self._use_cases = use_cases

    async def GrantMandate(self, request: pb.GrantMandateRequest, context: Any) -> pb.GrantMandateResponse:
        command = read_grant(request, worker_id=_herself(current_caller()))
        return pb.GrantMandateResponse(mandate=self._written(await self._use_cases.grant(command)))

    async def RevokeMandate(self, request: pb.RevokeMandateRequest, context: Any) -> pb.RevokeMandateResponse:
        mandate_id = read_uuid(request.mandate_id, field="mandate_id")
        mandate = await self._use_cases.revoke(_herself(current_caller()), mandate_id)
        return pb.RevokeMandateResponse(mandate=self._written(mandate))

    async def ListMyMandates(self, request: pb.ListMyMandatesRequest, context: Any) -> pb.ListMyMandatesResponse:
        found = await self._use_cases.list_mine(_herself(current_caller()))
        return pb.ListMyMandatesResponse(mandates=[self._written(one) for one in found])

    async def NameHelper(self, request: pb.NameHelperRequest, context: Any) -> pb.NameHelperResponse:
        _herself(current_caller())
        mandate = await self._use_cases.name_helper(_token(context), request.name)
        return pb.NameHelperResponse(mandate=self._written(mandate))

    def _written(self, mandate: Mandate) -> pb.Mandate:
        return write_mandate(mandate, at=self._use_cases.clock.now())


def _herself(caller: Caller) -> UUID:
    if caller.role is not Role.WORKER or caller.worker_id is None:
        raise DeniedError("Only a signed-in worker says who acts for her.", authenticated=False)
    if not caller.herself:
        raise DeniedError("Only she herself says who acts for her.")
    return caller.worker_id


def _token(context: Any) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return str(value).removeprefix("Bearer ")
    raise DeniedError("Send 'authorization: Bearer <session token>'.", authenticated=False)

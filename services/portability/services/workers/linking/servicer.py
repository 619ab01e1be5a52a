"""WorkerDeskService over gRPC: parse, call the use case."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.api.workers.v1 import linking_pb2 as pb
from portability.api.workers.v1 import linking_pb2_grpc
from portability.services.access import current_caller
from portability.services.workers.linking.entering import EnterUseCases
from portability.services.workers.linking.handlers import LinkUseCases
from portability.services.workers.linking.mapping import read_change_contact, read_link, read_register

__all__ = ["WorkerDeskServicer"]


class WorkerDeskServicer(linking_pb2_grpc.WorkerDeskServiceServicer):
    """The policy lets caseworkers alone come here; the use case checks it again."""

    def __init__(self, use_cases: LinkUseCases, entering: EnterUseCases) -> None:
        self._use_cases = use_cases
        self._entering = entering

    async def LinkCase(self, request: pb.LinkCaseRequest, context: Any) -> pb.LinkCaseResponse:
        await self._use_cases.link(read_link(request), caller=current_caller())
        return pb.LinkCaseResponse()

    async def ChangeContact(self, request: pb.ChangeContactRequest, context: Any) -> pb.ChangeContactResponse:
        await self._use_cases.change_contact(read_change_contact(request), caller=current_caller())
        return pb.ChangeContactResponse()

    async def RegisterWorker(self, request: pb.RegisterWorkerRequest, context: Any) -> pb.RegisterWorkerResponse:
        command = read_register(request)
        worker_id = await self._entering.enter(command, caller=current_caller())
        return pb.RegisterWorkerResponse(doubts=command.doubts, worker_id=str(worker_id))

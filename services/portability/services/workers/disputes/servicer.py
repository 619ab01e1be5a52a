"""MyDisputeService and DisputeDeskService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Callable
from datetime import date, tzinfo
from typing import Any
from uuid import UUID

from portability.agreements.errors import DeniedError
from portability.api.disputes.v1 import disputes_pb2 as pb
from portability.api.disputes.v1 import disputes_pb2_grpc
from portability.services.access import Caller, Role, current_caller
from portability.services.mapping.common import read_uuid
from portability.services.workers.disputes.desk import DisputeDesk
from portability.services.workers.disputes.handlers import DisputeUseCases, DisputeView
from portability.services.workers.disputes.mapping import (
    read_raise,
    read_review,
    read_settle,
    read_take_up,
    write_desk,
    write_mine,
)
from portability.services.workers.words import words_for

__all__ = ["DisputeDeskServicer", "MyDisputeServicer"]

PAGE = 50


class MyDisputeServicer(disputes_pb2_grpc.MyDisputeServiceServicer):
    """`zone` is where the institution is: "today" and the day of an instant are those of its calendar."""

    def __init__(self, use_cases: DisputeUseCases, *, name_of: Callable[[str], str], zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._name_of = name_of
        self._zone = zone

    async def RaiseDispute(self, request: pb.RaiseDisputeRequest, context: Any) -> pb.RaiseDisputeResponse:
        caller = current_caller()
        command = read_raise(request, worker_id=_worker_id(caller), by=caller.accompanied_by)
        view = await self._use_cases.raise_dispute(command)
        return pb.RaiseDisputeResponse(dispute=self._mine(view, request.language))

    async def ListMyDisputes(self, request: pb.ListMyDisputesRequest, context: Any) -> pb.ListMyDisputesResponse:
        views = await self._use_cases.list_mine(_worker_id(current_caller()))
        return pb.ListMyDisputesResponse(disputes=[self._mine(view, request.language) for view in views])

    def _mine(self, view: DisputeView, language: str) -> pb.MyDispute:
        words = words_for([language], zone=self._zone)
        today = self._use_cases.clock.now().astimezone(self._zone).date()
        return write_mine(view, words=words, name_of=self._name_of, today=today)


class DisputeDeskServicer(disputes_pb2_grpc.DisputeDeskServiceServicer):
    """Who calls is a named person for every write; the desk checks it again."""

    def __init__(self, desk: DisputeDesk, *, name_of: Callable[[str], str], zone: tzinfo) -> None:
        self._desk = desk
        self._name_of = name_of
        self._zone = zone

    async def ListDisputes(self, request: pb.ListDisputesRequest, context: Any) -> pb.ListDisputesResponse:
        after = read_uuid(request.page_token, field="page_token") if request.page_token else None
        views, token = await self._desk.page(size=request.page_size or PAGE, after=after, caller=current_caller())
        written = [self._written(view) for view in views]
        return pb.ListDisputesResponse(disputes=written, next_page_token=str(token) if token else "")

    async def GetDispute(self, request: pb.GetDisputeRequest, context: Any) -> pb.GetDisputeResponse:
        dispute_id = read_uuid(request.dispute_id, field="dispute_id")
        return pb.GetDisputeResponse(dispute=self._written(await self._desk.get(dispute_id, caller=current_caller())))

    async def TakeUpDispute(self, request: pb.TakeUpDisputeRequest, context: Any) -> pb.TakeUpDisputeResponse:
        view = await self._desk.take_up(read_take_up(request), caller=current_caller())
        return pb.TakeUpDisputeResponse(dispute=self._written(view))

    async def SettleDispute(self, request: pb.SettleDisputeRequest, context: Any) -> pb.SettleDisputeResponse:
        view = await self._desk.settle(read_settle(request), caller=current_caller())
        return pb.SettleDisputeResponse(dispute=self._written(view))

    async def SettleReview(self, request: pb.SettleReviewRequest, context: Any) -> pb.SettleReviewResponse:
        view = await self._desk.review(read_review(request), caller=current_caller())
        return pb.SettleReviewResponse(dispute=self._written(view))

    def _written(self, view: DisputeView) -> pb.Dispute:
        return write_desk(view, name_of=self._name_of, today=self._today())

    def _today(self) -> date:
        return self._desk.clock.now().astimezone(self._zone).date()


def _worker_id(caller: Caller) -> UUID:
    # The policy has checked this before; it is checked again because it decides whose data is read.
    if caller.role is not Role.WORKER or caller.worker_id is None:
        raise DeniedError("Only a signed-in worker disputes what is hers.", authenticated=False)
    return caller.worker_id

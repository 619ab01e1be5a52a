"""FlowService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.api.cases.v1 import flows_pb2 as pb
from portability.api.cases.v1 import flows_pb2_grpc
from portability.services.access import current_caller
from portability.services.flows.handlers import FlowUseCases
from portability.services.flows.mapping.rpc import (
    read_act,
    read_start,
    write_flow,
    write_line,
    write_overdue,
    write_view,
)
from portability.services.flows.ports import FlowUnitOfWork
from portability.services.mapping.common import read_identifier, read_uuid

__all__ = ["FlowServicer"]

PAGE = 50
OVERDUE = 100


class FlowServicer(flows_pb2_grpc.FlowServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, use_cases: FlowUseCases, *, unit_of_work: FlowUnitOfWork) -> None:
        self._use_cases = use_cases
        self._unit_of_work = unit_of_work

    async def ListFlows(self, request: pb.ListFlowsRequest, context: Any) -> pb.ListFlowsResponse:
        return pb.ListFlowsResponse(flows=[write_flow(flow) for flow in self._use_cases.flows()])

    async def StartCase(self, request: pb.StartCaseRequest, context: Any) -> pb.StartCaseResponse:
        command = read_start(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.start_case(command, caller=current_caller(), work=work)
        return pb.StartCaseResponse(case=write_view(view))

    async def Act(self, request: pb.ActRequest, context: Any) -> pb.ActResponse:
        command = read_act(request)
        async with self._unit_of_work() as work:
            view, document_id = await self._use_cases.act(command, caller=current_caller(), work=work)
        return pb.ActResponse(case=write_view(view), document_id=str(document_id))

    async def GetFlowCase(self, request: pb.GetFlowCaseRequest, context: Any) -> pb.GetFlowCaseResponse:
        case_id = read_uuid(request.case_id, field="case_id")
        async with self._unit_of_work() as work:
            view = await self._use_cases.get_case(case_id, caller=current_caller(), work=work)
        return pb.GetFlowCaseResponse(case=write_view(view))

    async def ListFlowCases(self, request: pb.ListFlowCasesRequest, context: Any) -> pb.ListFlowCasesResponse:
        async with self._unit_of_work() as work:
            page = await self._use_cases.list_cases(
                size=request.page_size or PAGE,
                after=request.page_token,
                open_only=request.open_only,
                numbers=[read_identifier(one) for one in request.identifiers],
                caller=current_caller(),
                work=work,
            )
        return pb.ListFlowCasesResponse(cases=[write_line(one) for one in page.lines], next_page_token=page.next)

    async def ListOverdue(self, request: pb.ListOverdueRequest, context: Any) -> pb.ListOverdueResponse:
        async with self._unit_of_work() as work:
            found = await self._use_cases.overdue(
                partner=request.partner, limit=request.limit or OVERDUE, caller=current_caller(), work=work
            )
        return pb.ListOverdueResponse(steps=[write_overdue(one) for one in found])

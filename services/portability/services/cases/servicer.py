"""CaseService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.api.cases.v1 import cases_pb2 as pb
from portability.api.cases.v1 import cases_pb2_grpc
from portability.services.access import current_caller
from portability.services.cases.handlers import CaseUseCases
from portability.services.cases.mapping.rpc import (
    read_answer,
    read_decide,
    read_determine,
    read_identify,
    read_lodge,
    read_national_answer,
    read_query,
    read_send_summary,
    write_header,
    write_view,
)
from portability.services.cases.ports import UnitOfWork
from portability.services.mapping.common import read_uuid

__all__ = ["CaseServicer"]


class CaseServicer(cases_pb2_grpc.CaseServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, use_cases: CaseUseCases, *, unit_of_work: UnitOfWork) -> None:
        self._use_cases = use_cases
        self._unit_of_work = unit_of_work

    async def LodgeClaim(self, request: pb.LodgeClaimRequest, context: Any) -> pb.LodgeClaimResponse:
        command = read_lodge(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.lodge_claim(command, caller=current_caller(), work=work)
        return pb.LodgeClaimResponse(case=write_view(view, me=self._use_cases.me))

    async def ListCases(self, request: pb.ListCasesRequest, context: Any) -> pb.ListCasesResponse:
        async with self._unit_of_work() as work:
            page = await self._use_cases.list_cases(read_query(request), caller=current_caller(), work=work)
        headers = [write_header(case, me=self._use_cases.me) for case in page.cases]
        return pb.ListCasesResponse(cases=headers, next_page_token=page.next)

    async def GetCase(self, request: pb.GetCaseRequest, context: Any) -> pb.GetCaseResponse:
        case_id = read_uuid(request.case_id, field="case_id")
        async with self._unit_of_work() as work:
            view = await self._use_cases.get_case(case_id, caller=current_caller(), work=work)
        return pb.GetCaseResponse(case=write_view(view, me=self._use_cases.me))

    async def AnswerRecordRequest(
        self, request: pb.AnswerRecordRequestRequest, context: Any
    ) -> pb.AnswerRecordRequestResponse:
        command = read_answer(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.answer_record_request(command, caller=current_caller(), work=work)
        found, mine = view.case.identification, view.case.participant(self._use_cases.me)
        needs_a_person = bool(found and found.needs_a_person and mine and not mine.has_answered)
        return pb.AnswerRecordRequestResponse(
            case=write_view(view, me=self._use_cases.me), needs_a_person=needs_a_person
        )

    async def IdentifyPerson(self, request: pb.IdentifyPersonRequest, context: Any) -> pb.IdentifyPersonResponse:
        command = read_identify(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.identify_person(command, caller=current_caller(), work=work)
        return pb.IdentifyPersonResponse(case=write_view(view, me=self._use_cases.me))

    async def RecordNationalAnswer(
        self, request: pb.RecordNationalAnswerRequest, context: Any
    ) -> pb.RecordNationalAnswerResponse:
        command = read_national_answer(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.record_national_answer(command, caller=current_caller(), work=work)
        return pb.RecordNationalAnswerResponse(case=write_view(view, me=self._use_cases.me))

    async def Determine(self, request: pb.DetermineRequest, context: Any) -> pb.DetermineResponse:
        command = read_determine(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.determine(command, caller=current_caller(), work=work)
        return pb.DetermineResponse(case=write_view(view, me=self._use_cases.me))

    async def Decide(self, request: pb.DecideRequest, context: Any) -> pb.DecideResponse:
        command = read_decide(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.decide(command, caller=current_caller(), work=work)
        return pb.DecideResponse(case=write_view(view, me=self._use_cases.me))

    async def SendSummary(self, request: pb.SendSummaryRequest, context: Any) -> pb.SendSummaryResponse:
        command = read_send_summary(request)
        async with self._unit_of_work() as work:
            view = await self._use_cases.send_summary(command, caller=current_caller(), work=work)
        return pb.SendSummaryResponse(case=write_view(view, me=self._use_cases.me))

"""ShareService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.api.cases.v1 import shares_pb2 as pb
from portability.api.cases.v1 import shares_pb2_grpc
from portability.services.access import current_caller
from portability.services.cases.mapping.parts import write_decision
from portability.services.cases.shares.handlers import ShareUseCases
from portability.services.cases.shares.mapping import (
    read_decide_share,
    read_determine_share,
    read_lodge_old_age_claim,
    read_state_own_records,
    read_summarise_shares,
    write_lodged,
    write_share,
    write_share_view,
)
from portability.services.cases.shares.ports import ShareUnitOfWork
from portability.services.mapping.common import read_uuid

__all__ = ["ShareServicer"]


class ShareServicer(shares_pb2_grpc.ShareServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, use_cases: ShareUseCases, *, unit_of_work: ShareUnitOfWork) -> None:
        self._use_cases = use_cases
        self._unit_of_work = unit_of_work

    async def LodgeOldAgeClaim(self, request: pb.LodgeOldAgeClaimRequest, context: Any) -> pb.LodgeOldAgeClaimResponse:
        command = read_lodge_old_age_claim(request)
        async with self._unit_of_work() as work:
            lodged = await self._use_cases.lodge(command, caller=current_caller(), work=work)
        return write_lodged(lodged)

    async def GetShare(self, request: pb.GetShareRequest, context: Any) -> pb.GetShareResponse:
        case_id = read_uuid(request.case_id, field="case_id")
        async with self._unit_of_work() as work:
            view = await self._use_cases.get(case_id, caller=current_caller(), work=work)
        return write_share_view(view)

    async def StateOwnRecords(self, request: pb.StateOwnRecordsRequest, context: Any) -> pb.StateOwnRecordsResponse:
        command = read_state_own_records(request)
        async with self._unit_of_work() as work:
            document_id, candidates = await self._use_cases.state(command, caller=current_caller(), work=work)
        return pb.StateOwnRecordsResponse(document_id=str(document_id or ""), candidates=candidates)

    async def DetermineShare(self, request: pb.DetermineShareRequest, context: Any) -> pb.DetermineShareResponse:
        command = read_determine_share(request)
        async with self._unit_of_work() as work:
            share = await self._use_cases.determine(command, caller=current_caller(), work=work)
        return pb.DetermineShareResponse(share=write_share(share))

    async def DecideShare(self, request: pb.DecideShareRequest, context: Any) -> pb.DecideShareResponse:
        command = read_decide_share(request)
        async with self._unit_of_work() as work:
            document_id, decision = await self._use_cases.decide(command, caller=current_caller(), work=work)
        return pb.DecideShareResponse(document_id=str(document_id), decision=write_decision(decision))

    async def SummariseShares(self, request: pb.SummariseSharesRequest, context: Any) -> pb.SummariseSharesResponse:
        command = read_summarise_shares(request)
        async with self._unit_of_work() as work:
            document_id = await self._use_cases.summarise(command, caller=current_caller(), work=work)
        return pb.SummariseSharesResponse(document_id=str(document_id))

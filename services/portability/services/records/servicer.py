"""RecordService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import records_pb2_grpc
from portability.services.mapping.common import read_date, read_identifier, read_uuid, write_career
from portability.services.records.handlers import find_records, get_career, put_records
from portability.services.records.mapping import read_put_records, write_match
from portability.services.records.ports import Clock, UnitOfWork

__all__ = ["RecordServicer"]


class RecordServicer(records_pb2_grpc.RecordServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, *, unit_of_work: UnitOfWork, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock

    async def PutRecords(self, request: pb.PutRecordsRequest, context: Any) -> pb.PutRecordsResponse:
        command = read_put_records(request)
        async with self._unit_of_work() as work:
            stored = await put_records(command, register=work.register, commands=work.commands, clock=self._clock)
        return pb.PutRecordsResponse(stored_accounts=stored)

    async def FindRecords(self, request: pb.FindRecordsRequest, context: Any) -> pb.FindRecordsResponse:
        async with self._unit_of_work() as work:
            match = await find_records(
                register=work.register,
                identifiers=[read_identifier(each) for each in request.identifiers],
                birth_date=read_date(request, "birth_date", field="birth_date"),
                account_id=request.account_id,
            )
        return write_match(match)

    async def GetCareer(self, request: pb.GetCareerRequest, context: Any) -> pb.GetCareerResponse:
        case_id = read_uuid(request.case_id, field="case_id")
        async with self._unit_of_work() as work:
            careers = await get_career(case_id, careers=work.careers)
        return pb.GetCareerResponse(countries=[write_career(each) for each in careers])

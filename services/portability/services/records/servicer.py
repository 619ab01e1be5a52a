"""RecordService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import records_pb2_grpc
from portability.services.access import current_caller
from portability.services.looking import read_by_staff
from portability.services.mapping.common import read_date, read_identifier, read_uuid, write_career
from portability.services.purposes import PENSION_CLAIM
from portability.services.records.handlers import find_records, get_career, left_of, no_career, put_records
from portability.services.records.mapping import read_put_records, write_match
from portability.services.records.ports import Clock, RecordWork, UnitOfWork

__all__ = ["RecordServicer"]


class RecordServicer(records_pb2_grpc.RecordServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, *, unit_of_work: UnitOfWork, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._new_id = new_id

    async def PutRecords(self, request: pb.PutRecordsRequest, context: Any) -> pb.PutRecordsResponse:
        command = read_put_records(request)
        async with self._unit_of_work() as work:
            stored = await put_records(command, register=work.register, commands=work.commands, clock=self._clock)
        return pb.PutRecordsResponse(stored_accounts=stored)

    async def FindRecords(self, request: pb.FindRecordsRequest, context: Any) -> pb.FindRecordsResponse:
        async with self._unit_of_work() as work:
            found = await find_records(
                register=work.register,
                identifiers=[read_identifier(each) for each in request.identifiers],
                birth_date=read_date(request, "birth_date", field="birth_date"),
                account_id=request.account_id,
            )
            scopes = {work.scopes.scope_of(account.account_id): account for account in found.accounts}
            shown = await self._read(tuple(scopes), work)
        return write_match(left_of(found, tuple(account for scope, account in scopes.items() if scope in shown)))

    async def GetCareer(self, request: pb.GetCareerRequest, context: Any) -> pb.GetCareerResponse:
        case_id = read_uuid(request.case_id, field="case_id")
        async with self._unit_of_work() as work:
            shown = await self._read((case_id,), work)
            careers = await get_career(case_id, careers=work.careers) if shown else ()
        if not careers:
            raise no_career(case_id)
        return pb.GetCareerResponse(countries=[write_career(each) for each in careers])

    async def _read(self, scopes: Sequence[UUID], work: RecordWork) -> frozenset[UUID]:
        return await read_by_staff(
            scopes,
            caller=current_caller(),
            work=work,
            new_id=self._new_id,
            at=self._clock.now(),
            purpose=PENSION_CLAIM.code,
        )

"""MyClaimService and ClaimDeskService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from portability.api.claims.v1 import claims_pb2 as pb
from portability.api.claims.v1 import claims_pb2_grpc
from portability.services.access import Role, current_caller
from portability.services.looking import Look
from portability.services.mapping.common import read_uuid
from portability.services.workers.claims.desk import ClaimDesk
from portability.services.workers.claims.handlers import ClaimUseCases, ClaimView
from portability.services.workers.claims.mapping import read_open, read_refuse, read_start, write_desk, write_mine
from portability.services.workers.mapping import seen_message
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.views import Institution, SeenBy
from portability.services.workers.words import words_for

__all__ = ["ClaimDeskServicer", "MyClaimServicer", "seen_by"]

PAGE = 50


class MyClaimServicer(claims_pb2_grpc.MyClaimServiceServicer):
    """`zone` is where the institution is: the day of an instant is that of its calendar."""

    def __init__(self, use_cases: ClaimUseCases, *, name_of: Callable[[str], str], zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._name_of = name_of
        self._zone = zone

    async def StartMyClaim(self, request: pb.StartMyClaimRequest, context: Any) -> pb.StartMyClaimResponse:
        caller = current_caller()
        command = read_start(request, worker_id=signed_in_worker(caller), by=caller.accompanied_by)
        return pb.StartMyClaimResponse(claim=self._mine(await self._use_cases.start(command), request.language))

    async def WithdrawMyClaim(self, request: pb.WithdrawMyClaimRequest, context: Any) -> pb.WithdrawMyClaimResponse:
        claim_id = read_uuid(request.claim_id, field="claim_id")
        view = await self._use_cases.withdraw(signed_in_worker(current_caller()), claim_id)
        return pb.WithdrawMyClaimResponse(claim=self._mine(view, request.language))

    async def ListMyClaims(self, request: pb.ListMyClaimsRequest, context: Any) -> pb.ListMyClaimsResponse:
        worker_id, words = signed_in_worker(current_caller()), words_for([request.language], zone=self._zone)
        looks = await self._use_cases.looks(worker_id)
        me = self._use_cases.me
        return pb.ListMyClaimsResponse(
            claims=[self._mine(view, request.language) for view in await self._use_cases.list_mine(worker_id)],
            seen_by=[seen_message(seen_by(one, me=me, name_of=self._name_of), words=words) for one in looks],
        )

    def _mine(self, view: ClaimView, language: str) -> pb.MyClaim:
        words = words_for([language], zone=self._zone)
        return write_mine(view, words=words, me=self._use_cases.me, name_of=self._name_of)


class ClaimDeskServicer(claims_pb2_grpc.ClaimDeskServiceServicer):
    """Who calls is a named person for the writes; the desk checks it again."""

    def __init__(self, desk: ClaimDesk) -> None:
        self._desk = desk

    async def ListWaitingClaims(
        self, request: pb.ListWaitingClaimsRequest, context: Any
    ) -> pb.ListWaitingClaimsResponse:
        after = read_uuid(request.page_token, field="page_token") if request.page_token else None
        views, token = await self._desk.page(size=request.page_size or PAGE, after=after, caller=current_caller())
        return pb.ListWaitingClaimsResponse(
            claims=[write_desk(view) for view in views], next_page_token=str(token) if token else ""
        )

    async def OpenClaim(self, request: pb.OpenClaimRequest, context: Any) -> pb.OpenClaimResponse:
        view = await self._desk.open(read_open(request), caller=current_caller())
        return pb.OpenClaimResponse(claim=write_desk(view))

    async def RefuseClaim(self, request: pb.RefuseClaimRequest, context: Any) -> pb.RefuseClaimResponse:
        view = await self._desk.refuse(read_refuse(request), caller=current_caller())
        return pb.RefuseClaimResponse(claim=write_desk(view))


def seen_by(look: Look, *, me: str, name_of: Callable[[str], str]) -> SeenBy:
    """A look as she reads it: staff stays unnamed, whoever she named herself does not."""
    by = look.by if look.role is Role.WORKER else ""
    return SeenBy(look.at, Institution(me, name_of(me), me[:2].upper()), look.role, look.purpose, by)

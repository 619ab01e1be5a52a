"""WorkerService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from datetime import date, tzinfo
from typing import Any
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError
from portability.api.workers.v1 import workers_pb2 as pb
from portability.api.workers.v1 import workers_pb2_grpc
from portability.services.access import Caller, Role, current_caller
from portability.services.workers.handlers import page_of
from portability.services.workers.mapping import (
    career_message,
    case_message,
    decision_message,
    summary_message,
    timestamp,
)
from portability.services.workers.model import AskForCode, Refusal, SignInRefused
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.words import Words, words_for

__all__ = ["WorkerServicer", "signed_in_worker"]

DEFAULT_PAGE = 20

_REFUSED = {
    Refusal.WRONG_CODE: "The code is not right; {tries} tries are left.",
    Refusal.CODE_OVER: "This code no longer works: ask for a new one.",
}


class WorkerServicer(workers_pb2_grpc.WorkerServiceServicer):
    """`zone` is where the institution is: "today" and the day of an instant are those of its calendar."""

    def __init__(self, use_cases: WorkerUseCases, *, zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._zone = zone

    async def RequestSignInCode(
        self, request: pb.RequestSignInCodeRequest, context: Any
    ) -> pb.RequestSignInCodeResponse:
        asked = await self._use_cases.request_sign_in_code(
            AskForCode(
                request_id=request.request_id,
                contact=request.contact,
                insurance_number=request.insurance_number,
                language=request.language,
            )
        )
        return pb.RequestSignInCodeResponse(challenge=asked.challenge, expires_at=timestamp(asked.expires_at))

    async def SignIn(self, request: pb.SignInRequest, context: Any) -> pb.SignInResponse:
        result = await self._use_cases.sign_in(challenge=request.challenge, code=request.code, origin="")
        if isinstance(result, SignInRefused):
            raise DeniedError(_REFUSED[result.reason].format(tries=result.tries_left), authenticated=False)
        return pb.SignInResponse(session_token=result.token, idle_until=timestamp(result.idle_until))

    async def SignOut(self, request: pb.SignOutRequest, context: Any) -> pb.SignOutResponse:
        signed_in_worker(current_caller())
        await self._use_cases.sign_out(_token(context))
        return pb.SignOutResponse()

    async def ListMyCases(self, request: pb.ListMyCasesRequest, context: Any) -> pb.ListMyCasesResponse:
        cases = await self._use_cases.list_my_cases(signed_in_worker(current_caller()))
        page, next_token = page_of(cases, size=request.page_size or DEFAULT_PAGE, token=request.page_token)
        words = self._words(request.language)
        summaries = [summary_message(case, words=words, today=self._today()) for case in page]
        return pb.ListMyCasesResponse(cases=summaries, next_page_token=next_token)

    async def GetMyCase(self, request: pb.GetMyCaseRequest, context: Any) -> pb.GetMyCaseResponse:
        worker_id = signed_in_worker(current_caller())
        case = await self._use_cases.get_my_case(worker_id, _uuid(request.case_id))
        return case_message(case, words=self._words(request.language), today=self._today())

    async def GetMyCareer(self, request: pb.GetMyCareerRequest, context: Any) -> pb.GetMyCareerResponse:
        career = await self._use_cases.get_my_career(signed_in_worker(current_caller()))
        words = self._words(request.language)
        return pb.GetMyCareerResponse(countries=[career_message(country, words=words) for country in career.countries])

    async def GetMyDecisions(self, request: pb.GetMyDecisionsRequest, context: Any) -> pb.GetMyDecisionsResponse:
        worker_id = signed_in_worker(current_caller())
        case_id = _uuid(request.case_id) if request.case_id else None
        decisions = await self._use_cases.get_my_decisions(worker_id, case_id=case_id)
        words = self._words(request.language)
        return pb.GetMyDecisionsResponse(decisions=[decision_message(decision, words=words) for decision in decisions])

    def _words(self, language: str) -> Words:
        return words_for([language], zone=self._zone)

    def _today(self) -> date:
        return self._use_cases.clock.now().astimezone(self._zone).date()


def signed_in_worker(caller: Caller) -> UUID:
    """Whose data is read. Raises DeniedError where no worker is signed in."""
    # The policy has checked this before; it is checked again because it decides whose data is read.
    if caller.role is not Role.WORKER or caller.worker_id is None:
        raise DeniedError("Only a signed-in worker sees her own cases.", authenticated=False)
    return caller.worker_id


def _token(context: Any) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return str(value).removeprefix("Bearer ")
    raise DeniedError("Send 'authorization: Bearer <session token>'.", authenticated=False)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InputError("This is not a case id: it is a UUID.", field="case_id") from error

"""MyVoiceService, VoiceDeskService and IndicatorService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from datetime import tzinfo
from typing import Any, Final
from uuid import UUID

from portability.agreements.errors import DeniedError
from portability.api.indicators.v1 import indicators_pb2 as indicators
from portability.api.indicators.v1 import indicators_pb2_grpc
from portability.api.voice.v1 import voice_pb2 as pb
from portability.api.voice.v1 import voice_pb2_grpc
from portability.services.access import Caller, current_caller
from portability.services.mapping.common import read_uuid
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.voice.handlers import VoiceDesk, VoiceUseCases
from portability.services.workers.voice.mapping import read_say, write_figure, write_question, write_voice
from portability.services.workers.words import words_for

__all__ = ["IndicatorServicer", "MyVoiceServicer", "VoiceDeskServicer"]

PAGE: Final = 50


class MyVoiceServicer(voice_pb2_grpc.MyVoiceServiceServicer):
    """Whose cases are told comes from the session; only she herself says how they went."""

    def __init__(self, use_cases: VoiceUseCases, *, zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._zone = zone

    async def ListMyQuestions(self, request: pb.ListMyQuestionsRequest, context: Any) -> pb.ListMyQuestionsResponse:
        found = await self._use_cases.questions(signed_in_worker(current_caller()))
        words = words_for([request.language], zone=self._zone)
        questions = [write_question(case, answered=answered, words=words) for case, answered in found]
        return pb.ListMyQuestionsResponse(questions=questions)

    async def SayHowItWent(self, request: pb.SayHowItWentRequest, context: Any) -> pb.SayHowItWentResponse:
        await self._use_cases.say(read_say(request, worker_id=_herself(current_caller())))
        return pb.SayHowItWentResponse()


class VoiceDeskServicer(voice_pb2_grpc.VoiceDeskServiceServicer):
    """The policy lets people alone come here: she was told that people read her words."""

    def __init__(self, desk: VoiceDesk) -> None:
        self._desk = desk

    async def ListVoices(self, request: pb.ListVoicesRequest, context: Any) -> pb.ListVoicesResponse:
        after = read_uuid(request.page_token, field="page_token") if request.page_token else None
        voices, token = await self._desk.page(size=request.page_size or PAGE, after=after, caller=current_caller())
        return pb.ListVoicesResponse(
            voices=[write_voice(one) for one in voices], next_page_token=str(token) if token else ""
        )


class IndicatorServicer(indicators_pb2_grpc.IndicatorServiceServicer):
    """Numbers of groups."""

    def __init__(self, desk: VoiceDesk) -> None:
        self._desk = desk

    async def GetVoiceFigures(
        self, request: indicators.GetVoiceFiguresRequest, context: Any
    ) -> indicators.GetVoiceFiguresResponse:
        figures = await self._desk.figures(agreement_id=request.agreement_id)
        return indicators.GetVoiceFiguresResponse(
            figures=[write_figure(one) for one in figures], minimum=self._desk.minimum
        )


def _herself(caller: Caller) -> UUID:
    worker_id = signed_in_worker(caller)
    if not caller.herself:
        raise DeniedError("Only she herself says how her case went.")
    return worker_id

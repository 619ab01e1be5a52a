"""Voices to and from protobuf."""

from uuid import UUID

from portability.api.indicators.v1 import indicators_pb2 as indicators
from portability.api.voice.v1 import voice_pb2 as pb
from portability.services.mapping.common import EnumTable, read_uuid, write_instant
from portability.services.workers.voice.handlers import SayHowItWent
from portability.services.workers.voice.model import Figure, MyCase, Score, Voice
from portability.services.workers.words import Words

__all__ = ["read_say", "write_figure", "write_question", "write_voice"]

_SCORE = EnumTable(Score, pb.Score, "SCORE")


def read_say(request: pb.SayHowItWentRequest, *, worker_id: UUID) -> SayHowItWent:
    return SayHowItWent(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=worker_id,
        case_id=read_uuid(request.case_id, field="case_id"),
        score=_SCORE.read(request.score, field="score"),
        words=request.words,
        may_read=request.may_read,
    )


def write_question(case: MyCase, *, answered: bool, words: Words) -> pb.MyQuestion:
    return pb.MyQuestion(case_id=str(case.case_id), title=words.text(case.title), answered=answered)


def write_voice(voice: Voice) -> pb.Voice:
    return pb.Voice(case_id=str(voice.case_id), words=voice.words, given_at=write_instant(voice.given_at))


def write_figure(figure: Figure) -> indicators.VoiceFigure:
    return indicators.VoiceFigure(agreement_ids=figure.group.agreements, flow=figure.group.flow, answers=figure.answers)

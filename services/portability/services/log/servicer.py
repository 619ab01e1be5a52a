"""LogService and WitnessService over gRPC: parse, act, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.agreements.errors import NotFoundError
from portability.api.log.v1 import log_pb2 as pb
from portability.api.log.v1 import log_pb2_grpc
from portability.services.access import current_caller
from portability.services.log.model import origin_of
from portability.services.log.ports import (
    Clock,
    LogDirectory,
    LogKeys,
    LogUnitOfWork,
    Offer,
    WitnessUnitOfWork,
)
from portability.services.log.reading import read_log
from portability.services.log.witness import cosign_checkpoint, newest_of

__all__ = ["LogServicer", "WitnessServicer"]


class LogServicer(log_pb2_grpc.LogServiceServicer):
    """Reads the node's own log."""

    def __init__(self, unit_of_work: LogUnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def ReadLog(self, request: pb.ReadLogRequest, context: Any) -> pb.ReadLogResponse:
        return pb.ReadLogResponse(content=await read_log(request.path, unit_of_work=self._unit_of_work))


class WitnessServicer(log_pb2_grpc.WitnessServiceServicer):
    """Cosigns the log of the institution that calls, and no other."""

    def __init__(
        self, me: str, unit_of_work: WitnessUnitOfWork, *, directory: LogDirectory, keys: LogKeys, clock: Clock
    ) -> None:
        self._me = me
        self._unit_of_work = unit_of_work
        self._directory = directory
        self._keys = keys
        self._clock = clock

    async def AddCheckpoint(self, request: pb.AddCheckpointRequest, context: Any) -> pb.AddCheckpointResponse:
        answer = await cosign_checkpoint(
            Offer(request.old_size, tuple(request.proof), request.checkpoint),
            log_of=current_caller().institution,
            me=self._me,
            unit_of_work=self._unit_of_work,
            directory=self._directory,
            keys=self._keys,
            clock=self._clock,
        )
        if isinstance(answer, str):
            return pb.AddCheckpointResponse(cosignature=answer)
        return pb.AddCheckpointResponse(held_size=answer)

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, context: Any) -> pb.GetCheckpointResponse:
        note = await newest_of(origin_of(request.institution), unit_of_work=self._unit_of_work)
        if note is None:
            raise NotFoundError("This witness has cosigned no checkpoint of that institution.")
        return pb.GetCheckpointResponse(checkpoint=note)

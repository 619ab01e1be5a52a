"""TakeoutService over gRPC: parse, call the use case, give the parts."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import AsyncIterator
from typing import Any

from portability.agreements.errors import DeniedError
from portability.api.takeout.v1 import takeout_pb2 as pb
from portability.api.takeout.v1 import takeout_pb2_grpc
from portability.services.access import Caller, current_caller
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.takeout.ports import Reader
from portability.services.workers.takeout.use_cases import TakeoutUseCases

__all__ = ["TakeoutServicer"]


class TakeoutServicer(takeout_pb2_grpc.TakeoutServiceServicer):
    """The policy lets no representative come here; it is checked again for each worker."""

    def __init__(self, use_cases: TakeoutUseCases) -> None:
        self._use_cases = use_cases

    async def DownloadEverything(
        self, request: pb.DownloadEverythingRequest, context: Any
    ) -> AsyncIterator[pb.DownloadEverythingResponse]:
        reader = _herself(current_caller(), request.language)
        async for part in self._use_cases.everything(reader):
            yield pb.DownloadEverythingResponse(part=part)


def _herself(caller: Caller, language: str) -> Reader:
    worker_id = signed_in_worker(caller)
    if not caller.herself:
        raise DeniedError("Only she herself takes all that is kept about her.")
    return Reader(worker_id, language, caller.company)

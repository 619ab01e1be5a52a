"""PreferenceService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError
from portability.api.workers.v1 import preferences_pb2 as pb
from portability.api.workers.v1 import preferences_pb2_grpc
from portability.services.access import Caller, Role, current_caller
from portability.services.mapping.common import read_uuid, write_instant
from portability.services.workers.model import SignInRefused
from portability.services.workers.preferences.handlers import PreferenceUseCases
from portability.services.workers.preferences.mapping import read_chosen, write_preferences

__all__ = ["PreferenceServicer"]


class PreferenceServicer(preferences_pb2_grpc.PreferenceServiceServicer):
    """The policy lets no representative come here; it is checked again for each worker."""

    def __init__(self, use_cases: PreferenceUseCases) -> None:
        self._use_cases = use_cases

    async def GetMyPreferences(self, request: pb.GetMyPreferencesRequest, context: Any) -> pb.GetMyPreferencesResponse:
        found = await self._use_cases.of(_herself(current_caller()))
        return pb.GetMyPreferencesResponse(preferences=write_preferences(found))

    async def ChooseMyPreferences(
        self, request: pb.ChooseMyPreferencesRequest, context: Any
    ) -> pb.ChooseMyPreferencesResponse:
        after = await self._use_cases.choose(_herself(current_caller()), read_chosen(request))
        return pb.ChooseMyPreferencesResponse(preferences=write_preferences(after))

    async def AskForAddressCode(
        self, request: pb.AskForAddressCodeRequest, context: Any
    ) -> pb.AskForAddressCodeResponse:
        request_id = read_uuid(request.request_id, field="request_id")
        worker_id = _herself(current_caller())
        expires_at = await self._use_cases.ask_for_address_code(worker_id, request_id, request.address)
        return pb.AskForAddressCodeResponse(expires_at=write_instant(expires_at))

    async def ConfirmAddress(self, request: pb.ConfirmAddressRequest, context: Any) -> pb.ConfirmAddressResponse:
        request_id = read_uuid(request.request_id, field="request_id")
        worker_id = _herself(current_caller())
        result = await self._use_cases.confirm_address(worker_id, request_id, request.address, request.code)
        if isinstance(result, SignInRefused):
            told = f"The code is not right: {result.tries_left} tries are left." if result.tries_left else _OVER
            raise InputError(told, field="code")
        return pb.ConfirmAddressResponse(preferences=write_preferences(result))


_OVER = "This code no longer works: ask for a new one."


def _herself(caller: Caller) -> UUID:
    if caller.role is not Role.WORKER or caller.worker_id is None:
        raise DeniedError("Only a signed-in worker says how she is told.", authenticated=False)
    if not caller.herself:
        raise DeniedError("Only she herself says how she is told.")
    return caller.worker_id

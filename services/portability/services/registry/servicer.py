"""RegistryService over gRPC: parse, look up, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.agreements.errors import NotFoundError
from portability.api.registry.v1 import registry_pb2 as pb
from portability.api.registry.v1 import registry_pb2_grpc
from portability.services.registry.handlers import DirectoryInForce, get_institution
from portability.services.registry.mapping import directory_message, institution_message, signed_message

__all__ = ["RegistryServicer"]


class RegistryServicer(registry_pb2_grpc.RegistryServiceServicer):
    """Answers from the directory in force."""

    def __init__(self, in_force: DirectoryInForce) -> None:
        self._in_force = in_force

    async def GetDirectory(self, request: pb.GetDirectoryRequest, context: Any) -> pb.GetDirectoryResponse:
        signed = self._in_force.signed()
        if signed is None:
            raise NotFoundError("This node has no directory yet: give it one.")
        return pb.GetDirectoryResponse(
            signed=signed_message(signed), directory=directory_message(self._in_force.current())
        )

    async def GetInstitution(self, request: pb.GetInstitutionRequest, context: Any) -> pb.GetInstitutionResponse:
        institution, version = get_institution(request.institution_id, in_force=self._in_force)
        return pb.GetInstitutionResponse(institution=institution_message(institution), directory_version=version)

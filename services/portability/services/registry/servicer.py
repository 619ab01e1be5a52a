"""RegistryService over gRPC: parse, look up, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.agreements.errors import NotFoundError
from portability.api.registry.v1 import registry_pb2 as pb
from portability.api.registry.v1 import registry_pb2_grpc
from portability.services.registry.handlers import Registry, accept_directory, get_institution
from portability.services.registry.mapping.directory import directory_message, institution_message
from portability.services.registry.mapping.roots import chain_message, decode_chain

__all__ = ["RegistryServicer"]


class RegistryServicer(registry_pb2_grpc.RegistryServiceServicer):
    """Answers from the directory in force, and takes a newer one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def InstallDirectory(self, request: pb.InstallDirectoryRequest, context: Any) -> pb.InstallDirectoryResponse:
        trust = await accept_directory(decode_chain(request.chain), self._registry)
        return pb.InstallDirectoryResponse(directory_version=trust.directory.version, root_version=trust.root.version)

    async def GetDirectory(self, request: pb.GetDirectoryRequest, context: Any) -> pb.GetDirectoryResponse:
        trust = self._registry.in_force.trust()
        if trust is None:
            raise NotFoundError("This node has no directory yet: give it one.")
        return pb.GetDirectoryResponse(
            chain=chain_message(trust.chain), directory=directory_message(self._registry.in_force.current())
        )

    async def GetInstitution(self, request: pb.GetInstitutionRequest, context: Any) -> pb.GetInstitutionResponse:
        institution, version = get_institution(request.institution_id, in_force=self._registry.in_force)
        return pb.GetInstitutionResponse(institution=institution_message(institution), directory_version=version)

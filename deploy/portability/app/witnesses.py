"""Other nodes as witnesses of this node's log, over gRPC with the peer certificate that each of them has issued.

`PORTABILITY_WITNESSES` names them, `it-inps=host:port,...`; the certificate for each is in
`<data folder>/tls/witnesses/<institution>/` as authority.crt, peer.crt and peer.key, made there by
`portability tls issue peer <name> --peer-institution <this one>` and handed over.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import grpc

from portability.agreements.errors import GatewayError, InputError, VerificationError
from portability.api.log.v1 import log_pb2 as pb
from portability.api.log.v1 import log_pb2_grpc
from portability.app.rpc.client import open_channel
from portability.app.rpc.credentials import CallerFiles
from portability.services.log.ports import Offer

__all__ = ["PeerWitness", "peer_files", "witnesses_of"]

CALL_SECONDS: Final = 10.0


class PeerWitness:
    """The port `Witness`: a channel for each call, since certificates are renewed and calls are rare."""

    def __init__(self, institution: str, target: str, files: CallerFiles, *, log_of: str) -> None:
        self.institution = institution
        self.target = target
        self.files = files
        self._log_of = log_of

    async def add_checkpoint(self, offer: Offer) -> str | int:
        """Offer a checkpoint."""
        request = pb.AddCheckpointRequest(old_size=offer.old_size, proof=offer.proof, checkpoint=offer.note)
        try:
            async with open_channel(self.target, self.files, call_seconds=CALL_SECONDS) as channel:
                answer = await log_pb2_grpc.WitnessServiceStub(channel).AddCheckpoint(request)
        except (grpc.aio.AioRpcError, OSError) as exc:
            raise self._error(exc) from exc
        return answer.cosignature or answer.held_size

    async def newest(self, origin: str) -> bytes | None:
        """Ask for what it has cosigned of this node's log."""
        request = pb.GetCheckpointRequest(institution=self._log_of)
        try:
            async with open_channel(self.target, self.files, call_seconds=CALL_SECONDS) as channel:
                answer = await log_pb2_grpc.WitnessServiceStub(channel).GetCheckpoint(request)
        except grpc.aio.AioRpcError as exc:
            if exc.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise self._error(exc) from exc
        except OSError as exc:
            raise self._error(exc) from exc
        return answer.checkpoint

    def _error(self, exc: grpc.aio.AioRpcError | OSError) -> VerificationError | GatewayError:
        if isinstance(exc, grpc.aio.AioRpcError) and exc.code() is grpc.StatusCode.INVALID_ARGUMENT:
            return VerificationError(f"Witness '{self.institution}' refuses the checkpoint: {exc.details()}")
        what = exc.code().name if isinstance(exc, grpc.aio.AioRpcError) else f"{exc.strerror}: {exc.filename}"
        return GatewayError(f"Witness '{self.institution}' at {self.target} cannot be asked ({what}).", retryable=True)


def peer_files(tls_folder: Path, witness: str) -> CallerFiles:
    """Where the files of this node as a peer of a witness are."""
    folder = tls_folder / "witnesses" / witness
    return CallerFiles(folder / "authority.crt", folder / "peer.crt", folder / "peer.key")


def witnesses_of(setting: str, *, me: str, tls_folder: Path) -> Sequence[PeerWitness]:
    """The witnesses that a setting names. Raises InputError where one is this institution itself."""
    named = [one.strip().partition("=") for one in setting.split(",") if one.strip()]
    if any(name == me for name, _, _ in named):
        raise InputError(
            "A node is no witness of its own log: take it out of PORTABILITY_WITNESSES.", field="witnesses"
        )
    return [PeerWitness(name, target, peer_files(tls_folder, name), log_of=me) for name, _, target in named]

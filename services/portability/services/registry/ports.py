"""What the registry needs: keys of a role to sign with, a place to keep the directory, a clock."""

from datetime import datetime
from typing import Protocol

from portability.services.hybrid import HybridSignature
from portability.services.registry.roots import TrustChain

__all__ = ["Clock", "DirectoryStore", "RoleSigner"]


class Clock(Protocol):
    """The present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class RoleSigner(Protocol):
    """Signs with keys of a role; used by the keepers of the directory, never by a node."""

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign `message` as it is with both halves of a key. Raises VerificationError where it is not here."""


class DirectoryStore(Protocol):
    """Keeps the directory in force with what proves it, so that a node does not go back after a restart."""

    async def load(self) -> TrustChain | None:
        """Return what was kept last; None where nothing was. Raises GatewayError."""

    async def save(self, chain: TrustChain) -> None:
        """Keep a chain durably in place of the last. Raises GatewayError."""

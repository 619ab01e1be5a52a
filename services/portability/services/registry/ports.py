"""What the registry needs: root keys to sign with, a place to keep the directory, a clock."""

from datetime import datetime
from typing import Protocol

from portability.services.hybrid import HybridSignature
from portability.services.registry.model import SignedDirectory

__all__ = ["Clock", "DirectoryStore", "RootSigner"]


class Clock(Protocol):
    """The present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class RootSigner(Protocol):
    """Signs with root keys; used by treaty administrators, never by a node."""

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign `message` as it is with both halves of a key. Raises VerificationError where it is not here."""


class DirectoryStore(Protocol):
    """Keeps the directory in force, so that a node does not go back after a restart."""

    async def load(self) -> SignedDirectory | None:
        """Return what was kept last; None where nothing was. Raises GatewayError."""

    async def save(self, signed: SignedDirectory) -> None:
        """Keep a directory durably in place of the last. Raises GatewayError."""

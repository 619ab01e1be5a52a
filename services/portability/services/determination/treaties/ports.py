"""What ratification needs from outside: the officials of authorities, and a place to keep versions and statements."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portability.agreements.values import StateCode
from portability.services.determination.treaties.model import KeptStatement, PublishedVersion
from portability.services.hybrid import HybridSignature
from portability.services.idempotency import CommandLog
from portability.services.log_entry import LogSink

__all__ = ["Authorities", "Clock", "OfficialKey", "StatementSigner", "StatementStore", "TreatyWork", "UnitOfWork",
           "VersionStore"]  # fmt: skip


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class OfficialKey:
    """A signing key of an official, and the official's name; the window is [not_before, not_after)."""

    name: str
    ed25519: bytes
    mldsa65: bytes
    not_before: datetime
    not_after: datetime


class Authorities(Protocol):
    """Who signs for a state: the signed directory."""

    def official_key(self, party: StateCode, signer_id: str, key_id: str) -> OfficialKey:
        """Raises VerificationError where the official is not of this state's authority, or the key is revoked.

        GatewayError while the directory cannot be used.
        """
        ...


class StatementSigner(Protocol):
    """An official's private key, never a node's."""

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign `message` as it is with both halves of a key."""
        ...


class VersionStore(Protocol):
    """Published versions: added, never changed, never removed."""

    async def add(self, version: PublishedVersion, content: bytes) -> None:
        """Keep a version with its bytes; one with a known hash is left as it is."""
        ...

    async def content(self, sha256: str) -> bytes | None:
        """The bytes of a version; None where it is not published here."""
        ...

    async def of_agreement(self, agreement_id: str) -> Sequence[PublishedVersion]:
        """In the order of publication; those of every agreement, by id first, where the id is empty."""
        ...


class StatementStore(Protocol):
    """Signed statements: added, never changed, never removed."""

    async def add(self, kept: KeptStatement, *, agreement_id: str, digest: str) -> None:
        """Keep a statement; one with a known digest is left as it is."""
        ...

    async def of_agreement(self, agreement_id: str) -> Sequence[KeptStatement]:
        """In the order of arrival."""
        ...


class TreatyWork(Protocol):
    """The ports of one transaction."""

    @property
    def versions(self) -> VersionStore: ...
    @property
    def statements(self) -> StatementStore: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def log(self) -> LogSink: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[TreatyWork]]

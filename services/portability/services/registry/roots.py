"""Values of trust: the roots, which say who signs what, and the chain that proves a directory. Plain data, no I/O."""

from dataclasses import dataclass, replace
from datetime import datetime

from portability.services.registry.model import Directory

__all__ = ["Freshness", "RoleKey", "RoleKeys", "RoleSignature", "Root", "Signed", "Trust", "TrustChain"]


@dataclass(frozen=True, slots=True)
class RoleKey:
    """Public halves of a key of a role."""

    key_id: str
    ed25519: bytes  # 32 bytes
    mldsa65: bytes  # 1952 bytes


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """The keys of a role, and how many different ones must have signed."""

    threshold: int
    keys: tuple[RoleKey, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """Who signs what from this version on."""

    version: int  # 1, 2, 3 …, without gaps
    issued_at: datetime
    expires_at: datetime
    root: RoleKeys
    directory: RoleKeys
    freshness: RoleKeys | None = None  # None: a directory counts until it expires


@dataclass(frozen=True, slots=True)
class Freshness:
    """A directory was the newest one when this was signed."""

    directory_version: int
    directory_sha256: bytes  # 32 bytes
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RoleSignature:
    """What one key of a role says: two signatures."""

    key_id: str
    ed25519: bytes
    mldsa65: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A root, directory or freshness statement as bytes, with signatures over them."""

    content: bytes
    signatures: tuple[RoleSignature, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustChain:
    """All that proves a directory, as received; nothing of it is verified yet."""

    roots: tuple[Signed, ...]  # without gaps, the oldest first
    directory: Signed
    freshness: Signed | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """A chain that has verified, read."""

    chain: TrustChain
    root: Root  # the last one
    directory: Directory
    freshness: Freshness | None

    def usable_until(self) -> datetime:
        """When the first of directory, root and freshness statement ends."""
        parts = (self.directory, self.root, self.freshness)
        return min(part.expires_at for part in parts if part is not None)

    def in_force(self) -> Directory:
        """The directory as a node goes by it: it ends with the first of the three."""
        return replace(self.directory, expires_at=self.usable_until())

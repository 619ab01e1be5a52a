"""What the log needs of the world: rows, keys, the directory, other nodes, a clock. Protocols only."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portability.services.log.model import KeyHalves, LogRow, SignedCheckpoint, TileId, TreeHead
from portability.services.log_entry import LogEntry

__all__ = [
    "Checkpoints",
    "Clock",
    "Entries",
    "Kept",
    "LogDirectory",
    "LogKeys",
    "LogSigner",
    "LogUnitOfWork",
    "LogWork",
    "Lookup",
    "Observer",
    "Offer",
    "Staged",
    "Tiles",
    "Witness",
    "WitnessMemory",
    "WitnessUnitOfWork",
]


class Clock(Protocol):
    """The present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class Observer(Protocol):
    """Told about events worth counting or an alarm; ids and codes only."""

    def happened(self, event: str, **ids: str | int) -> None:
        """Take note of `event`; must not raise."""


class LogSigner(Protocol):
    """One log key. It may be in a device: nothing here gives a private key out."""

    @property
    def public(self) -> KeyHalves: ...

    def sign_ed25519(self, message: bytes) -> bytes:
        """Return 64 bytes."""

    def sign_mldsa44(self, message: bytes) -> bytes:
        """Return 2420 bytes, with an empty context."""


class LogKeys(Protocol):
    """The node's own log keys."""

    def log_key(self, at: datetime) -> LogSigner:
        """Return the key to sign checkpoints with at `at`. Raises VerificationError where there is none."""


class LogDirectory(Protocol):
    """The signed directory as the log sees it."""

    def log_keys(self, institution: str) -> Sequence[KeyHalves]:
        """Return the log keys of an institution that are not revoked. Raises VerificationError."""


class Staged(Protocol):
    """Entries that business transactions have put in, waiting for their positions."""

    async def take(self, *, limit: int) -> Sequence[LogEntry]:
        """Remove and return up to `limit` entries, the oldest first, each kind and digest once.

        An entry whose kind and digest the log holds already is removed and left out.
        """

    async def waiting(self) -> Sequence[LogEntry]:
        """Return all that wait, the oldest first, and leave them."""


class Entries(Protocol):
    """The rows of the log."""

    async def lock(self) -> TreeHead:
        """Return size and root so far, and let no other transaction append before this one ends.

        An empty log has size 0 and the root of the empty tree.
        """

    async def append(self, rows: Sequence[LogRow], head: TreeHead) -> None:
        """Add rows at the end and note the new size and root; the caller holds the lock."""

    async def read(self, start: int, end: int) -> Sequence[LogRow]:
        """Return the rows of [start, end) in order; rows that are missing are left out."""


class Tiles(Protocol):
    """The tree's hashes in tiles of 256."""

    async def read(self, tiles: Sequence[TileId]) -> Mapping[TileId, Sequence[bytes]]:
        """Return the hashes of tiles, as many as each has; a tile that is not there is left out."""

    async def extend(self, added: Mapping[TileId, Sequence[bytes]]) -> None:
        """Append hashes to tiles, making those that are new."""


class Checkpoints(Protocol):
    """Signed checkpoints of this node's log, and the cosignatures of its witnesses."""

    async def latest(self) -> SignedCheckpoint | None:
        """Return the checkpoint of the largest size; None before the first."""

    async def add(self, signed: SignedCheckpoint) -> None:
        """Keep a checkpoint; smaller ones that no witness has cosigned are forgotten."""

    async def add_cosignature(self, signed: SignedCheckpoint, witness: str, lines: str) -> None:
        """Keep the signature lines of a witness (its institution) for a checkpoint, and the checkpoint with them."""


class Lookup(Protocol):
    """Finding what proves one entry."""

    async def find(self, kind: str, digest: bytes) -> LogRow | None:
        """Return the row of an entry; None where the log has none."""

    async def covering(self, size: int) -> SignedCheckpoint | None:
        """Return a checkpoint of at least `size` entries with all its cosignatures in its note.

        Of several the one with the most cosignatures, then the smallest; None where none is that large.
        """


class LogWork(Protocol):
    """One transaction over the log's tables."""

    @property
    def staged(self) -> Staged: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def tiles(self) -> Tiles: ...
    @property
    def checkpoints(self) -> Checkpoints: ...
    @property
    def lookup(self) -> Lookup: ...


LogUnitOfWork = Callable[[], AbstractAsyncContextManager[LogWork]]
"""Opens a transaction: commits on normal exit, undoes everything on an error."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a witness keeps of one log: the newest checkpoint that it has cosigned, with its cosignature."""

    head: TreeHead
    note: bytes  # signed by the log, with this witness's lines


@dataclass(frozen=True, slots=True)
class Offer:
    """A checkpoint as a log offers it to a witness."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


class WitnessMemory(Protocol):
    """What this node remembers as a witness of others' logs."""

    async def lock(self, origin: str) -> Kept | None:
        """Return what is kept of a log, and let no other transaction change it before this one ends."""

    async def keep(self, origin: str, kept: Kept) -> None:
        """Keep it in place of what was kept before."""

    async def accuse(self, origin: str, *, kept: bytes, offered: bytes, at: datetime) -> None:
        """Keep two checkpoints, both signed by the log, of which one tree cannot have grown from the other."""


WitnessUnitOfWork = Callable[[], AbstractAsyncContextManager[WitnessMemory]]
"""Opens a transaction over what this node keeps as a witness."""


class Witness(Protocol):
    """Another node that cosigns this node's checkpoints."""

    @property
    def institution(self) -> str: ...

    async def add_checkpoint(self, offer: Offer) -> "str | int":
        """Return its signature lines, or the size it has kept where that is not the offer's old size.

        Raises VerificationError where it refuses the offer, GatewayError where it cannot be reached.
        """

    async def newest(self, origin: str) -> bytes | None:
        """Return the note that it has kept of a log; None where it never cosigned one. Raises GatewayError."""

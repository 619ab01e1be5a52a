"""Values of the log: rows, tree heads, checkpoints, keys. Plain data, no I/O."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portability.services.log_entry import encoded
from portability.services.merkle import leaf_hash

__all__ = ["Checkpoint", "KeyHalves", "LogRow", "SignedCheckpoint", "TileId", "TreeHead", "origin_of", "witness_of"]

TileId = tuple[int, int]  # level and index (C2SP tlog-tiles)


def origin_of(institution: str) -> str:
    """The origin of an institution's log, and the name under which it signs its checkpoints."""
    return f"portability/log/{institution}"


def witness_of(institution: str) -> str:
    """The name under which an institution cosigns the checkpoints of others."""
    return f"portability/witness/{institution}"


@dataclass(frozen=True, slots=True)
class LogRow:
    """One entry at its position, as it is stored: nothing of it is trusted before its leaf has been checked."""

    position: int  # from 0
    kind: str
    at_ms: int  # since 1970
    digest: bytes

    def entry(self) -> bytes:
        """The bytes of the entry."""
        return encoded(self.kind, self.at_ms, self.digest)

    def leaf(self) -> bytes:
        """The leaf hash of the entry."""
        return leaf_hash(self.entry())


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A size and the root of the tree of that size."""

    size: int
    root: bytes  # 32 bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its origin, its size, its root (C2SP tlog-checkpoint, without extension lines)."""

    origin: str
    size: int
    root: bytes  # 32 bytes

    @property
    def head(self) -> TreeHead:
        """Size and root."""
        return TreeHead(self.size, self.root)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the note that says it (C2SP signed-note): the text, then one line a signature."""

    checkpoint: Checkpoint
    note: bytes
    signed_at: datetime


class KeyHalves(Protocol):
    """The public halves of a log key and their window [not_before, not_after)."""

    @property
    def classical(self) -> bytes:
        """Ed25519: 32 bytes."""

    @property
    def post_quantum(self) -> bytes:
        """ML-DSA-44: 1312 bytes."""

    @property
    def not_before(self) -> datetime: ...

    @property
    def not_after(self) -> datetime: ...

"""The auditor: rebuilds the whole log from its rows and names every row that does not fit. It changes nothing.

It trusts only what is signed. The rows give the leaves, the leaves give every root; tiles, the noted head and the
checkpoints are compared with those. Where a tile and a row differ, a signed checkpoint tells which of them is wrong.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import verify_cosignature, verify_log_signature
from portability.services.log.model import LogRow, TileId, origin_of, witness_of
from portability.services.log.ports import LogDirectory, LogWork
from portability.services.log.tiles import TILE_WIDTH, Edge, TilePath
from portability.services.log_entry import LogEntryKind

__all__ = ["Ledger", "StoredCheckpoint", "audit"]

ROWS_AT_ONCE: Final = 10_000
WHAT: Final = {
    LogEntryKind.BUNDLE_SENT: "bundle",
    LogEntryKind.BUNDLE_RECEIVED: "bundle",
    LogEntryKind.AGREEMENT_VERSION: "version",
    LogEntryKind.AGREEMENT_STATEMENT: "statement",
}
"""Kinds of entries about things that stay in a table for as long as the log."""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as it is stored: the size it is found by, its note, and each witness's lines."""

    size: int
    note: bytes
    cosignatures: Mapping[str, str]


class Ledger(Protocol):
    """Everything in the tables of the log, and the hashes of the things that it is about."""

    async def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """Return all checkpoints by size."""

    async def tiles(self) -> Mapping[TileId, bytes]:
        """Return every tile, its hashes one after the other."""

    async def things(self, kind: LogEntryKind) -> Mapping[bytes, str]:
        """Return what is stored of a kind: the digest of each thing, made anew of its content, and which row it is."""


async def audit(
    me: str,
    work: LogWork,
    ledger: Ledger,
    directory: LogDirectory,
    *,
    read: Callable[[int], object] = lambda entries: None,
) -> AsyncIterator[str]:
    """Yield a sentence for each thing that is wrong, naming its row; nothing where all is well.

    `work` is a transaction that nobody appends beside. `read` is told how many entries were read, again and again.
    """
    # 1. Rows: positions without gaps, up to the noted size. Their leaves rebuild tiles and roots on the way.
    # 2. The head, and each checkpoint: its signatures, and the root rebuilt at its size.
    # 3. Tiles, hash by hash.
    # 4. Bundles, versions, statements: each that is stored has its entry, and each entry what it is about.
    # (1) rows
    head = await work.entries.lock()
    stored = await ledger.checkpoints()
    rebuilt = _Rebuilt({one.size for one in stored} | {head.size})
    async for row in _rows(work, head.size, read):
        for fault in rebuilt.add(row):
            yield fault
    if rebuilt.edge.size < head.size:
        yield f"log_entries: positions {rebuilt.edge.size} to {head.size - 1} are missing."
    for row in await work.entries.read(head.size, head.size + 1):
        yield f"log_entries position {row.position}: it is beyond the noted size of {head.size}."
    # (2) head and checkpoints
    if rebuilt.roots.get(head.size) != head.root:
        yield f"log_head: its root is not the one that the rows give at its size of {head.size}."
    proven = 0
    for one in stored:
        fault = _checkpoint_fault(me, one, rebuilt, directory)
        if fault:
            yield f"log_checkpoints size {one.size}: {fault}"
        else:
            proven = max(proven, one.size)
        for fault in _cosignature_faults(one, directory):
            yield fault
    # (3) tiles
    for fault in _tiles(await ledger.tiles(), rebuilt.tiles, proven=proven):
        yield fault
    # (4) things
    for kind in WHAT:
        staged = {one.digest for one in await work.staged.waiting() if one.kind is kind}
        for fault in _things(kind, await ledger.things(kind), rebuilt.digests[kind], staged):
            yield fault


class _Rebuilt:
    """The tree as the rows say it."""

    def __init__(self, sizes: set[int]) -> None:
        self._sizes = sizes
        self.edge = Edge(0)
        self.roots = {0: self.edge.root()}
        self.tiles: dict[TileId, list[bytes]] = {}
        self.digests: dict[str, dict[bytes, int]] = {kind: {} for kind in LogEntryKind}

    def add(self, row: LogRow) -> Sequence[str]:
        """Take the next row; return what is wrong with it by itself."""
        faults = []
        if row.position != self.edge.size:
            faults.append(f"log_entries: positions {self.edge.size} to {row.position - 1} are missing.")
        if row.kind not in self.digests:
            faults.append(f"log_entries position {row.position}: its kind is not one that exists.")
        else:
            self.digests[row.kind][row.digest] = row.position
        self.edge, added = self.edge.extended([row.leaf()])
        for tile, hashes in added.items():
            self.tiles.setdefault(tile, []).extend(hashes)
        if self.edge.size in self._sizes:
            self.roots[self.edge.size] = self.edge.root()
        return faults


async def _rows(work: LogWork, size: int, read: Callable[[int], object]) -> AsyncIterator[LogRow]:
    for start in range(0, size, ROWS_AT_ONCE):
        read(start)
        for row in await work.entries.read(start, min(start + ROWS_AT_ONCE, size)):
            yield row


def _checkpoint_fault(me: str, one: StoredCheckpoint, rebuilt: _Rebuilt, directory: LogDirectory) -> str:
    try:
        checkpoint, _ = verify_log_signature(one.note, origin=origin_of(me), keys=directory.log_keys(me))
    except VerificationError as error:
        return error.message
    if checkpoint.size != one.size:
        return f"its note is about {checkpoint.size} entries."
    root = rebuilt.roots.get(one.size)
    if root is None:
        return f"it is signed over {one.size} entries, and the rows end before: the database is an older copy."
    if root != checkpoint.root:
        return "the rows do not give the root that was signed: rows before this size were changed."
    return ""


def _cosignature_faults(one: StoredCheckpoint, directory: LogDirectory) -> Sequence[str]:
    faults = []
    for witness, lines in one.cosignatures.items():
        try:
            keys = directory.log_keys(witness)
            verify_cosignature(one.note + lines.encode(), name=witness_of(witness), keys=keys)
        except VerificationError as error:
            faults.append(f"log_cosignatures size {one.size} witness {witness}: {error.message}")
    return faults


def _tiles(stored: Mapping[TileId, bytes], rebuilt: Mapping[TileId, Sequence[bytes]], *, proven: int) -> Sequence[str]:
    """Where tiles differ from the rows; a checkpoint over `proven` entries stands by the rows."""
    faults = []
    for tile in sorted(stored.keys() | rebuilt.keys()):
        name = f"log_tiles level {tile[0]} number {tile[1]}"
        if tile not in stored:
            faults.append(f"{name}: it is missing.")
        elif tile not in rebuilt:
            faults.append(f"{name}: no rows are under it.")
        elif stored[tile] != b"".join(rebuilt[tile]):
            faults.append(f"{name}: {_place(stored[tile], rebuilt[tile], tile, proven)}")
    return faults


def _place(stored: bytes, rebuilt: Sequence[bytes], tile: TileId, proven: int) -> str:
    if len(stored) != 32 * len(rebuilt):
        return f"it has {len(stored)} bytes, the rows give {32 * len(rebuilt)}."
    at = next(at for at, one in enumerate(rebuilt) if stored[32 * at : 32 * at + 32] != one)
    place = tile[1] * TILE_WIDTH + at
    what = f"log_entries position {place}" if tile[0] == 0 else f"the tile {TilePath(tile[0] - 1, place)} below it"
    covered = (place + 1) * TILE_WIDTH ** tile[0] <= proven
    who = "the rows are as signed, so the tile was changed" if covered else "the row or the tile was changed"
    return f"its hash {at} is not that of {what}: {who}."


def _things(
    kind: LogEntryKind, stored: Mapping[bytes, str], logged: Mapping[bytes, int], staged: set[bytes]
) -> Sequence[str]:
    faults = [
        f"{row}: the log has no entry of it, so it was changed or put in beside the node."
        for digest, row in stored.items()
        if digest not in logged and digest not in staged
    ]
    faults += [
        f"log_entries position {position}: its {WHAT[kind]} ({kind.value}) is not stored any more, or was changed."
        for digest, position in logged.items()
        if digest not in stored
    ]
    return faults

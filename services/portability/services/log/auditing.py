"""The auditor: rebuilds the whole log from its rows and names every row that does not fit. It changes nothing.

It trusts only what is signed. The rows give the leaves, the leaves give every root; tiles, the noted head and the
checkpoints are compared with those. Where a tile and a row differ, a signed checkpoint tells which of them is wrong.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
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
KINDS: Final = frozenset(kind.value for kind in LogEntryKind)
WHAT: Final = {
    LogEntryKind.BUNDLE_SENT: "bundle",
    LogEntryKind.BUNDLE_RECEIVED: "bundle",
    LogEntryKind.AGREEMENT_VERSION: "version",
    LogEntryKind.AGREEMENT_STATEMENT: "statement",
    LogEntryKind.ADMINISTRATION: "act",
    LogEntryKind.ERASURE: "erasure",
}
"""Kinds of entries about things that stay in a table for as long as the log. Looks go with what was looked at."""
STORED: Final = (*WHAT, LogEntryKind.RECORD_LOOK)
"""Kinds of things of which each that is stored has its entry."""


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

    async def tiles(self) -> Collection[TileId]:
        """Return which tiles there are."""

    def unlogged(self, kind: LogEntryKind) -> AsyncIterator[str]:
        """Yield the row of each thing of a kind that is stored and neither in the log nor on its way there."""

    def unkept(self, kind: LogEntryKind) -> AsyncIterator[int]:
        """Yield the position of each entry of a kind whose thing is not stored."""


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
    No more is held here than some thousand rows, however long the log is.
    """
    # 1. Rows: positions without gaps, up to the noted size. Their leaves rebuild tiles and roots on the way.
    # 2. The head, and each checkpoint: its signatures, and the root rebuilt at its size.
    # 3. Tiles, hash by hash.
    # 4. What entries are about: each thing that is stored has its entry, and each entry its thing.
    # (1) rows
    head = await work.entries.lock()
    stored = await ledger.checkpoints()
    rebuilt = _Rebuilt({one.size for one in stored} | {head.size})
    tiles = _TilesInHand(set(await ledger.tiles()))
    async for rows in _rows(work, head.size, read):
        for fault in rebuilt.add(rows):
            yield fault
        await tiles.compare(rebuilt.full_tiles(), work)
    await tiles.compare(rebuilt.tiles, work)
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
    for fault in tiles.faults(proven=proven):
        yield fault
    # (4) things
    async for fault in _things(ledger):
        yield fault


async def _things(ledger: Ledger) -> AsyncIterator[str]:
    for kind in STORED:
        async for thing in ledger.unlogged(kind):
            yield f"{thing}: the log has no entry of it, so it was changed or put in beside the node."
    for kind, what in WHAT.items():
        async for position in ledger.unkept(kind):
            yield f"log_entries position {position}: its {what} ({kind.value}) is not stored any more, or was changed."


class _Rebuilt:
    """The tree as the rows say it."""

    def __init__(self, sizes: set[int]) -> None:
        self._sizes = sizes
        self.edge = Edge(0)
        self.roots = {0: self.edge.root()}
        self.tiles: dict[TileId, list[bytes]] = {}  # those that are not compared yet

    def add(self, rows: Sequence[LogRow]) -> Sequence[str]:
        """Take the next rows; return what is wrong with each by itself."""
        faults = []
        for row in rows:
            if row.position != self.edge.size:
                faults.append(f"log_entries: positions {self.edge.size} to {row.position - 1} are missing.")
            if row.kind not in KINDS:
                faults.append(f"log_entries position {row.position}: its kind is not one that exists.")
            self.edge, added = self.edge.extended([row.leaf()])
            for tile, hashes in added.items():
                self.tiles.setdefault(tile, []).extend(hashes)
            if self.edge.size in self._sizes:
                self.roots[self.edge.size] = self.edge.root()
        return faults

    def full_tiles(self) -> Mapping[TileId, Sequence[bytes]]:
        """Give out the tiles that no row will change any more."""
        full = {tile: hashes for tile, hashes in self.tiles.items() if len(hashes) == TILE_WIDTH}
        self.tiles = {tile: hashes for tile, hashes in self.tiles.items() if tile not in full}
        return full


@dataclass(frozen=True, slots=True)
class _Difference:
    """Where a stored tile is not what the rows give."""

    stored: int  # hashes
    rebuilt: int
    at: int  # the first that differs


class _TilesInHand:
    """Stored tiles, compared as the rows rebuild them."""

    def __init__(self, stored: set[TileId]) -> None:
        self._beyond = stored
        self._differences: dict[TileId, _Difference | None] = {}  # None: it is missing

    async def compare(self, rebuilt: Mapping[TileId, Sequence[bytes]], work: LogWork) -> None:
        """Compare tiles with those that are stored."""
        stored = await work.tiles.read(sorted(rebuilt))
        for tile, hashes in rebuilt.items():
            self._beyond.discard(tile)
            found = stored.get(tile)
            if found is None:
                self._differences[tile] = None
            elif list(found) != list(hashes):
                pairs = zip(found, hashes, strict=False)
                at = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
                self._differences[tile] = _Difference(len(found), len(hashes), at)

    def faults(self, *, proven: int) -> Iterator[str]:
        """What is wrong; a checkpoint over `proven` entries stands by the rows."""
        for tile in sorted(self._beyond | self._differences.keys()):
            name = f"log_tiles level {tile[0]} number {tile[1]}"
            if tile in self._beyond:
                yield f"{name}: no rows are under it."
            elif (found := self._differences[tile]) is None:
                yield f"{name}: it is missing."
            elif found.stored != found.rebuilt:
                yield f"{name}: it has {found.stored} hashes, the rows give {found.rebuilt}."
            else:
                yield f"{name}: {_place(found.at, tile, proven)}"


async def _rows(work: LogWork, size: int, read: Callable[[int], object]) -> AsyncIterator[Sequence[LogRow]]:
    for start in range(0, size, ROWS_AT_ONCE):
        read(start)
        yield await work.entries.read(start, min(start + ROWS_AT_ONCE, size))


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


def _place(at: int, tile: TileId, proven: int) -> str:
    place = tile[1] * TILE_WIDTH + at
    what = f"log_entries position {place}" if tile[0] == 0 else f"the tile {TilePath(tile[0] - 1, place)} below it"
    covered = (place + 1) * TILE_WIDTH ** tile[0] <= proven
    who = "the rows are as signed, so the tile was changed" if covered else "the row or the tile was changed"
    return f"its hash {at} is not that of {what}: {who}."

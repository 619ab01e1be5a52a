"""A log and what a witness keeps, in memory, with transactions that undo; they pass the suite of the real ones."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from portability.adapters.memory.exchange_state import State
from portability.services.log.model import LogRow, SignedCheckpoint, TileId, TreeHead
from portability.services.log.ports import Kept
from portability.services.log_entry import LogEntry
from portability.services.merkle import root_of

__all__ = ["LogState", "MemoryLogStore", "MemoryWitnessStore"]


@dataclass(slots=True)
class LogState:
    """All tables of a log. Values are immutable, so a shallow copy is a snapshot."""

    head: TreeHead = TreeHead(0, root_of([]))  # noqa: RUF009 (a frozen value)
    rows: dict[int, LogRow] = field(default_factory=dict)
    tiles: dict[TileId, tuple[bytes, ...]] = field(default_factory=dict)
    checkpoints: dict[int, SignedCheckpoint] = field(default_factory=dict)
    cosignatures: dict[tuple[int, str], str] = field(default_factory=dict)

    def copy(self) -> "LogState":
        """A copy that later changes do not touch."""
        return LogState(self.head, dict(self.rows), dict(self.tiles), dict(self.checkpoints), dict(self.cosignatures))


class MemoryLogStore:
    """The log of one node; `transaction` is the port `LogUnitOfWork`. Entries are staged in the exchange's tables."""

    def __init__(self, exchange: State, one_at_a_time: asyncio.Lock) -> None:
        self.exchange = exchange
        self.state = LogState()
        self._one_at_a_time = one_at_a_time

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["MemoryLogWork"]:
        """Commit on normal exit, undo everything on an error."""
        async with self._one_at_a_time:
            before, staged = self.state.copy(), dict(self.exchange.log_staged)
            try:
                yield MemoryLogWork(self)
            except BaseException:
                self.state, self.exchange.log_staged = before, staged
                raise


class MemoryLogWork:
    """One transaction; the port `LogWork` and each of its parts."""

    def __init__(self, store: MemoryLogStore) -> None:
        self.staged = MemoryStaged(store)
        self.entries = MemoryEntries(store)
        self.tiles = MemoryTiles(store)
        self.checkpoints = MemoryCheckpoints(store)
        self.lookup = MemoryLookup(store)


class MemoryStaged:
    """The port `Staged`."""

    def __init__(self, store: MemoryLogStore) -> None:
        self._store = store

    async def take(self, *, limit: int) -> Sequence[LogEntry]:
        """Remove the oldest entries, and return those that are new."""
        held = {(row.kind, row.digest) for row in self._store.state.rows.values()}
        taken = []
        staged = self._store.exchange.log_staged
        for number in sorted(staged)[:limit]:
            entry = staged.pop(number)
            if (entry.kind.value, entry.digest) not in held:
                held.add((entry.kind.value, entry.digest))
                taken.append(entry)
        return taken

    async def waiting(self) -> Sequence[LogEntry]:
        """All that wait."""
        staged = self._store.exchange.log_staged
        return [staged[number] for number in sorted(staged)]


class MemoryEntries:
    """The port `Entries`."""

    def __init__(self, store: MemoryLogStore) -> None:
        self._store = store

    async def lock(self) -> TreeHead:
        """Size and root; transactions run one after the other here."""
        return self._store.state.head

    async def append(self, rows: Sequence[LogRow], head: TreeHead) -> None:
        """Add rows at the end."""
        for row in rows:
            self._store.state.rows[row.position] = row
        self._store.state.head = head

    async def read(self, start: int, end: int) -> Sequence[LogRow]:
        """Rows in order."""
        rows = self._store.state.rows
        return [rows[position] for position in range(start, end) if position in rows]


class MemoryTiles:
    """The port `Tiles`."""

    def __init__(self, store: MemoryLogStore) -> None:
        self._store = store

    async def read(self, tiles: Sequence[TileId]) -> Mapping[TileId, Sequence[bytes]]:
        """The hashes of tiles."""
        held = self._store.state.tiles
        return {one: held[one] for one in tiles if one in held}

    async def extend(self, added: Mapping[TileId, Sequence[bytes]]) -> None:
        """Append hashes."""
        for tile, hashes in added.items():
            self._store.state.tiles[tile] = (*self._store.state.tiles.get(tile, ()), *hashes)


class MemoryCheckpoints:
    """The port `Checkpoints`."""

    def __init__(self, store: MemoryLogStore) -> None:
        self._store = store

    async def latest(self) -> SignedCheckpoint | None:
        """The checkpoint of the largest size."""
        held = self._store.state.checkpoints
        return held[max(held)] if held else None

    async def add(self, signed: SignedCheckpoint) -> None:
        """Keep it; forget smaller ones without a cosignature."""
        state = self._store.state
        cosigned = {size for size, _ in state.cosignatures}
        size = signed.checkpoint.size
        state.checkpoints = {at: one for at, one in state.checkpoints.items() if at >= size or at in cosigned}
        state.checkpoints.setdefault(size, signed)

    async def add_cosignature(self, signed: SignedCheckpoint, witness: str, lines: str) -> None:
        """Keep a witness's lines."""
        size = signed.checkpoint.size
        self._store.state.checkpoints.setdefault(size, signed)
        self._store.state.cosignatures[size, witness] = lines


class MemoryLookup:
    """The port `Lookup`."""

    def __init__(self, store: MemoryLogStore) -> None:
        self._store = store

    async def find(self, kind: str, digest: bytes) -> LogRow | None:
        """The row of an entry."""
        rows = self._store.state.rows.values()
        return next((row for row in rows if row.kind == kind and row.digest == digest), None)

    async def covering(self, size: int) -> SignedCheckpoint | None:
        """A checkpoint over at least `size` entries, with its cosignatures."""
        state = self._store.state
        found = [one for at, one in state.checkpoints.items() if at >= size]
        if not found:
            return None
        best = max(found, key=lambda one: (len(self._lines(one)), -one.checkpoint.size))
        return replace(best, note=best.note + "".join(self._lines(best)).encode())

    def _lines(self, signed: SignedCheckpoint) -> list[str]:
        held = sorted(self._store.state.cosignatures.items())
        return [lines for (size, _), lines in held if size == signed.checkpoint.size]


class MemoryWitnessStore:
    """What one node keeps as a witness; `transaction` is the port `WitnessUnitOfWork`."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._accusations: dict[str, list[tuple[bytes, bytes]]] = {}
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["MemoryWitnessStore"]:
        """Commit on normal exit, undo everything on an error."""
        async with self._one_at_a_time:
            kept, accusations = dict(self._kept), {one: list(pairs) for one, pairs in self._accusations.items()}
            try:
                yield self
            except BaseException:
                self._kept, self._accusations = kept, accusations
                raise

    async def lock(self, origin: str) -> Kept | None:
        """What is kept of a log."""
        return self._kept.get(origin)

    async def keep(self, origin: str, kept: Kept) -> None:
        """Keep it."""
        self._kept[origin] = kept

    async def accuse(self, origin: str, *, kept: bytes, offered: bytes, at: datetime) -> None:
        """Keep two checkpoints of one log, once for each offered text."""
        pairs = self._accusations.setdefault(origin, [])
        if all(_text(offered) != _text(known) for _, known in pairs):
            pairs.append((kept, offered))

    async def accusations(self, origin: str) -> Sequence[tuple[bytes, bytes]]:
        """The pairs kept."""
        return list(self._accusations.get(origin, ()))


def _text(note: bytes) -> bytes:
    return note.partition(b"\n\n")[0]

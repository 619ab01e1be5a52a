"""All tables of a log in memory, as the auditor reads them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from hashlib import sha256

from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.log_store import LogState
from portability.services.log.auditing import StoredCheckpoint
from portability.services.log.model import TileId
from portability.services.log_entry import LogEntryKind

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """The port `Ledger`."""

    def __init__(self, log: LogState, exchange: State) -> None:
        self._log = log
        self._exchange = exchange

    async def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """All checkpoints by size."""
        return [
            StoredCheckpoint(size, one.note, {who: lines for (at, who), lines in self._cosignatures() if at == size})
            for size, one in sorted(self._log.checkpoints.items())
        ]

    async def tiles(self) -> Collection[TileId]:
        """Which tiles there are."""
        return list(self._log.tiles)

    async def unlogged(self, kind: LogEntryKind) -> AsyncIterator[str]:
        """Things without an entry."""
        entered = {row.digest for row in self._log.rows.values() if row.kind == kind}
        entered |= {entry.digest for entry in self._exchange.log_staged.values() if entry.kind is kind}
        for digest, name in self._things(kind).items():
            if digest not in entered:
                yield name

    async def unkept(self, kind: LogEntryKind) -> AsyncIterator[int]:
        """Entries without their thing."""
        kept = self._things(kind)
        for row in self._log.rows.values():
            if row.kind == kind and row.digest not in kept:
                yield row.position

    def _things(self, kind: LogEntryKind) -> Mapping[bytes, str]:
        """Bundles and acts; memory keeps no agreements, looks and erasures beside a log."""
        if kind is LogEntryKind.ADMINISTRATION:
            return {digest: f"acts {act.act_id}" for digest, act in self._exchange.acts.items()}
        if kind is LogEntryKind.BUNDLE_SENT:
            return {
                sha256(one.signed_head).digest(): f"sent_bundles {key}" for key, one in self._exchange.bundles.items()
            }
        if kind is not LogEntryKind.BUNDLE_RECEIVED:
            return {}
        kept = self._exchange.inbox_bundles.items()
        return {sha256(one.signed_head).digest(): f"inbox_bundles {key[0]} {key[1]}" for key, one in kept}

    def _cosignatures(self) -> Sequence[tuple[tuple[int, str], str]]:
        return sorted(self._log.cosignatures.items())

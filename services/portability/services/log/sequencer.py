"""Positions for staged entries, and checkpoints over them, each computed twice before it is signed.

The sequencer computes the tree from the entries that it takes; the signer, in a transaction of its own, computes it
again from the rows and tiles that were stored, and signs only where both are the same. A damaged byte is thus found
before it is signed for ever (what happened to the log Yeti 2022: one bit).
"""

from typing import Final

from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import sign_checkpoint
from portability.services.log.model import Checkpoint, LogRow, SignedCheckpoint, TreeHead
from portability.services.log.ports import Clock, LogKeys, LogUnitOfWork, LogWork, Tiles
from portability.services.log.tiles import Edge, edge_tiles
from portability.services.log_entry import milliseconds

__all__ = ["edge_of", "sequence_once", "sign_once"]

ENTRIES_AT_ONCE: Final = 4096
ROWS_AT_ONCE: Final = 10_000


async def sequence_once(unit_of_work: LogUnitOfWork, *, limit: int = ENTRIES_AT_ONCE) -> int:
    """Give positions to up to `limit` staged entries; return how many.

    The row of the tree head is locked, so that of two processes one waits for the other and none forks the log.
    Raises VerificationError where the tiles do not lead to the root that was noted.
    """
    async with unit_of_work() as work:
        head = await work.entries.lock()
        entries = await work.staged.take(limit=limit)
        if not entries:
            return 0
        edge = await edge_of(head, work.tiles)
        rows = [
            LogRow(position, entry.kind.value, milliseconds(entry.at), entry.digest)
            for position, entry in enumerate(entries, start=head.size)
        ]
        grown, added = edge.extended([row.leaf() for row in rows])
        await work.entries.append(rows, TreeHead(grown.size, grown.root()))
        await work.tiles.extend(added)
    return len(rows)


async def sign_once(
    unit_of_work: LogUnitOfWork, *, origin: str, keys: LogKeys, clock: Clock
) -> SignedCheckpoint | None:
    """Sign a checkpoint over what came since the last one; None where nothing did.

    Raises VerificationError, and signs nothing, where the rows, the tiles, the noted root and the last checkpoint do
    not say the same.
    """
    async with unit_of_work() as work:
        head = await work.entries.lock()
        latest = await work.checkpoints.latest()
        last = latest.checkpoint.head if latest else TreeHead(0, Edge(0).root())
        if head == last:
            return None
        if head.size <= last.size:
            raise VerificationError(
                f"The log has {head.size} entries, and a checkpoint over {last.size} is signed: run `portability fsck`."
            )
        root = await _root_from_rows(work, last, head.size)
        if root != head.root:
            raise VerificationError(
                f"The rows of the log up to {head.size} do not hash to its root: nothing is signed, run "
                "`portability fsck`."
            )
        at = clock.now()
        checkpoint = Checkpoint(origin, head.size, root)
        signed = SignedCheckpoint(checkpoint, sign_checkpoint(checkpoint, key=keys.log_key(at), at=at), at)
        await work.checkpoints.add(signed)
    return signed


async def edge_of(head: TreeHead, tiles: Tiles) -> Edge:
    """The right edge of a tree, from its tiles. Raises VerificationError where it does not lead to the root."""
    edge = Edge.of(head.size, await tiles.read(edge_tiles(head.size)))
    if edge.root() != head.root:
        raise VerificationError(f"The tiles of the log do not lead to its root at {head.size}: run `portability fsck`.")
    return edge


async def _root_from_rows(work: LogWork, last: TreeHead, size: int) -> bytes:
    edge = await edge_of(last, work.tiles)
    while edge.size < size:
        end = min(edge.size + ROWS_AT_ONCE, size)
        rows = await work.entries.read(edge.size, end)
        if [row.position for row in rows] != list(range(edge.size, end)):
            raise VerificationError(f"Rows of the log from {edge.size} to {end} are missing: run `portability fsck`.")
        edge, _ = edge.extended([row.leaf() for row in rows])
    return edge.root()

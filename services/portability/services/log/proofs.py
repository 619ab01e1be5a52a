"""Proofs from stored tiles: that an entry is in the log, and that the log has only grown."""

from collections.abc import Sequence

from portability.services.log.ports import Tiles
from portability.services.log.tiles import (
    Edge,
    Range,
    consistency_ranges,
    edge_tiles,
    inclusion_ranges,
    path_from,
    tiles_of,
)

__all__ = ["prove_consistency", "prove_inclusion", "root_at"]


async def prove_inclusion(tiles: Tiles, *, position: int, size: int) -> tuple[bytes, ...]:
    """The audit path of the entry at `position` in the tree of `size`, lowest first."""
    return await _path(tiles, inclusion_ranges(position, size))


async def prove_consistency(tiles: Tiles, *, first: int, size: int) -> tuple[bytes, ...]:
    """What shows that the tree of `size` grew from that of `first`; nothing where `first` is 0."""
    return await _path(tiles, consistency_ranges(first, size) if first else ())


async def root_at(tiles: Tiles, size: int) -> bytes:
    """The root of the tree of the first `size` entries."""
    return Edge.of(size, await tiles.read(edge_tiles(size))).root()


async def _path(tiles: Tiles, ranges: Sequence[Range]) -> tuple[bytes, ...]:
    return path_from(await tiles.read(tiles_of(ranges)), ranges)

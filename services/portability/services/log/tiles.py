"""The tree as tiles of 256 hashes (C2SP tlog-tiles): names of tiles, their growth at the right edge, proofs from them.

A tile of level L holds, for each of its places, the tree hash of 256**L entries; a tile that is not full yet is the
beginning of the full one. So a tile only ever grows, and every proof is cut from a few tiles.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portability.agreements.errors import InputError, VerificationError
from portability.services.log.model import TileId
from portability.services.merkle import HASH_BYTES, root_of, split_of

__all__ = [
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Edge",
    "Range",
    "TilePath",
    "consistency_ranges",
    "edge_tiles",
    "hashes_of",
    "inclusion_ranges",
    "path_from",
    "tiles_of",
]

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
LEVELS: Final = 8  # 256**8 entries: more than a bigint counts
_PATH = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

Range = tuple[int, int]  # entries [start, end)
Hashes = Mapping[TileId, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class TilePath:
    """The name of a tile or entry bundle: `tile/<L>/<N>[.p/<W>]`."""

    level: int | None  # None: entries
    index: int
    width: int = TILE_WIDTH

    @classmethod
    def parse(cls, path: str) -> "TilePath":
        """Read a name; InputError where it is none."""
        match = _PATH.fullmatch(path)
        digits = match[2].replace("x", "").replace("/", "") if match else ""
        if match is None or int(match[3] or 1) >= TILE_WIDTH or len(digits) > 15 or match[2].startswith("x000"):
            raise InputError("This path names no tile: it would be such as tile/0/x001/067.p/8.", field="path")
        level = None if match[1] == "entries" else int(match[1])
        return cls(level, int(digits), int(match[3]) if match[3] else TILE_WIDTH)

    def __str__(self) -> str:
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree: at each level the hashes of the tile that is not full yet. Enough to go on from."""

    size: int
    levels: tuple[tuple[bytes, ...], ...] = ()

    @classmethod
    def of(cls, size: int, tiles: Hashes) -> "Edge":
        """The edge of the tree of `size` from its tiles (those of `edge_tiles`)."""
        return cls(size, tuple(tuple(hashes_of(tiles, one)[: _width(size, one[0])]) for one in edge_tiles(size)))

    def root(self) -> bytes:
        """The tree hash."""
        carried: list[bytes] = []
        for hashes in self.levels:
            here = [*hashes, *carried]
            carried = [root_of(here)] if here else []
        return carried[0] if carried else root_of([])

    def extended(self, leaves: Sequence[bytes]) -> "tuple[Edge, dict[TileId, list[bytes]]]":
        """The edge after `leaves` were appended, and the hashes that came to each tile, in order."""
        added: dict[TileId, list[bytes]] = {}
        levels: list[tuple[bytes, ...]] = []
        new, before = list(leaves), self.size
        for level in range(LEVELS):
            kept = list(self.levels[level]) if level < len(self.levels) else []
            if not new and not kept and level >= len(self.levels):
                break
            above = []
            for place, one in enumerate(new, start=before):
                added.setdefault((level, place // TILE_WIDTH), []).append(one)
                kept.append(one)
                if len(kept) == TILE_WIDTH:
                    above.append(root_of(kept))
                    kept = []
            levels.append(tuple(kept))
            new, before = above, before // TILE_WIDTH
        return Edge(self.size + len(leaves), tuple(levels)), added


def _width(size: int, level: int) -> int:
    return (size >> TILE_HEIGHT * level) % TILE_WIDTH


def edge_tiles(size: int) -> Sequence[TileId]:
    """The tile at the right edge of each level of a tree of `size`, full ones left out by their width of 0."""
    tiles = []
    for level in range(LEVELS):
        count = size >> TILE_HEIGHT * level
        if count == 0:
            break
        tiles.append((level, count // TILE_WIDTH))
    return tiles


def hashes_of(tiles: Hashes, tile: TileId) -> Sequence[bytes]:
    """The hashes of a tile; none where it does not exist."""
    return tiles.get(tile, ())


def inclusion_ranges(index: int, size: int) -> Sequence[Range]:
    """The ranges of entries whose tree hashes are the audit path of `index` in a tree of `size`, lowest first."""
    if not 0 <= index < size:
        raise IndexError(f"There is no entry {index} among {size}.")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_of(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, size: int) -> Sequence[Range]:
    """The ranges whose tree hashes prove that the tree of `size` grew from that of `first` (RFC 9162 2.1.4.1)."""
    if not 0 < first <= size:
        raise IndexError(f"A tree of {size} entries does not grow from one of {first}.")
    ranges: list[Range] = []
    start, end, whole = 0, size, True
    while first != end:
        middle = start + split_of(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def tiles_of(ranges: Sequence[Range]) -> Sequence[TileId]:
    """The tiles that the tree hashes of `ranges` are cut from."""
    return sorted({tile for one in ranges for height, number in _subtrees(one) for tile in [_place(height, number)[0]]})


def path_from(tiles: Hashes, ranges: Sequence[Range]) -> tuple[bytes, ...]:
    """The tree hash of each range. Raises VerificationError where a tile is missing or too short."""
    return tuple(root_of_range(tiles, one) for one in ranges)


def root_of_range(tiles: Hashes, span: Range) -> bytes:
    """The tree hash over a range that the RFC's splitting gives: its complete subtrees, folded from the right."""
    parts = [_subtree(tiles, height, number) for height, number in _subtrees(span)]
    folded = parts.pop()
    while parts:
        folded = root_of([parts.pop(), folded])
    return folded


def _subtrees(span: Range) -> Iterator[tuple[int, int]]:
    """Complete subtrees (height, number at that height) that make up a range, largest first."""
    start, end = span
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _place(height: int, number: int) -> tuple[TileId, int, int]:
    """The tile that holds a complete subtree's hashes, and the places [first, last) in it."""
    level = height // TILE_HEIGHT
    count = 1 << (height % TILE_HEIGHT)
    first = number * count
    return (level, first // TILE_WIDTH), first % TILE_WIDTH, first % TILE_WIDTH + count


def _subtree(tiles: Hashes, height: int, number: int) -> bytes:
    tile, first, last = _place(height, number)
    hashes = hashes_of(tiles, tile)[first:last]
    if len(hashes) != last - first or any(len(one) != HASH_BYTES for one in hashes):
        raise VerificationError(f"Tile {TilePath(*tile)} of the log is missing or damaged: run `portability fsck`.")
    return root_of(hashes)

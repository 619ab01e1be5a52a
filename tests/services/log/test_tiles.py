"""Tiles have the names and contents of C2SP tlog-tiles, and every proof cut from them is the one of the RFC."""

import random

import pytest

from portability.agreements.errors import InputError, VerificationError
from portability.services.log.tiles import (
    Edge,
    TilePath,
    consistency_ranges,
    edge_tiles,
    inclusion_ranges,
    path_from,
    tiles_of,
)
from portability.services.merkle import audit_path, consistency_path, leaf_hash, root_of

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]


def tiles_over(leaves: list[bytes], steps: list[int]) -> dict[tuple[int, int], list[bytes]]:
    edge, tiles = Edge(0), {}
    for step in steps:
        edge, added = edge.extended(leaves[edge.size : edge.size + step])
        for tile, hashes in added.items():
            tiles.setdefault(tile, []).extend(hashes)
    assert edge.size == sum(steps)
    assert edge.root() == root_of(leaves[: edge.size])
    return tiles


def test_seventy_thousand_entries_are_the_tiles_of_the_specification() -> None:
    # C2SP tlog-tiles: 273 full level 0 tiles, one of width 112; one full level 1 tile, one of width 17; one level 2
    # tile of width 1.
    tiles = tiles_over(LEAVES, [70_000])
    widths = [(level, len(hashes)) for (level, _), hashes in sorted(tiles.items())]
    assert widths == [(0, 256)] * 273 + [(0, 112), (1, 256), (1, 17), (2, 1)]


def test_256_entries_are_a_full_tile_and_one_of_width_1_above_it() -> None:
    tiles = tiles_over(LEAVES, [256])
    assert {tile: len(hashes) for tile, hashes in tiles.items()} == {(0, 0): 256, (1, 0): 1}
    assert tiles[1, 0] == [root_of(LEAVES[:256])]


@pytest.mark.parametrize("seed", range(5))
def test_the_tiles_do_not_tell_in_which_steps_the_log_grew(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 (a test)
    steps = [draw.choice([1, 2, 255, 256, 257, 600]) for _ in range(12)]
    assert tiles_over(LEAVES, steps) == tiles_over(LEAVES, [sum(steps)])


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 70_000])
def test_proofs_from_tiles_are_the_proofs_of_the_rfc(size: int) -> None:
    tiles = tiles_over(LEAVES, [70_000])  # larger than the tree that is proven: what came later does not matter
    draw = random.Random(size)  # noqa: S311 (a test)
    for number in {0, size - 1, size // 2, *(draw.randrange(size) for _ in range(3))}:
        ranges = inclusion_ranges(number, size)
        needed = {tile: tiles[tile] for tile in tiles_of(ranges)}
        assert path_from(needed, ranges) == audit_path(LEAVES[:size], number)
        ranges = consistency_ranges(number + 1, size)
        needed = {tile: tiles[tile] for tile in tiles_of(ranges)}
        assert path_from(needed, ranges) == consistency_path(LEAVES[:size], number + 1)
    edge = {tile: tiles[tile] for tile in edge_tiles(size) if tile in tiles}
    assert Edge.of(size, edge).root() == root_of(LEAVES[:size])


def test_a_tile_that_is_missing_or_too_short_gives_no_proof() -> None:
    tiles = tiles_over(LEAVES, [300])
    ranges = inclusion_ranges(10, 300)
    for changed in ({**tiles, (0, 0): tiles[0, 0][:12]}, {one: tiles[one] for one in tiles if one != (0, 1)}):
        with pytest.raises(VerificationError, match="missing or damaged"):
            path_from(changed, ranges)


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", TilePath(0, 0)),
        ("tile/3/x001/x234/067", TilePath(3, 1_234_067)),
        ("tile/0/x001/067.p/8", TilePath(0, 1_067, 8)),
        ("tile/entries/255.p/255", TilePath(None, 255, 255)),
    ],
)
def test_tiles_are_named_as_in_the_specification(path: str, tile: TilePath) -> None:
    assert TilePath.parse(path) == tile
    assert str(tile) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/8/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/08",
        "tile/0/../000",
        "tile/0/" + "x999/" * 9 + "999",
    ],
)
def test_other_names_are_refused(path: str) -> None:
    with pytest.raises(InputError, match="names no tile"):
        TilePath.parse(path)

"""The log as files of C2SP tlog-tiles: the newest checkpoint, tiles, bundles of entries."""

from portability.agreements.errors import NotFoundError
from portability.services.log.ports import LogUnitOfWork, LogWork
from portability.services.log.tiles import TILE_HEIGHT, TILE_WIDTH, TilePath

__all__ = ["read_log"]

CHECKPOINT = "checkpoint"


async def read_log(path: str, *, unit_of_work: LogUnitOfWork) -> bytes:
    """Return a resource by its name. Raises InputError where that is no name, NotFoundError where there is none."""
    wanted = None if path == CHECKPOINT else TilePath.parse(path)
    async with unit_of_work() as work:
        latest = await work.checkpoints.latest()
        content = b""
        if latest is not None and wanted is None:
            covering = await work.lookup.covering(latest.checkpoint.size)
            content = covering.note if covering else latest.note
        elif latest is not None and wanted is not None and _is_under(wanted, latest.checkpoint.size):
            content = await (_tile(wanted, work) if wanted.level is not None else _entries(wanted, work))
    if not content:
        raise NotFoundError("The log has nothing of that path under a signed checkpoint.")
    return content


def _is_under(tile: TilePath, size: int) -> bool:
    """Whether the tree of `size` has all of the tile: what no checkpoint covers is not given out."""
    return tile.index * TILE_WIDTH + tile.width <= size >> TILE_HEIGHT * (tile.level or 0)


async def _tile(tile: TilePath, work: LogWork) -> bytes:
    place = (tile.level or 0, tile.index)
    hashes = (await work.tiles.read([place])).get(place, ())
    return b"".join(hashes[: tile.width])


async def _entries(tile: TilePath, work: LogWork) -> bytes:
    start = tile.index * TILE_WIDTH
    entries = [row.entry() for row in await work.entries.read(start, start + tile.width)]
    return b"".join(len(one).to_bytes(2, "big") + one for one in entries)

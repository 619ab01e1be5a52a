"""Entries get positions once, no two processes fork the log, and nothing is signed that the rows do not say."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from log_world import KEYS, NOON, LogNode, contents

from portability.adapters.clock.fake import ManualClock
from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import verify_log_signature
from portability.services.log.model import LogRow, TreeHead
from portability.services.log.proofs import prove_consistency, prove_inclusion
from portability.services.merkle import root_of, verify_consistency, verify_inclusion


@pytest.fixture
def berlin() -> LogNode:
    return LogNode("de-drv", ManualClock(NOON))


async def rows_of(node: LogNode) -> list[LogRow]:
    async with node.log.transaction() as work:
        head = await work.entries.lock()
        return list(await work.entries.read(0, head.size))


async def test_staged_entries_get_positions_from_zero_in_order(berlin: LogNode) -> None:
    await berlin.stage(*contents(5))
    assert await berlin.sequence(limit=2) == 5
    await berlin.stage(*contents(3, start=5))
    assert await berlin.sequence() == 3
    rows = await rows_of(berlin)
    assert [row.position for row in rows] == list(range(8))
    assert berlin.log.state.head == TreeHead(8, root_of([row.leaf() for row in rows]))


async def test_what_was_entered_before_is_not_entered_again(berlin: LogNode) -> None:
    await berlin.stage(*contents(3))
    await berlin.sequence()
    await berlin.stage(*contents(4))
    assert await berlin.sequence() == 1


async def test_two_processes_never_give_one_position_twice(berlin: LogNode) -> None:
    await berlin.stage(*contents(300))
    assert sum(await asyncio.gather(*(berlin.sequence(limit=7) for _ in range(4)))) == 300
    rows = await rows_of(berlin)
    assert [row.position for row in rows] == list(range(300))
    assert len({row.digest for row in rows}) == 300


async def test_a_checkpoint_is_signed_over_all_that_came_and_only_when_something_came(berlin: LogNode) -> None:
    assert await berlin.sign() is None
    signed = await berlin.grow(*contents(3))
    assert await berlin.sign() is None
    checkpoint, at = verify_log_signature(signed.note, origin=berlin.origin, keys=[KEYS["de-drv"].public])
    assert (checkpoint.head, at) == (berlin.log.state.head, NOON)
    assert (await berlin.grow(*contents(300, start=3))).checkpoint.size == 303


async def test_every_entry_and_every_older_checkpoint_is_proven_under_the_newest(berlin: LogNode) -> None:
    older = [await berlin.grow(*contents(size, start=1000 * size)) for size in (1, 2, 300, 5)]
    newest = older[-1].checkpoint
    async with berlin.log.transaction() as work:
        for row in await work.entries.read(0, newest.size):
            path = await prove_inclusion(work.tiles, position=row.position, size=newest.size)
            verify_inclusion(row.leaf(), index=row.position, size=newest.size, path=path, root=newest.root)
        for one in older:
            first = one.checkpoint
            path = await prove_consistency(work.tiles, first=first.size, size=newest.size)
            verify_consistency(
                first_size=first.size, first_root=first.root, size=newest.size, root=newest.root, path=path
            )


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda state: state.rows.update({6: replace(state.rows[6], at_ms=1)}), id="a row is changed"),
        pytest.param(lambda state: state.rows.pop(6), id="a row is missing"),
        pytest.param(lambda state: state.tiles.update({(0, 0): state.tiles[0, 0][:3]}), id="a tile is cut"),
        pytest.param(lambda state: setattr(state, "head", TreeHead(8, bytes(32))), id="the root is changed"),
        pytest.param(lambda state: setattr(state, "head", TreeHead(4, bytes(32))), id="the log is shorter"),
    ],
)
async def test_nothing_is_signed_where_rows_tiles_and_root_differ(berlin: LogNode, damage) -> None:
    await berlin.grow(*contents(5))
    await berlin.stage(*contents(3, start=5))
    await berlin.sequence()
    damage(berlin.log.state)
    berlin.clock.advance(timedelta(seconds=1))
    with pytest.raises(VerificationError, match="portability fsck"):
        await berlin.sign()
    assert max(berlin.log.state.checkpoints) == 5


async def test_nothing_is_appended_to_a_damaged_tree(berlin: LogNode) -> None:
    await berlin.grow(*contents(5))
    berlin.log.state.tiles[0, 0] = (bytes(32), *berlin.log.state.tiles[0, 0][1:])
    await berlin.stage(b"next")
    with pytest.raises(VerificationError, match="portability fsck"):
        await berlin.sequence()
    async with berlin.log.transaction() as work:
        assert len(await work.staged.waiting()) == 1

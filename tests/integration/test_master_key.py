"""The master key on disk: refused where it is not the table's, changed whole, and never lost on the way."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.agreements.errors import GatewayError
from portability.app.at_rest import open_at_rest, rotate_master

SCOPE = time_ordered_id()


async def sealed_by_a_node(url: str, master: Path) -> bytes:
    async with AsyncExitStack() as opened:
        at_rest = await open_at_rest(url, master_file=master, clock=SystemClock(), opened=opened)
        (sealed,) = await at_rest.seal([(SCOPE, b"content")])
        return sealed


async def opened_by_a_node(url: str, master: Path, sealed: bytes) -> bytes | None:
    async with AsyncExitStack() as opened:
        at_rest = await open_at_rest(url, master_file=master, clock=SystemClock(), opened=opened)
        (content,) = await at_rest.open([(SCOPE, sealed)])
        return content


async def test_a_node_does_not_start_with_another_master_key(tmp_path: Path, new_database: Callable[[], str]) -> None:
    url, master = new_database(), tmp_path / "master.key"
    await sealed_by_a_node(url, master)
    master.unlink()  # as after a restore of the database alone: the next start would draw another one
    with pytest.raises(GatewayError, match="restore the master key that belongs to this key table"):
        await sealed_by_a_node(url, master)


async def test_a_rotation_leaves_everything_readable_and_the_old_key_aside(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url, master = new_database(), tmp_path / "master.key"
    sealed = await sealed_by_a_node(url, master)
    first = master.read_bytes()
    count, old = await rotate_master(url, master_file=master, clock=SystemClock())
    assert (count, old.read_bytes(), master.stat().st_mode & 0o777) == (1, first, 0o600)
    assert await opened_by_a_node(url, master, sealed) == b"content"
    with pytest.raises(GatewayError, match="master key"):
        await opened_by_a_node(url, old, sealed)
    # Stopped after the last key and before the file took its place: the next start ends it.
    master.replace(tmp_path / "master.key.new")
    master.write_bytes(first)
    assert await opened_by_a_node(url, master, sealed) == b"content"
    assert master.read_bytes() != first
    # Stopped before the first key was wrapped: nothing has changed, and it can be begun again.
    (tmp_path / "master.key.new").write_bytes(b"x" * 64)
    assert await opened_by_a_node(url, master, sealed) == b"content"


async def test_it_is_refused_while_a_node_runs(tmp_path: Path, new_database: Callable[[], str]) -> None:
    url, master = new_database(), tmp_path / "master.key"
    async with AsyncExitStack() as opened:
        at_rest = await open_at_rest(url, master_file=master, clock=SystemClock(), opened=opened)
        (sealed,) = await at_rest.seal([(SCOPE, b"content")])
        with pytest.raises(GatewayError, match="stop every process of the node first"):
            await rotate_master(url, master_file=master, clock=SystemClock())
    assert await opened_by_a_node(url, master, sealed) == b"content"

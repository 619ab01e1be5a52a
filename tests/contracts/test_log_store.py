"""What every store of the log, and of a witness, must keep to, in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.memory.log_store import MemoryWitnessStore
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.adapters.postgres.log_store import log_unit_of_work
from portability.adapters.postgres.witness_store import witness_unit_of_work
from portability.services.log.checkpoint import checkpoint_text
from portability.services.log.model import Checkpoint, LogRow, SignedCheckpoint, TreeHead
from portability.services.log.note import SignatureType, signature_line
from portability.services.log.ports import Kept, LogUnitOfWork, WitnessUnitOfWork
from portability.services.log_entry import LogEntry, LogEntryKind, LogSink, entry_of
from portability.services.merkle import root_of

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
ORIGIN = "portability/log/de-drv"
EMPTY = TreeHead(0, root_of([]))

Sink = Callable[[], AbstractAsyncContextManager[LogSink]]


@dataclass
class Store:
    log: LogUnitOfWork
    sink: Sink
    witness: WitnessUnitOfWork

    async def stage(self, *entries: LogEntry) -> None:
        async with self.sink() as sink:
            await sink.append(entries)


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        exchange = MemoryExchangeStore()

        @asynccontextmanager
        async def in_memory():
            async with exchange.transaction() as work:
                yield work.log

        yield Store(exchange.log.transaction, in_memory, MemoryWitnessStore().transaction)
        return
    database = await Database.open(request.getfixturevalue("new_database")())

    @asynccontextmanager
    async def in_postgres():
        async with database.transaction() as connection:
            yield PostgresLogSink(connection)

    yield Store(log_unit_of_work(database), in_postgres, witness_unit_of_work(database))
    await database.close()


def entry(content: bytes, kind: LogEntryKind = LogEntryKind.BUNDLE_SENT) -> LogEntry:
    return entry_of(kind, content, at=NOON)


def row(position: int) -> LogRow:
    return LogRow(position, "bundle.sent", 1_000 + position, sha256(position.to_bytes(8, "big")).digest())


def signed(size: int, tag: bytes = b"") -> SignedCheckpoint:
    root = sha256(tag + size.to_bytes(8, "big")).digest()
    checkpoint = Checkpoint(ORIGIN, size, root)
    line = signature_line(ORIGIN, SignatureType.ED25519, b"key", tag + b"signature")
    return SignedCheckpoint(checkpoint, f"{checkpoint_text(checkpoint)}\n{line}".encode(), NOON)


async def test_staged_entries_come_in_order_each_once(store: Store) -> None:
    await store.stage(entry(b"one"), entry(b"two"))
    await store.stage(entry(b"one"), entry(b"one", LogEntryKind.BUNDLE_RECEIVED))
    async with store.log() as work:
        assert len(await work.staged.waiting()) == 4
        taken = await work.staged.take(limit=10)
        assert [(one.kind, one.digest) for one in taken] == [
            (LogEntryKind.BUNDLE_SENT, sha256(b"one").digest()),
            (LogEntryKind.BUNDLE_SENT, sha256(b"two").digest()),
            (LogEntryKind.BUNDLE_RECEIVED, sha256(b"one").digest()),
        ]
        assert taken[0].at == NOON
        assert len(await work.staged.waiting()) == 0


async def test_what_a_transaction_undoes_was_never_staged(store: Store) -> None:
    with pytest.raises(RuntimeError):
        async with store.sink() as sink:
            await sink.append([entry(b"one")])
            raise RuntimeError
    async with store.log() as work:
        assert len(await work.staged.waiting()) == 0


async def test_taking_is_undone_with_its_transaction(store: Store) -> None:
    await store.stage(entry(b"one"))
    with pytest.raises(RuntimeError):
        async with store.log() as work:
            await work.staged.take(limit=1)
            raise RuntimeError
    async with store.log() as work:
        assert len(await work.staged.waiting()) == 1


async def test_an_entry_that_the_log_holds_is_not_taken_again(store: Store) -> None:
    await store.stage(entry(b"one"), entry(b"two"))
    held = LogRow(0, "bundle.sent", 5, sha256(b"one").digest())
    async with store.log() as work:
        await work.entries.append([held], TreeHead(1, held.leaf()))
        assert [one.digest for one in await work.staged.take(limit=10)] == [sha256(b"two").digest()]


async def test_a_limit_leaves_the_newer_entries(store: Store) -> None:
    await store.stage(*(entry(bytes([number])) for number in range(5)))
    async with store.log() as work:
        assert len(await work.staged.take(limit=2)) == 2
        assert [one.digest for one in await work.staged.take(limit=9)] == [
            sha256(bytes([number])).digest() for number in (2, 3, 4)
        ]


async def test_rows_are_read_by_position_and_found_by_what_they_are_about(store: Store) -> None:
    rows = [row(number) for number in range(4)]
    async with store.log() as work:
        assert await work.entries.lock() == EMPTY
        await work.entries.append(rows, TreeHead(4, b"\x07" * 32))
    async with store.log() as work:
        assert await work.entries.lock() == TreeHead(4, b"\x07" * 32)
        assert await work.entries.read(1, 3) == rows[1:3]
        assert await work.entries.read(3, 9) == rows[3:]
        assert await work.lookup.find("bundle.sent", rows[2].digest) == rows[2]
        assert await work.lookup.find("bundle.received", rows[2].digest) is None


async def test_two_transactions_never_append_side_by_side(store: Store) -> None:
    order: list[str] = []

    async def append(name: str) -> None:
        async with store.log() as work:
            head = await work.entries.lock()
            order.append(f"{name} begins at {head.size}")
            await asyncio.sleep(0.02)
            await work.entries.append([row(head.size)], TreeHead(head.size + 1, bytes(32)))
            order.append(f"{name} ends")

    await asyncio.gather(append("first"), append("second"))
    names = [one.split()[0] for one in order]
    assert names[0] == names[1] != names[2] == names[3]
    assert [one.rsplit(" ", 1)[-1] for one in (order[0], order[2])] == ["0", "1"]


async def test_tiles_grow_at_their_end(store: Store) -> None:
    one, two, three = bytes(32), b"\x01" * 32, b"\x02" * 32
    async with store.log() as work:
        await work.tiles.extend({(0, 0): [one, two], (1, 5): [three]})
        await work.tiles.extend({(0, 0): [three]})
    async with store.log() as work:
        read = await work.tiles.read([(0, 0), (1, 5), (7, 7)])
        assert {tile: list(hashes) for tile, hashes in read.items()} == {(0, 0): [one, two, three], (1, 5): [three]}
        assert not await work.tiles.read([])


async def test_checkpoints_without_a_cosignature_give_way_to_larger_ones(store: Store) -> None:
    async with store.log() as work:
        assert await work.checkpoints.latest() is None
        for size in (3, 5, 8):
            await work.checkpoints.add(signed(size))
        await work.checkpoints.add_cosignature(signed(5), "it-inps", "— w aaaaaaaa\n")
        await work.checkpoints.add(signed(9))
    async with store.log() as work:
        assert await work.checkpoints.latest() == signed(9)
        covering = await work.lookup.covering(2)
        assert covering is not None
        assert covering.checkpoint.size == 5
        assert covering.note == signed(5).note + b"\xe2\x80\x94 w aaaaaaaa\n"
        for size, expected in ((6, 9), (9, 9)):
            found = await work.lookup.covering(size)
            assert found is not None
            assert found.checkpoint.size == expected
        assert await work.lookup.covering(10) is None


async def test_of_two_checkpoints_of_a_size_the_first_stays(store: Store) -> None:
    async with store.log() as work:
        await work.checkpoints.add(signed(3, b"a"))
        await work.checkpoints.add(signed(3, b"b"))
        assert await work.checkpoints.latest() == signed(3, b"a")


async def test_cosignatures_stand_in_the_order_of_their_witnesses(store: Store) -> None:
    async with store.log() as work:
        await work.checkpoints.add_cosignature(signed(3), "it-inps", "— i aaaaaaaa\n")
        await work.checkpoints.add_cosignature(signed(3), "ca-sc", "— c aaaaaaaa\n")
        await work.checkpoints.add_cosignature(signed(3), "ca-sc", "— c bbbbbbbb\n")
        found = await work.lookup.covering(1)
        assert found is not None
        assert found.note.decode().endswith("\n— c bbbbbbbb\n— i aaaaaaaa\n")


async def test_a_witness_keeps_the_newest_checkpoint_of_each_log(store: Store) -> None:
    other = "portability/log/it-inps"
    async with store.witness() as memory:
        assert await memory.lock(ORIGIN) is None
        await memory.keep(ORIGIN, Kept(TreeHead(3, bytes(32)), b"note 3"))
        await memory.keep(ORIGIN, Kept(TreeHead(4, bytes(32)), b"note 4"))
    async with store.witness() as memory:
        assert await memory.lock(ORIGIN) == Kept(TreeHead(4, bytes(32)), b"note 4")
        assert await memory.lock(other) is None


async def test_a_witness_that_fails_keeps_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError):
        async with store.witness() as memory:
            await memory.keep(ORIGIN, Kept(TreeHead(3, bytes(32)), b"note 3"))
            raise RuntimeError
    async with store.witness() as memory:
        assert await memory.lock(ORIGIN) is None


async def test_two_histories_are_kept_once_for_each_offered_text(store: Store) -> None:
    async with store.witness() as memory:
        await memory.accuse(ORIGIN, kept=b"kept\n\nsig", offered=b"offered\n\none", at=NOON)
        await memory.accuse(ORIGIN, kept=b"kept\n\nsig", offered=b"offered\n\ntwo", at=NOON)
        await memory.accuse(ORIGIN, kept=b"kept\n\nsig", offered=b"another\n\none", at=NOON + timedelta(seconds=1))
    async with store.witness() as memory:
        assert await memory.accusations(ORIGIN) == [
            (b"kept\n\nsig", b"offered\n\none"),
            (b"kept\n\nsig", b"another\n\none"),
        ]
        assert await memory.accusations("portability/log/it-inps") == []

"""The auditor finds every edit of any row, and names the row (10,000 edits in memory, 60 in PostgreSQL)."""

import random
import re
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256

import pytest
from log_world import KEYS, NOON, LogNode, contents

from portability.adapters.clock.fake import ManualClock
from portability.adapters.memory.log_audit import MemoryLedger
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.log_audit import PostgresLedger
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.adapters.postgres.log_store import PostgresLogWork, log_unit_of_work
from portability.services.log import auditing
from portability.services.log.auditing import audit
from portability.services.log.checkpoint import cosign
from portability.services.log.model import LogRow, TreeHead, witness_of
from portability.services.log.sequencer import sequence_once, sign_once
from portability.services.log.tiles import Edge
from portability.services.log_entry import LogEntry, LogEntryKind

EDITS = 10_000
ENTRIES = 270
SIZES = (40, ENTRIES)  # where checkpoints are signed and cosigned


async def faults_of(node: LogNode) -> list[str]:
    async with node.log.transaction() as work:
        ledger = MemoryLedger(node.log.state, node.log.exchange)
        return [one async for one in audit(node.name, work, ledger, node.directory)]


async def logged() -> LogNode:
    node, rome = LogNode("de-drv", ManualClock(NOON)), LogNode("it-inps", ManualClock(NOON))
    before = 0
    for size in SIZES:
        await node.stage(*contents(size - before, start=before), kind=LogEntryKind.DIRECTORY_VERSION)
        await node.sequence()
        signed = await node.sign()
        assert signed is not None
        await node.round(rome.asked_by("de-drv")).gather(signed)
        before = size
    return node


def flip(draw: random.Random, data: bytes) -> bytes:
    place = draw.randrange(len(data) * 8)
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def edit_row(draw: random.Random, node: LogNode) -> str:
    rows = node.log.state.rows
    at = draw.randrange(len(rows))
    match draw.randrange(5):
        case 0:
            rows[at] = replace(rows[at], digest=flip(draw, rows[at].digest))
        case 1:
            rows[at] = replace(rows[at], at_ms=rows[at].at_ms + draw.choice([-1, 1, 86_400_000]))
        case 2:
            rows[at] = replace(rows[at], kind=draw.choice(["erasure", "record.look", "unheard of"]))
        case 3:
            del rows[at]
            return rf"log_entries: positions {at} to {at} are missing|positions {at} to"
        case _:
            other = (at + draw.randrange(1, len(rows))) % len(rows)
            rows[at], rows[other] = replace(rows[other], position=at), replace(rows[at], position=other)
            at = min(at, other)
    return rf"log_entries position {at}\b"


def edit_tile(draw: random.Random, node: LogNode) -> str:
    tiles = node.log.state.tiles
    tile = draw.choice(sorted(tiles))
    hashes = list(tiles[tile])
    at = draw.randrange(len(hashes))
    match draw.randrange(3):
        case 0:
            hashes[at] = flip(draw, hashes[at])
        case 1:
            hashes = hashes[:at] or [*hashes, bytes(32)]
        case _:
            del tiles[tile]
            return rf"log_tiles level {tile[0]} number {tile[1]}: it is missing"
    tiles[tile] = tuple(hashes)
    return rf"log_tiles level {tile[0]} number {tile[1]}\b"


def edit_head(draw: random.Random, node: LogNode) -> str:
    head = node.log.state.head
    if draw.random() < 0.5:
        node.log.state.head = TreeHead(head.size, flip(draw, head.root))
        return "log_head: its root"
    node.log.state.head = TreeHead(head.size - draw.randint(1, 200), head.root)
    return "is beyond the noted size"


def edit_checkpoint(draw: random.Random, node: LogNode) -> str:
    held = node.log.state.checkpoints
    size = draw.choice(sorted(held))
    held[size] = replace(held[size], note=flip(draw, held[size].note))
    return rf"log_checkpoints size {size}\b"


def edit_cosignature(draw: random.Random, node: LogNode) -> str:
    held = node.log.state.cosignatures
    size, witness = draw.choice(sorted(held))
    if draw.random() < 0.5:
        other = held[draw.choice([one for one in sorted(held) if one[0] != size])]
        held[size, witness] = other
    else:
        checkpoint = node.log.state.checkpoints[size].checkpoint
        held[size, witness] = cosign(checkpoint, name=witness_of(witness), key=KEYS["ca-sc"], at=NOON)
    return rf"log_cosignatures size {size} witness {witness}"


def rewrite_all(draw: random.Random, node: LogNode) -> str:
    """Rows, tiles and head agree again, as an administrator of the database could make them: checkpoints do not."""
    state = node.log.state
    at = draw.randrange(len(state.rows))
    state.rows[at] = replace(state.rows[at], digest=flip(draw, state.rows[at].digest))
    edge, added = Edge(0).extended([state.rows[place].leaf() for place in range(len(state.rows))])
    state.tiles = {tile: tuple(hashes) for tile, hashes in added.items()}
    state.head = TreeHead(edge.size, edge.root())
    return rf"log_checkpoints size {min(size for size in SIZES if size > at)}: the rows do not give the root"


EDITORS: list[Callable[[random.Random, LogNode], str]] = [
    *[edit_row] * 12,
    *[edit_tile] * 4,
    edit_head,
    edit_checkpoint,
    edit_cosignature,
    rewrite_all,
]


async def test_a_log_as_it_was_written_has_no_fault() -> None:
    assert await faults_of(await logged()) == []


async def test_ten_thousand_edits_of_rows_are_found_and_named() -> None:
    node = await logged()
    before = node.log.state
    draw = random.Random("edits of a log")  # noqa: S311 (a test; the seed is here)
    missed = []
    for number in range(EDITS):
        node.log.state = before.copy()
        named = draw.choice(EDITORS)(draw, node)
        faults = await faults_of(node)
        if not any(re.search(named, one) for one in faults):
            missed.append((number, named, faults))
    assert missed == []


async def test_who_waits_for_the_auditor_is_told_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "ROWS_AT_ONCE", 100)
    node, told = await logged(), list[int]()
    async with node.log.transaction() as work:
        ledger = MemoryLedger(node.log.state, node.log.exchange)
        assert [one async for one in audit(node.name, work, ledger, node.directory, read=told.append)] == []
    assert told == [0, 100, 200]


async def test_bundles_that_the_log_does_not_know_and_the_reverse_are_named() -> None:
    node = await logged()
    await node.stage(b"a bundle of ours")
    await node.sequence()
    (fault,) = await faults_of(node)
    assert fault == f"log_entries position {ENTRIES}: its bundle (bundle.sent) is not stored any more, or was changed."


SQL_EDITS = [
    ("UPDATE log_entries SET digest = sha256(digest) WHERE position = %(at)s", 1),
    ("UPDATE log_entries SET at_ms = at_ms + 1 WHERE position = %(at)s", 1),
    ("UPDATE log_entries SET kind = 'erasure' WHERE position = %(at)s", 1),
    ("DELETE FROM log_entries WHERE position = %(at)s", 0),
    ("UPDATE log_tiles SET hashes = set_bit(hashes, %(bit)s, 1 - get_bit(hashes, %(bit)s)) WHERE level = 0", 0),
    ("UPDATE log_head SET root = set_bit(root, %(bit)s, 1 - get_bit(root, %(bit)s))", 0),
    ("UPDATE log_checkpoints SET note = set_bit(note, %(bit)s, 1 - get_bit(note, %(bit)s))", 0),
]


async def test_edits_of_rows_in_postgresql_are_found(new_database: Callable[[], str]) -> None:
    database = await Database.open(new_database())
    node = LogNode("de-drv", ManualClock(NOON))  # its keys, its directory
    work = log_unit_of_work(database)
    async with database.transaction() as connection:
        entries = [LogEntry(LogEntryKind.DIRECTORY_VERSION, sha256(one).digest(), NOON) for one in contents(ENTRIES)]
        await PostgresLogSink(connection).append(entries)
    assert await sequence_once(work) == ENTRIES
    assert await sign_once(work, origin=node.origin, keys=node.keys, clock=node.clock)
    draw = random.Random("edits in PostgreSQL")  # noqa: S311 (a test; the seed is here)
    for number in range(60):
        edit, names_row = SQL_EDITS[number % len(SQL_EDITS)]
        at = draw.randrange(ENTRIES)
        async with undone(database) as connection:
            assert await faults_in(connection, node) == []
            await connection.execute(edit, {"at": at, "bit": draw.randrange(256)})
            faults = await faults_in(connection, node)
            assert faults, edit
            assert not names_row or any(f"position {at}:" in one for one in faults)
    await database.close()


async def test_agreements_and_statements_beside_the_log_and_the_reverse_are_named(
    new_database: Callable[[], str],
) -> None:
    database = await Database.open(new_database())
    node = LogNode("de-drv", ManualClock(NOON))
    treaty, statement, gone = (sha256(one).digest() for one in (b"treaty", b"statement", b"gone"))
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO agreement_versions VALUES (sha256('treaty'), 'ca-it', '{CA,IT}', 'a', 'treaty', now(), 'k')"
        )
        await connection.execute(
            "INSERT INTO agreement_statements (digest, agreement_id, signed, received_at, received_by) "
            "VALUES (sha256('statement'), 'ca-it', 'statement', now(), 'k')"
        )
        assert await faults_in(connection, node) == [
            f"{row}: the log has no entry of it, so it was changed or put in beside the node."
            for row in (f"agreement_versions {treaty.hex()}", f"agreement_statements {statement.hex()}")
        ]
        version, said = LogEntryKind.AGREEMENT_VERSION, LogEntryKind.AGREEMENT_STATEMENT
        entries = [LogEntry(kind, digest, NOON) for kind, digest in ((version, treaty), (said, statement))]
        await PostgresLogSink(connection).append(entries)
        assert await faults_in(connection, node) == []  # they wait for their positions
        await PostgresLogSink(connection).append([LogEntry(version, gone, NOON)])
    assert await sequence_once(log_unit_of_work(database)) == 3
    async with database.transaction() as connection:
        assert await faults_in(connection, node) == [
            "log_entries position 2: its version (agreement.version) is not stored any more, or was changed."
        ]
    await database.close()


async def faults_in(connection: Connection, node: LogNode) -> list[str]:
    work = PostgresLogWork(connection)
    return [one async for one in audit(node.name, work, PostgresLedger(connection), node.directory)]


class UndoneError(Exception):
    """Ends a transaction that is to leave nothing."""


@asynccontextmanager
async def undone(database: Database):
    try:
        async with database.transaction() as connection:
            yield connection
            raise UndoneError
    except UndoneError:
        pass


def test_a_row_is_its_position_kind_instant_and_digest() -> None:
    assert LogRow(0, "a", 1, b"d").leaf() != LogRow(0, "a", 2, b"d").leaf()

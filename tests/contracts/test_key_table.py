"""What every key table keeps to, and what is sealed by its keys: in memory and in PostgreSQL."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portability.adapters.clock.fake import ManualClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.at_rest import AtRest, KeyTable, WrappedKey, change_master, check_master
from portability.adapters.keys.master import MasterKey, next_secret
from portability.adapters.memory.keys import MemoryKeyTable
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.key_table import PostgresKeyTable
from portability.agreements.errors import GatewayError, VerificationError

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MASTER = b"m" * 32


@pytest.fixture(params=["memory", "postgres"])
async def table(request: pytest.FixtureRequest) -> AsyncIterator[KeyTable]:
    if request.param == "memory":
        yield MemoryKeyTable()
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    yield await PostgresKeyTable.on(database)
    await database.close()


def at_rest(table: KeyTable, *, clock: ManualClock | None = None, master: bytes = MASTER) -> AtRest:
    key = MasterKey(master, random_bytes=os.urandom)
    return AtRest(table, key, clock=clock or ManualClock(NOON), random_bytes=os.urandom)


def key_for(scope: UUID, wrapped: bytes = b"wrapped") -> WrappedKey:
    return WrappedKey(scope, os.urandom(16), wrapped, NOON)


async def test_a_scope_keeps_the_first_key_that_it_is_given(table: KeyTable) -> None:
    one, other = key_for(time_ordered_id()), key_for(time_ordered_id())
    assert list(await table.keep([one])) == [one]
    kept = await table.keep([key_for(one.scope), other])
    assert sorted(kept, key=lambda key: key.scope) == [one, other]
    assert list(await table.find([one.scope, time_ordered_id()])) == [one]


async def test_a_destroyed_key_is_not_found_and_its_scope_may_get_another(table: KeyTable) -> None:
    one, other, again = key_for(time_ordered_id()), key_for(time_ordered_id()), None
    await table.keep([one, other])
    assert list(await table.destroy([one.scope, time_ordered_id()], made_before=NOON)) == [one.scope]
    assert list(await table.destroy([one.scope], made_before=NOON)) == []
    assert list(await table.destroy([other.scope], made_before=NOON - timedelta(seconds=1))) == []
    assert list(await table.find([one.scope, other.scope])) == [other]
    again = key_for(one.scope)
    assert list(await table.keep([again])) == [again]


async def test_what_is_sealed_opens_again_for_its_scope_only(table: KeyTable) -> None:
    rest, scopes = at_rest(table), [time_ordered_id() for _ in range(3)]
    contents = [(scopes[number % 3], b"content %d" % number) for number in range(256)]
    sealed = await rest.seal(contents)
    assert len(set(sealed)) == 256
    assert all(content not in one for (_, content), one in zip(contents, sealed, strict=True))
    again = list(zip((scope for scope, _ in contents), sealed, strict=True))
    # By another process, which has no key open yet, and by this one.
    for opener in (rest, at_rest(table)):
        assert list(await opener.open(again)) == [content for _, content in contents]
    with pytest.raises(VerificationError):
        await rest.open([(scopes[1], sealed[0])])


async def test_every_changed_byte_of_sealed_content_is_noticed(table: KeyTable) -> None:
    rest, scope = at_rest(table), time_ordered_id()
    (sealed,) = await rest.seal([(scope, b"short")])
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        try:
            # The random part of a key id names a key that is not there, as if it had been destroyed.
            assert await rest.open([(scope, bytes(changed))]) == [None]
            assert 9 <= place <= 16
        except VerificationError:
            assert not 9 <= place <= 16
    for wrong in (b"", b"\x01", sealed[:20]):
        with pytest.raises(VerificationError):
            await rest.open([(scope, wrong)])


async def test_destroying_a_key_erases_what_it_sealed_and_nothing_else(table: KeyTable) -> None:
    clock = ManualClock(NOON)
    rest, elsewhere = at_rest(table, clock=clock), at_rest(table, clock=clock)
    gone, stays = time_ordered_id(), time_ordered_id()
    sealed = list(zip((gone, stays), await rest.seal([(gone, b"gone"), (stays, b"stays")]), strict=True))
    assert list(await elsewhere.open(sealed)) == [b"gone", b"stays"]
    assert len(await rest.destroy([gone], made_before=NOON)) == 1
    assert list(await rest.open(sealed)) == [None, b"stays"]
    # Another process forgets it within a minute.
    clock.advance(timedelta(seconds=61))
    assert list(await elsewhere.open(sealed)) == [None, b"stays"]
    # What comes later is sealed by a new key, and what was erased stays so.
    (later,) = await rest.seal([(gone, b"later")])
    assert list(await rest.open([sealed[0], (gone, later)])) == [None, b"later"]


async def test_without_the_master_key_the_table_is_of_no_use(table: KeyTable) -> None:
    scope = time_ordered_id()
    (sealed,) = await at_rest(table).seal([(scope, b"content")])
    with pytest.raises(GatewayError, match="master key"):
        await at_rest(table, master=b"n" * 32).open([(scope, sealed)])


async def test_a_master_key_that_is_not_the_tables_is_noticed_before_anything_is_read(
    table: MemoryKeyTable | PostgresKeyTable,
) -> None:
    mine, other = (MasterKey(secret * 32, random_bytes=os.urandom) for secret in (b"m", b"n"))
    for master in (mine, other):
        await check_master(table, master)  # nothing is in the table yet
    await at_rest(table).seal([(time_ordered_id(), b"content")])
    await check_master(table, mine)
    with pytest.raises(GatewayError, match="restore the master key"):
        await check_master(table, other)


async def test_after_a_rotation_the_new_master_opens_all_and_the_old_none(
    table: MemoryKeyTable | PostgresKeyTable,
) -> None:
    scopes = [time_ordered_id() for _ in range(40)]
    before = at_rest(table)
    sealed = list(zip(scopes, await before.seal([(scope, scope.bytes) for scope in scopes]), strict=True))
    coming = next_secret(MASTER, random_bytes=os.urandom)
    new = MasterKey(coming, random_bytes=os.urandom)
    assert await change_master(table, MasterKey(MASTER, random_bytes=os.urandom), new) == 40
    after = at_rest(table, master=coming)
    assert list(await after.open(sealed)) == [scope.bytes for scope in scopes]
    assert after.hidden("XX0000000001") == before.hidden("XX0000000001")
    with pytest.raises(GatewayError, match="master key"):
        await at_rest(table).open(sealed)
    # A second rotation keeps to it.
    last = next_secret(coming, random_bytes=os.urandom)
    await change_master(table, new, MasterKey(last, random_bytes=os.urandom))
    assert list(await at_rest(table, master=last).open(sealed)) == [scope.bytes for scope in scopes]
    assert at_rest(table, master=last).hidden("x") == before.hidden("x")


async def test_two_processes_agree_on_one_key_for_a_new_scope(table: KeyTable) -> None:
    scopes = [time_ordered_id() for _ in range(40)]
    rests = [at_rest(table) for _ in range(6)]
    orders = [scopes if number % 2 else scopes[::-1] for number in range(6)]
    sealed = await asyncio.gather(
        *(rest.seal([(scope, b"x") for scope in order]) for rest, order in zip(rests, orders, strict=True))
    )
    for order, contents in zip(orders, sealed, strict=True):
        assert list(await at_rest(table).open(list(zip(order, contents, strict=True)))) == [b"x"] * 40


async def test_a_keyed_hash_is_the_same_for_the_same_texts_under_one_master_only() -> None:
    rest = at_rest(MemoryKeyTable())
    assert rest.hidden("DE", "pension", "65070260B023") == rest.hidden("DE", "pension", "65070260B023")
    others = [rest.hidden("DE", "pensio", "n65070260B023"), rest.hidden("DE", "pension"), rest.hidden()]
    others.append(at_rest(MemoryKeyTable(), master=b"n" * 32).hidden("DE", "pension", "65070260B023"))
    assert len({rest.hidden("DE", "pension", "65070260B023"), *others}) == 5

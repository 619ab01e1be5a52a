"""Erasure (T29): what a key sealed is gone from tables, backups and replicas, and every proof still stands."""

import os
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.records_store import PostgresRegister
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.agreements.errors import ErasureRefusedError, InputError, NotFoundError
from portability.services.access import Caller, Role
from portability.services.exchange.mapping.wire import decode_header
from portability.services.exchange.suites import SALT_BYTES, commitment
from portability.services.looking import Look
from portability.services.merkle import leaf_hash
from portability.services.privacy.commands import Erase, Hold, Protect, ReleaseHold
from portability.services.workers.model import parse_contact
from tests.services.cases.kept import content_of
from tests.services.privacy.privacy_world import (
    LODGED,
    LONG_AFTER,
    ME,
    PrivacyWorld,
    Subject,
    at_rest_with,
    claim_of,
    identifier_of,
)

KARL = Caller(ME, Role.ADMINISTRATOR, "karl")
COURT = "Order 12 C 34/26 of the Social Court of Berlin"


def erase(one: Subject, **changes: object) -> Erase:
    return replace(Erase(time_ordered_id(), one.case_id), **changes)


async def is_readable(world: PrivacyWorld, one: Subject) -> bool:
    async with world.exchange() as work:
        found = await work.inbox.find("it-inps", one.message.message.message_id)
    assert found is not None
    # Whatever became of the content, the header is what was received and its leaf proves it.
    assert (found.header, found.leaf_hash) == (one.message.header, leaf_hash(found.header))
    assert found.salt in (b"", one.message.salt)
    return found.message.record == one.record


async def test_a_thousand_people_are_erased_and_nobody_else(world: PrivacyWorld) -> None:
    subjects = await world.fill(1_001)
    *gone, stays = subjects
    backup, keys_backup = await world.tables(), await key_rows(world)
    world.clock.set(LONG_AFTER)
    for one in gone:
        await world.use_cases.erase(erase(one, whole_person=True, register_basis="SGB VI § 149"), caller=KARL)
    assert [await is_readable(world, one) for one in gone[::50]] == [False] * 20
    assert await is_readable(world, stays)
    async with world.database.transaction() as connection:
        for one in (gone[0], gone[-1]):
            assert await PostgresShelf(connection, world.at_rest).get(one.case_id, for_change=False) is None
            assert list(await PostgresRegister(connection, world.at_rest).find([identifier_of(one)])) == []
            contact = parse_contact(f"w{one.number}@example.org")
            assert await PostgresWorkers(connection, world.at_rest).find(contact) is None
        kept = await PostgresShelf(connection, world.at_rest).get(stays.case_id, for_change=False)
        assert kept is not None
        assert kept.documents[0].content == content_of(stays.case_id, claim_of(stays), me=ME, at=LODGED)

    # A backup of the data, restored beside today's keys, stays unreadable: every sealed value of every table.
    await restore(world, backup)
    assert [await is_readable(world, one) for one in gone] == [False] * 1_000
    async with world.database.transaction() as connection:
        cases = PostgresShelf(connection, world.at_rest)
        assert [await cases.get(one.case_id, for_change=False) for one in gone] == [None] * 1_000
        assert await cases.get(stays.case_id, for_change=False) is not None

    # A backup of the keys brings them back, until the list of erasures is carried out again.
    await restore_keys(world, keys_backup)
    world.at_rest = await at_rest_with(world.keys, world.clock)
    again = PrivacyWorld(world.database, world.keys, world.at_rest, world.clock)
    assert await is_readable(again, gone[0])
    assert await again.use_cases.replay() == 3_000
    assert [await is_readable(again, one) for one in gone[::50]] == [False] * 20
    assert await is_readable(again, stays)
    assert await again.use_cases.replay() == 0


async def test_the_right_guess_cannot_be_told_from_a_wrong_one(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    promised = decode_header(one.message.header).payload_commitment
    # As long as the salt is there, whoever has it can try every number there is.
    assert commitment(one.message.salt, one.record) == promised
    world.clock.set(LONG_AFTER)
    await world.use_cases.erase(erase(one, whole_person=True, register_basis="SGB VI § 149"), caller=KARL)
    kept = await world.tables()
    # The attacker guesses right, record and number, and has every row: no hash of either is anywhere in them.
    values = {bytes(value) for rows in kept.values() for row in rows for value in row if isinstance(value, bytes)}
    texts = {value for rows in kept.values() for row in rows for value in row if isinstance(value, str)}
    for guess in (one.record, one.number.encode(), identifier_of(one).comparable.encode()):
        digest = sha256(guess).digest()
        assert not any(digest in value or guess in value for value in values)
        assert not any(digest.hex() in text or guess.decode() in text for text in texts)
    # Nor is a salt among them that would confirm it: every 32 bytes of every value are tried, and the usual ones.
    tried = {value[at : at + SALT_BYTES] for value in values for at in range(len(value) - SALT_BYTES + 1)}
    tried |= {bytes(SALT_BYTES), *(os.urandom(SALT_BYTES) for _ in range(1_000))}
    assert len(tried) > 1_100
    assert not any(commitment(salt, one.record) == promised for salt in tried)


async def test_retention_and_holds_come_before_erasure(world: PrivacyWorld) -> None:
    (closed,) = await world.fill(1)
    with pytest.raises(ErasureRefusedError, match=r"until 2036-03-10.*Art\. 5\(1\)\(e\).*Art\. 17\(3\)\(b\)"):
        await world.use_cases.erase(erase(closed), caller=KARL)
    world.clock.set(LONG_AFTER - timedelta(days=1))
    with pytest.raises(ErasureRefusedError):
        await world.use_cases.erase(erase(closed), caller=KARL)
    hold = await world.use_cases.hold(Hold(time_ordered_id(), closed.case_id, COURT), caller=KARL)
    world.clock.set(LONG_AFTER)
    # Not even an order goes before a hold.
    for command in (erase(closed), erase(closed, ordered_by=COURT)):
        with pytest.raises(ErasureRefusedError, match="legal hold"):
            await world.use_cases.erase(command, caller=KARL)
    assert await is_readable(world, closed)
    await world.use_cases.release(ReleaseHold(time_ordered_id(), hold.hold_id, "judgment final"), caller=KARL)
    with pytest.raises(NotFoundError):
        await world.use_cases.release(ReleaseHold(time_ordered_id(), hold.hold_id, "again"), caller=KARL)
    command = erase(closed)
    done = await world.use_cases.erase(command, caller=KARL)
    assert not await is_readable(world, closed)
    # The same request gives the same act; another one finds nothing.
    assert await world.use_cases.erase(command, caller=KARL) == done
    with pytest.raises(NotFoundError):
        await world.use_cases.erase(erase(closed), caller=KARL)


async def test_an_open_case_is_erased_by_an_order_only(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1, closed=False)
    world.clock.set(LONG_AFTER)
    with pytest.raises(ErasureRefusedError, match="is open"):
        await world.use_cases.erase(erase(one), caller=KARL)
    done = await world.use_cases.erase(erase(one, ordered_by=COURT), caller=KARL)
    assert done.basis == COURT
    assert done.scopes == (one.case_id,)
    # Her account proves rights: it stays, with what it is found by.
    async with world.database.transaction() as connection:
        assert len(await PostgresRegister(connection, world.at_rest).find([identifier_of(one)])) == 1


async def test_what_comes_after_an_erasure_is_not_erased_with_it(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    world.clock.set(LONG_AFTER)
    await world.use_cases.erase(erase(one), caller=KARL)
    world.clock.advance(timedelta(seconds=1))
    (late,) = await world.at_rest.seal([(one.case_id, b"late")])
    await world.use_cases.replay()
    assert list(await world.at_rest.open([(one.case_id, late)])) == [b"late"]


async def test_looks_are_shown_logged_by_commitment_and_erased_with_the_case(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    look = Look(time_ordered_id(), one.case_id, world.clock.now(), "anna", Role.CASEWORKER, "pension-claim")
    async with world.work() as work:
        await work.looks.add([look])
    privacy, looks = await world.use_cases.show(one.case_id)
    assert list(looks) == [look]
    assert (privacy.kept_until, privacy.retention.years, privacy.is_protected) == (LONG_AFTER.date(), 10, False)
    rows = await world.tables()
    assert [row for row in rows["log_staged"] if "record.look" in row]
    assert b"anna" not in rows["looks"][0][2]
    world.clock.set(LONG_AFTER)
    await world.use_cases.erase(erase(one), caller=KARL)
    rows = await world.tables()
    assert rows["looks"] == []
    assert [row for row in rows["log_staged"] if "record.look" in row]


async def test_protecting_a_person_covers_her_cases_her_account_and_her_file(world: PrivacyWorld) -> None:
    one, other = await world.fill(2)
    vera = Caller(ME, Role.CLEARED_CASEWORKER, "vera")
    await world.use_cases.protect(Protect(time_ordered_id(), one.case_id, True, "threatened"), caller=vera)
    async with world.database.transaction() as connection:
        scope = PostgresRegister(connection, world.at_rest).scope_of(f"A-{one.number}")
    async with world.work() as work:
        everything = [one.case_id, scope, one.worker_id, other.case_id, other.worker_id]
        assert await work.protected.among(everything) == {one.case_id, scope, one.worker_id}
    await world.use_cases.protect(Protect(time_ordered_id(), one.case_id, False, "no more"), caller=vera)
    async with world.work() as work:
        assert await work.protected.among([one.case_id, scope, one.worker_id]) == frozenset()


async def test_acts_need_a_name_a_reason_and_a_case(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    with pytest.raises(InputError):
        await world.use_cases.hold(Hold(time_ordered_id(), one.case_id, " "), caller=KARL)
    with pytest.raises(InputError):
        await world.use_cases.protect(Protect(time_ordered_id(), one.case_id, True, ""), caller=KARL)
    for nobody in (time_ordered_id(), one.worker_id):
        with pytest.raises(NotFoundError):
            await world.use_cases.show(nobody)


async def key_rows(world: PrivacyWorld) -> list[tuple[object, ...]]:
    async with world.keys.transaction() as connection:
        return await (await connection.execute("SELECT scope, key_id, wrapped, made_at FROM keys_at_rest")).fetchall()


async def restore_keys(world: PrivacyWorld, rows: list[tuple[object, ...]]) -> None:
    async with world.keys.transaction() as connection, connection.cursor() as cursor:
        await cursor.execute("TRUNCATE keys_at_rest")
        await cursor.executemany("INSERT INTO keys_at_rest VALUES (%s, %s, %s, %s)", rows)


async def restore(world: PrivacyWorld, backup: dict[str, list[tuple[object, ...]]]) -> None:
    """Put the rows of a backup back, all but the list of erasures, which is kept apart from backups."""
    async with world.database.transaction() as connection, connection.cursor() as cursor:
        await cursor.execute("SET LOCAL session_replication_role = replica")  # no checks between tables on the way
        for name, rows in backup.items():
            if rows and name not in {"erasures", "alembic_version", "log_staged"}:
                places = ", ".join(["%s"] * len(rows[0]))
                await cursor.executemany(
                    f"INSERT INTO {name} OVERRIDING SYSTEM VALUE VALUES ({places}) ON CONFLICT DO NOTHING".encode(),  # noqa: S608
                    rows,
                )

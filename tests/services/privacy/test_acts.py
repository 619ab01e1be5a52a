"""What administrators do is in the log by a salted commitment, and what is kept of it is compared with the log."""

import json
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.acts import SALT_BYTES
from portability.adapters.postgres.log_audit import PostgresLedger
from portability.services.access import Caller, Role
from portability.services.log_entry import LogEntryKind, commitment
from portability.services.privacy.commands import Erase, Hold, Protect, ReleaseHold

from .privacy_world import LONG_AFTER, ME, PrivacyWorld

KARL = Caller(ME, Role.ADMINISTRATOR, "karl")
VERA = Caller(ME, Role.CLEARED_CASEWORKER, "vera")
KINDS = (LogEntryKind.ADMINISTRATION, LogEntryKind.ERASURE)


async def all_acts(world: PrivacyWorld) -> UUID:
    """Hold, release, protect, erase; the id of the case."""
    (one,) = await world.fill(1)
    hold = await world.use_cases.hold(Hold(time_ordered_id(), one.case_id, "Moretti v INPS"), caller=KARL)
    await world.use_cases.release(ReleaseHold(time_ordered_id(), hold.hold_id, "settled"), caller=KARL)
    await world.use_cases.protect(Protect(time_ordered_id(), one.case_id, True, "threatened"), caller=VERA)
    return one.case_id


async def test_each_act_opens_to_what_the_log_commits_to_and_stands_nowhere_in_the_clear(world: PrivacyWorld) -> None:
    case_id = await all_acts(world)
    rows = await world.tables()
    entered = {row[2] for row in rows["log_staged"] if row[1] == LogEntryKind.ADMINISTRATION}
    said = {}
    for _, scope, content, digest in rows["acts"]:
        assert scope == case_id
        (opened,) = await world.at_rest.open([(scope, content)])
        assert opened is not None
        assert commitment(opened[:SALT_BYTES], opened[SALT_BYTES:]) == digest
        assert digest in entered
        act = json.loads(opened[SALT_BYTES:])
        said[act["what"]] = (act["by"], act["why"])
        assert not any(word in content for word in (b"karl", b"Moretti"))
    assert said == {
        "hold": ("karl", "Moretti v INPS"),
        "release": ("karl", "settled"),
        "protect": ("vera", "threatened"),
    }
    assert b"Moretti" not in rows["legal_holds"][0][2]


async def test_an_erased_case_leaves_its_acts_provable_and_unreadable(world: PrivacyWorld) -> None:
    case_id = await all_acts(world)
    world.clock.set(LONG_AFTER)
    erasure = await world.use_cases.erase(Erase(time_ordered_id(), case_id), caller=KARL)
    rows = await world.tables()
    assert len(rows["acts"]) == 3
    assert list(await world.at_rest.open([(row[1], row[2]) for row in rows["acts"]])) == [None] * 3
    assert erasure.entry.digest in {row[2] for row in rows["log_staged"] if row[1] == LogEntryKind.ERASURE}
    assert (await world.use_cases.erasures())[0].entry == erasure.entry
    assert await unlogged(world) == []


async def test_what_is_put_in_beside_the_log_is_named(world: PrivacyWorld) -> None:
    await all_acts(world)
    assert await unlogged(world) == []
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE acts SET digest = sha256(digest)")
    assert len(await unlogged(world)) == 3


async def unlogged(world: PrivacyWorld) -> list[str]:
    async with world.database.transaction() as connection:
        ledger = PostgresLedger(connection)
        return [name for kind in KINDS async for name in ledger.unlogged(kind)]

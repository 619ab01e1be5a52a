"""When keys are drawn, used and destroyed; a node takes them up while it runs."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portability.adapters.clock.fake import ManualClock
from portability.adapters.keys.files import list_keys
from portability.adapters.keys.material import draw_key, public_key
from portability.adapters.keys.node_keys import KeyFolder, NodeKeys, follow_keys, retire_keys
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.rotation import missing_keys
from portability.agreements.errors import VerificationError
from portability.services.exchange.node import SilentObserver
from portability.services.registry.model import Directory, Institution, KeyPurpose, PublicKey
from tests.services.registry.keepers import NOON, directory_at

DAY = timedelta(days=1)


def drawn(kept: list[PublicKey], at: datetime) -> list[PublicKey]:
    return [
        public_key(draw_key(one.purpose, not_before=one.not_before, not_after=one.not_after))
        for one in missing_keys(kept, at=at)
    ]


def test_over_five_years_there_is_always_a_key_that_stood_in_the_directory_before_its_use() -> None:
    # An administrator who draws what is missing once a week, and never leaves a week out.
    kept: list[PublicKey] = []
    known_since: dict[str, datetime] = {}
    for week in range(5 * 52):
        at = NOON + week * timedelta(days=7)
        for key in drawn(kept, at):
            kept.append(key)
            known_since[key.key_id] = at
        for moment in (at, at + 3 * DAY, at + timedelta(days=7, seconds=-1)):
            for purpose in KeyPurpose:
                usable = [one for one in kept if one.purpose is purpose and one.not_before <= moment < one.not_after]
                assert usable, (purpose, moment)
                newest = max(usable, key=lambda key: key.not_before)
                # Apart from the first ones, nobody is surprised by a key: it was drawn two days before at least.
                assert (
                    week == 0
                    or newest.not_before - known_since[newest.key_id] >= 2 * DAY
                    or known_since[newest.key_id] == NOON
                )
        epochs = [one for one in kept if one.purpose is KeyPurpose.ENCRYPTION and one.not_before > at]
        assert len(epochs) == 2, "two epochs ahead of the present one"
    assert [one.purpose for one in kept].count(KeyPurpose.SIGNING) == 6


def test_nothing_is_drawn_twice() -> None:
    kept = drawn([], NOON)
    assert len(kept) == 5  # one to sign, three epochs, one for the log
    assert drawn(kept, NOON) == []
    assert drawn(kept, NOON + 6 * DAY) == []


def test_private_parts_are_destroyed_when_nothing_can_arrive_any_more(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    for one in missing_keys((), at=NOON):
        folder.store(draw_key(one.purpose, not_before=one.not_before, not_after=one.not_after))
    first = min((key for key in list_keys(tmp_path) if key.key_id.startswith("kem")), key=lambda key: key.not_after)
    assert retire_keys(folder, first.not_after + 35 * DAY - timedelta(seconds=1)) == ()
    assert retire_keys(folder, first.not_after + 35 * DAY) == (first,)
    assert first not in list_keys(tmp_path)
    # The last of a purpose stays, however late: a node without keys could neither open nor sign.
    retire_keys(folder, NOON + 9999 * DAY)
    assert {key.purpose for key in list_keys(tmp_path)} == set(KeyPurpose)
    assert len(list_keys(tmp_path)) == 3


def directory_with(*keys: PublicKey) -> Directory:
    return replace(directory_at(1), institutions=(Institution("de-drv", "DRV", "DE", keys=keys),))


def test_a_node_signs_with_what_the_directory_names_and_falls_silent_when_it_is_revoked() -> None:
    one, two = (
        draw_key(KeyPurpose.SIGNING, not_before=NOON - days * DAY, not_after=NOON + 30 * DAY) for days in (9, 2)
    )
    older, newer = public_key(one), public_key(two)
    directory = directory_with(older)
    keys = NodeKeys(FileKeyRing([one, two]), lambda: directory, me="de-drv")
    assert keys.signing_key_id(NOON) == older.key_id  # the newer one is not in the directory yet
    directory = directory_with(older, newer)
    assert keys.signing_key_id(NOON) == newer.key_id
    directory = directory_with(older, replace(newer, revoked=True))
    assert keys.signing_key_id(NOON) == older.key_id
    directory = directory_with(replace(older, not_after=NOON), replace(newer, revoked=True))
    with pytest.raises(VerificationError, match="portability keys check"):
        keys.signing_key_id(NOON)
    directory = directory_at(1)
    with pytest.raises(VerificationError, match="'de-drv' is not in the directory"):
        keys.signing_key_id(NOON)


def test_what_a_revoked_key_has_signed_counts_by_its_place_in_the_log() -> None:
    key = public_key(draw_key(KeyPurpose.SIGNING, not_before=NOON, not_after=NOON + DAY))
    assert key.counts_at(10**9)
    revoked = replace(key, revoked=True, revoked_from_log_size=100)
    assert revoked.counts_at(99)
    assert not revoked.counts_at(100)
    assert not replace(key, revoked=True).counts_at(0)


async def test_a_running_node_takes_up_a_new_key_file(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    old = draw_key(KeyPurpose.SIGNING, not_before=NOON - DAY, not_after=NOON + DAY)
    folder.store(old)
    directory = directory_with(public_key(old))
    keys = NodeKeys(folder.load(), lambda: directory, me="de-drv")
    following = asyncio.create_task(follow_keys(keys, folder, ManualClock(NOON), SilentObserver()))
    try:
        await asyncio.sleep(0)
        new = draw_key(KeyPurpose.SIGNING, not_before=NOON, not_after=NOON + 400 * DAY)
        folder.store(new)
        directory = directory_with(public_key(old), public_key(new))
        async with asyncio.timeout(10):
            while keys.signing_key_id(NOON) != public_key(new).key_id:  # noqa: ASYNC110 - a task looks at the folder
                await asyncio.sleep(0.05)
    finally:
        following.cancel()

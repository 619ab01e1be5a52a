"""A claim that a worker sent goes with her and with the case that it led to: its row, and what a backup of it holds."""

from dataclasses import replace

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.claims_store import PostgresClaims
from portability.agreements.errors import ErasureRefusedError
from portability.services.access import Caller, Role
from portability.services.privacy.commands import Erase
from portability.services.workers.claims.model import SentClaim
from tests.contracts.test_claim_store import WANTED
from tests.services.privacy.privacy_world import CLOSED, LONG_AFTER, ME, PrivacyWorld, Subject

KARL = Caller(ME, Role.ADMINISTRATOR, "karl")


@pytest.mark.parametrize("whole_person", [True, False])
async def test_what_she_claimed_is_erased_with_her_and_not_with_one_case(
    world: PrivacyWorld,
    whole_person: bool,  # noqa: FBT001 (a case of the test)
) -> None:
    gone, stays = await world.fill(2)
    async with world.database.transaction() as connection:
        for one in (gone, stays):
            await PostgresClaims(connection, world.at_rest).put(sent(one))
    backup = (await world.tables())["claims_sent"]
    world.clock.set(LONG_AFTER)
    basis = "SGB VI § 149" if whole_person else ""
    command = Erase(time_ordered_id(), gone.case_id, whole_person=whole_person, register_basis=basis)
    await world.use_cases.erase(command, caller=KARL)
    async with world.database.transaction() as connection:
        book = PostgresClaims(connection, world.at_rest)
        assert len(await book.of_worker(gone.worker_id)) == (0 if whole_person else 1)
        assert len(await book.of_worker(stays.worker_id)) == 1
    # A backup of the table beside today's keys stays unreadable for her, and for nobody else.
    sealed = [(row[0], bytes(row[4])) for row in backup]  # type: ignore[call-overload]
    opened = await world.at_rest.open(sealed)  # type: ignore[arg-type]
    readable = {row[1] for row, content in zip(backup, opened, strict=True) if content is not None}
    assert readable == {stays.worker_id} | (set() if whole_person else {gone.worker_id})


async def test_a_claim_goes_with_the_case_that_it_led_to_and_a_claim_that_waits_keeps_her_whole(
    world: PrivacyWorld,
) -> None:
    (one,) = await world.fill(1)
    waiting = replace(sent(one), withdrawn_at=None)
    led = replace(sent(one), withdrawn_at=None, case_id=one.case_id, opened_at=CLOSED)
    async with world.database.transaction() as connection:
        for claim in (waiting, led):
            await PostgresClaims(connection, world.at_rest).put(claim)
    world.clock.set(LONG_AFTER)
    with pytest.raises(ErasureRefusedError, match=f"Claim {waiting.claim_id} waits"):
        await world.use_cases.erase(Erase(time_ordered_id(), one.case_id, whole_person=True), caller=KARL)
    done = await world.use_cases.erase(Erase(time_ordered_id(), one.case_id), caller=KARL)
    assert done.scopes == (one.case_id, led.claim_id)
    async with world.database.transaction() as connection:
        assert list(await PostgresClaims(connection, world.at_rest).of_worker(one.worker_id)) == [waiting]


def sent(one: Subject) -> SentClaim:
    return SentClaim(
        time_ordered_id(), one.worker_id, WANTED, CLOSED.date(), CLOSED, CLOSED.date(), withdrawn_at=CLOSED
    )

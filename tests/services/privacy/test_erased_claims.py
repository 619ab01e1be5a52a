"""A claim that a worker sent goes with her: its row, and what a backup of it holds."""

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.claims_store import PostgresClaims
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
    sealed = [(row[1], bytes(row[3])) for row in backup]  # type: ignore[call-overload]
    opened = await world.at_rest.open(sealed)  # type: ignore[arg-type]
    readable = {worker for (worker, _), content in zip(sealed, opened, strict=True) if content is not None}
    assert readable == {stays.worker_id} | (set() if whole_person else {gone.worker_id})


def sent(one: Subject) -> SentClaim:
    return SentClaim(time_ordered_id(), one.worker_id, WANTED, CLOSED.date(), CLOSED, CLOSED.date())

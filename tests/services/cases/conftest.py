"""Three institutions that know Maria."""

import pytest

from portability.adapters.clock.ids import time_ordered_id
from tests.services.cases.world import World


@pytest.fixture
async def world() -> World:
    made = World(time_ordered_id)
    await made.fill_registers()
    return made

"""A world with filled registers for every test of this folder that asks for one."""

import pytest

from tests.services.cases.share_world import ShareWorld


@pytest.fixture
async def world() -> ShareWorld:
    made = ShareWorld()
    await made.fill_registers()
    return made

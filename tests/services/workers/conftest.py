"""The use cases of a worker over memory."""

from typing import Any

import pytest

from tests.services.workers import samples as made_up


@pytest.fixture
def samples() -> Any:
    return made_up


@pytest.fixture
async def desk() -> made_up.Desk:
    made = made_up.Desk()
    await made.register()
    return made

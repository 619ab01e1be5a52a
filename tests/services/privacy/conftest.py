from collections.abc import AsyncIterator, Callable

import pytest

from tests.services.privacy.privacy_world import PrivacyWorld, privacy_world


@pytest.fixture
async def world(new_database: Callable[[], str], empty_database: Callable[[], str]) -> AsyncIterator[PrivacyWorld]:
    async with privacy_world(new_database, empty_database) as made:
        yield made

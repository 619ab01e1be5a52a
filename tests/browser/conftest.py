"""One browser and one served demo for all tests of this folder."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import MISSING, chromium_path, open_browser
from tests.browser.reader import a_phone, sign_in
from tests.browser.served_demo import ServedDemo, served_demo
from tests.conftest import IN_USE


def pytest_configure(config: pytest.Config) -> None:
    if chromium_path() is None:
        config.stash[IN_USE].append(f"browser: NONE. {MISSING}")


@pytest.fixture(scope="session")
def demo() -> Iterator[ServedDemo]:
    """A folder of its own: pytest's is closed to the account that the embedded PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="portability-browser-"))
    with served_demo(folder) as served:
        yield served
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(pytestconfig: pytest.Config) -> AsyncIterator[Browser]:
    if chromium_path() is None:
        pytest.skip(MISSING)
    opened = open_browser()
    browser = await opened.__aenter__()
    pytestconfig.stash[IN_USE].append(f"browser: Chromium {browser.version}")
    yield browser
    await opened.__aexit__(None, None, None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed_in(chromium: Browser, demo: ServedDemo) -> Any:
    """The cookies of one session, so that not each test asks for a code: a contact gets five an hour."""
    async with a_phone(chromium, "en") as page:
        await sign_in(page, demo, "en")
        return await page.context.storage_state()

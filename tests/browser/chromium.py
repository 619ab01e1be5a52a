"""The browser of the tests: Debian's Chromium, driven over its own protocol; the pages' policy stays in force."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

__all__ = ["MISSING", "chromium_path", "open_browser"]

MISSING = "Chromium is missing, so no browser has read the worker's pages: apt-get install chromium (.ci/run does)."


def chromium_path() -> str | None:
    """Where Chromium is installed."""
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Chromium without a window. Root may start it only without its sandbox; it reads our own pages alone."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()

"""The page of a takeout in a real browser, as a file that is opened: nobody is shut out, in any language."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from portability.adapters.workers.web.takeout_print import printed_takeout
from portability.services.workers.words import languages, words_for
from tests.browser.reader import a_phone
from tests.browser.test_every_page import look
from tests.services.workers.samples import WORKER
from tests.web.test_takeout_print import kept_samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("language", languages())
async def test_the_page_of_a_takeout_shuts_nobody_out(chromium: Browser, tmp_path: Path, language: str) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(await printed_takeout(await kept_samples(), WORKER, words_for([language])))
    async with a_phone(chromium, language) as page:
        await page.goto(file.as_uri())
        await look(page, language)

"""Time is declared and a paper shown in a real browser: by keyboard alone, on a small phone; what is wrong is told."""

from typing import Any

import pytest
from playwright.async_api import Browser

from portability.services.workers.words import words_for
from tests.browser.reader import Reader, a_phone
from tests.browser.served_samples import ServedSamples, served_samples
from tests.browser.test_every_page import look
from tests.services.workers.papers import NO_PAPERS, PNG

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def samples() -> Any:
    with served_samples() as served:
        yield served


async def nothing() -> None:
    """A wrong code is looked at elsewhere."""


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_time_is_declared_and_a_paper_shown_by_keyboard_alone(
    chromium: Browser, samples: ServedSamples, language: str
) -> None:
    words = words_for([language])
    async with a_phone(chromium, language) as page:
        # From now on the browser hands over what would choose a file. Asked only when one waits, it may do so too late.
        page.on("filechooser", lambda _: None)
        await samples.sign_in(page, wrong_first=nothing)
        reader = Reader(page, language)
        await page.goto(f"{samples.url}/declared/new?lang={language}")
        await look(page, language)
        await reader.press_words("dispute.send")  # with nothing typed
        await look(page, language)
        await reader.choose("dispute.country", words.state("TN"))
        await reader.type_into("declared.year", "1984")
        await reader.type_into("declared.year", "1985")
        await reader.send()
        assert page.url.endswith("/declared?sent")
        assert words.state("TN") in await reader.text()
        await look(page, language)
        for file, told in (
            (NO_PAPERS["page"], words.text("error.declared.document")),
            (PNG, words.text("declared.added")),
        ):
            await page.goto(f"{samples.url}/declared")
            await reader.tab_to((await page.locator("main summary").first.inner_text()).strip())
            await page.keyboard.press("Enter")
            await look(page, language)
            await reader.tab_to(words.text("declared.file"))
            async with page.expect_file_chooser() as chosen:
                await page.keyboard.press("Space")
            await (await chosen.value).set_files({"name": "slip.pdf", "mimeType": "application/pdf", "buffer": file})
            await reader.press_words("declared.add_send")
            assert told in await reader.text()
            await look(page, language)

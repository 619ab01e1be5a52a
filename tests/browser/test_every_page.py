"""Every page in every language in a real browser: no accessibility problem, nothing wider than a small phone."""

import re
from importlib import import_module
from importlib.resources import files
from inspect import signature
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from portability.adapters.workers import web
from portability.adapters.workers.web import WebSettings
from portability.adapters.workers.web.shell import Shell
from portability.app.demo.story import AWARD_ON, WORKER
from portability.services.workers.words import languages, words_for
from tests.browser.axe import problems
from tests.browser.crawl import pages
from tests.browser.reader import a_phone, follow
from tests.browser.served_demo import ServedDemo
from tests.browser.served_samples import ServedSamples, sample_desk, served_samples

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Whoever is signed in is not led to these; they are looked at below, or lead on at once.
NOT_LINKED = {"/", "/sign-in", "/sign-in/code", "/sign-in/provider", "/sign-in/provider/back"}

# Files to be saved, not pages.
FILES = {"/declared/papers/*"}

# What the demo's people have no example of is looked at with the samples.
OF_SAMPLES = {"/matters/*"}

# WCAG 2.2 SC 1.4.12: no text is lost where a reader sets this spacing.
_SPACING = """() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}')
  document.adoptedStyleSheets = [sheet]
}"""
_WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > innerWidth + 1
    || one.getBoundingClientRect().left < -1).map(one => one.outerHTML.slice(0, 120))"""

_MENU = "() => document.querySelector('.menu')?.getBoundingClientRect().height ?? 0"
_ONE_ROW = 60  # pixels; two rows of what can be pressed take 80 at least
_OPEN = "() => document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="session")
def samples() -> Any:
    with served_samples() as served:
        yield served


async def look(page: Page, language: str) -> None:
    """What holds for every page."""
    words = words_for([language])
    told = await page.evaluate("() => [document.documentElement.lang, document.documentElement.dir]")
    assert told == [words.language, words.direction]
    assert await page.evaluate(_MENU) <= _ONE_ROW, f"the menu takes more than one row on {page.url}"
    await page.evaluate(_OPEN)  # what is closed at first is looked at too
    assert await problems(page) == [], page.url
    assert await page.evaluate(_WIDER) == [], f"{page.url} is wider than a small phone"
    await page.evaluate(_SPACING)
    assert await page.evaluate(_WIDER) == [], f"{page.url} is wider than a small phone once the text is spaced"


@pytest.mark.parametrize("language", languages())
async def test_no_page_of_a_signed_in_worker_shuts_anybody_out(
    chromium: Browser, demo: ServedDemo, signed_in: Any, language: str
) -> None:
    kinds = set()
    async with a_phone(chromium, language, storage_state=signed_in) as page:
        async for kind in pages(page, demo.url, language=language):
            kinds.add(kind)
            await look(page, language)
        await look_at_what_is_wrong(page, demo.url, language)
    missing = _kinds_of_routes() - kinds - NOT_LINKED - OF_SAMPLES - FILES
    assert not missing, f"no link leads a worker to {sorted(missing)}: link them, or say above why not"


async def look_at_what_is_wrong(page: Page, start: str, language: str) -> None:
    """Forms that were sent with nothing filled in: each fault at its field, and all of them first."""
    await page.goto(f"{start}/form?lang={language}")
    await follow(page.locator("main button"))
    assert await page.locator("[aria-invalid]").count() > 5
    await look(page, language)
    await look_at_a_claim(page, start, language)
    await page.goto(f"{start}/voice?lang={language}")
    await follow(page.locator("main a[href^='/voice/']").first)
    await follow(page.locator("main button"))
    assert await page.locator("#score-error").count() == 1
    await look(page, language)
    await page.goto(f"{start}/preferences?lang={language}")
    await follow(page.locator("section form button"))
    assert await page.locator("#contact-error").count() == 1
    await look(page, language)
    await page.locator("#contact").fill(f"rosa.{language}@example.org")
    await follow(page.locator("section form button"))
    if await page.locator("#code").count():  # five an hour; the page that says so was looked at otherwise
        await look(page, language)
        await follow(page.locator("main button"))
        assert await page.locator("#code-error").count() == 1
    await look(page, language)


async def look_at_a_claim(page: Page, start: str, language: str) -> None:
    """A day is missing; then the look before sending, the claim that waits after a decision, and it is taken back."""
    await page.goto(f"{start}/claims/new?lang={language}")
    assert await page.locator("#family_name").input_value() == WORKER.family_name
    send = page.locator("form[action='/claims/check'] button")
    await follow(send)
    assert await page.locator("#award_on-error").count() == 1
    await look(page, language)
    await page.locator("#award_on").fill(AWARD_ON.isoformat())
    await follow(send)
    assert await page.locator("button[formaction='/claims/new']").count() == 1
    await look(page, language)
    await follow(page.locator("form[action='/claims'] button").first)
    assert page.url.endswith("/claims?sent")
    await look(page, language)
    await follow(page.locator("form[action$='/withdraw'] button"))
    assert page.url.endswith("/claims?back")
    await look(page, language)


@pytest.mark.parametrize("language", languages())
async def test_no_page_with_something_wrong_or_waiting_shuts_anybody_out(
    chromium: Browser, samples: ServedSamples, language: str
) -> None:
    async with a_phone(chromium, language) as page:
        await page.goto(f"{samples.url}/sign-in?over")
        await look(page, language)
        await follow(page.locator("main button"))  # with nothing typed
        await look(page, language)
        await page.goto(f"{samples.url}/no-such-page")
        await look(page, language)
        await samples.sign_in(page, wrong_first=lambda: look(page, language))
        kinds = set()
        async for kind in pages(page, samples.url, language=language, every_topic=False):
            kinds.add(kind)
            await look(page, language)
        assert kinds >= OF_SAMPLES
        for asked in ("what=today", "what=later&years=2"):
            await page.goto(f"{samples.url}/what-if?{asked}")
            await look(page, language)


def _kinds_of_routes() -> set[str]:
    """The pages that there are: of every module of pages, what can be read."""
    shell = Shell(sample_desk().use_cases, WebSettings(institution_name="", form_key=b"f" * 32, https=False))
    names = [one.name.removesuffix(".py") for one in files(web).iterdir() if one.name.endswith("_pages.py")]
    modules = [import_module(f"{web.__name__}.{name}") for name in names]
    # Routes only name their pages: the use cases are not asked for anything.
    routes = [route for each in modules if hasattr(each, "routes") for route in _routes(each.routes, shell)]
    return {re.sub(r"\{[^}]*\}", "*", route.path_format) for route in routes if "GET" in (route.methods or {"GET"})}


def _routes(made_by: Any, shell: Shell) -> Any:
    _, *others = signature(made_by).parameters
    return made_by(shell, **dict.fromkeys(others))

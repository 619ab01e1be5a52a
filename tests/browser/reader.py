"""A reader with a cheap phone: a screen of 320 pixels, a keyboard, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page

from portability.services.workers.words import Words, words_for
from tests.browser.served_demo import ServedDemo

__all__ = ["NARROW", "Reader", "a_phone", "follow", "sign_in"]

NARROW: Mapping[str, int] = {"width": 320, "height": 640}
MOST_TABS = 150
PATIENCE_SECONDS = 60

_FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect()
  const label = one.labels && one.labels.length ? one.labels[0].innerText : one.innerText
  return {
    name: label.trim(), outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  }
}"""

_CHOSEN = "() => document.activeElement.selectedOptions[0]?.label"


class Reader:
    """One page in one language; every act is a key."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.words: Words = words_for([language])

    async def tab_to(self, name: str) -> None:
        """Press Tab until what is named so has the focus; each stop on the way can be seen and is marked."""
        passed = []
        for _ in range(MOST_TABS):
            await self.page.keyboard.press("Tab")
            focused: dict[str, Any] = await self.page.evaluate(_FOCUSED)
            assert focused["seen"], f"the focus is out of sight at '{focused['name']}' on {self.page.url}"
            assert focused["outlined"], f"nothing marks the focus at '{focused['name']}' on {self.page.url}"
            if focused["name"] == name:
                return
            passed.append(focused["name"])
        raise AssertionError(f"no way by keyboard to '{name}' on {self.page.url}; passed {passed[:40]}")

    async def type_into(self, key: str, text: str) -> None:
        await self.tab_to(self.words.text(key))
        await self.page.keyboard.type(text)

    async def choose(self, key: str, option: str) -> None:
        """Press Down in a list until the option is chosen; letters that are typed reach a list in some scripts only."""
        await self.tab_to(self.words.text(key))
        options = await self.page.evaluate("() => document.activeElement.options.length")
        for _ in range(options):
            if await self.page.evaluate(_CHOSEN) == option:
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"'{option}' cannot be chosen by keyboard on {self.page.url}")

    async def press(self, name: str) -> None:
        """Go to a link or button and press it; wait for the page that it leads to."""
        await self.tab_to(name)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def press_words(self, key: str, **values: str) -> None:
        await self.press(self.words.text(key, values))

    async def send(self) -> None:
        """Enter in the field that has the focus sends its form."""
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def text(self) -> str:
        """What stands in the main part of the page."""
        return await self.page.locator("main").inner_text()


@asynccontextmanager
async def a_phone(browser: Browser, language: str, **more: Any) -> AsyncIterator[Page]:
    """A new browser profile, so without cookies, with the language that its owner has set."""
    context = await browser.new_context(**{"viewport": NARROW, "locale": language, **more})
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield await context.new_page()
    await context.close()


async def follow(pressed: Locator) -> None:
    """Press it with a pointer and wait for the page that it leads to: a click alone may return before that page."""
    async with pressed.page.expect_navigation():
        await pressed.click()


async def sign_in(page: Page, demo: ServedDemo, language: str) -> Reader:
    """By one-time code, with the keyboard alone."""
    reader = Reader(page, language)
    await page.goto(demo.url)
    await reader.type_into("sign_in.contact", demo.contact)
    sent = len(demo.codes_so_far())
    await reader.send()
    await reader.type_into("code.label", await _next_code(demo, after=sent))
    await reader.send()
    return reader


async def _next_code(demo: ServedDemo, *, after: int) -> str:
    """The code that arrives where `after` were before."""
    for _ in range(PATIENCE_SECONDS * 20):
        if len(codes := demo.codes_so_far()) > after:
            return codes[-1]
        await asyncio.sleep(0.05)
    raise AssertionError("no code arrived")

"""A worker's whole way in a real browser, 320 pixels wide, by keyboard alone: left to right, and right to left."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser

from portability.adapters.clock.system import SystemClock
from portability.agreements.values import Money
from portability.services.workers.words import Words, languages
from tests.browser.reader import Reader, a_phone, sign_in
from tests.browser.served_demo import ServedDemo

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROUNDS = {"en": "I worked there two years longer.", "ar": "عملت هناك سنتين أكثر."}
READ_FROM_BOTH_SIDES = [language for language in ("en", "ar") if language in languages()]


@pytest.mark.parametrize("language", READ_FROM_BOTH_SIDES)
async def test_she_finds_her_case_understands_the_amount_and_says_what_is_wrong_by_keyboard(
    chromium: Browser, demo: ServedDemo, language: str
) -> None:
    async with a_phone(chromium, language) as page:
        reader = await sign_in(page, demo, language)
        words = reader.words
        await find_the_case(reader)
        case = page.url

        # The amount as she writes it, who pays it, and why.
        title = words.text("case.to_decision")
        german = next(one for one in await links(reader) if one.startswith(title) and "Deutsche" in one)
        await reader.press(german)
        told = await reader.text()
        assert words.money(Money.of("592.78", "EUR")) in told
        assert words.text("decision.why") in told
        for step in await page.locator("ol.reasons p:not(.law)").all():
            language_of_step = await step.get_attribute("lang")
            assert language_of_step in (None, words.language), "a reason is not told in her language"

        # A time on record is wrong: she says so, and sees who answers until when.
        await page.goto(f"{demo.url}/career")
        report = words.text("dispute.report")
        for _ in READ_FROM_BOTH_SIDES[: READ_FROM_BOTH_SIDES.index(language)]:
            await reader.tab_to(report)  # said in another language already
        await reader.press(report)
        await reader.type_into("dispute.grounds", GROUNDS[language])
        await reader.press_words("dispute.send")
        told = await reader.text()
        assert words.text("disputes.sent") in told
        assert words.text("disputes.you_said", {"grounds": GROUNDS[language]}) in told
        assert any(words.text(key, {"day": day}) in told for key, day in clocks(words))

        # Who looked.
        await page.goto(case)
        seen = page.locator("section[aria-labelledby=seen] li")
        assert await seen.count() > 0
        who = words.text("seen.caseworker", {"institution": "Istituto Nazionale della Previdenza Sociale (test)"})
        assert who in await reader.text()

        # Out again, and what she read is not shown to who comes next.
        await reader.press_words("sign_out")
        await page.goto(case)
        assert page.url.endswith("/sign-in")


@pytest.mark.parametrize("language", READ_FROM_BOTH_SIDES)
async def test_she_asks_what_she_would_get_two_years_later(chromium: Browser, demo: ServedDemo, language: str) -> None:
    async with a_phone(chromium, language) as page:
        reader = await sign_in(page, replace(demo, institution="de-drv"), language)
        words = reader.words
        await reader.tab_to(words.text("site.menu"))
        await page.keyboard.press("Enter")  # opens what else there is
        await reader.press_words("nav.what_if")
        await reader.tab_to(words.text("if.years"))
        await page.keyboard.press("ArrowDown")
        await reader.press_words("if.later")
        told = await reader.text()
    assert words.text("if.not_binding") in told
    # 13.2145 points x (1 + 35 x 0.005) = 15.5270; x 42.52 = 660.208...
    assert words.money(Money.of("660.21", "EUR")) in told
    assert words.text("if.from", {"day": date(2028, 12, 1)}) in told


def clocks(words: Words) -> list[tuple[str, date]]:
    """Until when an answer is due: 60 days from today, or the month of Regulation (EC) No 987/2009, Art. 5(4)."""
    told = words.local_day(SystemClock().now())
    a_month_later = told + timedelta(days=28)
    later = [a_month_later + timedelta(days=more) for more in range(7)]
    return [("dispute.due", told + timedelta(days=60)), *(("dispute.due_law", day) for day in later)]


async def find_the_case(reader: Reader) -> None:
    await reader.press_words("branch.old_age")
    told = await reader.text()
    assert reader.words.text("case.where") in told
    assert reader.words.text("case.you_can") in told


async def links(reader: Reader) -> list[str]:
    return [text.strip() for text in await reader.page.locator("main a").all_inner_texts()]


async def test_she_changes_the_language_by_keyboard_and_it_stays(chromium: Browser, demo: ServedDemo) -> None:
    async with a_phone(chromium, "en") as page:
        reader = Reader(page, "fr")
        await page.goto(demo.url)
        await reader.press(reader.words.own_name)
        await page.goto(f"{demo.url}/sign-in")
        assert reader.words.text("sign_in.title") in await reader.text()


async def test_printed_pages_carry_what_she_needs_and_nothing_to_press(
    chromium: Browser, demo: ServedDemo, signed_in: Any
) -> None:
    async with a_phone(chromium, "en", storage_state=signed_in) as page:
        reader = Reader(page, "en")
        await page.goto(f"{demo.url}/cases")
        await find_the_case(reader)
        await page.emulate_media(media="print")
        for hidden in ("header nav", "header button", "footer", ".skip"):
            assert not await page.locator(hidden).first.is_visible(), hidden
        assert await page.locator("main h1").is_visible()
        # Tagged, so that a screen reader reads the saved file too.
        paper = await page.pdf(format="A4", tagged=True)
        assert paper.startswith(b"%PDF-")
        assert b"/StructTreeRoot" in paper

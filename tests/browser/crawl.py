"""Every page that links lead to, so that a new page is looked at from the day it is linked."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from playwright.async_api import Page

__all__ = ["MOST_OF_A_KIND", "kind_of", "pages"]

MOST_OF_A_KIND = 1  # pages that differ by an id alone are built alike
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=/)[A-Za-z0-9_-]{20,}")
_LINKS = "() => [...document.querySelectorAll('a[href]:not([download])')].map(one => one.getAttribute('href'))"


def kind_of(path: str) -> str:
    """The path with ids left out."""
    return _ID.sub("*", path)


async def pages(page: Page, start: str, *, language: str, every_topic: bool = True) -> AsyncIterator[str]:
    """The page shows each in turn, in the language; gives its kind.

    A link that leads nowhere is an error, unless the pages of some topics are not served.
    """
    waiting, seen, kinds = ["/"], {"/"}, dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        join = "&" if "?" in path else "?"
        answer = await page.goto(f"{start}{path}{join}lang={language}")
        assert answer is not None
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        if answer.status == 404 and not every_topic:
            continue
        assert answer.status == 200, f"{path} answers {answer.status}"
        kind = kind_of(urlsplit(page.url).path)
        kinds[kind] = kinds.get(kind, 0) + 1
        yield kind
        for link in await page.evaluate(_LINKS):
            target = urlsplit(link)
            if target.netloc or target.scheme or not target.path.startswith("/") or target.path in seen:
                continue
            seen.add(target.path)
            if kinds.get(kind_of(target.path), 0) < MOST_OF_A_KIND:
                waiting.append(target.path)

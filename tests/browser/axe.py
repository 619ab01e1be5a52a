"""axe-core on a page: injected over the browser's protocol, since the pages themselves allow no script."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

__all__ = ["problems"]

# WCAG 2.2 A and AA, and what axe-core calls good practice (landmarks, order of headings).
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},  # WCAG 2.2's own rule is off where nobody asks for it
    "resultTypes": ["violations"],
}


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


async def problems(page: Page) -> list[str]:
    """Each violation with the place; empty where there is none."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())
    found: dict[str, Any] = await page.evaluate("options => axe.run(options)", OPTIONS)
    assert len(found["passes"]) > 10, f"axe-core looked at next to nothing on {page.url}"
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]} ({node.get('failureSummary', '')[:200]})"
        for one in found["violations"]
        for node in one["nodes"]
    ]

"""The pages over use cases in memory: a case that is late and waits, beside the decided one of the demo."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import uvicorn
from playwright.async_api import Page
from starlette.routing import Route

from portability.adapters.workers.web import WebSettings, create_app, declaration_pages, projection_pages
from portability.adapters.workers.web.shell import Shell
from tests.browser.reader import follow
from tests.services.workers.declaration_world import DeclarationWorld
from tests.services.workers.dispute_world import name_of
from tests.services.workers.samples import PHONE, WORKER, Desk
from tests.services.workers.test_views_of_cases import CASE

__all__ = ["ServedSamples", "sample_desk", "served_samples"]

START_SECONDS = 20


def sample_desk() -> Desk:
    return Desk()


@dataclass(frozen=True, slots=True)
class ServedSamples:
    url: str
    desk: Desk

    async def sign_in(self, page: Page, *, wrong_first: Callable[[], Awaitable[None]]) -> None:
        """By one-time code; `wrong_first` looks at the page that says a code was wrong."""
        self.desk.clock.forward(timedelta(hours=2))  # so that the codes of one hour are not used up
        await page.goto(f"{self.url}/sign-in")
        await page.locator("#contact").fill(PHONE)
        await follow(page.locator("main button"))
        code = self.desk.sender.sent[-1].code
        await page.locator("#code").fill(f"{(int(code) + 1) % 10**6:06}")
        await follow(page.locator("main button"))
        await wrong_first()
        await page.locator("#code").fill(code)
        await follow(page.locator("main button"))


@contextmanager
def served_samples() -> Iterator[ServedSamples]:
    """Served by a thread of its own until the block ends."""
    desk = sample_desk()
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=False)

    def what_if(shell: Shell) -> list[Route]:
        return projection_pages.routes(shell, desk.projections)

    world = DeclarationWorld()

    def declared(shell: Shell) -> list[Route]:
        return declaration_pages.routes(shell, world.use_cases, name_of=name_of)

    config = uvicorn.Config(
        create_app(desk.use_cases, settings, what_if, declared, matters=desk.matters),
        host="127.0.0.1",
        port=0,
        log_config=None,
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        await desk.register()
        await world.links.link(WORKER, CASE)
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    until = time.monotonic() + START_SECONDS
    while not server.started:
        assert time.monotonic() < until, "the pages did not come up"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield ServedSamples(f"http://127.0.0.1:{port}", desk)
    server.should_exit = True
    thread.join(START_SECONDS)

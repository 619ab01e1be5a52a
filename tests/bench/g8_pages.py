"""G8: the worker's pages: weight of a first view, time to the first byte for 200 readers at once on one core, memory.

The readers hold a connection each and ask for the page of a case, one request after the other, from another core.
`g8_page` is the page of a case over use cases in memory, beside a bare Starlette answer of as many bytes:
what a database adds is not in it.
"""

import asyncio
import contextlib
import multiprocessing
import os
import re
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web import WebSettings, create_app
from portability.adapters.workers.web.rendering import style_sheet
from tests.bench.processes import resident_mebibytes
from tests.services.workers.samples import CASE, PHONE, Desk

READERS = 200
REQUESTS = 3  # of each reader, after one that is not counted
ROUNDS = 3


def run() -> list[dict[str, Any]]:
    """One line for the weight, one for each time, one for the memory."""
    return _pages_in_memory()


def _pages_in_memory() -> list[dict[str, Any]]:
    with _served("pages") as (url, cookie, pid):
        page = httpx.get(f"{url}/cases/{CASE}", cookies={"session": cookie})
        assert page.status_code == 200
        weight = len(page.content) + len(style_sheet())
        with _served(str(len(page.content))) as (bare_url, _, bare_pid):
            pairs = [(_times(url, f"/cases/{CASE}", cookie), _times(bare_url, "/", "")) for _ in range(ROUNDS)]
            memory, bare_memory = resident_mebibytes(pid), resident_mebibytes(bare_pid)
    lines = [_line("g8_first_view", weight / 1024, "KiB", 50, weight / 1024 / 50)]
    for index, name in enumerate(("p50", "p99")):
        value = statistics.median(ours[index] for ours, _ in pairs)
        baseline = statistics.median(bare[index] for _, bare in pairs)
        ratio = statistics.median(ours[index] / bare[index] for ours, bare in pairs)
        lines.append(_line(f"g8_page_first_byte_{name}", value, "ms", baseline, ratio))
    lines.append(_line("g8_page_memory", memory, "MiB", bare_memory, memory / bare_memory))
    return lines


def _line(name: str, value: float, unit: str, baseline: float, ratio: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "baseline": round(baseline, 1),
        "ratio": round(ratio, 2),
    }


# --- the servers, on one core


@contextlib.contextmanager
def _served(what: str) -> Iterator[tuple[str, str, int]]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(what, there), daemon=True)
    process.start()
    try:
        port, cookie = here.recv()
        yield f"http://127.0.0.1:{port}", cookie, process.pid or 0
    finally:
        process.kill()
        process.join()


def _serve(what: str, there: Connection) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    asyncio.run(_serve_one(what, there))


async def _serve_one(what: str, there: Connection) -> None:
    desk, cookie = Desk(), ""
    if what == "pages":
        await desk.register()
        asked = await desk.use_cases.request_sign_in_code(desk.ask(PHONE))
        session: Any = await desk.use_cases.sign_in(
            challenge=asked.challenge, code=desk.sender.sent[-1].code, origin=""
        )
        cookie = session.token
        settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=False)
        app = create_app(desk.use_cases, settings, matters=desk.matters)
    else:
        body = b"x" * int(what)
        app = Starlette(routes=[Route("/", lambda request: Response(body, media_type="text/html"))])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn tells it in no other way)
        await asyncio.sleep(0.01)
    there.send((server.servers[0].sockets[0].getsockname()[1], cookie))
    await serving


# --- the readers


def _times(url: str, path: str, cookie: str) -> tuple[float, float]:
    """Milliseconds to the first byte: the median and the 99th percentile of all requests of all readers."""
    cores, every = os.sched_getaffinity(0), set(range(os.cpu_count() or 1))
    os.sched_setaffinity(0, (every - {min(every)}) or every)
    try:
        found = sorted(asyncio.run(_read_all(url, path, cookie)))
    finally:
        os.sched_setaffinity(0, cores)
    return found[len(found) // 2], found[len(found) * 99 // 100]


async def _read_all(url: str, path: str, cookie: str) -> list[float]:
    host, _, port = url.removeprefix("http://").partition(":")
    request = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: session={cookie}; visit=bench\r\n\r\n").encode()
    async with asyncio.timeout(150), asyncio.TaskGroup() as group:
        readers = [group.create_task(_read(host, int(port), request)) for _ in range(READERS)]
    return [time_taken for reader in readers for time_taken in reader.result()]


async def _read(host: str, port: int, request: bytes) -> list[float]:
    reader, writer = await asyncio.open_connection(host, port)
    times = []
    for _ in range(1 + REQUESTS):
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        times.append((time.perf_counter() - begun) * 1000)
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        await reader.readexactly(int(length[1]))
    writer.close()
    return times[1:]

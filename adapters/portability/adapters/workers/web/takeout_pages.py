"""The page from which a worker takes all that is kept about her, and the file itself."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from portability.adapters.workers.web.shell import Shell
from portability.services.workers.takeout.ports import Reader
from portability.services.workers.takeout.use_cases import TakeoutUseCases

__all__ = ["routes"]


def routes(shell: Shell, takeout: TakeoutUseCases) -> list[Route]:
    pages = _TakeoutPages(shell, takeout)
    return [Route("/everything", pages.page, methods=["GET"]), Route("/everything", pages.file, methods=["POST"])]


@dataclass(frozen=True, slots=True)
class _TakeoutPages:
    shell: Shell
    takeout: TakeoutUseCases

    async def page(self, request: Request) -> Response:
        await self.shell.herself(request)
        return self.shell.page(request, "takeout.html", signed_in=True)

    async def file(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        await self.shell.form(request)
        reader = Reader(worker_id, self.shell.words(request).language, request.state.company)
        parts = self.takeout.everything(reader)
        # The first part is made before an answer begins, so that "not now" can still be said with a page.
        first = await anext(parts)

        async def all_parts() -> AsyncIterator[bytes]:
            async with aclosing(parts):
                yield first
                async for part in parts:
                    yield part

        name = f'attachment; filename="{self.shell.today().isoformat()}.zip"'
        return StreamingResponse(all_parts(), media_type="application/zip", headers={"Content-Disposition": name})

"""The web application of the worker: the pages of every topic in one frame, and what an error turns into."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web import career_pages, case_pages, error_pages, matter_pages, sign_in_pages
from portability.adapters.workers.web.rendering import style_sheet
from portability.adapters.workers.web.security import SecurityHeaders
from portability.adapters.workers.web.settings import WebSettings
from portability.adapters.workers.web.shell import Shell
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["Topic", "WebSettings", "create_app"]

Topic = Callable[[Shell], list[Route]]  # the pages of one topic, its use cases already bound


def create_app(
    use_cases: WorkerUseCases, settings: WebSettings, *topics: Topic, matters: MatterUseCases | None = None
) -> Starlette:
    """The pages over the given use cases, and those of further topics; to be served by any ASGI server.

    Without `matters` claims stand alone in the list of cases.

    Attempts to sign in are counted by the address of the connection. Behind a proxy the server must
    take that address from the proxy's header (uvicorn: proxy_headers), or all readers count as one.
    """
    shell = Shell(use_cases, settings)
    return Starlette(
        routes=[
            *sign_in_pages.routes(shell, use_cases),
            *case_pages.routes(shell, use_cases, matters),
            *(matter_pages.routes(shell, matters) if matters else ()),
            *career_pages.routes(shell, use_cases),
            *(route for topic in topics for route in topic(shell)),
            Route("/style.css", _style),
        ],
        middleware=[Middleware(SecurityHeaders, https=settings.https)],
        exception_handlers=error_pages.handlers(shell),
    )


async def _style(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(style_sheet(), media_type="text/css", headers=headers)

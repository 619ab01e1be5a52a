"""The web application of the worker: which address leads to which page, and what an error turns into."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from portability.adapters.workers.web.pages import Pages
from portability.adapters.workers.web.security import SecurityHeaders
from portability.adapters.workers.web.settings import WebSettings
from portability.agreements.errors import DeniedError, NotFoundError, OverloadError
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["WebSettings", "create_app"]


def create_app(use_cases: WorkerUseCases, settings: WebSettings) -> Starlette:
    """The pages over the given use cases; to be served by any ASGI server.

    Attempts to sign in are counted by the address of the connection. Behind a proxy the server must
    take that address from the proxy's header (uvicorn: proxy_headers), or all readers count as one.
    """
    pages = Pages(use_cases, settings)
    return Starlette(
        routes=[
            Route("/", pages.start),
            Route("/sign-in", pages.sign_in_form, methods=["GET"]),
            Route("/sign-in", pages.ask_for_code, methods=["POST"]),
            Route("/sign-in/code", pages.code_form, methods=["GET"]),
            Route("/sign-in/code", pages.sign_in, methods=["POST"]),
            Route("/sign-out", pages.sign_out, methods=["POST"]),
            Route("/cases", pages.cases),
            Route("/cases/{case_id:uuid}", pages.case),
            Route("/cases/{case_id:uuid}/decisions", pages.decisions),
            Route("/decisions", pages.decisions),
            Route("/career", pages.career),
            Route("/style.css", pages.style),
        ],
        middleware=[Middleware(SecurityHeaders, https=settings.https)],
        exception_handlers={
            DeniedError: pages.session_over,
            NotFoundError: pages.not_found,
            OverloadError: pages.too_many,
            HTTPException: pages.refused,
            Exception: pages.broken,
        },
    )

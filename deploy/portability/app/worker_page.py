"""The worker's page on its own address, within the node's process."""

import contextlib
from collections.abc import Iterator
from functools import partial

import uvicorn

from portability.adapters.workers.openid import OpenIdProvider, OpenIdSettings
from portability.adapters.workers.web import openid_pages
from portability.adapters.workers.web.app import Topic, create_app
from portability.adapters.workers.web.settings import WebSettings
from portability.agreements.errors import InputError
from portability.app.settings import Settings
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["WorkerPage"]


class _QuietServer(uvicorn.Server):
    """The node stops its parts itself: this one leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WorkerPage:
    """Serves the page over plain HTTP, behind the institution's own https; ends when cancelled."""

    def __init__(
        self,
        settings: Settings,
        use_cases: WorkerUseCases,
        *topics: Topic,
        matters: MatterUseCases,
        institution_name: str,
        form_key: bytes,
    ) -> None:
        host, _, port = settings.web_listen.rpartition(":")
        web = WebSettings(
            institution_name=institution_name,
            form_key=form_key,
            https=settings.web_https,
            provider_name=settings.sign_in_name if settings.sign_in_issuer else "",
        )
        if settings.sign_in_issuer:
            topics = (
                *topics,
                partial(openid_pages.routes, use_cases=use_cases, provider=_provider(settings, use_cases)),
            )
        config = uvicorn.Config(
            create_app(use_cases, web, *topics, matters=matters),
            host=host.strip("[]"),
            port=int(port),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
        )
        self._server = _QuietServer(config)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await self._server.serve()
        finally:
            self._server.should_exit = True

    @property
    def url(self) -> str:
        """Where the page is, once it is served."""
        sockets = [socket for server in self._server.servers for socket in server.sockets]
        host, port = sockets[0].getsockname()[:2]
        return f"http://{host}:{port}/"


def _provider(settings: Settings, use_cases: WorkerUseCases) -> OpenIdProvider:
    for name in ("web_url", "sign_in_name", "sign_in_client", "sign_in_secret"):
        if not getattr(settings, name):
            raise InputError(
                f"PORTABILITY_{name.upper()} is not set: signing in at {settings.sign_in_issuer} needs it.",
                field=f"PORTABILITY_{name.upper()}",
            )
    found = OpenIdSettings(
        issuer=settings.sign_in_issuer,
        client_id=settings.sign_in_client,
        client_secret=settings.sign_in_secret.get_secret_value(),
        redirect_uri=settings.web_url.rstrip("/") + openid_pages.BACK,
        number_claim=settings.sign_in_number_claim,
    )
    return OpenIdProvider(found, clock=use_cases.clock)

"""The worker's page on its own address, within the node's process."""

from functools import partial

from portability.adapters.workers.openid import OpenIdProvider, OpenIdSettings
from portability.adapters.workers.web import openid_pages
from portability.adapters.workers.web.app import Topic, create_app
from portability.adapters.workers.web.settings import WebSettings
from portability.agreements.errors import InputError
from portability.app.http_part import HttpPart
from portability.app.settings import Settings
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["WorkerPage"]


class WorkerPage(HttpPart):
    """The page, over plain HTTP behind the institution's own https."""

    def __init__(
        self,
        settings: Settings,
        use_cases: WorkerUseCases,
        *topics: Topic,
        matters: MatterUseCases,
        institution_name: str,
        form_key: bytes,
    ) -> None:
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
        super().__init__(create_app(use_cases, web, *topics, matters=matters), listen=settings.web_listen)


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

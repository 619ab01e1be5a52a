"""A certificate into a wallet: her offer as a code and a link, and what wallets call (OpenID4VCI 1.0, RFC 8414)."""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portability.adapters.certificates.qr import draw_qr
from portability.adapters.workers.web.app import Topic
from portability.adapters.workers.web.security import FormRefusedError, read_form
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError, NotFoundError, VerificationError
from portability.services.certificates.jose import decode_json
from portability.services.certificates.offering import OfferUseCases

__all__ = ["read_wallet_request", "wallet_topic"]

LARGEST: Final = 32_768
SCHEME: Final = "openid-credential-offer://?credential_offer="


def wallet_topic(offers: OfferUseCases) -> Topic:
    """A topic for `create_app`."""

    def routes(shell: Shell) -> list[Route]:
        pages = _Pages(shell, offers)
        return [
            Route("/certificates/{certificate_id:uuid}/wallet", pages.offer, methods=["POST"]),
            Route("/.well-known/openid-credential-issuer", pages.issuer),
            Route("/.well-known/oauth-authorization-server", pages.server),
            Route("/.well-known/jwt-vc-issuer", pages.keys),
            Route("/wallet/token", pages.token, methods=["POST"]),
            Route("/wallet/nonce", pages.nonce, methods=["POST"]),
            Route("/wallet/credential", pages.credential, methods=["POST"]),
        ]

    return routes


async def read_wallet_request(request: Request) -> Any:
    """The JSON of a credential request. Raises InputError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise InputError("The request is too large.", field="invalid_credential_request")
    try:
        return decode_json(body)
    except VerificationError as error:
        raise InputError(error.message, field="invalid_credential_request") from error


@dataclass(frozen=True, slots=True)
class _Pages:
    shell: Shell
    offers: OfferUseCases

    async def offer(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        await self.shell.form(request)
        try:
            made = await self.offers.offer(worker_id, request.path_params["certificate_id"])
        except InputError as error:
            raise NotFoundError(error.message) from error
        link = SCHEME + quote(json.dumps(made.document, separators=(",", ":")), safe="")
        # Our own drawing of our own text: modules of a code, and nothing that anybody wrote.
        drawn = Markup(draw_qr(link))  # noqa: S704 (as said above)
        return self.shell.page(request, "wallet.html", signed_in=True, link=link, drawn=drawn)

    async def issuer(self, request: Request) -> Response:
        return JSONResponse(self.offers.issuer_metadata())

    async def server(self, request: Request) -> Response:
        return JSONResponse(self.offers.server_metadata())

    async def keys(self, request: Request) -> Response:
        return JSONResponse(self.offers.key_metadata())

    async def token(self, request: Request) -> Response:
        try:
            form = await read_form(request)
        except FormRefusedError:
            return _refused(InputError("The form cannot be read.", field="invalid_request"))
        try:
            token = await self.offers.token(
                grant_type=form.get("grant_type", ""), code=form.get("pre-authorized_code", "")
            )
        except InputError as error:
            return _refused(error)
        return JSONResponse({"access_token": token.access_token, "token_type": "Bearer", "expires_in": token.seconds})

    async def nonce(self, request: Request) -> Response:
        return JSONResponse({"c_nonce": await self.offers.nonce()})

    async def credential(self, request: Request) -> Response:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if kind.lower() != "bearer" or not token:
                raise InputError("Send 'Authorization: Bearer <token>'.", field="invalid_token")
            credential = await self.offers.credential(token, await read_wallet_request(request))
        except InputError as error:
            return _refused(error)
        return JSONResponse({"credentials": [{"credential": credential}]})


def _refused(error: InputError) -> Response:
    status = 401 if error.field == "invalid_token" else 400
    return JSONResponse({"error": error.field, "error_description": error.message}, status)

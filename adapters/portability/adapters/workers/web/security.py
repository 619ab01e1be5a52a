"""What protects the pages: headers, cookies, forms that only our own pages can send, sizes, origins."""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portability.adapters.workers.web.settings import WebSettings
from portability.services.workers.model import text_token
from portability.services.workers.ports import RandomBytes

__all__ = [
    "FORM_BYTES",
    "FORM_FIELDS",
    "LONG_FORM_BYTES",
    "NOT_KEPT",
    "Cookies",
    "FormRefusedError",
    "SecurityHeaders",
    "origin_of",
    "read_fields",
    "read_form",
    "request_id_of",
    "security_headers",
]

FORM_BYTES = 4096
LONG_FORM_BYTES = 32_768  # 2,000 characters of any script, url-encoded
FORM_FIELDS = 16

# No script, no picture, no frame, no font: one style sheet and forms to ourselves.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
NOT_KEPT = "no-store"
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"


class FormRefusedError(HTTPException):
    """A form that was not sent from one of our pages in this browser, or that is no form of ours."""

    def __init__(self, status_code: int = 403) -> None:
        super().__init__(status_code, "form refused")


def request_id_of(form: Mapping[str, str]) -> UUID:
    """The id that a form of ours carries so that sending it twice does one thing. Raises FormRefusedError."""
    try:
        return UUID(form.get("request_id", ""))
    except ValueError as error:
        raise FormRefusedError(400) from error


def security_headers(*, https: bool) -> dict[str, str]:
    """The headers of every answer."""
    return HEADERS | ({"Strict-Transport-Security": TRANSPORT_SECURITY} if https else {})


class SecurityHeaders:
    """Puts the security headers on every answer; pages are not kept by any cache unless they say so."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = security_headers(https=https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", NOT_KEPT)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class Cookies:
    """The cookies of the pages: HttpOnly, SameSite=Strict, and Secure with the __Host- prefix over https."""

    def __init__(self, settings: WebSettings, *, random_bytes: RandomBytes) -> None:
        self._https = settings.https
        self._prefix = "__Host-" if settings.https else ""
        self._form_key = settings.form_key
        self._random_bytes = random_bytes
        if len(settings.form_key) < 32:
            raise ValueError("the form key needs at least 32 bytes")

    def read(self, request: Request, name: str) -> str:
        """The value, or empty where the browser sent none."""
        return request.cookies.get(self._prefix + name, "")

    def write(
        self, response: Response, name: str, value: str, *, seconds: int | None = None, from_elsewhere: bool = False
    ) -> None:
        """Set a cookie; without `seconds` it ends with the browser.

        `from_elsewhere`: it comes with a reader whom another site leads here (SameSite=Lax), as a provider of
        identities does.
        """
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            path="/",
            secure=self._https,
            httponly=True,
            samesite="lax" if from_elsewhere else "strict",
        )

    def forget(self, response: Response, name: str) -> None:
        response.delete_cookie(self._prefix + name, path="/", secure=self._https, httponly=True, samesite="strict")

    def visit(self, request: Request) -> str:
        """The random name of this browser's visit, new where it has none yet; forms are tied to it."""
        return self.read(request, "visit") or self.new_visit()

    def new_visit(self) -> str:
        return text_token(self._random_bytes(32))

    def form_token(self, visit: str) -> str:
        """What a form carries so that it is known as ours."""
        return text_token(hmac.new(self._form_key, b"form" + visit.encode(), hashlib.sha256).digest())

    def check_form(self, request: Request, form: dict[str, str]) -> None:
        """Raise FormRefusedError unless the form came from a page that we sent to this browser."""
        visit = self.read(request, "visit")
        expected = self.form_token(visit).encode()
        if not visit or not hmac.compare_digest(expected, form.get("form_token", "").encode()):
            raise FormRefusedError


async def read_form(request: Request, *, most_bytes: int = FORM_BYTES) -> dict[str, str]:
    """Fields of a small url-encoded form; of a field that comes twice, the last."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise FormRefusedError(415)
    return await read_fields(request, most_bytes=most_bytes, most_fields=FORM_FIELDS)


async def read_fields(request: Request, *, most_bytes: int, most_fields: int) -> dict[str, str]:
    """Fields of an url-encoded body, whatever it calls itself; of a field that comes twice, the last."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise FormRefusedError(413)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=most_fields, errors="strict")
    except ValueError as error:  # too many fields, or bytes that are no UTF-8 text
        raise FormRefusedError(400) from error
    if any("\x00" in value for _, value in fields):  # no database takes it
        raise FormRefusedError(400)
    return dict(fields)


def origin_of(request: Request) -> str:
    """Under which address attempts are counted: the IPv4 address, or the /64 that one IPv6 line has."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))

"""What a reader sees when something goes wrong: kind words and a way on, and no detail for an attacker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portability.adapters.workers.web.security import NOT_KEPT, security_headers
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import (
    CaseStateError,
    DeniedError,
    IdempotencyConflictError,
    NotFoundError,
    OverloadError,
)

__all__ = ["handlers"]


def handlers(shell: Shell) -> Mapping[Any, Any]:
    """The page of each kind of error."""
    pages = _ErrorPages(shell)
    return {
        DeniedError: pages.session_over,
        NotFoundError: pages.not_found,
        OverloadError: pages.too_many,
        IdempotencyConflictError: pages.sent_before,
        CaseStateError: pages.sent_before,
        HTTPException: pages.refused,
        Exception: pages.broken,
    }


@dataclass(frozen=True, slots=True)
class _ErrorPages:
    shell: Shell

    async def session_over(self, request: Request, error: Exception) -> Response:
        if isinstance(error, DeniedError) and error.authenticated:
            return self._page(request, "not_allowed", status=403)
        had_session = bool(self.shell.cookies.read(request, "session"))
        response = self.shell.go("/sign-in?over" if had_session else "/sign-in")
        self.shell.cookies.forget(response, "session")
        return response

    async def not_found(self, request: Request, error: Exception) -> Response:
        return self._page(request, "not_found", status=404)

    async def too_many(self, request: Request, error: Exception) -> Response:
        return self._page(request, "too_many", status=429, headers={"Retry-After": "3600"})

    async def sent_before(self, request: Request, error: Exception) -> Response:
        """A form of an earlier page: sent again with other words, or overtaken by what others did."""
        return self._page(request, "sent_before", status=409)

    async def refused(self, request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code not in (404, 405):
            return self._page(request, "form", status=error.status_code)
        status = error.status_code if isinstance(error, HTTPException) else 404
        return self._page(request, "not_found", status=status)

    async def broken(self, request: Request, error: Exception) -> Response:
        # Starlette answers outside of all middleware here, and raises the error again so that the server logs it.
        headers = security_headers(https=self.shell.settings.https) | {"Cache-Control": NOT_KEPT}
        return self._page(request, "broken", status=500, headers=headers)

    def _page(self, request: Request, name: str, *, status: int, headers: dict[str, str] | None = None) -> Response:
        response = self.shell.page(request, "error.html", status=status, name=name)
        response.headers.update(headers or {})
        return response

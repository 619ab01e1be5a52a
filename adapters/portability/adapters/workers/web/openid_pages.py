"""Pages to sign in at a provider of identities: away from here, and back again."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.security import origin_of
from portability.adapters.workers.web.shell import Shell
from portability.adapters.workers.web.sign_in_pages import open_session
from portability.agreements.errors import DeniedError, GatewayError
from portability.services.workers.model import SignInRefused, text_token
from portability.services.workers.ports import IdentityProvider
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["BACK", "routes"]

BACK = "/sign-in/provider/back"  # the address that is registered at the provider
ATTEMPT_SECONDS = 600
SECRET_BYTES = 32


def routes(shell: Shell, use_cases: WorkerUseCases, provider: IdentityProvider) -> list[Route]:
    pages = _ProviderPages(shell, use_cases, provider)
    return [Route("/sign-in/provider", pages.away), Route(BACK, pages.back)]


@dataclass(frozen=True, slots=True)
class _ProviderPages:
    shell: Shell
    use_cases: WorkerUseCases
    provider: IdentityProvider

    async def away(self, request: Request) -> Response:
        secret = text_token(self.use_cases.random_bytes(SECRET_BYTES))
        try:
            response = self.shell.go(await self.provider.begin(secret))
        except GatewayError:
            return self.shell.go("/sign-in?provider=unreachable")
        self.shell.cookies.write(response, "attempt", secret, seconds=ATTEMPT_SECONDS, from_elsewhere=True)
        return response

    async def back(self, request: Request) -> Response:
        secret = self.shell.cookies.read(request, "attempt")
        try:
            if not secret:
                raise DeniedError("No attempt to sign in was begun in this browser.", authenticated=False)
            vouched = await self.provider.finish(secret, request.url.query)
        except DeniedError:
            return self._failed("refused")
        except GatewayError:
            return self._failed("unreachable")
        result = await self.use_cases.sign_in_vouched(vouched, origin=origin_of(request))
        if isinstance(result, SignInRefused):
            return self._failed("not_on_file")
        # A page of ours and no redirect: after one that began elsewhere a browser would keep the session to itself.
        response = self.shell.page(request, "provider_done.html")
        open_session(self.shell.cookies, response, result)
        self.shell.cookies.forget(response, "attempt")
        return response

    def _failed(self, why: str) -> Response:
        response = self.shell.go(f"/sign-in?provider={why}")
        self.shell.cookies.forget(response, "attempt")
        return response

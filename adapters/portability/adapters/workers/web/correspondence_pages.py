"""The page of her messages: what she was told, and who wrote to whom about her."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import InputError
from portability.services.workers.correspondence.model import place_of, token_of
from portability.services.workers.correspondence.story import said_by_day
from portability.services.workers.correspondence.use_cases import CorrespondenceUseCases

__all__ = ["routes"]


def routes(shell: Shell, correspondence: CorrespondenceUseCases) -> list[Route]:
    return [Route("/messages", _CorrespondencePages(shell, correspondence).listed)]


@dataclass(frozen=True, slots=True)
class _CorrespondencePages:
    shell: Shell
    correspondence: CorrespondenceUseCases

    async def listed(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        try:
            before = place_of(request.query_params.get("before", ""))
        except InputError:
            return self.shell.go("/messages")
        page = await self.correspondence.list_my_messages(worker_id, before=before)
        return self.shell.page(
            request,
            "correspondence.html",
            signed_in=True,
            entries=said_by_day(page.entries, day_of=self.shell.words(request).local_day),
            before=before,
            older=token_of(page.older),
        )

"""Pages on which a worker says how a closed case went."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.workers.web.security import LONG_FORM_BYTES, request_id_of
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import CaseStateError, IdempotencyConflictError, InputError, NotFoundError
from portability.services.workers.story import Phrase
from portability.services.workers.voice.handlers import SayHowItWent, VoiceUseCases
from portability.services.workers.voice.model import WORDS_LENGTH, Score

__all__ = ["routes"]


def routes(shell: Shell, voice: VoiceUseCases) -> list[Route]:
    pages = _VoicePages(shell, voice)
    return [
        Route("/voice", pages.listed),
        Route("/voice/{case_id:uuid}", pages.form, methods=["GET"]),
        Route("/voice/{case_id:uuid}", pages.send, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _VoicePages:
    shell: Shell
    voice: VoiceUseCases

    async def listed(self, request: Request) -> Response:
        questions = await self.voice.questions(await self.shell.worker_id(request))
        return self.shell.page(
            request, "voices.html", signed_in=True, questions=questions, sent="sent" in request.query_params
        )

    async def form(self, request: Request) -> Response:
        return await self._form(request, await self.shell.herself(request), {})

    async def send(self, request: Request) -> Response:
        worker_id = await self.shell.herself(request)
        form = await self.shell.form(request, most_bytes=LONG_FORM_BYTES)
        try:
            await self.voice.say(_said(form, worker_id=worker_id, case_id=request.path_params["case_id"]))
        except InputError as error:
            return await self._form(request, worker_id, form, wrong=error.field or "words")
        except (CaseStateError, IdempotencyConflictError):
            return self.shell.go("/voice")  # said from another page, or not asked: the list tells which
        return self.shell.go("/voice?sent")

    async def _form(self, request: Request, worker_id: UUID, given: Mapping[str, str], *, wrong: str = "") -> Response:
        case_id = request.path_params["case_id"]
        for case, answered in await self.voice.questions(worker_id):
            if case.case_id == case_id:
                return self.shell.page(
                    request,
                    "voice.html",
                    status=422 if wrong else 200,
                    signed_in=True,
                    case=case,
                    answered=answered,
                    scores=list(reversed(Score)),
                    given={name: given.get(name, "") for name in ("score", "words", "may_read")},
                    wrong=wrong,
                    error=Phrase(f"error.voice.{wrong}") if wrong else None,
                    most=WORDS_LENGTH,
                    request_id=self.shell.new_request_id(),
                )
        raise NotFoundError(f"You have no closed case {case_id}.")


def _said(form: Mapping[str, str], *, worker_id: UUID, case_id: UUID) -> SayHowItWent:
    if form.get("score") not in set(Score):
        raise InputError("Choose one of the answers.", field="score")
    return SayHowItWent(
        request_id_of(form),
        worker_id,
        case_id,
        Score(form["score"]),
        form.get("words", ""),
        may_read=form.get("may_read") == "yes",
    )

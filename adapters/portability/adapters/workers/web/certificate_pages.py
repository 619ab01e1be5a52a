"""Her certificates, and the pages that are for everybody: checking one, and the status lists of this institution."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portability.adapters.certificates.telling import told_career, told_facts, told_refusal
from portability.adapters.workers.web.app import Topic
from portability.adapters.workers.web.security import FormRefusedError
from portability.adapters.workers.web.shell import Shell
from portability.agreements.errors import CertificateRefusedError, NotFoundError
from portability.services.certificates.ports import Kept
from portability.services.certificates.servicer import Printer
from portability.services.certificates.use_cases import STATUS_PATH, CertificateUseCases
from portability.services.certificates.verifying import Issuers, Verified, verify_certificate

__all__ = ["CHECK_PATH", "certificate_topic", "read_shown_text"]

CHECK_PATH: Final = "/check"
LISTS: Final = 1_000
LARGEST: Final = 65_536  # bytes of a form with a credential in it


def certificate_topic(use_cases: CertificateUseCases, printed: Printer, issuers: Issuers) -> Topic:
    """A topic for `create_app`."""

    def routes(shell: Shell) -> list[Route]:
        pages = _Pages(shell, use_cases, printed, issuers)
        return [
            Route("/certificates", pages.mine),
            Route("/certificates/{certificate_id:uuid}.pdf", pages.pdf),
            Route("/certificates/{certificate_id:uuid}.jwt", pages.file),
            Route(CHECK_PATH, pages.check_form, methods=["GET"]),
            Route(CHECK_PATH, pages.check, methods=["POST"]),
            Route(STATUS_PATH + "/{number:int}", pages.status_list),
        ]

    return routes


async def read_shown_text(request: Request) -> str:
    """What was pasted into the page: the text of a code or of a credential. Raises FormRefusedError.

    Anybody may send this form from anywhere: it reads nothing that is anybody's, and changes nothing.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise FormRefusedError(413)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=4, errors="strict")).get(
            "certificate", ""
        )
    except ValueError as error:
        raise FormRefusedError(400) from error


@dataclass(frozen=True, slots=True)
class _Pages:
    shell: Shell
    use_cases: CertificateUseCases
    printed: Printer
    issuers: Issuers

    async def mine(self, request: Request) -> Response:
        worker_id = await self.shell.worker_id(request)
        kept = await self.use_cases.mine(worker_id)
        words, now = self.shell.words(request), self.use_cases.clock.now()
        listed = [
            (one.issued.certificate, one.revoked_at, now >= one.issued.certificate.expires_at, facts)
            for one in kept
            for facts in [told_facts(one.issued.certificate.shown(), words)]
        ]
        left_out = await self.use_cases.leaves_out(worker_id)
        return self.shell.page(request, "certificates.html", signed_in=True, certificates=listed, left_out=left_out)

    async def pdf(self, request: Request) -> Response:
        kept = await self._hers(request)
        words = self.shell.words(request)
        content = await self.printed(kept, words.language)
        return _file(content, "application/pdf", f"{kept.issued.certificate.number}.pdf")

    async def file(self, request: Request) -> Response:
        kept = await self._hers(request)
        name = f"{kept.issued.certificate.number}.txt"
        return _file(kept.issued.credential.encode(), "application/dc+sd-jwt", name)

    async def check_form(self, request: Request) -> Response:
        return self.shell.page(request, "check.html", verified=None, refused="", facts=[], rows=[])

    async def check(self, request: Request) -> Response:
        text = await read_shown_text(request)
        words = self.shell.words(request)
        try:
            verified = await self._verified(text)
        except CertificateRefusedError as error:
            because = told_refusal(error.reason, words)
            return self.shell.page(request, "check.html", verified=None, refused=because, facts=[], rows=[])
        facts, rows = told_facts(verified.shown, words), told_career(verified.shown, words)
        return self.shell.page(request, "check.html", verified=verified, refused="", facts=facts, rows=rows)

    async def status_list(self, request: Request) -> Response:
        number = request.path_params["number"]
        if not 0 < number <= LISTS:
            raise HTTPException(404)
        # Kept by nobody on the way: an hour counts from when it was signed.
        return Response(await self.use_cases.status_list(number), media_type="application/statuslist+jwt")

    async def _verified(self, text: str) -> Verified:
        """With this institution's own status list where it is the issuer; of others only what is offline."""
        at = self.use_cases.clock.now()
        verified = verify_certificate(text, issuers=self.issuers, at=at)
        before, _, number = verified.shown.status.uri.rpartition("/")
        if before != f"{self.use_cases.address}{STATUS_PATH}" or not number.isdecimal() or not 0 < int(number) <= LISTS:
            return verified
        status = await self.use_cases.status_list(int(number))
        return verify_certificate(text, issuers=self.issuers, at=self.use_cases.clock.now(), status=status)

    async def _hers(self, request: Request) -> Kept:
        worker_id = await self.shell.worker_id(request)
        kept = await self.use_cases.one_of_mine(worker_id, request.path_params["certificate_id"])
        if kept.revoked_at is not None:
            raise NotFoundError("This certificate was revoked: it is not given out any more.")
        return kept


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'inline; filename="{name}"'})

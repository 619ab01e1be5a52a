"""A worker declares time, shows papers, and follows what came of it. Whose it is comes from the session alone."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from portability.agreements.errors import InputError, NotFoundError, OverloadError
from portability.services.idempotency import once
from portability.services.workers.declarations.model import (
    ABOUT_LENGTH,
    MOST_ASKED,
    MOST_BYTES,
    MOST_DECLARATIONS,
    MOST_DOCUMENTS,
    NAME_LENGTH,
    Declaration,
    DeclaredDocument,
    DocumentKind,
    InstitutionId,
    PdfFinding,
    Progress,
    Standing,
    check_days,
    check_withdrawable,
    local_progress,
    with_document,
)
from portability.services.workers.declarations.ports import Clock, DeclarationWork, PdfCleaner, UnitOfWork
from portability.services.workers.declarations.recognising import Paper, recognised, require_room
from portability.services.workers.disputes.model import clean_text
from portability.services.workers.remembered import RememberedDay

__all__ = ["AddDocument", "DeclarationUseCases", "DeclarationView", "DeclarePeriod", "hidden", "progress_of"]


@dataclass(frozen=True, slots=True)
class DeclarePeriod:
    """`may_ask`: the institution of the state may be asked about her. `by` names who acts for her or helps her."""

    request_id: UUID
    worker_id: UUID
    state: str
    first_day: RememberedDay
    last_day: RememberedDay
    employer: str = ""
    activity: str = ""
    may_ask: bool = False
    by: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class AddDocument:
    """`digest` stands for the content, which is given beside the command: no fingerprint is made of megabytes."""

    request_id: UUID
    worker_id: UUID
    declaration_id: UUID
    digest: str
    about: str = ""
    by: str = ""

    @staticmethod
    def digest_of(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class DeclarationView:
    declaration: Declaration
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationUseCases:
    """The use cases of one institution's workers. `work` is the node's own: whose it is was found out before."""

    me: InstitutionId
    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]
    pdfs: PdfCleaner
    zone: tzinfo = UTC

    async def declare(self, command: DeclarePeriod) -> DeclarationView:
        """Keep what she tells, and ask the institution of the state where she lets us; the same request does so once.

        Raises InputError for what cannot be meant, NotFoundError where she has no case here, OverloadError where she
        has told too much.
        """
        now = self.clock.now()
        command = replace(
            command, employer=_named(command.employer, "employer"), activity=_named(command.activity, "activity")
        )
        if len(command.state) != 2 or not command.state.isascii() or not command.state.isupper():
            raise InputError("Say in which country: its two letters, for example DE.", field="state")
        check_days(command.first_day, command.last_day, today=now.astimezone(self.zone).date())
        async with self.work() as work:

            async def run() -> str:
                return str(await self._keep(command, at=now, work=work))

            declaration_id = UUID(await once(command, log=work.commands, run=run))
            return await _hers(command.worker_id, declaration_id, work=work)

    async def add_document(self, command: AddDocument, content: bytes) -> DeclarationView:
        """Keep a paper with what she told, but only what it takes to draw it; the same request does so once.

        Raises InputError where the content is none that is taken or too large, GatewayError where a PDF cannot be
        looked at now, NotFoundError where the declaration is
        not hers, CaseStateError where it is answered, OverloadError where there are enough.
        """
        paper, is_signed = await self._cleaned(recognised(content))
        command = replace(command, about=_named(command.about, "about", most=ABOUT_LENGTH))
        async with self.work() as work:

            async def run() -> str:
                document = DeclaredDocument(
                    self.new_id(),
                    paper.kind,
                    len(paper.content),
                    self.clock.now(),
                    command.about,
                    command.by,
                    is_signed,
                )
                declaration = await self._with_room(command, document, work=work)
                await work.book.put(declaration)
                await work.papers.put(document.document_id, declaration, paper.content)
                return ""

            await once(command, log=work.commands, run=run)
            return await _hers(command.worker_id, command.declaration_id, work=work)

    async def _cleaned(self, paper: Paper) -> tuple[Paper, bool]:
        """The paper as it is kept, and whether it is signed: then it stays as it came. A picture is clean already."""
        if paper.kind is not DocumentKind.PDF:
            return paper, False
        found = await self.pdfs.cleaned(paper.content)
        if found.finding is PdfFinding.UNREADABLE:
            raise InputError(
                "This PDF is broken, or locked with a password: take a photo of the paper.", field="document"
            )
        require_room(found.content)
        return Paper(paper.kind, found.content), found.finding is PdfFinding.SIGNED

    async def withdraw(self, worker_id: UUID, declaration_id: UUID) -> None:
        """Delete what she told, with its papers. Raises NotFoundError, CaseStateError where somebody has acted on it.

        Repeating it changes nothing: what is gone reads like what was never there.
        """
        async with self.work() as work:
            for declaration in await work.book.of_worker(worker_id, for_change=True):
                if declaration.declaration_id == declaration_id:
                    check_withdrawable(declaration)
                    await work.book.remove(declaration_id)
                    await work.changes.note(declaration.case_id, "declaration_withdrawn", at=self.clock.now())

    async def list_mine(self, worker_id: UUID) -> tuple[DeclarationView, ...]:
        """What she told, the newest first."""
        async with self.work() as work:
            found = await work.book.of_worker(worker_id)
            is_protected = await _is_protected(worker_id, work=work)
            return tuple([await _view(one, is_protected=is_protected, work=work) for one in found])

    async def document_of_mine(self, worker_id: UUID, document_id: UUID) -> tuple[DeclaredDocument, bytes]:
        """One of her papers. Raises NotFoundError for another's as for none."""
        async with self.work() as work:
            for declaration in await work.book.of_worker(worker_id):
                for document in declaration.documents:
                    if document.document_id == document_id:
                        content = await work.papers.get(document_id)
                        if content is not None:
                            return document, content
        raise NotFoundError(f"You have no paper {document_id}.")

    async def _keep(self, command: DeclarePeriod, *, at: datetime, work: DeclarationWork) -> UUID:
        # 1. She has a case in which it can be looked at, and room.  2. Another institution is asked where she lets us
        # and none of her cases is protected: it would learn that she is known here.  3. It is kept, and told.
        # Step 1.
        kept = await work.book.of_worker(command.worker_id, for_change=True)
        case_ids = await work.cases.ids_of(command.worker_id)
        if not case_ids:
            raise NotFoundError("You have no case here yet: make a claim first.")
        if len(kept) >= MOST_DECLARATIONS:
            raise OverloadError(f"You have told of {MOST_DECLARATIONS} times: take one back, or ask a caseworker.")
        declaration = Declaration(
            declaration_id=self.new_id(),
            worker_id=command.worker_id,
            case_id=case_ids[0],
            state=command.state,
            first_day=command.first_day,
            last_day=command.last_day,
            declared_at=at,
            employer=command.employer,
            activity=command.activity,
            declared_by=command.by,
        )
        # Step 2.
        asked = sum(1 for one in kept if one.flow_case_id)
        if command.may_ask and asked < MOST_ASKED and not await work.protected.among(case_ids):
            found = await work.elsewhere.ask(declaration, language=command.language)
            if found is not None:
                declaration = replace(declaration, asked=found[0], flow_case_id=found[1])
        # Step 3.
        await work.book.put(declaration)
        await work.changes.note(declaration.case_id, "period_declared", at=at)
        return declaration.declaration_id

    async def _with_room(
        self, command: AddDocument, document: DeclaredDocument, *, work: DeclarationWork
    ) -> Declaration:
        kept = await work.book.of_worker(command.worker_id, for_change=True)
        found = [one for one in kept if one.declaration_id == command.declaration_id]
        if not found:
            raise NotFoundError(f"You have told nothing of id {command.declaration_id}.")
        changed = with_document(found[0], document)
        if len(changed.documents) > MOST_DOCUMENTS:
            raise OverloadError(f"{MOST_DOCUMENTS} papers are there already: they are enough to look at.")
        if sum(one.size for one in kept) + document.size > MOST_BYTES:
            raise OverloadError("Your papers fill the room that there is: take smaller pictures.")
        return changed


async def progress_of(declaration: Declaration, *, work: DeclarationWork) -> Progress:
    """How a declaration stands, as whoever was asked or has answered said so far."""
    found = local_progress(declaration) or await work.elsewhere.progress(declaration)
    return found or Progress(Standing.WAITING, declaration.declared_at)


async def _hers(worker_id: UUID, declaration_id: UUID, *, work: DeclarationWork) -> DeclarationView:
    is_protected = await _is_protected(worker_id, work=work)
    for one in await work.book.of_worker(worker_id):
        if one.declaration_id == declaration_id:
            return await _view(one, is_protected=is_protected, work=work)
    raise NotFoundError(f"You have told nothing of id {declaration_id}.")


async def _view(declaration: Declaration, *, is_protected: bool, work: DeclarationWork) -> DeclarationView:
    """As a channel shows it to her: of a protected person without employer and free words."""
    progress = await progress_of(declaration, work=work)
    return DeclarationView(hidden(declaration) if is_protected else declaration, progress)


def hidden(declaration: Declaration) -> Declaration:
    """Without what could tell where a protected person is, or was."""
    documents = tuple(replace(one, about="") for one in declaration.documents)
    answer = declaration.answer and replace(declaration.answer, reason="")
    return replace(declaration, employer="", activity="", documents=documents, answer=answer)


async def _is_protected(worker_id: UUID, *, work: DeclarationWork) -> bool:
    case_ids: Sequence[UUID] = await work.cases.ids_of(worker_id)
    return bool(await work.protected.among(case_ids))


def _named(text: str, field: str, *, most: int = NAME_LENGTH) -> str:
    return clean_text(text, field=field, most=most) if text.strip() else ""

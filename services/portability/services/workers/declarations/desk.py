"""Caseworkers look at what workers declare, read their papers and say what came of it; programs only read the queue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.agreements.errors import DeniedError, NotFoundError
from portability.services.access import Caller
from portability.services.acts import Act
from portability.services.idempotency import once
from portability.services.looking import read_by_staff
from portability.services.purposes import PENSION_CLAIM
from portability.services.workers.declarations.handlers import DeclarationView, progress_of
from portability.services.workers.declarations.model import Answer, Declaration, DeclaredDocument, answered
from portability.services.workers.declarations.ports import Clock, DeclarationWork, UnitOfWork
from portability.services.workers.disputes.model import clean_text

__all__ = ["DeclarationDesk", "SettleDeclaration"]


@dataclass(frozen=True, slots=True)
class SettleDeclaration:
    request_id: UUID
    declaration_id: UUID
    on_record: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationDesk:
    """Each use case opens its own transaction."""

    work: UnitOfWork  # what the caller may see
    acting: UnitOfWork  # the node's own work, after it was checked who calls
    clock: Clock
    new_id: Callable[[], UUID]

    async def page(
        self, *, size: int, after: UUID | None, caller: Caller
    ) -> tuple[Sequence[DeclarationView], UUID | None]:
        """What waits, the oldest first, and where the next page begins; hidden ones are left out."""
        async with self.work() as work:
            found = await work.queue.page(size=size + 1, after=after)
            shown = found[:size]
            seen = await self._seen([one.case_id for one in shown], caller=caller, work=work)
            views = [DeclarationView(one, await progress_of(one, work=work)) for one in shown if one.case_id in seen]
        return views, shown[-1].declaration_id if len(found) > size else None

    async def get(self, declaration_id: UUID, *, caller: Caller) -> DeclarationView:
        """One declaration; NotFoundError where there is none, or it is hidden from the caller."""
        async with self.work() as work:
            return await self._view(declaration_id, caller=caller, work=work)

    async def document(
        self, declaration_id: UUID, document_id: UUID, *, caller: Caller
    ) -> tuple[DeclaredDocument, bytes]:
        """One paper as it came; NotFoundError as for the declaration."""
        async with self.work() as work:
            view = await self._view(declaration_id, caller=caller, work=work)
            for one in view.declaration.documents:
                content = await work.papers.get(document_id) if one.document_id == document_id else None
                if content is not None:
                    return one, content
        raise NotFoundError(f"There is no paper {document_id} with declaration {declaration_id}.")

    async def settle(self, command: SettleDeclaration, *, caller: Caller) -> DeclarationView:
        """Say what came of it. Nothing is put on any record by this: it says that a person has."""
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker answers a worker: connect with a caseworker's certificate.")
        reason = clean_text(command.reason, field="reason")
        async with self.acting() as work:

            async def run() -> str:
                now = self._now()
                declaration = await self._for_change(command.declaration_id, caller=caller, work=work)
                await work.book.put(answered(declaration, Answer(command.on_record, now, caller.name, reason)))
                act = Act(
                    self.new_id(), declaration.case_id, now, caller.name, "declaration.answered",
                    str(declaration.declaration_id),
                )  # fmt: skip
                await work.acts.add(act)
                await work.changes.note(declaration.case_id, "declaration_answered", at=now)
                return ""

            await once(command, log=work.commands, run=run)
            return await self._view(command.declaration_id, caller=caller, work=work)

    async def _for_change(self, declaration_id: UUID, *, caller: Caller, work: DeclarationWork) -> Declaration:
        declaration = await work.queue.get(declaration_id, for_change=True)
        hidden = () if declaration is None or caller.is_cleared else await work.protected.among([declaration.case_id])
        if declaration is None or hidden:
            raise _none(declaration_id)
        return declaration

    async def _view(self, declaration_id: UUID, *, caller: Caller, work: DeclarationWork) -> DeclarationView:
        declaration = await work.queue.get(declaration_id, for_change=False)
        if declaration is None or not await self._seen([declaration.case_id], caller=caller, work=work):
            raise _none(declaration_id)
        return DeclarationView(declaration, await progress_of(declaration, work=work))

    async def _seen(self, case_ids: Sequence[UUID], *, caller: Caller, work: DeclarationWork) -> frozenset[UUID]:
        once_each = list(dict.fromkeys(case_ids))
        purpose = PENSION_CLAIM.code
        return await read_by_staff(
            once_each, caller=caller, work=work, new_id=self.new_id, at=self._now(), purpose=purpose
        )

    def _now(self) -> datetime:
        return self.clock.now()


def _none(declaration_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no declaration {declaration_id} here: take an id from the list of declarations.")

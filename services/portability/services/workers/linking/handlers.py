"""A caseworker says whose a case is, so that she and nobody else ever sees it; and by which contact she signs in."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from portability.agreements.errors import DeniedError, NotFoundError
from portability.services.access import Caller
from portability.services.acts import Act
from portability.services.idempotency import once
from portability.services.looking import read_by_staff
from portability.services.purposes import COOPERATION
from portability.services.workers.linking.contacts import move
from portability.services.workers.linking.ports import LinkWork, UnitOfWork
from portability.services.workers.model import Contact, WorkerOnFile
from portability.services.workers.ports import Clock

__all__ = ["ChangeContact", "LinkCase", "LinkUseCases"]


@dataclass(frozen=True, slots=True)
class LinkCase:
    """Hers is whoever's `same_as` is, or whoever has the id; else whoever is on file with contact and number."""

    request_id: UUID
    case_id: UUID
    same_as: UUID | None = None
    contact: Contact | None = None
    insurance_number: str = ""
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ChangeContact:
    """She is whoever is on file with contact and number."""

    request_id: UUID
    contact: Contact
    insurance_number: str
    new_contact: Contact


@dataclass(frozen=True, slots=True)
class LinkUseCases:
    """`work` is the node's own: whose a case is, is for no other caller to see."""

    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]

    async def link(self, command: LinkCase, *, caller: Caller) -> None:
        """Say whose a case is.

        Raises DeniedError for who is no caseworker, NotFoundError where the caller may see no such case or person,
        IdempotencyConflictError where the case is another's.
        """
        # 1. A person says so.  2. She may see the case.  3. There is exactly one whom she means.  4. The case becomes
        # hers, protected where one of hers is.
        # Step 1.
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker says whose a case is: connect with a caseworker's certificate.")
        async with self.work() as work:
            # Step 2.
            await self._check_seen(command.case_id, caller=caller, work=work)
            # Step 3.
            worker_id = await self._worker(command, caller=caller, work=work)

            async def run() -> str:
                # Step 4.
                await work.links.link(worker_id, command.case_id)
                hers = await work.links.case_ids_of(worker_id)
                if await work.protected.among(hers):
                    await work.protected.protect([command.case_id])
                at = self.clock.now()
                await work.acts.add(Act(self.new_id(), command.case_id, at, caller.name, "worker.link"))
                return ""

            await once(command, log=work.commands, run=run)

    async def change_contact(self, command: ChangeContact, *, caller: Caller) -> None:
        """Say by which contact she signs in from now on.

        Raises DeniedError for who is no caseworker, NotFoundError where the caller may see no such person,
        CaseStateError where the new contact would tell her from nobody.
        """
        # 1. A person says so.  2. There is exactly one whom she means.  3. By the new contact each of her numbers
        # finds her alone. It is kept; sessions and codes end, and the contact from before is told: it may not have been
        # she.
        # Step 1.
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker changes a contact: connect with a caseworker's certificate.")
        async with self.work() as work:

            async def run() -> str:
                # Step 2.
                worker = await self._on_file(command.contact, command.insurance_number, caller=caller, work=work)
                # Step 3.
                at = self.clock.now()
                await move(worker, command.new_contact, at=at, work=work)
                await work.acts.add(Act(self.new_id(), worker.worker_id, at, caller.name, "worker.contact"))
                return ""

            await once(command, log=work.commands, run=run)

    async def _worker(self, command: LinkCase, *, caller: Caller, work: LinkWork) -> UUID:
        if command.same_as is not None:
            await self._check_seen(command.same_as, caller=caller, work=work)
            owner = await work.links.owner_of(command.same_as)
            if owner is None:
                raise NotFoundError(f"Nobody is known whose case {command.same_as} is: name her contact and number.")
            return owner
        if command.worker_id is not None:
            hers = await work.directory.by_id(command.worker_id)
            if hers is None or not await self._may_name(hers, caller=caller, work=work):
                raise NotFoundError(f"Nobody is on file here as {command.worker_id}: name her contact and number.")
            return hers.worker_id
        return (await self._on_file(command.contact, command.insurance_number, caller=caller, work=work)).worker_id

    async def _on_file(self, contact: Contact | None, number: str, *, caller: Caller, work: LinkWork) -> WorkerOnFile:
        found = await work.directory.find(contact, insurance_number=number) if contact else None
        if found is None or not number or not await self._may_name(found, caller=caller, work=work):
            raise NotFoundError("Nobody is on file here with this contact and this number.")
        return found

    async def _may_name(self, worker: WorkerOnFile, *, caller: Caller, work: LinkWork) -> bool:
        """Whether she may know of her: of who is protected, cleared staff alone."""
        hidden = await work.protected.among(await work.links.case_ids_of(worker.worker_id))
        return caller.is_cleared or not hidden

    async def _check_seen(self, case_id: UUID, *, caller: Caller, work: LinkWork) -> None:
        at = self.clock.now()
        seen = await read_by_staff(
            [case_id], caller=caller, work=work, new_id=self.new_id, at=at, purpose=COOPERATION.code
        )
        if case_id not in seen or not await work.cases.knows(case_id):
            raise NotFoundError(f"There is no case {case_id}.")

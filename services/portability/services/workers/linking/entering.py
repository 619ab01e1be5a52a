"""A caseworker puts a worker on file, so that she can sign in.

Whether a number is on file already is asked of everybody on file alike and answered in the same words. Whether
somebody is protected the node does not ask here, so nothing that the caller sees or measures depends on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.errors import CaseStateError, DeniedError, InputError
from portability.services.access import Caller
from portability.services.acts import Act
from portability.services.idempotency import once
from portability.services.workers.linking.contacts import keep_apart, move
from portability.services.workers.linking.ports import ContactWork, UnitOfWork
from portability.services.workers.model import Contact, WorkerOnFile
from portability.services.workers.ports import Clock
from portability.services.workers.words import languages

__all__ = ["EnterUseCases", "KnownBy", "NumberOnFile", "RegisterWorker"]

NUMBER_KNOWN: Final = "number known"


class KnownBy(StrEnum):
    """How the caseworker knows that it is she."""

    PERSON = "person"
    DOCUMENT = "document"
    REGISTER = "register"


class NumberOnFile(StrEnum):
    """Whose a number is that is on file already."""

    HERS = "hers"
    ANOTHERS = "anothers"


@dataclass(frozen=True, slots=True)
class RegisterWorker:
    """Who is to sign in by `contact`; her numbers, as `insurance_number()` gives them, tell her from who shares it."""

    request_id: UUID
    contact: Contact
    numbers: tuple[str, ...]
    known_by: KnownBy
    language: str = ""
    number_on_file: NumberOnFile | None = None
    doubts: tuple[str, ...] = ()  # what is odd about the numbers, for the caseworker; they are entered all the same


@dataclass(frozen=True, slots=True)
class EnterUseCases:
    """`work` is the node's own: who is on file, is for no other caller to see."""

    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]

    async def enter(self, command: RegisterWorker, *, caller: Caller) -> UUID:
        """Put a worker on file; her id, by which whoever has entered her goes on.

        Nobody learns an id who may not enter her: where a number is on file already, there is the refusal alone.
        Raises DeniedError for who is no caseworker, or says whose a number is and is not cleared; InputError for a
        language that the pages do not have; CaseStateError where a number is on file already: the try is kept.
        """
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker puts a worker on file: connect with a caseworker's certificate.")
        if command.number_on_file is not None and not caller.is_cleared:
            raise DeniedError(
                "Whose a number on file is, is said by staff cleared for protected persons: turn to them."
            )
        if command.language and command.language not in languages():
            raise InputError(
                f"The language is none of the pages: choose one of {', '.join(languages())}.", field="language"
            )
        async with self.work() as work:

            async def run() -> str:
                return await self._entered(command, caller, work)

            answer = await once(command, log=work.commands, run=run)
        # Raised when the transaction is kept: who tries numbers leaves a trace of each.
        if answer == NUMBER_KNOWN:
            raise CaseStateError(
                "One of these numbers is on file here already, so nothing was entered. Staff cleared for protected "
                "persons say whether it is hers or another's, whoever has it: turn to them (--number-on-file).",
                state="number_on_file",
            )
        return UUID(answer)

    async def _entered(self, command: RegisterWorker, caller: Caller, work: ContactWork) -> str:
        # 1. Where somebody has a number of hers and nobody has said whose it is, each such file keeps the try.
        # 2. Where it is hers, the file that is there gets contact and numbers.  3. Else she gets a file of her own.
        at = self.clock.now()

        async def note(worker_id: UUID, what: str) -> str:
            await work.acts.add(Act(self.new_id(), worker_id, at, caller.name, what, why=command.known_by))
            return str(worker_id)

        # Step 1.
        known = await work.register.with_numbers(command.numbers)
        if known and command.number_on_file is None:
            for one in known:
                await note(one.worker_id, "worker.enter.refused")
            return NUMBER_KNOWN
        # Step 2.
        if command.number_on_file is NumberOnFile.HERS:
            return await note(await _into_her_file(command, known, at=at, work=work), "worker.enter.hers")
        # Step 3.
        worker = WorkerOnFile(self.new_id(), command.contact, command.numbers, command.language)
        await keep_apart(worker, work=work)
        return await note(worker.worker_id, "worker.enter")


async def _into_her_file(
    command: RegisterWorker, known: Sequence[WorkerOnFile], *, at: datetime, work: ContactWork
) -> UUID:
    if len(known) != 1:
        raise CaseStateError(
            f"{len(known)} people are on file with one of these numbers, and she must be the only one: change her "
            "contact by the one that is on file.",
            state="number_on_file",
        )
    numbers = tuple(dict.fromkeys((*known[0].insurance_numbers, *command.numbers)))
    hers = replace(known[0], insurance_numbers=numbers, language=command.language or known[0].language)
    if command.contact == hers.contact:
        await keep_apart(hers, work=work)
    else:
        await move(hers, command.contact, at=at, work=work)
    return hers.worker_id

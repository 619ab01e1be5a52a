"""Use cases of privacy: erase, hold, protect, and say how things stand.

Erasure is the destruction of keys: what they sealed cannot be read again, in tables, logs, backups or replicas, while
headers, leaf hashes and signatures stay, so that every proof still stands (GDPR Art. 17; EDPB Guidelines 02/2025).
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError, NotFoundError
from portability.services.access import Caller
from portability.services.acts import Act
from portability.services.idempotency import once
from portability.services.log_entry import SALT_BYTES
from portability.services.looking import Look
from portability.services.privacy.commands import Erase, ErasePerson, Hold, Protect, ReleaseHold
from portability.services.privacy.erasing_person import decide_person, read_answer, write_answer
from portability.services.privacy.keeping import (
    kept_case,
    kept_items,
    kept_until,
    longest_retention,
    require_nothing_kept,
)
from portability.services.privacy.model import (
    DEFAULT_RETENTION,
    ErasedPerson,
    Erasure,
    LegalHold,
    PersonScopes,
    PrivacyOfCase,
)
from portability.services.privacy.ports import Clock, Keys, PrivacyWork, Retentions, UnitOfWork

__all__ = ["PrivacyUseCases"]


@dataclass(frozen=True, slots=True)
class PrivacyUseCases:
    """The use cases of one node."""

    unit_of_work: UnitOfWork
    keys: Keys
    retentions: Retentions
    clock: Clock
    new_id: Callable[[], UUID]
    draw: Callable[[int], bytes] = secrets.token_bytes

    async def erase(self, command: Erase, *, caller: Caller) -> Erasure:
        """Erase a case or a person. Raises ErasureRefusedError where something keeps the data, NotFoundError.

        The act is kept first and the keys are destroyed after it: a node that stops in between destroys them when it
        starts again (`replay`). The same request again gives the same act.
        """
        _require_name(caller)

        async with self.unit_of_work() as work:

            async def run() -> str:
                erasure = await self._decided(command, caller, work)
                await work.erasures.add(erasure)
                await work.log.append([erasure.entry])
                return str(erasure.erasure_id)

            erasure = await work.erasures.find(UUID(await once(command, log=work.commands, run=run)))
        return await self._carried_out(erasure)

    async def erase_person(self, command: ErasePerson, *, caller: Caller) -> ErasedPerson:
        """Erase somebody on file, but for what has to stay, which is told with its reason and the day on which it ends.

        Raises DeniedError for who is no caseworker, NotFoundError, and ErasureRefusedError where all has to stay. What
        had to stay is erased later by the same worker's id, or with its case.
        """
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker erases a person: connect with a caseworker's certificate.")
        if command.worker_id is None and not (command.contact and command.insurance_number):
            raise InputError("Name her by contact and insurance number, or by her id.", field="whose")
        async with self.unit_of_work() as work:

            async def run() -> str:
                now = self.clock.now()
                found = await decide_person(
                    command, caller=caller, today=now.date(), work=work, retentions=self.retentions
                )
                erasure = Erasure(self.new_id(), found.scopes, now, caller.name, found.basis, self.draw(SALT_BYTES))
                await work.erasures.add(erasure)
                await work.log.append([erasure.entry])
                return write_answer(erasure.erasure_id, found.worker_id, found.kept)

            erasure_id, worker_id, kept = read_answer(await once(command, log=work.commands, run=run))
            erasure = await work.erasures.find(erasure_id)
        return ErasedPerson(worker_id, await self._carried_out(erasure), kept)

    async def erasures(self) -> Sequence[Erasure]:
        """Every act of erasure, the oldest first."""
        async with self.unit_of_work() as work:
            return await work.erasures.all()

    async def replay(self, kept_elsewhere: Sequence[Erasure] = ()) -> int:
        """Carry out every act of erasure again, as after a restored backup; return how many keys it destroyed.

        `kept_elsewhere` are acts that the backup may not know of yet; they are on the list from now on.
        """
        async with self.unit_of_work() as work:
            known = {one.erasure_id: one for one in (*kept_elsewhere, *await work.erasures.all())}
            erasures = sorted(known.values(), key=lambda one: one.erased_at)
            for erasure in erasures:
                await work.erasures.add(erasure)
            # A log that was restored does not know of them either; what it has it does not take again.
            await work.log.append([one.entry for one in kept_elsewhere])
        return sum([len(await self.keys.destroy(one.scopes, made_before=one.erased_at)) for one in erasures])

    async def hold(self, command: Hold, *, caller: Caller) -> LegalHold:
        """Keep a case from erasure until the hold is released."""
        _require_name(caller)
        _require(command.citation, field="citation", why="Cite the order or provision that demands the hold.")
        async with self.unit_of_work() as work:
            await _known(command.case_id, work)
            hold = LegalHold(self.new_id(), command.case_id, command.citation, caller.name, self.clock.now())

            async def run() -> str:
                await work.holds.add(hold)
                await work.acts.add(
                    self._act("hold", command.case_id, caller, about=hold.hold_id, why=command.citation)
                )
                return str(hold.hold_id)

            hold_id = UUID(await once(command, log=work.commands, run=run))
            found = [one for one in await work.holds.of([command.case_id]) if one.hold_id == hold_id]
        return found[0] if found else hold

    async def release(self, command: ReleaseHold, *, caller: Caller) -> None:
        """End a hold. Raises NotFoundError where there is none of that id in force."""
        _require_name(caller)
        _require(command.reason, field="reason", why="Say why the hold is over.")
        async with self.unit_of_work() as work:

            async def run() -> str:
                case_id = await work.holds.lift(command.hold_id, at=self.clock.now())
                if case_id is None:
                    raise NotFoundError(f"There is no hold {command.hold_id} in force: see the holds of the case.")
                await work.acts.add(self._act("release", case_id, caller, about=command.hold_id, why=command.reason))
                return ""

            await once(command, log=work.commands, run=run)

    async def protect(self, command: Protect, *, caller: Caller) -> None:
        """Hide all that is kept of the person of a case from staff that is not cleared, or show it again."""
        _require_name(caller)
        _require(command.reason, field="reason", why="Say why; the reason is kept with the act, not with the case.")
        async with self.unit_of_work() as work:
            scopes = await _known(command.case_id, work)

            async def run() -> str:
                # A case of another person that names her is shown again by its own id: it may be hidden for that one.
                if command.protected:
                    await work.protected.protect((*scopes.all, *scopes.named_in))
                else:
                    await work.protected.unprotect(scopes.all)
                what = "protect" if command.protected else "show again"
                await work.acts.add(self._act(what, command.case_id, caller, why=command.reason))
                return ""

            await once(command, log=work.commands, run=run)

    async def show(self, case_id: UUID) -> tuple[PrivacyOfCase, Sequence[Look]]:
        """How a case stands, and who has looked at it or at what else is kept of its person. Raises NotFoundError."""
        async with self.unit_of_work() as work:
            person = await _known(case_id, work)
            facts = await work.people.facts_of([case_id])
            retention = await longest_retention(facts[0], self.retentions) if facts else DEFAULT_RETENTION
            return PrivacyOfCase(
                case_id=case_id,
                retention=retention,
                kept_until=kept_until(facts[0], retention) if facts else None,
                holds=tuple(await work.holds.of([case_id])),
                is_protected=bool(await work.protected.among([case_id])),
                other_cases=tuple(one for one in person.cases if one != case_id),
            ), await work.looks.of(person.all)

    async def _carried_out(self, erasure: Erasure | None) -> Erasure:
        if erasure is None:
            raise NotFoundError("The act of erasure that this request led to is not in the list of erasures any more.")
        await self.keys.destroy(erasure.scopes, made_before=erasure.erased_at)
        return erasure

    async def _decided(self, command: Erase, caller: Caller, work: PrivacyWork) -> Erasure:
        """The act, where nothing stands against it; first what no order goes before, then the time."""
        # 1. The case is known.  2. No legal hold, nothing on its way, and retention is over, or an order goes before
        # it; what she sent on her page goes with its case, or with her.  3. Accounts of the own register only with a
        # basis of their own.
        # Step 1.
        person = await _known(command.case_id, work)
        cases = person.cases if command.whole_person else (command.case_id,)
        workers = person.workers if command.whole_person else ()
        # Step 2.
        today = self.clock.now().date()
        found = [await kept_case(one, today=today, work=work, retentions=self.retentions) for one in cases]
        items = [
            one
            for one in await work.on_file.items_of(workers=workers, cases=cases)
            if one.worker_id in workers or one.goes_with_its_case
        ]
        kept = [one for one in found if one is not None]
        kept += kept_items(items, kept, today=today)
        require_nothing_kept(kept, ordered=bool(command.ordered_by))
        # Step 3.
        accounts = person.accounts if command.whole_person and command.register_basis else ()
        scopes = (*PersonScopes(cases, accounts, workers).all, *(one.scope for one in items))
        facts = await work.people.facts_of(cases)
        rule = await longest_retention(facts[0], self.retentions) if facts else DEFAULT_RETENTION
        basis = "; ".join([command.ordered_by or str(rule.citation)] + ([command.register_basis] if accounts else []))
        return Erasure(self.new_id(), scopes, self.clock.now(), caller.name, basis, self.draw(SALT_BYTES))

    def _act(self, what: str, case_id: UUID, caller: Caller, *, why: str, about: UUID | None = None) -> Act:
        return Act(self.new_id(), case_id, self.clock.now(), caller.name, what, str(about or ""), why)


async def _known(case_id: UUID, work: PrivacyWork) -> PersonScopes:
    scopes = await work.people.scopes_of(case_id)
    if not scopes.cases:
        raise NotFoundError(f"There is no case {case_id} here, or it is erased.")
    return scopes


def _require_name(caller: Caller) -> None:
    if not caller.name:
        raise DeniedError("This act is a named person's: use a certificate of your own.")


def _require(text: str, *, field: str, why: str) -> None:
    if not text.strip():
        raise InputError(why, field=field)

"""A worker claims a pension. Whose claim it is comes from the session alone.

The claim is kept, dated today, before anything is tried with it: the day of submission applies in all institutions
concerned (987/2009 Art. 45(5)), whatever hinders this one.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from uuid import UUID

from portability.agreements.errors import CaseStateError, NotFoundError, OverloadError, PortabilityError
from portability.services.access import Caller, Role
from portability.services.idempotency import once
from portability.services.looking import Look
from portability.services.purposes import PENSION_CLAIM
from portability.services.workers.claims.model import (
    MOST_CLAIMS,
    Answer,
    Claimant,
    Hindrance,
    Known,
    NotOpened,
    SentClaim,
    Wanted,
    check_wanted,
    is_her,
    opened,
    withdrawn,
)
from portability.services.workers.claims.ports import ClaimWork, Clock, UnitOfWork

__all__ = ["ClaimUseCases", "ClaimView", "StartClaim", "is_protected", "with_case"]

CHANNEL = "workers-channel"  # who opens the case: the worker's own request, not a person of the institution


@dataclass(frozen=True, slots=True)
class StartClaim:
    """`by` names who acts for her or helps her; empty: nobody."""

    request_id: UUID
    worker_id: UUID
    wanted: Wanted
    by: str = ""


@dataclass(frozen=True, slots=True)
class ClaimView:
    """`hidden`: what stands in it is not shown; it names places and work of a protected person."""

    claim: SentClaim
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUseCases:
    """The use cases of one institution's workers. `work` is the node's own: whose it is was found out before.

    `zone` is where the institution is: a day begins there. `wait` is its service standard for what waits.
    """

    me: str
    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]
    wait: timedelta
    zone: tzinfo = UTC

    def today(self) -> date:
        """The day on which a claim that is sent now counts."""
        return self.clock.now().astimezone(self.zone).date()

    def check(self, wanted: Wanted) -> None:
        """Raise InputError by its field where a claim cannot be meant."""
        check_wanted(wanted, today=self.today())

    async def start(self, command: StartClaim) -> ClaimView:
        """Keep a claim, dated today, and open its case where a program can; the same request does so once.

        Raises InputError by its field for what cannot be meant, CaseStateError where one of hers is open already,
        OverloadError where she has claimed too often. What hinders the case raises nothing: the claim waits.
        """
        self.check(command.wanted)
        now = self.clock.now()
        async with self.work() as work:

            async def run() -> str:
                return str(await self._keep(command, at=now, work=work))

            claim_id = UUID(await once(command, log=work.commands, run=run))
        # Whatever breaks off: it is kept, and waits among those that no program opened; the same request tries again.
        with suppress(PortabilityError):
            await self._open(claim_id)
        return await self._hers(command.worker_id, claim_id)

    async def withdraw(self, worker_id: UUID, claim_id: UUID) -> ClaimView:
        """Take a claim back before its case is open. Raises NotFoundError for another's as for none, CaseStateError."""
        async with self.work() as work:
            claim = await work.queue.get(claim_id, for_change=True)
            if claim is not None and claim.worker_id == worker_id:
                await work.book.put(withdrawn(claim, at=self.clock.now()))
        return await self._hers(worker_id, claim_id)

    async def list_mine(self, worker_id: UUID) -> tuple[ClaimView, ...]:
        """What she claimed, the newest first."""
        async with self.work() as work:
            hidden = await is_protected(worker_id, work=work)
            return tuple(ClaimView(one, hidden) for one in await work.book.of_worker(worker_id))

    async def looks(self, worker_id: UUID) -> Sequence[Look]:
        """Who looked at her claims while no case was open, the newest first."""
        async with self.work() as work:
            return await work.looks.of([worker_id])

    async def known(self, worker_id: UUID) -> Known:
        """What a form can be filled with; of a protected person no place, no work and no number."""
        async with self.work() as work:
            known = await work.known.of(worker_id)
            if not await is_protected(worker_id, work=work):
                return known
        person = known.person and replace(known.person, residence_state="", identifiers=())
        return replace(known, person=person, told=(), numbers=frozenset())

    async def _keep(self, command: StartClaim, *, at: datetime, work: ClaimWork) -> UUID:
        # 1. None of hers is open, and there is room.  2. What a person has to look at first.  3. It is kept; who
        # sends it for her is named among those who looked.
        worker_id = command.worker_id
        # Step 1.
        kept = await work.book.of_worker(worker_id, for_change=True)
        known = await work.known.of(worker_id)
        _require_none_open(kept, known)
        if len(kept) >= MOST_CLAIMS:
            raise OverloadError(f"You have claimed {MOST_CLAIMS} times: ask a caseworker.")
        # Step 2.
        wanted = replace(command.wanted, person=_as_known(command.wanted.person, known))
        claim = SentClaim(
            claim_id=self.new_id(),
            worker_id=worker_id,
            wanted=wanted,
            claimed_on=at.astimezone(self.zone).date(),
            sent_at=at,
            due_on=(at + self.wait).astimezone(self.zone).date(),
            sent_by=command.by,
            hindrance=await self._hindrance(worker_id, wanted.person, known, work=work),
        )
        # Step 3.
        await work.book.put(claim)
        if command.by:
            await work.looks.add([self._company(claim, worker_id, at=at)])
        return claim.claim_id

    async def _hindrance(self, worker_id: UUID, person: Claimant, known: Known, *, work: ClaimWork) -> Hindrance:
        if await is_protected(worker_id, work=work):
            # So that the claim itself is hidden too, which no case of hers does yet.
            await work.protected.protect([worker_id])
            return Hindrance.PROTECTED
        hers = is_her(person, known)
        if hers is None:
            hers = await work.known.in_register(person, numbers=known.numbers)
        if not hers:
            return Hindrance.IDENTITY
        return Hindrance.DECIDED if known.has_decision else Hindrance.NOT_TRIED

    async def _open(self, claim_id: UUID) -> None:
        """Open the case of a claim that nothing hinders; what hinders it then stands with the claim."""
        async with self.work() as work:
            claim = await work.queue.get(claim_id, for_change=True)
            if claim is None or not claim.waits or claim.hindrance is not Hindrance.NOT_TRIED:
                return
            caller = Caller(self.me, Role.SYSTEM, CHANNEL)
            lodged = await work.lodging.lodge(claim_id, claim.wanted, claimed_on=claim.claimed_on, caller=caller)
            if isinstance(lodged, NotOpened):
                await work.book.put(replace(claim, hindrance=lodged.why, detail=lodged.said))
                return
            now = self.clock.now()
            await with_case(claim, lodged, at=now, work=work)
            if claim.sent_by:
                await work.looks.add([self._company(claim, lodged, at=now)])

    async def _hers(self, worker_id: UUID, claim_id: UUID) -> ClaimView:
        for view in await self.list_mine(worker_id):
            if view.claim.claim_id == claim_id:
                return view
        raise NotFoundError(f"You have no claim {claim_id}.")

    def _company(self, claim: SentClaim, scope: UUID, *, at: datetime) -> Look:
        return Look(self.new_id(), scope, at, claim.sent_by, Role.WORKER, PENSION_CLAIM.code)


async def with_case(
    claim: SentClaim, case_id: UUID, *, at: datetime, work: ClaimWork, answer: Answer | None = None
) -> None:
    """Keep that the case is the claim's, and hers: she sees it among her own, and it is protected where she is."""
    await work.book.put(opened(claim, case_id, at=at, answer=answer))
    await work.links.link(claim.worker_id, case_id)
    if await is_protected(claim.worker_id, work=work):
        await work.protected.protect([case_id])


async def is_protected(worker_id: UUID, *, work: ClaimWork) -> bool:
    """One protected case protects her in all."""
    return bool(await work.protected.among([worker_id, *await work.links.case_ids_of(worker_id)]))


def _require_none_open(kept: Sequence[SentClaim], known: Known) -> None:
    waiting = next((one for one in kept if one.waits), None)
    if waiting is not None or known.open_case is not None:
        which = f"claim {waiting.number}" if waiting else f"case {known.open_case}"
        raise CaseStateError(
            f"You have claimed this pension already, and {which} is not settled: follow it there.",
            state="open",
            allowed_actions=(),
        )


def _as_known(person: Claimant, known: Known) -> Claimant:
    """Each number once, under the sector that is known of it: a form asks for the number alone."""
    theirs = {(one.country, one.comparable): one for one in (known.person.identifiers if known.person else ())}
    said = {(one.country, one.comparable): one for one in person.identifiers}
    return replace(person, identifiers=tuple(theirs.get(key, one) for key, one in said.items()))

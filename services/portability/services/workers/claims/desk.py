"""Caseworkers open or refuse claims that wait. A program reads the queue and answers nothing (GDPR Art. 22)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portability.agreements.errors import CaseStateError, DeniedError, NotFoundError
from portability.services.access import Caller
from portability.services.acts import Act
from portability.services.idempotency import once
from portability.services.looking import read_by_staff
from portability.services.purposes import PENSION_CLAIM
from portability.services.workers.claims.handlers import ClaimView, is_protected, with_case
from portability.services.workers.claims.model import Answer, NotOpened, SentClaim, answered
from portability.services.workers.claims.ports import ClaimWork, Clock, UnitOfWork
from portability.services.workers.disputes.model import clean_text

__all__ = ["ClaimDesk", "OpenClaim", "RefuseClaim"]


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """`case_id`: the case as which the caller has lodged it already; None: one is opened."""

    request_id: UUID
    claim_id: UUID
    reason: str
    asks_in_writing: bool = False
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RefuseClaim:
    request_id: UUID
    claim_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDesk:
    """Each use case opens its own transaction."""

    work: UnitOfWork  # what the caller may see
    acting: UnitOfWork  # the node's own work, after it was checked who calls
    clock: Clock
    new_id: Callable[[], UUID]

    async def page(self, *, size: int, after: UUID | None, caller: Caller) -> tuple[Sequence[ClaimView], UUID | None]:
        """What waits, the oldest first, and where the next page begins; hidden ones are left out."""
        async with self.work() as work:
            found = await work.queue.page(size=size + 1, after=after)
            shown = found[:size]
            seen = await self._seen([one.worker_id for one in shown], caller=caller, work=work)
            views = [ClaimView(one) for one in shown if one.worker_id in seen]
        return views, shown[-1].claim_id if len(found) > size else None

    async def open(self, command: OpenClaim, *, caller: Caller) -> ClaimView:
        """Open the case of a claim that waits, dated her day. Raises CaseStateError with what still hinders it."""

        async def settle(claim: SentClaim, work: ClaimWork) -> None:
            case_id = command.case_id
            await _require_no_other(claim, case_id, work=work)
            if case_id is None:
                case_id = await _lodged(claim, command, caller=caller, work=work)
            elif not await self._may_be(case_id, claim, caller=caller, work=work):
                raise NotFoundError(f"There is no claim of {claim.claimed_on} here as case {case_id}.")
            now = self.clock.now()
            await with_case(claim, case_id, at=now, work=work, answer=self._answer(command, caller, is_opened=True))

        return await self._act(command, caller, "opened", settle)

    async def refuse(self, command: RefuseClaim, *, caller: Caller) -> ClaimView:
        """Refuse to open a case, with the reason; that she claimed, and when, stays kept."""

        async def settle(claim: SentClaim, work: ClaimWork) -> None:
            await work.book.put(answered(claim, self._answer(command, caller, is_opened=False)))

        return await self._act(command, caller, "refused", settle)

    async def _act(
        self,
        command: OpenClaim | RefuseClaim,
        caller: Caller,
        what: str,
        settle: Callable[[SentClaim, ClaimWork], Awaitable[None]],
    ) -> ClaimView:
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker settles a claim: connect with a caseworker's certificate.")
        async with self.acting() as work:

            async def run() -> str:
                claim = await self._visible(command.claim_id, caller=caller, work=work, for_change=True)
                await settle(claim, work)
                about = str(claim.claim_id)
                act = Act(self.new_id(), claim.worker_id, self._now(), caller.name, f"claim.{what}", about)
                await work.acts.add(act)
                return ""

            await once(command, log=work.commands, run=run)
            claim = await self._visible(command.claim_id, caller=caller, work=work)
            await self._seen([claim.worker_id], caller=caller, work=work)
            return ClaimView(claim)

    async def _visible(self, claim_id: UUID, *, caller: Caller, work: ClaimWork, for_change: bool = False) -> SentClaim:
        claim = await work.queue.get(claim_id, for_change=for_change)
        hidden = () if claim is None or caller.is_cleared else await work.protected.among([claim.worker_id])
        if claim is None or hidden:
            raise NotFoundError(f"There is no claim {claim_id} here: take an id from the list of claims.")
        return claim

    async def _may_be(self, case_id: UUID, claim: SentClaim, *, caller: Caller, work: ClaimWork) -> bool:
        hidden = () if caller.is_cleared else await work.protected.among([case_id])
        return not hidden and await work.lodging.lodged(case_id, claimed_on=claim.claimed_on)

    def _answer(self, command: OpenClaim | RefuseClaim, caller: Caller, *, is_opened: bool) -> Answer:
        return Answer(is_opened, self._now(), caller.name, clean_text(command.reason, field="reason"))

    async def _seen(self, scopes: Sequence[UUID], *, caller: Caller, work: ClaimWork) -> frozenset[UUID]:
        once_each, purpose = list(dict.fromkeys(scopes)), PENSION_CLAIM.code
        return await read_by_staff(
            once_each, caller=caller, work=work, new_id=self.new_id, at=self._now(), purpose=purpose
        )

    def _now(self) -> datetime:
        return self.clock.now()


async def _lodged(claim: SentClaim, command: OpenClaim, *, caller: Caller, work: ClaimWork) -> UUID:
    in_writing = claim.wanted.asks_in_writing or command.asks_in_writing
    wanted = replace(claim.wanted, asks_in_writing=in_writing)
    lodged = await work.lodging.lodge(claim.claim_id, wanted, claimed_on=claim.claimed_on, caller=caller)
    if isinstance(lodged, NotOpened):
        raise CaseStateError(lodged.said, state=f"waits: {lodged.why}", allowed_actions=())
    if await is_protected(claim.worker_id, work=work) and not await work.protected.among([lodged]):
        # What went out with it would not say so.
        raise CaseStateError(
            "She is protected, and nothing in this claim shows it to others: lodge it with a number of hers that is "
            "known here, protect the case, and name it.",
            state="waits: protected",
            allowed_actions=(),
        )
    return lodged


async def _require_no_other(claim: SentClaim, case_id: UUID | None, *, work: ClaimWork) -> None:
    known = await work.known.of(claim.worker_id)
    if known.open_case not in {None, case_id}:
        raise CaseStateError(
            f"She has an open claim already, case {known.open_case}: name that case, or refuse this claim.",
            state="open",
            allowed_actions=(),
        )

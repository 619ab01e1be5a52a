"""Caseworkers answer the disputes that this institution holds, and look again at decisions that rested on an error.

What a person says is kept as her act. A program reads the queue and answers nothing (GDPR Art. 22).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.agreements.errors import DeniedError, NotFoundError
from portability.services.access import Caller
from portability.services.acts import Act
from portability.services.idempotency import once
from portability.services.looking import read_by_staff
from portability.services.purposes import PENSION_CLAIM
from portability.services.workers.disputes.handlers import DisputeView, progress_of
from portability.services.workers.disputes.model import Answer, Dispute, Holds, answered, clean_text, reviewed, taken_up
from portability.services.workers.disputes.ports import Clock, DisputeWork, UnitOfWork

__all__ = ["DisputeDesk", "SettleDispute", "SettleReview", "TakeUpDispute"]


@dataclass(frozen=True, slots=True)
class TakeUpDispute:
    request_id: UUID
    dispute_id: UUID


@dataclass(frozen=True, slots=True)
class SettleDispute:
    request_id: UUID
    dispute_id: UUID
    upheld: bool
    reason: str
    remedy: str = ""
    holds: tuple[Holds, ...] = ()


@dataclass(frozen=True, slots=True)
class SettleReview:
    request_id: UUID
    dispute_id: UUID
    decision_id: str
    unchanged: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDesk:
    """Each use case opens its own transaction."""

    work: UnitOfWork  # what the caller may see
    acting: UnitOfWork  # the node's own work, after it was checked who calls
    clock: Clock
    new_id: Callable[[], UUID]

    async def page(self, *, size: int, after: UUID | None, caller: Caller) -> tuple[Sequence[DisputeView], UUID | None]:
        """Open disputes, the oldest first, and where the next page begins; hidden ones are left out."""
        async with self.work() as work:
            found = await work.queue.page(size=size + 1, after=after)
            shown = found[:size]
            seen = await self._seen([one.case_id for one in shown], caller=caller, work=work)
            views = [DisputeView(one, await progress_of(one, work=work)) for one in shown if one.case_id in seen]
        return views, shown[-1].dispute_id if len(found) > size else None

    async def get(self, dispute_id: UUID, *, caller: Caller) -> DisputeView:
        """One dispute; NotFoundError where there is none, or it is hidden from the caller."""
        async with self.work() as work:
            return await self._view(dispute_id, caller=caller, work=work)

    async def take_up(self, command: TakeUpDispute, *, caller: Caller) -> DisputeView:
        """Say that a person is at it."""

        async def take(dispute: Dispute, work: DisputeWork) -> Dispute:
            return taken_up(dispute, at=self._now())

        return await self._act(command, caller, "taken_up", take)

    async def settle(self, command: SettleDispute, *, caller: Caller) -> DisputeView:
        """Answer a dispute; where it is upheld, the other institutions of its case are told, and every decision waits
        for a person to look again.
        """

        async def answer(dispute: Dispute, work: DisputeWork) -> Dispute:
            reason, remedy = clean_text(command.reason, field="reason"), command.remedy.strip()
            said = Answer(command.upheld, self._now(), caller.name, reason, remedy, command.holds)
            settled = answered(dispute, said, decisions=tuple(await work.decisions.of_case(dispute.case_id)))
            if command.upheld:
                await work.elsewhere.tell(settled, await work.decisions.others(dispute.case_id))
            return settled

        return await self._act(command, caller, "answered", answer)

    async def review(self, command: SettleReview, *, caller: Caller) -> DisputeView:
        """Say that a decision was looked at again: it stays, or a new one was made in its case."""

        async def look_again(dispute: Dispute, work: DisputeWork) -> Dispute:
            return reviewed(
                dispute,
                command.decision_id,
                at=self._now(),
                by=caller.name,
                unchanged=command.unchanged,
                note=command.note.strip(),
            )

        return await self._act(command, caller, "reviewed", look_again)

    async def _act(
        self,
        command: TakeUpDispute | SettleDispute | SettleReview,
        caller: Caller,
        what: str,
        change: Callable[[Dispute, DisputeWork], Awaitable[Dispute]],
    ) -> DisputeView:
        if not (caller.is_caseworker and caller.name):
            raise DeniedError("Only a named caseworker answers a dispute: connect with a caseworker's certificate.")
        async with self.acting() as work:

            async def run() -> str:
                dispute = await self._for_change(command.dispute_id, caller=caller, work=work)
                await work.book.put(await change(dispute, work))
                now = self._now()
                act = Act(self.new_id(), dispute.case_id, now, caller.name, f"dispute.{what}", str(dispute.dispute_id))
                await work.acts.add(act)
                await work.changes.note(dispute.case_id, f"dispute_{what}", at=now)
                return ""

            await once(command, log=work.commands, run=run)
            return await self._view(command.dispute_id, caller=caller, work=work)

    async def _for_change(self, dispute_id: UUID, *, caller: Caller, work: DisputeWork) -> Dispute:
        dispute = await work.book.get(dispute_id, for_change=True)
        hidden = () if dispute is None or caller.is_cleared else await work.protected.among([dispute.case_id])
        if dispute is None or hidden:
            raise _none(dispute_id)
        return dispute

    async def _view(self, dispute_id: UUID, *, caller: Caller, work: DisputeWork) -> DisputeView:
        dispute = await work.book.get(dispute_id, for_change=False)
        if dispute is None or dispute.case_id not in await self._seen([dispute.case_id], caller=caller, work=work):
            raise _none(dispute_id)
        return DisputeView(dispute, await progress_of(dispute, work=work))

    async def _seen(self, case_ids: Sequence[UUID], *, caller: Caller, work: DisputeWork) -> frozenset[UUID]:
        once_each = list(dict.fromkeys(case_ids))
        purpose = PENSION_CLAIM.code
        return await read_by_staff(
            once_each, caller=caller, work=work, new_id=self.new_id, at=self._now(), purpose=purpose
        )

    def _now(self) -> datetime:
        return self.clock.now()


def _none(dispute_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no dispute {dispute_id} here: take an id from the list of disputes.")

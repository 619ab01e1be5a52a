"""A worker disputes and follows her disputes. Whose they are comes from the session, never from a request."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from portability.agreements.errors import InputError, NotFoundError, OverloadError
from portability.services.idempotency import once
from portability.services.workers.disputes.model import (
    MOST_OPEN,
    Answer,
    Dispute,
    Held,
    InstitutionId,
    Matter,
    Progress,
    Subject,
    clean_text,
    local_progress,
)
from portability.services.workers.disputes.ports import Clock, DisputeWork, OfWorker, UnitOfWork

__all__ = ["DisputeUseCases", "DisputeView", "RaiseDispute", "hidden_view", "progress_of"]


@dataclass(frozen=True, slots=True)
class RaiseDispute:
    """`by` names who acts for her or helps her; empty: nobody."""

    request_id: UUID
    worker_id: UUID
    subject: Subject
    grounds: str
    by: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class DisputeView:
    """`is_protected`: free words are left out, which may name a place or an employer; the institution has them."""

    dispute: Dispute
    progress: Progress
    is_protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeUseCases:
    """The use cases of one institution's workers. `of_worker` opens what is one worker's; `work` is the node's own."""

    me: InstitutionId
    of_worker: OfWorker
    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]

    async def raise_dispute(self, command: RaiseDispute) -> DisputeView:
        """Keep what she says, and open the case with the institution that holds it; the same request does so once.

        Raises InputError for what cannot be meant, NotFoundError where it is not hers, OverloadError where she has
        too many open.
        """
        # 1. What she says can be read.  2. It is hers, and held somewhere.  3. It is not disputed already, nor too
        # much.  4. It is kept, and another institution is asked, in one transaction.
        # Step 1.
        command = replace(command, grounds=clean_text(command.grounds, field="grounds"))
        _check_subject(command.subject)
        # Step 2.
        async with self.of_worker(command.worker_id) as (hers, _):
            held = await hers.held(command.subject)
            case_ids = await hers.case_ids()
        if held is None:
            raise NotFoundError("Nothing like that is on record for you here: choose it from your own pages.")

        # Steps 3 and 4.
        async with self.work() as work:

            async def run() -> str:
                found = [one for one in await work.book.of_cases(case_ids) if one.worker_id == command.worker_id]
                _check_room(command.subject, [(one, await progress_of(one, work=work)) for one in found])
                return str(await self._keep(command, held, work=work))

            dispute_id = UUID(await once(command, log=work.commands, run=run))
            view = await _view(dispute_id, work=work)
            return hidden_view(view) if await work.protected.among(case_ids) else view

    async def list_mine(self, worker_id: UUID) -> tuple[DisputeView, ...]:
        """Her disputes, the newest first."""
        async with self.of_worker(worker_id) as (hers, work):
            found = await work.book.of_cases(await hers.case_ids())
            mine = [one for one in found if one.worker_id == worker_id]
            views = [DisputeView(one, await progress_of(one, work=work)) for one in mine]
            if await work.protected.among(await hers.case_ids()):
                views = [hidden_view(view) for view in views]
        return tuple(sorted(views, key=lambda view: (view.dispute.raised_at, view.dispute.dispute_id), reverse=True))

    async def get_mine(self, worker_id: UUID, dispute_id: UUID) -> DisputeView:
        """One of hers. Raises NotFoundError for another's as for none."""
        for view in await self.list_mine(worker_id):
            if view.dispute.dispute_id == dispute_id:
                return view
        raise NotFoundError(f"You have no dispute {dispute_id}.")

    async def _keep(self, command: RaiseDispute, held: Held, *, work: DisputeWork) -> UUID:
        dispute = Dispute(
            dispute_id=self.new_id(),
            worker_id=command.worker_id,
            case_id=held.case_id,
            subject=command.subject,
            grounds=command.grounds,
            holder=held.holder,
            raised_at=self.clock.now(),
            raised_by=command.by,
        )
        if held.holder != self.me:
            flow_case_id = await work.elsewhere.open(dispute, held, language=command.language)
            dispute = replace(dispute, flow_case_id=flow_case_id)
        await work.book.put(dispute)
        await work.changes.note(dispute.case_id, "dispute_raised", at=dispute.raised_at)
        return dispute.dispute_id


def hidden_view(view: DisputeView) -> DisputeView:
    """Without free words, hers and the institution's: who stands beside a protected person must not read them."""
    dispute, progress = view.dispute, view.progress
    shown = replace(
        dispute,
        subject=replace(dispute.subject, activity=""),
        grounds="",
        answer=_wordless(dispute.answer),
        reviews=tuple(replace(one, note="") for one in dispute.reviews),
    )
    return DisputeView(shown, replace(progress, answer=_wordless(progress.answer)), is_protected=True)


def _wordless(answer: Answer | None) -> Answer | None:
    if answer is None:
        return None
    return replace(answer, reason="", remedy="", holds=tuple(one for one in answer.holds if not one.words))


async def progress_of(dispute: Dispute, *, work: DisputeWork) -> Progress:
    """How a dispute stands, as whoever answers it has said so far."""
    if dispute.flow_case_id is None:
        return local_progress(dispute)
    found = await work.elsewhere.progress(dispute.flow_case_id)
    return found or local_progress(dispute)


async def _view(dispute_id: UUID, *, work: DisputeWork) -> DisputeView:
    dispute = await work.book.get(dispute_id, for_change=False)
    if dispute is None:
        raise NotFoundError(f"There is no dispute {dispute_id} any more.")
    return DisputeView(dispute, await progress_of(dispute, work=work))


def _check_subject(subject: Subject) -> None:
    if subject.matter in {Matter.PERIOD, Matter.DECISION} and not subject.about:
        raise InputError("Say which one is wrong: choose it from your pages.", field="about")
    if subject.matter is Matter.MISSING:
        if len(subject.state) != 2 or not subject.state.isascii() or not subject.state.isupper():
            raise InputError(
                "Say in which country the time is missing: its two letters, for example DE.", field="state"
            )
        if subject.start is None or subject.end is None:
            raise InputError("Give the first and the last day of the time that is missing.", field="first_day")
        if subject.end <= subject.start:
            raise InputError("The last day lies before the first day: exchange them.", field="last_day")


def _check_room(subject: Subject, found: list[tuple[Dispute, Progress]]) -> None:
    open_ones = [dispute for dispute, progress in found if progress.standing.is_open]
    if any(dispute.subject == subject and subject.matter is not Matter.DETAILS for dispute in open_ones):
        raise InputError("You have said this already, and it is not answered yet: see your disputes.", field="about")
    if len(open_ones) >= MOST_OPEN:
        raise OverloadError(f"{MOST_OPEN} of your disputes are open: wait for an answer to one of them.")

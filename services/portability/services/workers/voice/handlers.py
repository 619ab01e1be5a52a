"""A worker says how a closed case went; caseworkers read words, administrators read numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from portability.agreements.errors import CaseStateError, NotFoundError
from portability.services.access import Caller
from portability.services.idempotency import once
from portability.services.looking import read_by_staff
from portability.services.purposes import PENSION_CLAIM
from portability.services.workers.ports import Clock
from portability.services.workers.voice.model import (
    MINIMUM,
    Figure,
    MyCase,
    Score,
    Voice,
    check_closed,
    counted,
    words_of,
)
from portability.services.workers.voice.ports import MyCases, OfWorker, UnitOfWork, VoiceBook, VoiceWork

__all__ = ["SayHowItWent", "VoiceDesk", "VoiceUseCases", "questions_of"]


@dataclass(frozen=True, slots=True)
class SayHowItWent:
    request_id: UUID
    worker_id: UUID
    case_id: UUID
    score: Score
    words: str = ""
    may_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceUseCases:
    """The worker's side. `of_worker` opens what is one worker's; `work` is the node's own."""

    of_worker: OfWorker
    work: UnitOfWork
    clock: Clock
    minimum: int = MINIMUM

    async def questions(self, worker_id: UUID) -> tuple[tuple[MyCase, bool], ...]:
        """Her closed cases, the newest first, and whether she has said how each went."""
        async with self.of_worker(worker_id) as (hers, work):
            return await questions_of(hers, work.book)

    async def say(self, command: SayHowItWent) -> None:
        """Keep what she says of a case of hers, once a case.

        Raises InputError for words that cannot be kept, NotFoundError where the case is not hers, CaseStateError where
        it is open or she has said so already.
        """
        # 1. The words can be kept.  2. The case is hers, and closed.  3. Nothing was said of it yet.  4. It is kept,
        # and counted with the others of its group once enough have come.
        # Step 1.
        words = words_of(command.words, may_read=command.may_read)
        # Step 2.
        async with self.of_worker(command.worker_id) as (hers, _):
            found = [one for one in await hers.cases() if one.case_id == command.case_id]
        if not found:
            raise NotFoundError(f"You have no case {command.case_id}.")
        case = found[0]
        check_closed(case)

        async with self.work() as work:

            async def run() -> str:
                figure = await work.figures.hold(case.group)
                # Step 3.
                if await work.book.of_cases([case.case_id]):
                    raise CaseStateError(
                        "You have said how this case went: it is asked once.", state="answered", allowed_actions=()
                    )
                # Step 4.
                await work.book.put(Voice(case.case_id, case.group, self.clock.now(), command.score, words))
                await self._count(figure, work=work)
                return ""

            await once(command, log=work.commands, run=run)

    async def _count(self, figure: Figure, *, work: VoiceWork) -> None:
        waiting = await work.book.waiting(figure.group)
        if len(waiting) < self.minimum:
            return
        await work.figures.put(figure.with_more(waiting))
        for voice in waiting:
            await work.book.put(counted(voice))


async def questions_of(hers: MyCases, book: VoiceBook) -> tuple[tuple[MyCase, bool], ...]:
    """Her closed cases, the newest first, and whether she has said how each went."""
    closed = [one for one in await hers.cases() if one.is_closed]
    said = {one.case_id for one in await book.of_cases([one.case_id for one in closed])}
    newest = sorted(closed, key=lambda one: one.case_id, reverse=True)
    return tuple((one, one.case_id in said) for one in newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceDesk:
    """The institution's side: words with their cases for caseworkers, numbers for treaty administrators."""

    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]
    minimum: int = MINIMUM

    async def page(self, *, size: int, after: UUID | None, caller: Caller) -> tuple[Sequence[Voice], UUID | None]:
        """Words that she let us read, and where the next page begins; hidden ones are left out, each look is kept."""
        async with self.work() as work:
            found = await work.words.page(size=size + 1, after=after)
            shown = found[:size]
            seen = await read_by_staff(
                [one.case_id for one in shown],
                caller=caller,
                work=work,
                new_id=self.new_id,
                at=self.clock.now(),
                purpose=PENSION_CLAIM.code,
            )
        voices = [one for one in shown if one.case_id in seen]
        return voices, shown[-1].case_id if len(found) > size else None

    async def figures(self, *, agreement_id: str = "") -> Sequence[Figure]:
        """What is published: of every group, or of those that an agreement has part in."""
        async with self.work() as work:
            found = await work.figures.published()
        return [one for one in found if not agreement_id or agreement_id in one.group.agreements]

"""Calls that submit at the same moment share a transaction: whoever comes while one commits goes with the next.

Who comes alone waits for nobody, and who comes right behind a batch that leaves at once for the rest of its own. Each
caller has its answer after the commit that made its message durable, and its own error.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from portability.agreements.errors import OverloadError, PortabilityError
from portability.services.exchange.departures import Departures
from portability.services.exchange.dispatch import Ready
from portability.services.exchange.handlers import check_outgoing, take_on
from portability.services.exchange.limits import USUAL, Limits
from portability.services.exchange.model.messages import InstitutionId, OutgoingMessage, SubmittedMessage
from portability.services.exchange.model.sending import OutboxMessage, Turns
from portability.services.exchange.node import SILENT
from portability.services.exchange.ports.work import UnitOfWork
from portability.services.exchange.ports.world import Clock, Observer, Recipients

__all__ = ["APART", "AT_ONCE", "GatheredSubmits"]

AT_ONCE: Final = 256
APART: Final = 0.03
"""Seconds between two batches that leave at once for one recipient, unless the second is full: each makes a bundle, and
each bundle two signatures, an entry in the log and a transaction at the other end."""

_Waiting = tuple[OutgoingMessage, "asyncio.Future[SubmittedMessage]"]


class GatheredSubmits:
    """Submits messages of concurrent callers, one transaction at a time for each recipient."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        me: InstitutionId,
        recipients: Recipients,
        clock: Clock,
        limits: Limits = USUAL,
        observer: Observer = SILENT,
        departures: Departures | None = None,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._me = me
        self._recipients = recipients
        self._clock = clock
        self._limits = limits
        self._observer = observer
        self._departures = departures
        self._last: dict[InstitutionId, float] = {}  # when the last batch for each began, by the clock of the loop
        self._waiting: dict[InstitutionId, list[_Waiting]] = {}
        self._committing: dict[InstitutionId, asyncio.Task[None]] = {}

    async def submit(self, message: OutgoingMessage) -> SubmittedMessage:
        """Take one message on for delivery; it is durable when this returns. Errors are those of `submit_many`.

        A caller that is cancelled meanwhile does not know whether its message was taken on; its key tells.
        """
        check_outgoing(message, self._recipients)
        answer: asyncio.Future[SubmittedMessage] = asyncio.get_running_loop().create_future()
        recipient = message.recipient
        self._waiting.setdefault(recipient, []).append((message, answer))
        if recipient not in self._committing:
            self._committing[recipient] = asyncio.create_task(self._commit(recipient))
        return await answer

    async def _commit(self, recipient: InstitutionId) -> None:
        """Until nobody waits any more."""
        try:
            while waiting := self._waiting.get(recipient):
                if self._departures is not None and len(waiting) < AT_ONCE:
                    await self._keep_apart(recipient)
                    waiting = self._waiting[recipient]
                batch, self._waiting[recipient] = waiting[:AT_ONCE], waiting[AT_ONCE:]
                await self._answer(batch)
        finally:
            del self._committing[recipient]
            for _, answer in self._waiting.pop(recipient, ()):
                answer.cancel()  # none is left, unless the node is stopping

    async def _keep_apart(self, recipient: InstitutionId) -> None:
        """Wait where the batch before has hardly left, for what comes meanwhile."""
        now = asyncio.get_running_loop().time()
        begins = max(now, self._last.get(recipient, -APART) + APART)
        self._last[recipient] = begins
        if begins > now:
            await asyncio.sleep(begins - now)

    async def _answer(self, batch: list[_Waiting]) -> None:
        answers: Sequence[SubmittedMessage | PortabilityError]
        try:
            answers = await self.take_on([message for message, _ in batch])
        except PortabilityError as error:
            answers = [error] * len(batch)  # nothing of the batch was taken on
        except BaseException as error:
            for _, waiting in batch:
                _refuse(waiting, error)
            raise
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if isinstance(answer, PortabilityError):
                self._tell(answer)
                _refuse(waiting, answer)
            elif not waiting.done():
                waiting.set_result(answer)

    async def take_on(self, messages: Sequence[OutgoingMessage]) -> Sequence[SubmittedMessage | PortabilityError]:
        """Take messages for one recipient on in one transaction, checked ones; each has its answer."""
        leaving: list[Ready] = []
        departures = self._departures
        async with self._unit_of_work() as work:

            async def put(made: Sequence[OutboxMessage], turns: Turns) -> None:
                if departures is None:
                    await work.outbox.add(made)
                elif bundle := await departures.put(made, turns, work):
                    leaving.append(bundle)

            seals = departures is not None and departures.has_room
            answers = await take_on(
                messages, me=self._me, outbox=work.outbox, clock=self._clock, limits=self._limits, put=put, seals=seals
            )
        if departures is not None:
            for bundle in leaving:
                departures.leave(bundle)
        return answers

    def _tell(self, error: PortabilityError) -> None:
        if isinstance(error, OverloadError):
            self._observer.happened(f"submit_refused_{error.limit}", code=error.code)


def _refuse(waiting: "asyncio.Future[SubmittedMessage]", error: BaseException) -> None:
    """Pass an error on to a caller, unless it has left."""
    if isinstance(error, asyncio.CancelledError):
        waiting.cancel()
    elif not waiting.done():
        waiting.set_exception(error)

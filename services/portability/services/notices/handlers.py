"""Noting what has happened, and telling it: at most once an event, whoever runs and whenever a process dies.

A text is taken in a transaction before it is handed to a gateway, so a process that dies in between leaves it untold
and never told twice; she finds it on her page. What certainly did not go is put back.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final, Protocol
from uuid import UUID

from portability.agreements.errors import GatewayError
from portability.services.notices.model import (
    FRESH,
    SECURITY,
    Channel,
    Kind,
    Notice,
    Outcome,
    Untold,
    event_of,
    may_go_at,
)
from portability.services.notices.ports import NoticeSender, NoticeUnitOfWork, NoticeWork

__all__ = ["IN_HAND", "Clock", "NewId", "Notices"]

WORKERS_AT_ONCE: Final = 50
SEND_SECONDS: Final = 30.0
SHUT_AFTER: Final = 3  # texts in a row that certainly did not go
TRY_AGAIN: Final = timedelta(minutes=10)
IN_HAND: Final = timedelta(minutes=5)  # a text is with its gateway for half a minute at most


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class NewId(Protocol):
    def __call__(self) -> UUID: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """`zone` is where readers live of whom nothing else is known: the institution's own."""

    unit_of_work: NoticeUnitOfWork
    sender: NoticeSender
    clock: Clock
    new_id: NewId
    zone: tzinfo

    async def note_all(self) -> int:
        """Look through the cases of every worker once; how many events are new."""
        new, last = 0, None
        while True:
            async with self.unit_of_work() as work:
                found = await work.happenings.workers_after(last, limit=WORKERS_AT_ONCE)
                new += await self._note(found, work)
            if len(found) < WORKERS_AT_ONCE:
                return new
            last = found[-1]

    async def note_new(self) -> int:
        """Look through the cases in which something was written of late; how many events are new."""
        async with self.unit_of_work() as work:
            touched = await work.happenings.touched()
        new = 0
        for start in range(0, len(touched), WORKERS_AT_ONCE):
            async with self.unit_of_work() as work:
                new += await self._note(touched[start : start + WORKERS_AT_ONCE], work)
        return new

    async def _note(self, workers: Sequence[UUID], work: NoticeWork) -> int:
        new = 0
        for worker_id in workers:
            happenings = await work.happenings.of(worker_id)
            fresh = [one for one in happenings if timedelta(0) <= self.clock.now() - one.at <= FRESH]
            now, due_at = self.clock.now(), await self._due_at(worker_id, work)
            noted = [
                Notice(event_of(one), one.kind, now, now if one.kind in SECURITY else due_at, one.case_id)
                for one in fresh
            ]
            new += await work.book.add(worker_id, noted)
        return new

    async def send_due(self) -> int:
        """Send all that is due now, one text a worker; how many texts went.

        One text that has to wait says something of its reader's address; several in a row say that the way is shut, and
        each of them costs its gateway's patience.
        """
        sent = waiting = 0
        while waiting < SHUT_AFTER:
            try:
                settled = await self._send_one()
            except GatewayError as error:
                if not error.retryable:
                    raise
                waiting += 1
                continue
            if settled is None:
                break
            sent, waiting = sent + (settled is Outcome.SENT), 0
        return sent

    async def untold(self) -> Untold:
        """Texts of late that did not reach anybody, as far as is known; those in hand just now are not counted."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            return await work.texts.untold(since=now - FRESH, before=now - IN_HAND)

    async def _send_one(self) -> Outcome | None:
        """None where nothing is due. Raises GatewayError for what certainly did not go and was put back."""
        text_id, now = self.new_id(), self.clock.now()
        async with self.unit_of_work() as work:
            taken = await work.book.take(text_id, at=now)
            if taken is None:
                return None
            choice = await work.choices.of(taken.worker_id)
            # Whoever takes her contact over does so by night: what concerns her safety does not wait for the morning.
            is_urgent = bool(taken.kinds & SECURITY)
            due_at = now if is_urgent else may_go_at(now, choice, self.zone)
            if not choice.wanted and not is_urgent:
                await work.book.settle(text_id, Outcome.UNWANTED)
                return Outcome.UNWANTED
            if due_at > now:
                await work.book.settle(text_id, Outcome.TAKEN, again_at=due_at)
                return Outcome.TAKEN
        # Committed: from here on nobody else sends it, whatever happens to this process.
        first = next(kind for kind in Kind if kind in taken.kinds)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                channel = await self.sender.send(
                    taken.worker_id, first, several=len(taken.kinds) > 1, case_id=taken.case_id
                )
        except GatewayError as error:
            again_at = self.clock.now() + TRY_AGAIN if error.retryable else None
            await self._settle(text_id, Outcome.FAILED, again_at)
            if error.retryable:
                raise
            return Outcome.FAILED
        except TimeoutError:
            await self._settle(text_id, Outcome.FAILED, None)
            return Outcome.FAILED
        await self._settle(text_id, Outcome.SENT, None, channel)
        return Outcome.SENT

    async def _settle(
        self, text_id: UUID, outcome: Outcome, again_at: datetime | None, channel: Channel | None = None
    ) -> None:
        async with self.unit_of_work() as work:
            await work.book.settle(text_id, outcome, channel=channel, again_at=again_at)

    async def _due_at(self, worker_id: UUID, work: NoticeWork) -> datetime:
        return may_go_at(self.clock.now(), await work.choices.of(worker_id), self.zone)

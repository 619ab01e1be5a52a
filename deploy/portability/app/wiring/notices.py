"""Notices at a node: what has happened is read from her own view of her cases, and goes out to the contact on file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.documents import open_documents
from portability.adapters.postgres.looks import PostgresProtected
from portability.adapters.postgres.notices_store import PostgresChoices, PostgresNotices
from portability.adapters.workers.mail import MailGateway
from portability.adapters.workers.text.sending import SmsGateway
from portability.agreements.errors import GatewayError
from portability.app.metrics import NodeMetrics
from portability.app.worker_views import WorkerViews
from portability.services.access import Role
from portability.services.notices.handlers import Notices
from portability.services.notices.model import Happening, Kind, Untold
from portability.services.workers.model import ContactKind, WorkerOnFile
from portability.services.workers.story import case_has_late_step
from portability.services.workers.views import CaseView, StepKind
from portability.services.workers.words import words_for

__all__ = [
    "NodeNoticeWork",
    "NoticeByContact",
    "NoticeGauges",
    "NoticeViews",
    "happenings_of",
    "notice_unit_of_work",
    "run_notices",
]

LOOK_EVERY: Final = timedelta(seconds=60)
NoticeViews = Callable[[Connection], WorkerViews]


@dataclass(frozen=True, slots=True)
class NodeHappenings:
    """Happenings. Nothing is told of cases of protected persons: a phone may lie where others read it."""

    connection: Connection
    views: WorkerViews
    now: datetime

    async def after(self, worker_id: UUID | None, *, limit: int) -> Sequence[tuple[UUID, Sequence[Happening]]]:
        """What stands in the cases of the next workers."""
        found = await self.connection.execute(
            "SELECT DISTINCT worker_id FROM worker_cases WHERE worker_id > %s ORDER BY worker_id LIMIT %s",
            (worker_id or UUID(int=0), limit),
        )
        workers = [row[0] for row in await found.fetchall()]
        return [(one, await self._of(one)) for one in workers]

    async def _of(self, worker_id: UUID) -> list[Happening]:
        listed = await self.views.cases_of(worker_id)
        hidden = await PostgresProtected(self.connection).among([case.case_id for case in listed])
        if hidden:
            return []
        told: list[Happening] = []
        for one in listed:
            case = await self.views.case_of(worker_id, one.case_id)
            told += happenings_of(case, now=self.now) if case else ()
        for decision in await self.views.decisions_of(worker_id):
            told.append(Happening(Kind.DECIDED, decision.decision_id, _noon(decision.decided_on)))
        for country in (await self.views.career_of(worker_id)).countries:
            if country.answered_on is not None:
                key = f"{worker_id}:{country.state}:{country.answered_on}:{country.status}"
                told.append(Happening(Kind.CHANGED, key, _noon(country.answered_on)))
        return [one if one.at <= self.now else Happening(one.kind, one.key, self.now) for one in told]


def happenings_of(case: CaseView, *, now: datetime) -> Iterator[Happening]:
    """What a case says: steps that are done, late, or wait for her; looks by people, one a day. Pure."""
    for step in case.steps:
        key = f"{case.case_id}:{step.step_id}"
        if step.done_at is not None:
            yield Happening(Kind.DONE, key, step.done_at)
        elif step.kind is StepKind.IDENTIFY:
            yield Happening(Kind.DUE, key, step.since)
    if case_has_late_step(case, today=now.date()):
        for step in case.steps:
            day = (step.due.by_law_on or step.due.expected_on) if step.due and step.done_at is None else None
            if day is not None and day < now.date():
                yield Happening(Kind.LATE, f"{case.case_id}:{step.step_id}:{day}", _noon(day + timedelta(days=1)))
    for look in case.seen_by:
        if look.role is not Role.SYSTEM:
            yield Happening(Kind.LOOKED, f"{case.case_id}:{look.at.date()}", look.at)


@dataclass(frozen=True, slots=True)
class NodeNoticeWork:
    """NoticeWork on one connection."""

    happenings: NodeHappenings
    book: PostgresNotices
    choices: PostgresChoices

    @property
    def texts(self) -> PostgresNotices:
        return self.book


class NoticeGauges:
    """Texts that reached nobody, as of the last round, for Prometheus."""

    def __init__(self, metrics: NodeMetrics) -> None:
        self._shown = Untold(0, 0)
        lost = (
            "Notices of the last three days taken to be sent by a process that ended before it knew whether they went."
        )
        metrics.gauge("portability_notices_lost", lost, lambda: self._shown.lost)
        refused = "Notices of the last three days that a gateway refused, or broke off at."
        metrics.gauge("portability_notices_refused", refused, lambda: self._shown.refused)

    def show(self, untold: Untold) -> None:
        self._shown = untold


def notice_unit_of_work(
    database: Database, views: NoticeViews, present: Callable[[], datetime]
) -> Callable[[], AbstractAsyncContextManager[NodeNoticeWork]]:
    """Opens a transaction of notices, as the node's own work."""

    @asynccontextmanager
    async def work() -> AsyncIterator[NodeNoticeWork]:
        async with database.transaction(acting="node") as connection:
            happenings = NodeHappenings(connection, views(connection), present())
            yield NodeNoticeWork(happenings, PostgresNotices(connection), PostgresChoices(connection))

    return work


@dataclass(frozen=True, slots=True)
class NoticeByContact:
    """NoticeSender: in her language to the address that she chose, else to the contact on file.

    By SMS or e-mail where that is set up, else into a file to fetch.
    """

    database: Database
    at_rest: AtRest
    sms: SmsGateway | None
    mail: MailGateway | None
    file: Path

    async def send(self, worker_id: UUID, kind: Kind, *, several: bool) -> None:
        """Tell her; nobody is told where she was erased meanwhile."""
        worker = await self._on_file(worker_id)
        if worker is None:
            return
        words = words_for([worker.language])
        text = words.text("notice.several" if several else f"notice.{kind}")
        to = worker.address or worker.contact
        if self.sms is not None and to.kind is ContactKind.PHONE:
            await self.sms.send(to.value, text)
            return
        if self.mail is not None and to.kind is ContactKind.EMAIL:
            whole = f"{text}\n\n{words.text('mail.why')}\n"
            await self.mail.send(to.value, words.text("mail.news"), whole, language=words.language)
            return
        line = {"to": to.value, "kind": to.kind.value, "text": text}
        try:
            await asyncio.to_thread(_append, self.file, json.dumps(line, ensure_ascii=False))
        except OSError as error:
            raise GatewayError("The file of notices cannot be written: check its folder.", retryable=True) from error

    async def _on_file(self, worker_id: UUID) -> WorkerOnFile | None:
        async with self.database.transaction(acting="node") as connection:
            found = await connection.execute(
                "SELECT worker_id, document FROM workers WHERE worker_id = %s", (worker_id,), binary=True
            )
            workers = await open_documents(self.at_rest, WorkerOnFile, await found.fetchall())
        return workers[0] if workers else None


async def run_notices(notices: Notices, gauges: NoticeGauges, *, every: timedelta = LOOK_EVERY) -> None:
    """Note and tell until cancelled; several processes leave each other's texts alone."""
    while True:
        try:
            await notices.note_all()
            await notices.send_due()
            gauges.show(await notices.untold())
        except GatewayError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(every.total_seconds())


def _noon(day: date) -> datetime:
    """A day of which no hour is known."""
    return datetime.combine(day, time(12), tzinfo=UTC)


def _append(file: Path, line: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as opened:
        opened.write(line + "\n")

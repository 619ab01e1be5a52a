"""Notices at a node: what has happened is read from her own view of her cases, and goes out to the contact on file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.claims_store import PostgresClaims
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.notices_store import PostgresChoices, PostgresNotices
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.adapters.workers.mail import MailGateway
from portability.adapters.workers.text.sending import SmsGateway
from portability.agreements.errors import GatewayError
from portability.app.metrics import NodeMetrics
from portability.app.wiring.disputes import DisputeTransaction
from portability.app.wiring.happenings import NodeHappenings
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.workers import names_for_people, node_matters, worker_views
from portability.services.case_mark import case_mark
from portability.services.notices.handlers import Notices
from portability.services.notices.model import SECURITY, Channel, Choice, Kind, Untold
from portability.services.text_budget import for_phones, sms_parts
from portability.services.workers.model import Contact, ContactKind, WorkerOnFile
from portability.services.workers.words import Words, words_for

__all__ = ["NodeChoices", "NodeNoticeWork", "NoticeByContact", "NoticeGauges", "notice_unit_of_work", "run_notices"]

LOOK_EVERY: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class NodeNoticeWork:
    """NoticeWork on one connection."""

    happenings: NodeHappenings
    book: PostgresNotices
    choices: "NodeChoices"

    @property
    def texts(self) -> PostgresNotices:
        return self.book


class NodeChoices(PostgresChoices):
    """Choices with the clock by which she reckons: where somebody lives stands sealed in her file alone."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        super().__init__(connection)
        self._workers = PostgresWorkers(connection, at_rest)

    async def of(self, worker_id: UUID) -> Choice:
        """Her choice, or the default."""
        worker = await self._workers.on_file(worker_id, for_change=False)
        return replace(await super().of(worker_id), zone=worker.zone if worker else "")


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
    database: Database, parts: CaseParts
) -> Callable[[], AbstractAsyncContextManager[NodeNoticeWork]]:
    """Opens a transaction of notices, as the node's own work."""
    names = names_for_people(parts.directory)

    @asynccontextmanager
    async def work() -> AsyncIterator[NodeNoticeWork]:
        async with database.transaction(acting="node") as connection:
            happenings = NodeHappenings(
                connection,
                worker_views(connection, parts, names),
                node_matters(connection, parts, names),
                DisputeTransaction(connection, parts),
                PostgresClaims(connection, parts.at_rest),
                parts.clock.now(),
            )
            yield NodeNoticeWork(happenings, PostgresNotices(connection), NodeChoices(connection, parts.at_rest))

    return work


@dataclass(frozen=True, slots=True)
class NoticeByContact:
    """NoticeSender: in her language to the address that she chose, else to the contact on file.

    That news goes elsewhere is told by the contact on file, that she signs in by another by the one before: whoever has
    changed it may not be she.

    By SMS or e-mail where that is set up, else into a file to fetch.
    """

    database: Database
    at_rest: AtRest
    sms: SmsGateway | None
    mail: MailGateway | None
    file: Path

    async def send(self, worker_id: UUID, kind: Kind, *, several: bool, case_id: UUID | None) -> Channel | None:
        """Tell her, in which case where she has several; nobody is told where she was erased meanwhile."""
        worker, cases = await self._on_file(worker_id)
        if worker is None:
            return None
        words = words_for([worker.language])
        what = "several" if several else kind
        text = words.text(f"notice.{what}")
        if case_id is not None and len(cases) > 1 and kind not in SECURITY:
            text = f"{text} ({case_mark(case_id)})"
        to = _way_to(worker, kind)
        more = f"{text} {words.text('notice.read')}"
        # By her former contact she cannot sign in any more; and a notice is one message.
        one = to.kind is ContactKind.EMAIL or sms_parts(for_phones(more)) == 1
        text = more if one and kind is not Kind.CONTACT else text
        await self._hand_over(to, text, words)
        if kind is Kind.CONTACT:
            await self._forget(worker)
        return Channel(to.kind)

    async def _forget(self, worker: WorkerOnFile) -> None:
        """What is told is not needed any more, unless it is another by now."""
        async with self.database.transaction(acting="node") as connection:
            directory = PostgresWorkers(connection, self.at_rest)
            now = await directory.on_file(worker.worker_id, for_change=True)
            if now is not None and now.former == worker.former:
                await directory.keep(replace(now, former=None))

    async def _hand_over(self, to: Contact, text: str, words: Words) -> None:
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

    async def _on_file(self, worker_id: UUID) -> tuple[WorkerOnFile | None, Sequence[UUID]]:
        """The worker, and the cases that she could mean."""
        async with self.database.transaction(acting="node") as connection:
            worker = await PostgresWorkers(connection, self.at_rest).on_file(worker_id, for_change=False)
            return worker, await PostgresWorkerCases(connection).case_ids_of(worker_id)


def _way_to(worker: WorkerOnFile, kind: Kind) -> Contact:
    """Where a change of contact is told: at the one from before it."""
    if kind is Kind.CONTACT:
        return worker.former or worker.contact
    return worker.contact if kind is Kind.MOVED else worker.address or worker.contact


async def run_notices(notices: Notices, gauges: NoticeGauges, *, every: timedelta = LOOK_EVERY) -> None:
    """Note and tell until cancelled; several processes leave each other's texts alone.

    Once a day, and at the start, every worker is looked through: a day that passes is written nowhere.
    """
    swept: date | None = None
    while True:
        try:
            today = notices.clock.now().astimezone(notices.zone).date()
            if swept == today:
                await notices.note_new()
            else:
                await notices.note_all()
                swept = today
            await notices.send_due()
            gauges.show(await notices.untold())
        except GatewayError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(every.total_seconds())


def _append(file: Path, line: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as opened:
        opened.write(line + "\n")

"""Institutions whose nodes run as several processes each, on one database a node and one stream for all."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.purposes import PENSION_CLAIM
from tests.at_rest import at_rest_on
from tests.integration.node_process import NodeSettings, directory_of
from tests.integration.pair import BY_STATUS, NodeProcess

# By sender and case, in the order in which they had their effect.
ORDER = (
    "SELECT sender, case_id, case_seq FROM applied JOIN inbox USING (message_id) "
    "ORDER BY sender, case_id, applied.place"
)


class Institution:
    """One node: its database, and as many processes as a test starts."""

    def __init__(self, settings: NodeSettings, folder: Path) -> None:
        self.name = settings.me
        self._settings = settings
        self._folder = folder
        self.processes: list[NodeProcess] = []

    async def start(self, **changes: object) -> NodeProcess:
        """Start one process more."""
        folder = self._folder / f"{self.name}-{len(self.processes)}"
        folder.mkdir()
        self.processes.append(NodeProcess(self._settings, folder))
        await self.processes[-1].start(**changes)
        return self.processes[-1]

    def stop(self) -> None:
        for process in self.processes:
            process.kill()

    async def submit(self, recipient: str, count: int, *, cases: int) -> list[UUID]:
        """Submit messages in turn in so many cases, 100 a transaction; return their ids in this order."""
        directory = directory_of(self._settings, SystemClock())
        trust = DirectoryTrust(lambda: directory, clock=SystemClock())
        places = [time_ordered_id() for _ in range(cases)]
        submitted: list[UUID] = []
        database = await Database.open(self._settings.database_url)
        try:
            work = exchange_unit_of_work(database, await at_rest_on(database))
            for first in range(0, count, 100):
                batch = [
                    _message(recipient, places[number % cases]) for number in range(first, min(first + 100, count))
                ]
                async with work() as opened:
                    await submit_many(batch, me=self.name, outbox=opened.outbox, recipients=trust, clock=SystemClock())
                submitted += [one.message_id for one in batch]
        finally:
            await database.close()
        return submitted

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the database says."""
        async with await psycopg.AsyncConnection.connect(self._settings.database_url) as connection:
            return await (await connection.execute(query)).fetchall()  # type: ignore[arg-type]

    async def applied(self) -> list[UUID]:
        """Ids of messages that had their effect; one applied twice is there twice."""
        return [row[0] for row in await self.rows("SELECT message_id FROM applied")]

    async def out_of_order(self) -> list[object]:
        """Cases in which messages had their effect in another order than the sender's."""
        places: dict[object, list[int]] = defaultdict(list)
        for sender, case_id, case_seq in await self.rows(ORDER):
            places[sender, case_id].append(case_seq)
        return [case for case, order in places.items() if order != list(range(1, len(order) + 1))]

    async def wait_until_settled(self, count: int, *, seconds: float = 120) -> None:
        """Wait until this institution holds receipts for `count` messages of its own."""
        async with asyncio.timeout(seconds):
            while dict(await self.rows(BY_STATUS)).get("delivered", 0) < count:  # noqa: ASYNC110 - in other processes
                await asyncio.sleep(0.1)

    async def wait_until_applied(self, count: int, *, seconds: float = 60) -> None:
        """Wait until `count` effects are in."""
        async with asyncio.timeout(seconds):
            while len(await self.applied()) < count:  # noqa: ASYNC110 - in other processes
                await asyncio.sleep(0.05)


async def found(
    folder: Path, new_database: Callable[[], str], stream_url: str, names: Sequence[str], **settings: object
) -> list[Institution]:
    """Give each institution keys and a database."""
    now = SystemClock().now()
    institutions = []
    for name in names:
        FileKeyRing.generate(
            folder / "keys" / name, not_before=now - timedelta(days=1), not_after=now + timedelta(days=1)
        )
        url = new_database()
        with psycopg.connect(url) as connection:
            connection.execute(
                "CREATE TABLE applied (message_id uuid NOT NULL, place bigint GENERATED ALWAYS AS IDENTITY)"
            )
        own = NodeSettings(name, url, stream_url, str(folder / "keys"), tuple(names), **settings)  # type: ignore[arg-type]
        institutions.append(Institution(own, folder))
    return institutions


async def wait_until_stopped(process: NodeProcess, *, seconds: float = 30) -> None:
    """Wait until a process has stopped itself (SIGSTOP)."""
    async with asyncio.timeout(seconds):
        while Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":  # noqa: ASYNC110, ASYNC240 - the kernel gives no event
            await asyncio.sleep(0.05)


def go_on(process: NodeProcess) -> None:
    """Let a stopped process go on."""
    os.kill(process.pid, signal.SIGCONT)


def stop_all(institutions: Iterable[Institution]) -> None:
    for one in institutions:
        one.stop()


def _message(recipient: str, case_id: UUID) -> OutgoingMessage:
    message_id = time_ordered_id()
    return OutgoingMessage(
        message_id=message_id,
        idempotency_key=str(message_id),
        recipient=recipient,
        case_id=case_id,
        type="record.request",
        schema_version=1,
        record=message_id.bytes * 4,
        purpose=PENSION_CLAIM.code,
        legal_basis=str(PENSION_CLAIM.citation),
    )
